"""Shared folders: nobody writes who should not, access goes by section, and nobody stays in who left."""

from collections.abc import Iterable
from dataclasses import dataclass
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
    Town,
    check,
    decoded,
    fact,
    failed,
    passed,
    probe,
    unknown,
)
from checks.sharing._rights import EVERYONE, GROUP, ORPHAN, UNTOLD, USER, digest, staff_ids, who, writes
from checks.sharing._samba import Share, is_testparm, server
from checks.sharing._tables import Found, Row, kept, tables, too_old

SETTINGS = (".conf", ".txt")
MAX_ENTRIES = 50_000
MAX_PATH = 120


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of a permission list. `who` as in `_rights`.

    `staff` = the digest of a person's account, or of the staff id where the list has one (`told`). The name
    itself is not kept: whoever removes it finds it at `place`.
    """

    place: str
    path: str
    who: str
    staff: str
    told: bool
    writes: bool
    denies: bool


class Shares(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All entries of a folder's exports.

    `undecided` = shares whose settings leave it to the file system who may write, which no list tells of.
    `gaps` = files and cells nobody could read; `beyond` = a server lets people make shares we do not see.
    """

    exported: date
    shares: int
    entries: list[Entry]
    undecided: list[str]
    gaps: list[str]
    beyond: bool


@dataclass(slots=True)
class _Gathered:
    found: Found
    entries: list[Entry]
    undecided: dict[str, str]
    shares: set[str]
    beyond: bool = False


@probe("shares.entries", kind="shares")
def read_shares(documents: Documents, folder: Folder) -> bytes:
    """Every permission list and every server's settings of the folder, without names of accounts."""
    seen = _Gathered(tables(folder, "acl"), [], {}, set())
    for row in seen.found.rows:
        _take_row(row, seen)
    listed = set(seen.shares)
    for name in folder.names(*SETTINGS):
        _take_server(folder, name, seen)
    if not seen.shares:
        gaps = seen.found.unread
        reason = Reason.UNREADABLE if gaps else Reason.NOT_COLLECTED
        raise NotKnown(reason, gaps[0] if gaps else f"no settings and no permission list in {documents.id}")
    if len(seen.entries) > MAX_ENTRIES:
        raise NotKnown(Reason.NOT_MEASURABLE, f"more than {MAX_ENTRIES} entries")
    whole = Shares(
        exported=seen.found.exported,
        shares=len(seen.shares),
        entries=seen.entries,
        undecided=[place for place, path in seen.undecided.items() if path not in listed],
        gaps=seen.found.unread,
        beyond=seen.beyond,
    )
    return msgspec.json.encode(whole)


def _take_row(row: Row, seen: _Gathered) -> None:
    try:
        entry = _entry(row)
    except Garbled as error:
        note = error.note if error.note.startswith(row.place) else f"{row.place}: {error.note}"
        seen.found.unread.append(note[:200])
    else:
        seen.shares.add(entry.path)
        seen.entries.append(entry)


def _entry(row: Row) -> Entry:
    path, identity = row.text("path"), row.text("identity")
    way = row.word("type")
    if not path or not identity or ("type" in row.cells and not way):
        raise Garbled(f"{row.place}: a blank cell")
    kind, staff = who(identity, row.word("kind")), row.text("staff")
    return Entry(
        place=row.place,
        path=path[:MAX_PATH],
        who=kind,
        staff=digest(staff or identity) if kind == USER else "",
        told=bool(staff),
        writes=writes(row.cells["rights"]),
        denies=way == "deny",
    )


def _take_server(folder: Folder, name: str, seen: _Gathered) -> None:
    text, _ = decoded(folder.read(name))
    if text is None or not is_testparm(text):
        seen.found.unread.append(f"{name}: not the output of testparm -s")
        return
    try:
        found = server(text, name)
    except Garbled as error:
        seen.found.unread.append(error.note[:200])
        return
    seen.found.saw(folder, name)
    seen.beyond |= found.others
    for share in found.shares:
        _take_share(share, f"{name} [{share.name}]", seen)


