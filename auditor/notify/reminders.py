"""What ends soon: exceptions, what sections said, certificates and products; told at 30, 14 and 7 days."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from auditor.exceptions import REMIND_DAYS, ending
from auditor.findings import Verdict
from auditor.run import Run
from auditor.tables import TableContent, TableRow

OVER = 0
"""The step of what is over and still on record as if it were not."""


class Ends(StrEnum):
    """What ends; ``mail.ends_<code>`` says it."""

    EXCEPTION = "exception"
    ATTESTED = "attested"
    HOLDS = "holds"
    SUPPORT = "support"


ONE_DAY = (Ends.EXCEPTION, Ends.SUPPORT)
"""What is not renewed every few days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """One thing that ends on a day.

    `step` = the least of `REMIND_DAYS` it is within, `OVER` = past. `sections` = whom it concerns beside the
    IT staff. `subject` names it for good, whatever its day.
    """

    ends: Ends
    subject: str
    left: int
    step: int
    sections: tuple[str, ...] = ()


def reminders(run: Run, tables: Mapping[str, TableContent]) -> tuple[Reminder, ...]:
    """Everything that ends within the longest step; `tables` by their ids."""
    found = (*_exceptions(run), *_findings(run), *_products(tables, run.today))
    return tuple(sorted(found, key=lambda one: (one.left, one.subject)))


def news(
    found: Sequence[Reminder], known: Mapping[str, int], lasting: Collection[str]
) -> tuple[tuple[Reminder, ...], dict[str, int | None]]:
    """What was not told at this step yet, and what has to be remembered of it.

    What is renewed for some days at a time (a stapled answer, an export) is told at each step once and then
    only after it was seen to be good for longer than the longest step (`lasting`): a machine that is off
    tonight shows nothing of the kind. What has one day, and yet lies further off than was told, was told by a
    clock that was wrong: it is told anew, or its true end would never be.
    """
    nearest: dict[str, Reminder] = {}
    for one in found:  # the nearest first; a town's own table may name a product twice
        nearest.setdefault(one.subject, one)
    fresh = tuple(
        one
        for one in nearest.values()
        if one.step < (before := known.get(one.subject, max(REMIND_DAYS) + 1))
        or (one.step > before and one.ends in ONE_DAY)
    )
    gone = {one for one in known.keys() - {one.subject for one in found} if one in lasting or _dated(one)}
    return fresh, {**dict.fromkeys(gone), **{one.subject: one.step for one in fresh}}


def lasting(run: Run, tables: Mapping[str, TableContent]) -> frozenset[str]:
    """The subjects that are seen tonight to be good for longer than the longest step."""
    beyond = run.today + timedelta(days=max(REMIND_DAYS))
    said: dict[str, date] = {}
    for row in run.findings:
        if row.attested is not None and row.attested.until is not None:
            office = row.attested.office
            said[office] = min(said.get(office, row.attested.until), row.attested.until)
    return frozenset(
        {
            *(f"attested:{office}" for office, until in said.items() if until > beyond),
            *(
                f"holds:{row.control}:{row.target}"
                for row in run.findings
                if row.attested is None
                and row.verdict is Verdict.PASS
                and (row.until is None or row.until > beyond)
            ),
            *(
                _support(id_, row)
                for id_, content in tables.items()
                for row in content.rows
                if row.end is None or row.end > beyond
            ),
        }
    )


def _dated(subject: str) -> bool:
    """True for what bears its day in its name: it never comes again once it is over or closed."""
    return subject.startswith("exception:")


def _support(table: str, row: TableRow) -> str:
    return f"support:{table}:{row.product}:{row.release}:{row.edition}"


def _step(left: int) -> int | None:
    return min((days for days in REMIND_DAYS if 0 <= left <= days), default=None)


def _exceptions(run: Run) -> Iterator[Reminder]:
    for one in ending(run.exceptions, run.today):
        row = one.exception
        places = {section for card in run.targets if card.key in row.targets for section in card.sections}
        yield Reminder(
            ends=Ends.EXCEPTION,
            subject=f"exception:{row.number}:{row.last.isoformat()}",
            left=one.days_left,
            step=one.step,
            sections=row.sections or tuple(sorted(places)),
        )


def _findings(run: Run) -> Iterator[Reminder]:
    sections = {card.key: card.sections for card in run.targets}
    said: dict[str, tuple[date, str]] = {}
    for row in run.findings:
        if row.attested is not None and row.attested.until is not None:
            until = said.get(row.attested.office, (row.attested.until, ""))[0]
            said[row.attested.office] = (min(until, row.attested.until), row.attested.office)
        elif row.verdict is Verdict.PASS and row.until is not None:
            yield from _ending(
                Ends.HOLDS,
                f"holds:{row.control}:{row.target}",
                row.until,
                run.today,
                sections.get(row.target, ()),
            )
    for until, office in said.values():
        yield from _ending(Ends.ATTESTED, f"attested:{office}", until, run.today, (office,))


def _products(tables: Mapping[str, TableContent], today: date) -> Iterator[Reminder]:
    for id_, content in tables.items():
        for row in content.rows:
            if row.end is not None and today <= row.end <= today + timedelta(days=max(REMIND_DAYS)):
                yield from _ending(Ends.SUPPORT, _support(id_, row), row.end, today, ())


def _ending(ends: Ends, subject: str, last: date, today: date, sections: Iterable[str]) -> Iterator[Reminder]:
    left = (last - today).days
    if (step := _step(left)) is not None:
        yield Reminder(ends=ends, subject=subject, left=left, step=step, sections=tuple(sections))
