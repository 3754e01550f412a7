"""The log of applications: how many came online, and which forms that are online nobody uses."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import msgspec

from auditor.api import (
    Answer,
    Documents,
    Folder,
    Garbled,
    Judgement,
    NotKnown,
    Params,
    Reason,
    Unreached,
    check,
    fact,
    failed,
    folded,
    not_applicable,
    passed,
    probe,
    unknown,
)  # fmt: skip
from checks._ledgers._procedures import (
    Ledgers,
    Procedure,
    application_headings,
    columns_of,
    day_of,
    heading_row,
    is_log,
    tables_in,
    words_of,
)  # fmt: skip
from checks._ledgers._table import Table

MAX_COUNT = 1_000_000
FRESH_DAYS = 31
"""A log whose newest line is older than this no longer tells of today."""


class Uses(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many applications one form had on one day; `form` = folded number and name."""

    form: list[str]
    day: str
    online: int
    other: int


class Applications(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All logs of a folder, day by day and without people. `faults` = lines and files nobody understands."""

    uses: list[Uses]
    faults: list[str]


@probe("counter.applications", kind="counter")
def read_folder(documents: Documents, folder: Folder) -> bytes:
    """The counted lines of every log (CSV) of the folder."""
    counted: Counter[tuple[str, str, str, bool]] = Counter()
    faults: list[str] = []
    logs = 0
    for name in folder.names(".csv"):
        try:
            tables = [table for table in tables_in(folder, name) if is_log(table)]
            for table in tables:
                _count(table, counted, faults)
            logs += len(tables)
        except (Garbled, Unreached) as error:
            faults.append(f"{name}: {error.note}"[:200])
    if not logs and not faults:
        raise NotKnown(Reason.NOT_COLLECTED, f"no log of applications in the folder of {documents.id}")
    keys = sorted({key[:3] for key in counted})
    uses = [Uses([*key[:2]], key[2], counted[(*key, True)], counted[(*key, False)]) for key in keys]
    return msgspec.json.encode(Applications(uses, faults))


def _count(table: Table, counted: Counter[tuple[str, str, str, bool]], faults: list[str]) -> None:
    names = application_headings()
    at = heading_row(table, names, ("day", "way")) or 0
    columns = columns_of(table, at, names)
    for line, cells in table.rows[at + 1 :]:
        row = {key: cells[index] if index < len(cells) else "" for key, index in columns.items()}
        day, way = day_of(row["day"]), words_of("way").get(folded(row["way"]))
        form = folded(row.get("form", "")), folded(row.get("name", ""))
        count = _number(row.get("count", "")) if row.get("count") else 1
        if (
            day is None
            or way is None
            or count is None
            or not any(form)
            or len(cells) > len(table.rows[at][1])
        ):
            faults.append(f"{table.name}:{line}")
            continue
        counted[(*form, day.isoformat(), way == "online")] += count


def _number(cell: str) -> int | None:
    text = folded(cell).replace(",", "").removesuffix("件")
    known = text.isascii() and text.isdecimal() and len(text) <= 7 and int(text) <= MAX_COUNT  # noqa: PLR2004
    return int(text) if known else None


@fact("counter.applications", probe=read_folder)
def applications(answer: Answer) -> Applications:
    """The kept counts; their shape is our own."""
    body: Any = answer.json()
    try:
        found = msgspec.convert(body, Applications)
        days = [date.fromisoformat(use.day) for use in found.uses]
    except (msgspec.ValidationError, ValueError) as error:
        raise Garbled(f"not the applications of this version of the program: {error}"[:200]) from None
    if len(days) != sum(len(use.form) == 2 and min(use.online, use.other) >= 0 for use in found.uses):  # noqa: PLR2004
        raise Garbled("a form without number and name, or less than none")
    return found


@check("ONL-09")
def online_is_used(seen: Ledgers, log: Applications, params: Params, today: date) -> Judgement:
    """The share that came online in the window, and the forms that people filed only on other ways.

    A form of which the log holds no line at all, though it is filed every year, keeps a pass away: the log
    may not hold it.
    """
    begin = today - timedelta(days=params.integer("window_days"))
    closed = _unusable(seen, log, begin, today)
    if closed is not None:
        return closed
    online = {row.title: row for row in seen.rows if row.flags.get("online") == "yes"}
    uses = {title: _uses(row, log, begin) for title, row in online.items()}
    unused = tuple(title for title, (digital, other) in uses.items() if other and not digital)
    share = _share(uses.values())
    if unused:
        strays = _strays(seen, log, begin)
        if strays:
            return unknown(
                Reason.UNREADABLE, "online applications for forms not in the ledger", places=strays
            )
        return failed("unused", places=unused, count=len(unused), begin=begin, end=today)
    missing = [title for title, row in online.items() if not any(uses[title]) and row.yearly != 0]
    missing += [row.title for row in seen.rows if row.flags.get("online", "") in ("", "?")]
    if missing:
        return unknown(Reason.BLANK, "not in the log, or not told in the ledger", places=tuple(missing))
    if share is None:
        return not_applicable("none")
    how = passed if share >= params.integer("share") else failed
    key = "ok" if how is passed else "low"
    return how(key, forms=len(online), seen=int(share), begin=begin, end=today)


def _unusable(seen: Ledgers, log: Applications, begin: date, today: date) -> Judgement | None:
    """Why the log does not tell of the whole window up to now, None = it does."""
    days = [date.fromisoformat(use.day) for use in log.uses]
    if log.faults or seen.gaps or not days or max(days) > today:
        places = (*log.faults, *seen.gaps)
        return unknown(Reason.UNREADABLE, f"{len(places)} lines nobody understands", places=places)
    if max(days) < today - timedelta(days=FRESH_DAYS):
        return unknown(Reason.STALE, f"the newest line is of {max(days)}")
    if min(days) > begin:
        return unknown(Reason.WINDOW_SHORT, f"the oldest line is of {min(days)}, the window begins {begin}")
    return None


def _strays(seen: Ledgers, log: Applications, begin: date) -> tuple[str, ...]:
    """Forms with online applications that no row of the ledgers names: they may be the unused ones."""
    found = {
        " ".join(part for part in use.form if part)
        for use in log.uses
        if use.online and use.day >= begin.isoformat() and not any(_same(row, use) for row in seen.rows)
    }
    return tuple(sorted(found))


def _uses(row: Procedure, log: Applications, begin: date) -> tuple[int, int]:
    """Applications of a form in the window: online, and on other ways."""
    mine = [use for use in log.uses if date.fromisoformat(use.day) >= begin and _same(row, use)]
    return sum(use.online for use in mine), sum(use.other for use in mine)


def _same(row: Procedure, use: Uses) -> bool:
    """By number where both have one, else by name."""
    number, name = use.form
    if number and row.number:
        return number == folded(row.number)
    return bool(name) and name == folded(row.name)


def _share(counts: Iterable[tuple[int, int]]) -> Fraction | None:
    """Percent that came online, of all applications for forms that are online; None = there were none."""
    pairs = tuple(counts)
    digital, all_ = sum(online for online, _ in pairs), sum(map(sum, pairs))
    return Fraction(100 * digital, all_) if all_ else None
