"""What did not come: nights, segments, sections, files, and what would keep them from coming.

Nothing is judged here. A silence is said beside the findings, so that nobody takes old results for today's.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from auditor.control import Wording
from auditor.findings import Reason, Scalar
from auditor.nights import How
from auditor.words import say

if TYPE_CHECKING:
    from auditor.run import Run, TargetCard

JAPAN = timezone(timedelta(hours=9), "JST")
FUTURE = "future"
"""The standing of an evidence file that was made later than now, by our clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """One thing that did not come; ``silence.<code>`` in ``auditor/words`` says it.

    `name` = what it is about where that has a name (a segment, a section), None = the town as a whole.
    """

    code: str
    name: Wording | None = None
    values: Mapping[str, Scalar] = field(default_factory=dict)

    def in_(self, lang: str) -> str:
        """The sentence in a language; it names segments and sections, never people or machines."""
        name = {"name": self.name.in_(lang)} if self.name is not None else {}
        return say(lang, f"silence.{self.code}", **name, **self.values)

    @property
    def topic(self) -> str:
        """What stays the same while the silence lasts, so that it is told once."""
        return f"{self.code}:{self.name.ja if self.name is not None else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From when on silence is one. `every_days` = how often the town is audited, 1 = every night.

    `clock_min` = so many minutes may two clocks differ. `disk_free_mb` = so much must be free.
    """

    every_days: int = 1
    segment_days: int = 10
    inbox_days: int = 10
    clock_min: int = 60
    disk_free_mb: int = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What else has to be known, as of `now` (UTC).

    `segments` maps a target's key to the segment whose evidence is carried in by hand. `arrived` = when a
    file last arrived in the inbox, None = never. `free_mb`, `skew_s` (the share's clock minus ours) None =
    could not be measured. `stale_tables` = dated tables that nobody compared with their sources for too long.
    `waiting`, `doubtful`, `given_up` = notices not delivered, or perhaps not. `outbox_lost` = nobody knows.
    """

    now: datetime
    limits: Limits = field(default_factory=Limits)
    segments: Mapping[str, Wording] = field(default_factory=dict)
    arrived: datetime | None = None
    free_mb: int | None = None
    skew_s: float | None = None
    stale_tables: int = 0
    waiting: int = 0
    doubtful: int = 0
    given_up: int = 0
    outbox_lost: bool = False


def silences(run: "Run", before: "Run | None", around: Around) -> tuple[Silence, ...]:
    """Everything that did not come by this run; `before` = the run kept before it, None = it is the first."""
    return (
        *_nights(run, before, around),
        *_sections(run),
        *_segments(run, around),
        *_inbox(run, around),
        *_clock(run, before, around),
        *_machine(around),
    )


def heard_at(card: "TargetCard") -> datetime | None:
    """When a target was last heard; the moment of a failed attempt is none."""
    return card.collected_at if card.outcome in (None, Reason.STALE) else None


def _nights(run: "Run", before: "Run | None", around: Around) -> Iterator[Silence]:
    every = around.limits.every_days
    if before is not None:
        nights = max((_apart(run, before) - 1) // every, _left_out(run) // every)
        if nights > 0:
            yield Silence(code="nights", values={"nights": nights})
    days = (around.now.astimezone(JAPAN).date() - run.today).days
    if days > every:
        yield Silence(code="overdue", values={"days": days})


def _apart(run: "Run", before: "Run") -> int:
    """Days between two runs; of two nightly ones their nights: one near midnight may begin on either day."""
    if run.nightly is not None and before.nightly is not None:
        return (run.nightly.night - before.nightly.night).days
    return (run.today - before.today).days


def _left_out(run: "Run") -> int:
    """Nights since the last nightly run of which there is none, also where somebody audited by hand since."""
    if run.nightly is None:
        return 0
    return run.nightly.lapsed - sum(lapse.how is How.LATE for lapse in run.nightly.lapses)


def _sections(run: "Run") -> Iterator[Silence]:
    names = {section.id: section.name for section in run.sections}
    for row in run.section_readiness:
        if row.heard is False:
            name = names.get(row.section, row.section)
            yield Silence(code="section", name=Wording(name, name))


def _segments(run: "Run", around: Around) -> Iterator[Silence]:
    cards: defaultdict[Wording, list[TargetCard]] = defaultdict(list)
    for card in run.targets:
        if (segment := around.segments.get(card.key)) is not None:
            cards[segment].append(card)
    for segment, mine in cards.items():
        newest = _newest(mine)
        if newest is None:
            yield Silence(code="segment_never", name=segment)
        elif (days := (run.started - newest).days) > around.limits.segment_days:
            yield Silence(code="segment", name=segment, values={"days": days})


def _inbox(run: "Run", around: Around) -> Iterator[Silence]:
    """Silent where somebody should bring files, and no file was brought for long."""
    if not around.segments:
        return
    newest = _newest(card for card in run.targets if card.key in around.segments)
    last = max((at for at in (around.arrived, newest) if at is not None), default=None)
    if last is None:
        yield Silence(code="inbox_never")
    elif (days := (run.started - last).days) > around.limits.inbox_days:
        yield Silence(code="inbox", values={"days": days})


def _clock(run: "Run", before: "Run | None", around: Around) -> Iterator[Silence]:
    limit = timedelta(minutes=around.limits.clock_min)
    back = before.started - run.started if before is not None else timedelta(0)
    if (looked := run.started - around.now) > limit:  # a run of years ahead would never be overdue
        back = max(back, looked)
    if back > timedelta(0):
        yield Silence(code="clock_back", values={"hours": -(-back // timedelta(hours=1))})
    ahead = [at for card in run.targets if (at := heard_at(card)) is not None and at - run.ended > limit]
    future = sum(count for standing, count in run.arrived.items() if standing.value == FUTURE)
    if ahead or future:
        yield Silence(code="clock_ahead", values={"count": len(ahead) + future})
    if around.skew_s is not None and abs(around.skew_s) > limit.total_seconds():
        yield Silence(code="clock_share", values={"minutes": round(abs(around.skew_s) / 60)})


def _machine(around: Around) -> Iterator[Silence]:
    if around.free_mb is not None and around.free_mb < around.limits.disk_free_mb:
        yield Silence(code="disk", values={"free": around.free_mb, "wanted": around.limits.disk_free_mb})
    if around.stale_tables:
        yield Silence(code="tables", values={"count": around.stale_tables})
    if around.outbox_lost:
        yield Silence(code="outbox")
    if around.waiting:
        yield Silence(code="mail_waiting", values={"count": around.waiting})
    if around.doubtful:
        yield Silence(code="mail_doubtful", values={"count": around.doubtful})
    if around.given_up:
        yield Silence(code="mail_given_up", values={"count": around.given_up})


def _newest(cards: "Iterable[TargetCard]") -> datetime | None:
    return max((at for card in cards if (at := heard_at(card)) is not None), default=None)
