"""What changed since the run before, told in few lines."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from auditor.findings import ATTESTED
from auditor.run import Change
from reports.book import Book

RANKS = ("pass", "not_applicable", "exception", "grace", "unknown", "fail")
"""Status codes from best to worst, for telling what became worse."""

SAID = tuple(f"{ATTESTED}{state}" for state in RANKS)
"""The same of what people attested: a word is compared with a word only."""

WAYS = ("worse", "better", "other")


@dataclass(frozen=True, slots=True)
class Shift:
    """Changes of one kind in one line; `count` = how many findings.

    `before` and `after` are status codes, "" = was not there. `items` are the controls' titles.
    """

    way: str
    targets: tuple[str, ...]
    items: tuple[str, ...]
    before: str
    after: str
    count: int


def shifts(book: Book, changed: Iterable[Change]) -> tuple[Shift, ...]:
    """The changes, the worse first: one PC's fifteen that became unknown, or one control's on many PCs."""
    rows = tuple(changed)
    alike = Counter((change.target, change.before, change.after) for change in rows)
    groups: defaultdict[tuple[str, str, str], list[Change]] = defaultdict(list)
    for change in rows:
        many = alike[change.target, change.before, change.after] > 1
        groups[change.target if many else change.control, change.before, change.after].append(change)
    found = [_shift(book, group) for group in groups.values()]
    return tuple(sorted(found, key=lambda shift: (WAYS.index(shift.way), -shift.count)))


def _shift(book: Book, group: Sequence[Change]) -> Shift:
    first = group[0]
    return Shift(
        way=way_of(first),
        targets=book.labels(dict.fromkeys(change.target for change in group)),
        items=tuple(dict.fromkeys(book.title(change.control) for change in group)),
        before=first.before,
        after=first.after,
        count=len(group),
    )


def way_of(change: Change) -> str:
    """Whether a change is worse, better, or neither (something new or gone)."""
    for ranks in (RANKS, SAID):
        if change.before in ranks and change.after in ranks:
            return "worse" if ranks.index(change.after) > ranks.index(change.before) else "better"
    return "other"
