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
from checks._ledgers._headings import (
    LEDGERS,
    application_headings,
    columns_of,
    heading_row,
    is_log,
    tables_in,
    words_of,
)
from checks._ledgers._procedures import Ledgers, Procedure, day_of
from checks._ledgers._table import Table

MAX_COUNT = 1_000_000
FRESH_DAYS = 31
"""A log whose newest line is older than this no longer tells of today."""


Form = tuple[str, str]
Way = tuple[str, bool]
"""A form's number or name, and whether it came online."""


class Uses(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many applications one form had on one day; `form` = folded number and name."""

    form: list[str]
    day: str
    online: int
    other: int


class Applications(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All logs of a folder, day by day and without people. `faults` = lines and files nobody understands.

    `others` = a line tells of another way than online, be it of none: not only the online system's logs.
    """

    uses: list[Uses]
    faults: list[str]
    others: bool = False


@probe("counter.applications", kind="counter")
def read_folder(documents: Documents, folder: Folder) -> bytes:
    """The counted lines of every log of the folder, also in workbooks."""
    counted: Counter[tuple[str, str, str, bool]] = Counter()
    faults: list[str] = []
    logs = 0
    for name in folder.names(*LEDGERS):
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
    return msgspec.json.encode(Applications(uses, faults, others=any(not online for *_, online in counted)))


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
        days = [use.day for use in found.uses if date.fromisoformat(use.day).isoformat() == use.day]
    except (msgspec.ValidationError, ValueError) as error:
        raise Garbled(f"not the applications of this version of the program: {error}"[:200]) from None
    sound = [use for use in found.uses if len(use.form) == 2 and min(use.online, use.other) >= 0]  # noqa: PLR2004
    if not len(days) == len(sound) == len(found.uses):
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
    online = {(row.title, row.number): row for row in seen.rows if row.flags.get("online") == "yes"}
    uses = _uses(online.values(), log, begin)
    unused = tuple(key[0] for key, (digital, other) in uses.items() if other and not digital)
    share = _share(uses.values())
    if unused:
        strays = _strays(seen, log, begin)
        if strays:
            return unknown(
                Reason.UNREADABLE, "online applications for forms not in the ledger", places=strays
            )
        return failed("unused", places=unused, count=len(unused), begin=begin, end=today)
    missing = [row.title for key, row in online.items() if not any(uses[key]) and row.yearly != 0]
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
    if not log.others:
        return unknown(Reason.NOT_MEASURABLE, "no line of another way: it may be the online system's own log")
    return None


def _strays(seen: Ledgers, log: Applications, begin: date) -> tuple[str, ...]:
    """Forms with online applications that no row of the ledgers names: they may be the unused ones."""
    numbers = {folded(row.number) for row in seen.rows if row.number}
    names = {folded(row.name) for row in seen.rows}
    nameless = {folded(row.name) for row in seen.rows if not row.number}
    found = {
        " ".join(part for part in use.form if part)
        for use in log.uses
        if use.online and use.day >= begin.isoformat() and not _known(use, numbers, names, nameless)
    }
    return tuple(sorted(found))


def _known(use: Uses, numbers: set[str], names: set[str], nameless: set[str]) -> bool:
    number, name = use.form
    return (number in numbers or name in nameless) if number else name in names


def _uses(rows: Iterable[Procedure], log: Applications, begin: date) -> dict[Form, tuple[int, int]]:
    """Applications of each form in the window, online and on other ways, by title and number.

    They are told by number where both have one, else by name.
    """
    numbered: Counter[Way] = Counter()
    unnumbered: Counter[Way] = Counter()
    named: Counter[Way] = Counter()
    for use in log.uses:
        number, name = use.form
        if use.day < begin.isoformat():
            continue
        for online, count in ((True, use.online), (False, use.other)):
            named[name, online] += count
            (numbered if number else unnumbered)[number or name, online] += count
    found: dict[Form, tuple[int, int]] = {}
    for row in rows:
        number, name = folded(row.number), folded(row.name)
        mine = {way: numbered[number, way] + unnumbered[name, way] for way in (True, False)}
        if not number:
            mine = {way: named[name, way] for way in (True, False)}
        found[row.title, row.number] = mine[True], mine[False]
    return found


def _share(counts: Iterable[tuple[int, int]]) -> Fraction | None:
    """Percent that came online, of all applications for forms that are online; None = there were none."""
    pairs = tuple(counts)
    digital, all_ = sum(online for online, _ in pairs), sum(map(sum, pairs))
    return Fraction(100 * digital, all_) if all_ else None
