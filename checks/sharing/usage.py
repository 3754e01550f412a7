"""Chat and meetings: everybody may use them, and the work really goes that way."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
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
    Person,
    Reason,
    Section,
    Town,
    Unknown,
    check,
    fact,
    failed,
    passed,
    probe,
    unknown,
)
from checks.sharing._rights import digest
from checks.sharing._tables import Row, kept, tables, too_old
from checks.sharing.cloud import Suite, settled, worst

MONTH = range(28, 32)
PERCENT = 100


class Use(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one person used; None = not told.

    `assigned` = chat is theirs. `chats` and `meetings` are counts of `period` days before `until`; `last` =
    the last day of chat.
    """

    assigned: bool | None = None
    chats: int | None = None
    last: date | None = None
    meetings: int | None = None
    period: int | None = None
    until: date | None = None


class Usage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is told of people, by the digests of their accounts; `gaps` = what nobody could read."""

    exported: date
    people: dict[str, Use]
    gaps: list[str]

    def of(self, person: Person) -> Use:
        """What is told of one person; nothing where no row is about them."""
        return self.people.get(digest(person.id), Use())


@probe("cloud.usage", kind="cloud")
def read_usage(documents: Documents, folder: Folder) -> bytes:
    """The tables of use, without names; a person who stands in two of them is told by both.

    Where they contradict each other, nothing is told: one of them may be of another month.
    """
    found = tables(folder, "usage")
    if not found.rows:
        reason = Reason.UNREADABLE if found.unread else Reason.NOT_COLLECTED
        raise NotKnown(reason, found.unread[0] if found.unread else f"no table of use in {documents.id}")
    people: dict[str, dict[str, Any]] = {}
    for row in found.rows:
        try:
            told = {key: value for key, value in _told(row).items() if value is not None}
            who = row.text("who")
            mine = people.setdefault(digest(who), {}) if who else {}
            if not who or any(mine.get(key, value) != value for key, value in told.items()):
                found.unread.append(f"{row.place}: no account, or it contradicts another row")
                told = dict.fromkeys(told)
            mine |= told
        except Garbled as error:
            found.unread.append(error.note)
    uses = {who: Use(**told) for who, told in people.items() if told.pop("deleted", None) is not True}
    ends = [use.until for use in uses.values() if use.until is not None]
    return msgspec.json.encode(Usage(min([found.exported, *ends]), uses, found.unread))


def _told(row: Row) -> dict[str, Any]:
    """What a row tells; chat of two kinds is one sum, known only where both are."""
    chats = row.count("chats")
    if "chats_private" in row.cells:
        private = row.count("chats_private")
        chats = chats + private if chats is not None and private is not None else None
    return {
        "assigned": _truth(row, "assigned"),
        "chats": chats,
        "last": row.day("last"),
        "meetings": row.count("meetings"),
        "period": row.count("period"),
        "until": row.day("refreshed"),
        "deleted": _truth(row, "deleted"),
    }


def _truth(row: Row, column: str) -> bool | None:
    word = row.word(column, "flag")
    return None if not word else word == "yes"


@fact("cloud.usage", probe=read_usage)
def usage(answer: Answer) -> Usage:
    """The kept answer; its shape is our own."""
    return kept(answer, Usage)


def _members(town: Town) -> Mapping[Section, tuple[Person, ...]]:
    """The people of the sections that are looked at; a section without people is none of them."""
    rows = {one: tuple(person for person in town.staff if person.section == one.id) for one in town.sections}
    return {section: people for section, people in rows.items() if people}


def _share(
    seen: Usage,
    town: Town,
    least: int,
    true: Callable[[Use], bool | None],
    key: str,
    today: date,
    params: Params,
) -> Judgement:
    """Whether so many per cent of all people are such; who is not told counts for neither side."""
    if (gap := too_old(seen.exported, params, today)) is not None:
        return gap
    members = _members(town)
    told = {section: [true(seen.of(person)) for person in people] for section, people in members.items()}
    everybody = [one for answers in told.values() for one in answers]
    if not everybody:
        return unknown(Reason.NOT_COLLECTED, "the town has no staff ledger")
    yes, open_ = everybody.count(True), everybody.count(None)
    if PERCENT * (yes + open_) < least * len(everybody):
        places = tuple(
            f"{section.name} {answers.count(True)}/{len(answers)}"
            for section, answers in told.items()
            if PERCENT * (len(answers) - answers.count(False)) < least * len(answers)
        )
        return failed(
            key, places=places, count=everybody.count(False), people=len(everybody), on=seen.exported
        )
    if PERCENT * yes < least * len(everybody):
        return unknown(Reason.NOT_MEASURABLE, f"{open_} people are not told", places=tuple(seen.gaps))
    until = seen.exported + timedelta(days=params.integer("export_days"))
    return passed(until=until, count=yes, people=len(everybody), on=seen.exported)


@check("COM-01")
def chat_is_everybodys(
    seen: Usage | Unknown, suite: Suite | Unknown, town: Town, params: Params, today: date
) -> Judgement:
    """Everybody has chat, and its history is kept; either alone can prove a fault, not a pass."""
    history = (
        unknown(suite.reason, suite.note)
        if isinstance(suite, Unknown)
        else settled("COM-01", suite, params, today)
    )
    if isinstance(seen, Unknown):
        return worst(unknown(seen.reason, seen.note), history)
    least = params.integer("assigned")
    assigned = _share(seen, town, least, lambda use: use.assigned, "unassigned", today, params)
    return worst(history, assigned)


@check("COM-05")
def chat_is_used(seen: Usage, town: Town, params: Params, today: date) -> Judgement:
    """Enough people used chat in the window; a count over a longer time proves nothing of it."""
    window = params.integer("window_days")

    def used(use: Use) -> bool | None:
        end = use.until or seen.exported
        if use.last is not None:
            return use.last > end - timedelta(days=window)
        if use.chats is None or use.period is None:
            return None
        if use.chats and use.period <= window:
            return True
        return False if not use.chats and use.period >= window else None

    return _share(seen, town, params.integer("active"), used, "quiet", today, params)


@check("COM-06")
def every_section_meets(seen: Usage, town: Town, params: Params, today: date) -> Judgement:
    """Every section was in enough meetings within a month; people not told of keep it open."""
    if (gap := too_old(seen.exported, params, today)) is not None:
        return gap
    least = params.integer("min_per_month")
    without: list[str] = []
    open_: list[str] = []
    members = _members(town)
    for section, people in members.items():
        uses = [seen.of(person) for person in people]
        told = [use.meetings for use in uses if use.meetings is not None and use.period in MONTH]
        if sum(told) >= least:
            continue
        (without if len(told) == len(people) else open_).append(section.name)
    if without:
        return failed("none", places=tuple(without), count=len(without), on=seen.exported)
    if open_ or not members:
        return unknown(Reason.NOT_MEASURABLE, f"{len(open_)} sections are not told", places=tuple(open_))
    until = seen.exported + timedelta(days=params.integer("export_days"))
    return passed(until=until, count=len(members), on=seen.exported)
