"""Shared areas: files lie there and not in personal folders; each has a class, an owner and a narrow door."""

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
    fact,
    failed,
    folded,
    passed,
    probe,
    unknown,
)
from checks.sharing._tables import Found, Row, kept, tables, too_old

UNITS = ("bytes", "files")
PERCENT = 100


class Volume(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much lies where, in bytes or in files. `untold` = in areas nobody says whose they are."""

    exported: date
    unit: str
    shared: int
    personal: int
    untold: int
    areas: int
    gaps: list[str]


class Area(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the ledger of areas. `class_` and `default` (narrow) = yes, no, "" (blank)."""

    place: str
    class_: str
    owner: str
    default: str


class Areas(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ledger of shared areas."""

    exported: date
    areas: list[Area]
    gaps: list[str]


def _usable(found: Found, documents: Documents, what: str) -> None:
    if not found.rows:
        reason = Reason.UNREADABLE if found.unread else Reason.NOT_COLLECTED
        raise NotKnown(reason, found.unread[0] if found.unread else f"no {what} in {documents.id}")


@probe("shares.volume", kind="shares")
def read_volume(documents: Documents, folder: Folder) -> bytes:
    """The sums of the listing; names of areas are not kept, personal ones are people's names."""
    found = tables(folder, "sizes")
    _usable(found, documents, "listing of folders")
    unit = next((unit for unit in UNITS if unit in found.columns), "")
    if not unit:
        raise NotKnown(Reason.NOT_MEASURABLE, "the listing tells neither bytes nor files")
    sums = {"shared": 0, "personal": 0, "": 0}
    areas: set[str] = set()
    for row in found.rows:
        try:
            use, amount, area = row.word("use"), row.count(unit), folded(row.text("area"))
            if amount is None or not area or area in areas:
                found.unread.append(f"{row.place}: no {unit}, no area, or an area twice")
                continue
        except Garbled as error:
            found.unread.append(error.note)
            continue
        areas.add(area)
        sums[use] += amount
    return msgspec.json.encode(
        Volume(found.exported, unit, sums["shared"], sums["personal"], sums[""], len(areas), found.unread)
    )


def _ledger(documents: Documents, folder: Folder) -> bytes:
    found = tables(folder, "areas")
    _usable(found, documents, "ledger of shared areas")
    areas: list[Area] = []
    for row in found.rows:
        try:
            areas.append(_area(row))
        except Garbled as error:
            found.unread.append(error.note)
    return msgspec.json.encode(Areas(found.exported, areas, found.unread))


def _area(row: Row) -> Area:
    default = {"private": "yes", "wide": "no", "": ""}[row.word("default")]
    place = f"{row.place} {row.text('area')}"[:120]
    return Area(place=place, class_=row.told("class"), owner=folded(row.text("owner")), default=default)


@probe("shares.areas", kind="shares")
def read_areas(documents: Documents, folder: Folder) -> bytes:
    """The ledger of shared areas on file servers."""
    return _ledger(documents, folder)


@probe("cloud.areas", kind="cloud")
def read_cloud_areas(documents: Documents, folder: Folder) -> bytes:
    """The ledger of shared drives of a cloud suite."""
    return _ledger(documents, folder)


@fact("shares.volume", probe=read_volume)
def volume(answer: Answer) -> Volume:
    """The kept answer; its shape is our own."""
    return kept(answer, Volume)


@fact("shares.areas", probe=read_areas)
def areas_of_servers(answer: Answer) -> Areas:
    """The kept answer; its shape is our own."""
    return kept(answer, Areas)


@fact("cloud.areas", probe=read_cloud_areas)
def areas_of_cloud(answer: Answer) -> Areas:
    """The kept answer; its shape is our own."""
    return kept(answer, Areas)


@check("SHR-01")
def files_lie_together(seen: Volume, params: Params, today: date) -> Judgement:
    """Most lies in areas of sections; what is untold is counted against a pass, and against a fail."""
    if (gap := too_old(seen.exported, params, today)) is not None:
        return gap
    total = seen.shared + seen.personal + seen.untold
    if seen.gaps or not total:
        return unknown(Reason.UNREADABLE if seen.gaps else Reason.NOT_MEASURABLE, places=tuple(seen.gaps))
    least, most = params.integer("shared_ratio"), params.integer("personal_max")
    shared, personal = PERCENT * seen.shared / total, PERCENT * seen.personal / total
    untold = PERCENT * seen.untold / total
    if shared + untold < least or personal > most:
        return failed("personal", shared=round(shared), personal=round(personal), exported=seen.exported)
    if shared < least or personal + untold > most:
        return unknown(Reason.NOT_MEASURABLE, f"{untold:.0f} % lie in areas of which nobody says whose")
    until = seen.exported + timedelta(days=params.integer("export_days"))
    return passed(until=until, shared=round(shared), areas=seen.areas, exported=seen.exported)


@check("DAT-01")
def areas_are_narrow(seen: Areas, town: Town, params: Params, today: date) -> Judgement:
    """Every area has a class and belongs to a section of the town, and none stands open by default."""
    if (gap := too_old(seen.exported, params, today)) is not None:
        return gap
    sections = {folded(name) for section in town.sections for name in (section.id, section.name)}
    wide = [area for area in seen.areas if area.default == "no"]
    bare = [area for area in seen.areas if area.class_ == "no"]
    if wide:
        return failed("wide", places=_places(wide), count=len(wide), areas=len(seen.areas))
    least = params.integer("class_tag")
    if PERCENT * (len(seen.areas) - len(bare)) < least * len(seen.areas):
        return failed("bare", places=_places(bare), count=len(bare), areas=len(seen.areas))
    if seen.gaps:
        return unknown(Reason.UNREADABLE, f"{len(seen.gaps)} files or cells", places=tuple(seen.gaps))
    undecided = [area for area in seen.areas if not area.default]
    open_ = [area for area in seen.areas if area.class_ != "yes" or area.owner not in sections]
    if undecided or PERCENT * (len(seen.areas) - len(open_)) < least * len(seen.areas):
        places = _places([*undecided, *open_])
        return unknown(Reason.NOT_MEASURABLE, "blank, or no section of the town", places=places)
    until = seen.exported + timedelta(days=params.integer("export_days"))
    return passed(until=until, areas=len(seen.areas), exported=seen.exported)


def _places(areas: list[Area]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(area.place for area in areas))
