"""The ledger of record series: which of them have a place in the electronic classification."""

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
    check,
    fact,
    failed,
    folded,
    passed,
    probe,
    unknown,
)
from checks.sharing._tables import kept, tables, too_old

PERCENT = 100


class Series(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ledger. `classed` = series with an electronic class; `bare` = places of those written to have none.

    `untold` = places of blank cells, which are unknown and never "none".
    """

    exported: date
    classed: int
    bare: list[str]
    untold: list[str]
    gaps: list[str]


@probe("library.series", kind="library")
def read_series(documents: Documents, folder: Folder) -> bytes:
    """Every row of the folder's ledgers; a series that stands in two rows is named."""
    found = tables(folder, "series")
    if not found.rows:
        reason = Reason.UNREADABLE if found.unread else Reason.NOT_COLLECTED
        raise NotKnown(reason, found.unread[0] if found.unread else f"no ledger of series in {documents.id}")
    kinds: dict[str, list[str]] = {"yes": [], "no": [], "": []}
    names: set[str] = set()
    for row in found.rows:
        try:
            name = folded(row.text("series"))
            if not name or name in names:
                found.unread.append(f"{row.place}: no name, or a series twice")
                continue
            kinds[row.told("electronic")].append(f"{row.place} {row.text('series')}"[:120])
            names.add(name)
        except Garbled as error:
            found.unread.append(error.note)
    return msgspec.json.encode(
        Series(found.exported, len(kinds["yes"]), kinds["no"], kinds[""], found.unread)
    )


@fact("library.series", probe=read_series)
def series(answer: Answer) -> Series:
    """The kept answer; its shape is our own."""
    return kept(answer, Series)


@check("PPL-20")
def series_have_a_class(seen: Series, params: Params, today: date) -> Judgement:
    """Enough series have an electronic class; a blank counts for neither side."""
    if (gap := too_old(seen.exported, params, today)) is not None:
        return gap
    total = seen.classed + len(seen.bare) + len(seen.untold)
    least = params.integer("coverage") * total
    if PERCENT * (seen.classed + len(seen.untold)) < least:
        return failed("bare", places=tuple(seen.bare), count=len(seen.bare), total=total, on=seen.exported)
    if seen.gaps or not total:
        return unknown(Reason.UNREADABLE, f"{len(seen.gaps)} files or cells", places=tuple(seen.gaps))
    if PERCENT * seen.classed < least:
        return unknown(Reason.NOT_MEASURABLE, f"{len(seen.untold)} blank", places=tuple(seen.untold))
    until = seen.exported + timedelta(days=params.integer("export_days"))
    return passed(until=until, count=seen.classed, total=total, on=seen.exported)
