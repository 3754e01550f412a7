"""The matrix of segments: from where to where, what should be, what is, and how to see for oneself."""

from dataclasses import dataclass

from auditor.findings import Finding, Verdict, shown_as
from auditor.run import Run
from auditor.zones import CLOSED, Flow, Vantage, Zone
from reports.book import Book

RANK = ("fail", "unknown", "grace", "exception", "pass", "not_applicable")
"""The state that a way with several findings is shown in: the gravest."""

SHOWN = 4
"""So many ports of a way are named; the technical page names them all."""


@dataclass(frozen=True, slots=True)
class Way:
    """One declared way: `should` and `seen` in words, and for a fail what to try by hand."""

    flow: Flow
    state: str
    should: str
    seen: str
    places: tuple[str, ...]
    more: int
    hand: str


@dataclass(frozen=True, slots=True)
class Cell:
    """From one vantage to one zone: `state` is the gravest of its ways, `label` says why there are none."""

    state: str
    label: str = ""
    ways: tuple[Way, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One vantage: what stands in the rows of the matrix."""

    vantage: Vantage
    zone: str
    cells: tuple[Cell, ...]


def zones_view(book: Book) -> dict[str, object]:
    """What the page of segments shows."""
    run, words = book.run, book.words
    ways: dict[tuple[str, str], list[Way]] = {}
    for flow in run.flows:
        ways.setdefault((flow.source, flow.zone), []).append(_way(book, flow))
    columns = columns_of(run)
    names = {zone.id: zone.name.in_(words.lang) for zone in run.zones}
    sources = tuple(row for row in run.vantages if any(flow.source == row.id for flow in run.flows))
    rows = tuple(
        Row(
            vantage,
            names.get(vantage.zone, vantage.zone),
            tuple(_cell(book, vantage, zone, ways.get((vantage.id, zone.id), [])) for zone in columns),
        )
        for vantage in sources
    )
    found = [way.state for many in ways.values() for way in many]
    return {
        "columns": columns,
        "rows": rows,
        "names": names,
        "count": {state: found.count(state) for state in RANK if state in found},
        "all_ways": tuple(way for many in ways.values() for way in many),
        "vantages": {row.id: row for row in run.vantages},
    }


def columns_of(run: Run) -> tuple[Zone, ...]:
    """The zones that are looked at, and those between which every town closes the way."""
    named = {flow.zone for flow in run.flows} | {border.to for border in run.unlooked}
    return tuple(zone for zone in run.zones if zone.id in named)


def _cell(book: Book, vantage: Vantage, zone: Zone, ways: list[Way]) -> Cell:
    words = book.words
    unlooked = any((border.source, border.to) == (vantage.zone, zone.id) for border in book.run.unlooked)
    if ways:
        state = min((way.state for way in ways), key=RANK.index)
        if unlooked and RANK.index(state) >= RANK.index("unknown"):
            return Cell("unknown", words("zones.rest"), tuple(ways))
        return Cell(state, ways=tuple(ways))
    if vantage.zone == zone.id:
        return Cell("not_applicable", words("zones.same"))
    if unlooked:
        return Cell("unknown", words("zones.unlooked"))
    return Cell("not_applicable", words("zones.undeclared"))


def _way(book: Book, flow: Flow) -> Way:
    words = book.words
    found = [
        row for row in book.findings.get(f"flow:{flow.id}", ()) if row.verdict is not Verdict.NOT_APPLICABLE
    ]
    finding = min(found, key=lambda row: RANK.index(shown_as(row)), default=None)
    failed = finding is not None and finding.verdict is Verdict.FAIL
    places = finding.places if finding is not None else ()
    return Way(
        flow=flow,
        state=shown_as(finding) if finding is not None else "unknown",
        should=words("zones.should_close" if flow.expect == CLOSED else "zones.should_open"),
        seen=_seen(book, finding),
        places=places[:SHOWN] if failed else (),
        more=max(0, len(places) - SHOWN) if failed else 0,
        hand=_by_hand(book, flow, places) if failed else "",
    )


def _seen(book: Book, finding: Finding | None) -> str:
    if finding is None:
        return book.words("reason.not_collected")
    return book.words.seen(finding, book.controls[finding.control])


def _by_hand(book: Book, flow: Flow, places: tuple[str, ...]) -> str:
    """What to type at the vantage, and what must be seen beside it."""
    words = book.words
    vantage = next((row.name for row in book.run.vantages if row.id == flow.source), flow.source)
    host, _, port = places[0].rpartition(":") if places else ("", "", "")
    host = host.strip("[]") or flow.places[0].host
    port = port or str(flow.places[0].port)
    control = words("zones.hand_control", place=str(flow.control)) if flow.control is not None else ""
    key = "zones.hand_closed" if flow.expect == CLOSED else "zones.hand_open"
    return words(key, vantage=vantage, command=words("zones.hand_command", host=host, port=port)) + control