def _take_share(share: Share, place: str, seen: _Gathered) -> None:
    """A share's lists. Whoever signs in may write: then the rights in the file system decide."""

    def add(kind: str, name: str = "", *, writing: bool = share.writable) -> None:
        staff = digest(name) if kind == USER else ""
        seen.entries.append(Entry(place, share.path, kind, staff, told=False, writes=writing, denies=False))

    seen.shares.add(share.path or share.name)
    strangers = share.guests and not share.named
    everybody = not share.named
    if strangers:
        add(EVERYONE)
    for user in share.users:
        if not user.startswith("%"):
            add(who(user, USER), user)
    for group in share.groups:
        kind = who(group, GROUP)
        everybody |= kind == EVERYONE
        add(kind, writing=share.writable and kind != EVERYONE)
    if not share.writable:
        everybody = any(who(name, GROUP) == EVERYONE for name in share.writers)
    if everybody and not (strangers and share.writable):
        seen.undecided[place] = share.path


@fact("shares.entries", probe=read_shares)
def shares(answer: Answer) -> Shares:
    """The kept answer; its shape is our own."""
    return kept(answer, Shares)


def _named(entries: Iterable[Entry]) -> tuple[str, ...]:
    return tuple(f"{entry.path} ({entry.place})" for entry in entries)


def _open_end(seen: Shares, params: Params, *, places: tuple[str, ...], doubt: str) -> Judgement:
    """A pass, unless something could not be read or is in doubt."""
    if seen.gaps:
        return unknown(Reason.UNREADABLE, f"{len(seen.gaps)} files or cells", places=tuple(seen.gaps))
    if places:
        return unknown(Reason.NOT_MEASURABLE, doubt, places=places)
    if seen.beyond:
        return unknown(Reason.NOT_MEASURABLE, "people may make shares of their own on the server")
    if not seen.entries:
        return unknown(Reason.NOT_MEASURABLE, "no entry of any permission list")
    until = seen.exported + timedelta(days=params.integer("export_days"))
    return passed(until=until, shares=seen.shares, entries=len(seen.entries), exported=seen.exported)


@check("SHR-05")
def nobody_unknown_writes(seen: Shares, params: Params, today: date) -> Judgement:
    """Everybody may write nowhere; a deny entry beside such a right is left for people to judge."""
    if (gap := too_old(seen.exported, params, today)) is not None:
        return gap
    everybody = [entry for entry in seen.entries if entry.who == EVERYONE and entry.writes]
    denied = {entry.path for entry in everybody if entry.denies}
    wide = [entry for entry in everybody if not entry.denies and entry.path not in denied]
    paths = {entry.path for entry in wide}
    if len(paths) > params.integer("open_shares"):
        return failed("open", places=_named(wide), count=len(paths), exported=seen.exported)
    doubts = (*seen.undecided, *_named(entry for entry in everybody if entry.path in denied))
    return _open_end(seen, params, places=doubts, doubt="the file system decides who may write")


@check("SHR-06")
def access_goes_by_section(seen: Shares, params: Params, today: date) -> Judgement:
    """People are let in as members of a group; an entry of which nothing is told may be a person's."""
    if (gap := too_old(seen.exported, params, today)) is not None:
        return gap
    people = [entry for entry in seen.entries if entry.who == USER and not entry.denies]
    if len(people) > params.integer("individual_max"):
        return failed("people", places=_named(people), count=len(people), exported=seen.exported)
    untold = _named(entry for entry in seen.entries if entry.who in (UNTOLD, ORPHAN))
    return _open_end(seen, params, places=untold, doubt=f"{len(untold)} entries of unknown kind")


@check("SHR-07")
def nobody_stays_who_left(seen: Shares, town: Town, params: Params, today: date) -> Judgement:
    """Every person of the lists is in the staff ledger, and no number stands for a deleted account.

    A person is known by the column of staff ids, or by an account that is named after one. Other accounts
    of people prove nothing.
    """
    if (gap := too_old(seen.exported, params, today)) is not None:
        return gap
    if not town.staff:
        return unknown(Reason.NOT_COLLECTED, "the town has no staff ledger")
    ids = staff_ids(town.staff)
    allowing = [entry for entry in seen.entries if not entry.denies]
    people = [entry for entry in allowing if entry.who == USER and entry.staff not in ids]
    left = [entry for entry in allowing if entry.who == ORPHAN]
    left += [entry for entry in people if entry.told]
    if len(left) > params.integer("orphans"):
        return failed("left", places=_named(left), count=len(left), exported=seen.exported)
    untold = [entry for entry in people if not entry.told]
    untold += [entry for entry in allowing if entry.who == UNTOLD]
    return _open_end(seen, params, places=_named(untold), doubt=f"{len(untold)} entries of nobody known")
