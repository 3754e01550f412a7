"""Dated tables that checks rest on (ends of support …): who says what, since when, and is it still recent.

A check module declares one with `table`; `auditor data` shows it and says what is stale. The checks read
the same data themselves: a table is how they let people see it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from auditor.control import Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSource:
    """Where rows come from: its `title` spelled out, and `where` to look it up ("" = nowhere public)."""

    title: Wording
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One dated statement.

    `end` = its last good day, None = none is published or known; `extended_end` = last day of any
    extension. `seen_on` = day an open-ended row was last seen to hold. `as_of` = day this row was last
    compared with its source, None = with the rest of the table. `mark` = S, S2, M or I; `source` = a key
    of `TableContent.sources`.
    """

    product: str
    release: str
    edition: str = ""
    end: date | None = None
    extended_end: date | None = None
    seen_on: date | None = None
    as_of: date | None = None
    mark: str
    source: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableContent:
    """What stands in a table. `as_of` = day it was last gone through, stale after `stale_after_days`."""

    as_of: date
    stale_after_days: int
    rows: tuple[TableRow, ...]
    sources: Mapping[str, TableSource] = field(default_factory=dict)

    def fresh_until(self, as_of: date) -> date:
        """The last day on which what was compared on `as_of` is not stale."""
        return as_of + timedelta(days=self.stale_after_days)


@dataclass(frozen=True, slots=True)
class Table:
    """A table under the name it is shown by; `read` gives its content, when somebody asks for it."""

    id: str
    read: Callable[[], TableContent]


def table(id_: str, /) -> Callable[[Callable[[], TableContent]], Table]:
    """Declare the function below as the reader of table `id_`; a value, as `fact` and `check` give."""

    def bind(read: Callable[[], TableContent]) -> Table:
        return Table(id_, read)

    return bind


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a table needs on a day, rows in the table's order.

    `stale` = rows not compared with their source for too long, the whole table's age left aside. `ended` =
    rows whose last day is over, `ending` = those that end within the margin, `open` = no end is published.
    """

    whole: bool
    stale: tuple[TableRow, ...]
    ended: tuple[TableRow, ...]
    ending: tuple[TableRow, ...]
    open: tuple[TableRow, ...]

    @property
    def needs_renewal(self) -> bool:
        """True when the whole table or a part of it is stale."""
        return self.whole or bool(self.stale)


def review(content: TableContent, today: date, warn_days: int) -> Review:
    """What stands in the table that somebody should look at; the last day itself is still good."""

    def rows(wanted: Callable[[TableRow], bool]) -> tuple[TableRow, ...]:
        return tuple(row for row in content.rows if wanted(row))

    margin = today + timedelta(days=warn_days)
    return Review(
        whole=content.fresh_until(content.as_of) < today,
        stale=rows(lambda row: row.as_of is not None and content.fresh_until(row.as_of) < today),
        ended=rows(lambda row: row.end is not None and row.end < today),
        ending=rows(lambda row: row.end is not None and today <= row.end <= margin),
        open=rows(lambda row: row.end is None),
    )
