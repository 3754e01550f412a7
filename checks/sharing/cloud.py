"""Cloud suites: settings as CISA's audit tools found them, and what is shared with whom."""

import re
from datetime import date, timedelta

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
    Unknown,
    Unreached,
    Verdict,
    check,
    fact,
    failed,
    folded,
    passed,
    probe,
    unknown,
)
from checks.sharing._said import Settings, read_said
from checks.sharing._scuba import MET, UNMET, Result, newest, policies, read_result
from checks.sharing._tables import Row, kept, tables, too_old

MAX_FILES = 50


class Suite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last results of the tools, and the settings that people read off the console, None = none."""

    results: list[Result]
    settings: Settings | None
    unread: list[str]


class Links(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is shared: places of public links and of what strangers have; `whole` = all of it is here."""

    exported: date
    items: int
    public: list[str]
    strangers: list[str]
    gaps: list[str]
    whole: bool


@probe("cloud.scuba", kind="cloud")
def read_results(documents: Documents, folder: Folder) -> bytes:
    """The results of the folder, without anything of the tenant."""
    names = folder.names(".json")
    if not names or len(names) > MAX_FILES:
        reason = Reason.NOT_MEASURABLE if names else Reason.NOT_COLLECTED
        raise NotKnown(reason, f"{len(names)} result files in {documents.id}")
    found: list[Result] = []
    unread: list[str] = []
    for name in names:
        try:
            found.append(read_result(folder.read(name), name))
        except (Garbled, Unreached) as error:
            unread.append(f"{name}: {error.note}"[:200])
    if not found:
        raise NotKnown(Reason.UNREADABLE, unread[0])
    return msgspec.json.encode(Suite(newest(found), read_said(folder).settings, unread))


@probe("cloud.links", kind="cloud")
def read_links(documents: Documents, folder: Folder) -> bytes:
    """The list of what is shared, as places; names of files are not kept."""
    found, said = tables(folder, "links"), read_said(folder).sharing
    if not found.rows:
        reason = Reason.UNREADABLE if found.unread else Reason.NOT_COLLECTED
        raise NotKnown(
            reason, found.unread[0] if found.unread else f"no list of shared items in {documents.id}"
        )
    allowed = frozenset(map(folded, said.allowed_domains)) if said else None
    sorted_: dict[str, list[str]] = {"anyone": [], "stranger": []}
    for row in found.rows:
        try:
            sorted_.get(_reach(row, allowed), []).append(row.place)
        except Garbled as error:
            found.unread.append(error.note)
    whole = said is not None and said.items == len(found.rows)
    return msgspec.json.encode(
        Links(found.exported, len(found.rows), sorted_["anyone"], sorted_["stranger"], found.unread, whole)
    )


def _reach(row: Row, allowed: frozenset[str] | None) -> str:
    """How far one item reaches: inside, partner, stranger or anyone.

    Raises:
        Garbled: it is not told with whom, or nobody said who the agreed partners are.
    """
    reach = row.word("visibility")
    named = {folded(name) for name in re.split(r"[;,、|\s]+", row.text("domains")) if name}
    if reach == "anyone":
        return reach
    if not reach or (reach == "partner") != bool(named) or (named and allowed is None):
        raise Garbled(f"{row.place}: nobody says with whom it is shared")
    return "stranger" if named - (allowed or frozenset()) else reach


@fact("cloud.suite", probe=read_results)
def suite(answer: Answer) -> Suite:
    """The kept answer; its shape is our own."""
    return kept(answer, Suite)


@fact("cloud.links", probe=read_links)
def links(answer: Answer) -> Links:
    """The kept answer; its shape is our own."""
    return kept(answer, Links)


