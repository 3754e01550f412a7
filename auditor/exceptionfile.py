"""``exceptions.toml``: one spelling, read strictly; all that is wrong is told before anything runs."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from auditor.cells import is_id, name_fault
from auditor.errors import ConfigError, Problem
from auditor.exceptionoffices import Offices, offices_of, says_office
from auditor.exceptions import last_day
from auditor.ledger import folded
from auditor.targets import Town
from auditor.tomlfile import TomlFile, convert, read_toml, toml_of

NAME = "exceptions.toml"
MAX_ROWS = 1000
DAYS = ("start", "end", "closed")
TEXTS = ("applicant", "reason", "measure", "approver")
PLACEHOLDERS = ("○○", "〇〇", "◯◯", "xxx", "記入してください")
"""What stands in examples; a text that holds it was never filled in."""
EMPTY_WORDS = (
    *("todo", "tbd", "sample", "example", "none", "n/a", "-", "ー", "－"),
    *("なし", "無し", "未定", "例", "見本", "同上"),
)
"""Texts that say nothing."""
EMPTY = frozenset(folded(word) for word in EMPTY_WORDS)


class Row(msgspec.Struct, forbid_unknown_fields=True):
    """``[[exceptions]]`` as it is written; see `auditor.exceptions.Excepted`."""

    number: str
    control: str
    applicant: str
    reason: str
    measure: str
    approver: str
    start: date
    end: date
    targets: list[str] = []
    sections: list[str] = []
    closed: date | None = None

    def over(self, today: date) -> bool:
        """True when its last day has passed: a record of what was right then, in the town as it was then."""
        return last_day(self.end, self.closed) < today


class Written(msgspec.Struct, forbid_unknown_fields=True):
    """The whole file: `checked` = the day on which somebody found that there is no other exception."""

    exceptions: list[Row] = []
    checked: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the model demands of exceptions. `most_days` = the longest, both days included.

    `other_approver` = the applicant's own office may not approve.
    """

    most_days: int
    other_approver: bool


def read_rows(
    path: Path, town: Town, rules: Rules, today: date, text: str | None = None
) -> tuple[TomlFile, Written]:
    """The file's rows, right in themselves; `text` = what it would hold, None = what it holds.

    Of one that is over only its own form counts: its section, its model and its staff may be others today.

    Raises:
        ConfigError: everything wrong in it.
    """
    toml = read_toml(path) if text is None else toml_of(path, text)
    undated = tuple(_undated(toml))
    if undated:
        raise ConfigError(undated)
    written = convert(toml, Written)
    problems = list(_whole(toml, written, today))
    offices = offices_of(town)
    for index, row in enumerate(written.exceptions[:MAX_ROWS]):
        place = ("exceptions", str(index))
        problems += _texts(toml, place, row)
        problems += _dates(toml, place, row, today)
        problems += _applicant(toml, place, row, offices, today)
        if not row.over(today):
            problems += _length(toml, place, row, rules)
            problems += _approval(toml, place, row, offices, rules)
    if problems:
        raise ConfigError(problems)
    return toml, written


def _undated(toml: TomlFile) -> Iterator[Problem]:
    """Days in quotes, with a time, or as numbers: the TOML date is the one spelling."""
    rows = toml.document.get("exceptions", [])
    tables: list[tuple[tuple[str, ...], Mapping[str, Any]]] = [((), toml.document)]
    if isinstance(rows, list):
        tables += [(("exceptions", str(at)), row) for at, row in enumerate(rows) if isinstance(row, dict)]
    for place, table in tables:
        for name in DAYS if place else ("checked",):
            if name in table and type(table[name]) is not date:
                yield toml.problem((*place, name), "exception_date")


def _whole(toml: TomlFile, written: Written, today: date) -> Iterator[Problem]:
    if len(written.exceptions) > MAX_ROWS:
        yield toml.problem(("exceptions",), "exception_many", limit=MAX_ROWS)
    if written.checked is not None and written.checked > today:
        yield toml.problem(("checked",), "exception_later", day=written.checked.isoformat())
    seen = Counter(folded(row.number) for row in written.exceptions)
    for index, row in enumerate(written.exceptions[:MAX_ROWS]):
        if seen[folded(row.number)] > 1:
            yield toml.problem(("exceptions", str(index), "number"), "exception_twice", name=row.number[:40])


def _texts(toml: TomlFile, place: tuple[str, ...], row: Row) -> Iterator[Problem]:
    if not is_id(row.number):
        yield toml.problem((*place, "number"), "exception_number", seen=row.number[:40])
    for name in TEXTS:
        text: str = getattr(row, name)
        lines = text.strip().split("\n") if name in ("reason", "measure") else [text]
        fault = next((found for line in lines if (found := name_fault(line.strip()))), "")
        plain = folded(text)
        if fault:
            yield toml.problem((*place, name), fault, limit=100)
        elif plain in EMPTY or any(folded(word) in plain for word in PLACEHOLDERS):
            yield toml.problem((*place, name), "exception_placeholder", seen=text[:40])
        elif name == "approver" and not says_office(text):
            yield toml.problem((*place, name), "exception_office", seen=text[:40])


def _dates(toml: TomlFile, place: tuple[str, ...], row: Row, today: date) -> Iterator[Problem]:
    """Days that cannot be."""
    if row.end < row.start:
        known = {"start": row.start.isoformat(), "end": row.end.isoformat()}
        yield toml.problem((*place, "end"), "exception_backwards", **known)
    if row.closed is None:
        return
    if row.closed > today:
        yield toml.problem((*place, "closed"), "exception_later", day=row.closed.isoformat())
    elif row.closed < row.start:
        yield toml.problem((*place, "closed"), "exception_closed", start=row.start.isoformat())


def _length(toml: TomlFile, place: tuple[str, ...], row: Row, rules: Rules) -> Iterator[Problem]:
    """More days than the model allows."""
    days = (row.end - row.start).days + 1
    if days > rules.most_days:
        yield toml.problem((*place, "end"), "exception_long", days=days, most=rules.most_days)


def _applicant(
    toml: TomlFile, place: tuple[str, ...], row: Row, offices: Offices, today: date
) -> Iterator[Problem]:
    """A section of today or of before; of what is over nobody may remember it, and any id will do."""
    if row.applicant not in offices.heirs and not (row.over(today) and is_id(row.applicant)):
        known = ", ".join(offices.today)
        yield toml.problem((*place, "applicant"), "exception_applicant", name=row.applicant[:40], known=known)


def _approval(
    toml: TomlFile, place: tuple[str, ...], row: Row, offices: Offices, rules: Rules
) -> Iterator[Problem]:
    """Who approved is another office than who applied, and nobody's name."""
    if rules.other_approver and offices.own(row.applicant, row.approver):
        yield toml.problem((*place, "approver"), "exception_own", name=row.approver[:40])
    if offices.person_in(row.approver):
        yield toml.problem((*place, "approver"), "exception_person")