def settled(control: str, seen: Suite, params: Params, today: date) -> Judgement:
    """Whether every policy behind a control is met in every tenant, by recent results."""
    if not seen.results:
        return unknown(Reason.NOT_COLLECTED)
    wrong: list[str] = []
    open_: list[str] = []
    for result in seen.results:
        if (gap := too_old(result.on, params, today)) is not None:
            return gap
        row = policies()["controls"][control].get(result.suite, {"all": [], "open": "suite"})
        told = {id_: result.policies.get(id_, "") for id_ in row["all"]}
        named = {id_: f"{id_} ({result.tool} {result.version})" for id_ in told}
        wrong += [named[id_] for id_, answer in told.items() if answer == UNMET]
        open_ += [named[id_] for id_, answer in told.items() if answer not in (MET, UNMET)]
        vouched = _vouched(seen.settings, row.get("open", ""), params, today)
        wrong += [f"{row['open']} ({result.suite})"] if vouched is False else []
        open_ += [f"{row['open']} ({result.suite})"] if vouched is None else []
    on = min(result.on for result in seen.results)
    if wrong:
        return failed("unmet", places=tuple(wrong), count=len(wrong), on=on)
    if open_:
        return unknown(Reason.NOT_MEASURABLE, f"{len(open_)} policies are open", places=tuple(open_))
    if seen.unread:
        return unknown(Reason.UNREADABLE, f"{len(seen.unread)} files", places=tuple(seen.unread))
    return passed(until=on + timedelta(days=params.integer("export_days")), on=on)


def _vouched(settings: Settings | None, word: str, params: Params, today: date) -> bool | None:
    """What people say of what a tool does not look at; True where there is no such thing."""
    if not word:
        return True
    if settings is None or too_old(settings.on, params, today) is not None:
        return None
    told: bool | None = getattr(settings, word, None)
    return told


def _listed(shared: Links | Unknown, params: Params, today: date) -> Judgement:
    """What the list of shared items alone tells."""
    if isinstance(shared, Unknown):
        return unknown(shared.reason, shared.note)
    if (gap := too_old(shared.exported, params, today)) is not None:
        return gap
    on = shared.exported
    if len(shared.public) > params.integer("anyone_link"):
        return failed("public", places=tuple(shared.public), count=len(shared.public), on=on)
    if shared.strangers:
        return failed("stranger", places=tuple(shared.strangers), count=len(shared.strangers), on=on)
    if shared.whole and not shared.gaps:
        return passed(on=on)
    note = (
        f"{len(shared.gaps)} gaps"
        if shared.gaps
        else "how many shared items there are is not said, or differs"
    )
    reason = Reason.UNREADABLE if shared.gaps else Reason.NOT_MEASURABLE
    return unknown(reason, note, places=tuple(shared.gaps))


def worst(*judged: Judgement) -> Judgement:
    """The first that fails, else the first that is unknown, else the last."""
    for verdict in (Verdict.FAIL, Verdict.UNKNOWN):
        for one in judged:
            if one.verdict is verdict:
                return one
    return judged[-1]


@check("DAT-02")
def shared_with_partners_only(
    seen: Suite | Unknown, shared: Links | Unknown, params: Params, today: date
) -> Judgement:
    """Nothing is public now, and the settings keep it so; either alone can prove a fault, not a pass."""
    if isinstance(seen, Unknown):
        return worst(_listed(shared, params, today), unknown(seen.reason, seen.note))
    return worst(_listed(shared, params, today), settled("DAT-02", seen, params, today))


@check("DAT-07")
def no_mail_leaves(seen: Suite, params: Params, today: date) -> Judgement:
    """Nothing is forwarded by itself, and old ways of fetching mail are off."""
    return settled("DAT-07", seen, params, today)


@check("CLD-02")
def apps_are_chosen(seen: Suite, params: Params, today: date) -> Judgement:
    """Users cannot let other programs in."""
    return settled("CLD-02", seen, params, today)


@check("CLD-03")
def devices_count(seen: Suite, params: Params, today: date) -> Judgement:
    """Who comes in depends on the device."""
    return settled("CLD-03", seen, params, today)


@check("COM-02")
def meetings_have_a_door(seen: Suite, params: Params, today: date) -> Judgement:
    """Nobody comes into a meeting who was not let in."""
    return settled("COM-02", seen, params, today)


@check("SHR-02")
def calendars_are_seen(seen: Suite, params: Params, today: date) -> Judgement:
    """Colleagues see the details, others only whether somebody is free."""
    return settled("SHR-02", seen, params, today)
