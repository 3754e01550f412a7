"""The clauses that the ledgers of forms give as the ground for a seal: they exist and speak of one."""

from collections.abc import Iterator

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
    Status,
    Unreached,
    check,
    fact,
    failed,
    not_applicable,
    passed,
    probe,
    unknown,
)  # fmt: skip
from checks._ledgers._procedures import Procedure, read_ledgers
from checks.ordinance._cited import clauses_in, documents_called, forms_behind, provisions_at
from checks.ordinance._hits import DEMANDING, Klass
from checks.ordinance._provisions import Document, Part, Provision
from checks.ordinance._rules import rules
from checks.ordinance._search import search
from checks.ordinance.corpus import Ordinances, ordinances
from checks.ordinance.corpus import read_folder as read_ordinances

MAX_TEXT = 4000
SEAL = "seal"
SIGNATURE = "署名"
"""Label (rules.toml) of what counts beside seals there, and is no ground for one."""


class Piece(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A provision's words: those of the clause, or of a form that it names (`part` as in `Part`)."""

    part: str
    caption: str
    lead: str
    text: str


class Ground(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row that demands a seal, and what stands where it says its ground is.

    `state` = found, blank (no clause given), vague (not understood), missing (no such ordinance here),
    doubtful (several of that name, or its file was not read to the end), or gone (no such clause in it).
    `hidden` = a form that the clause names, or something of the ordinance, cannot be read.
    """

    title: str
    cited: str
    state: str
    pieces: list[Piece] = []
    hidden: bool = False


class Grounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All rows that demand a seal. `gaps` = what of the ledgers nobody could read; `untold` = blank cells."""

    rows: list[Ground]
    untold: list[str]
    gaps: list[str]


@probe("counter.grounds", kind="counter")
def read_grounds(documents: Documents, folder: Folder) -> bytes:
    """The cited provisions of every row whose seal is 要, out of the town's ordinances."""
    seen = read_ledgers(folder)
    if not seen.rows and not seen.gaps:
        raise NotKnown(Reason.NOT_COLLECTED, f"no ledger in the folder of {documents.id}")
    stamped = [row for row in seen.rows if row.flags.get(SEAL) == "yes"]
    texts = _collections(documents, folder) if stamped else ()
    untold = [row.title for row in seen.rows if row.flags.get(SEAL, "") in ("", "?")]
    return msgspec.json.encode(Grounds([_ground(row, texts) for row in stamped], untold, list(seen.gaps)))


def _collections(documents: Documents, folder: Folder) -> tuple[Ordinances, ...]:
    found = []
    for beside in folder.beside("ordinances"):
        try:
            body = read_ordinances.collect(documents, beside)
            found.append(ordinances(Answer("ordinance.texts", Status.OK, body)))
        except (NotKnown, Unreached, Garbled):
            continue  # an ordinance that is not found stays unknown
    return tuple(found)


def _ground(row: Procedure, texts: tuple[Ordinances, ...]) -> Ground:
    cited = row.rule + row.clause
    if not row.ground:
        return Ground(row.title, cited, "blank")
    clauses = clauses_in(row.clause)
    named = [(each, text) for text in texts for each in documents_called(row.rule, text.documents)]
    if not clauses or len(named) != 1:
        return Ground(row.title, cited, "vague" if not clauses else "doubtful" if named else "missing")
    document, text = named[0]
    found = [provisions_at(document, clause) for clause in clauses]
    if not all(found):
        return Ground(row.title, cited, "doubtful" if document.file in text.unread else "gone")
    provisions = tuple(each for part in found for each in part)
    forms, hidden = forms_behind(document, provisions)
    pieces = [
        Piece(each.part.value, each.caption, each.lead, each.text[:MAX_TEXT])
        for each in (*provisions, *forms)
    ]
    cut = any(len(each.text) > MAX_TEXT for each in (*provisions, *forms))
    return Ground(row.title, cited, "found", pieces, hidden or cut or document.file in text.unread)


@fact("counter.grounds", probe=read_grounds)
def grounds(answer: Answer) -> Grounds:
    """The kept clauses; their shape is our own."""
    try:
        return msgspec.convert(answer.json(), Grounds)
    except msgspec.ValidationError as error:
        raise Garbled(f"not the grounds of this version of the program: {error}"[:200]) from None


@check("ONL-07")
def cited_clauses_demand_seals(seen: Grounds, params: Params) -> Judgement:
    """Every cited clause is there and demands a seal, or names a form with a seal in it."""
    judged = [(row, _speaks(row)) for row in seen.rows if row.state in ("found", "gone")]
    wrong = [row for row, speaks in judged if speaks is False]
    if len(wrong) > params.integer("mismatch"):
        first = wrong[0]
        return failed(
            "gone" if first.state == "gone" else "mismatch",
            places=tuple(map(_place, wrong)),
            count=len(wrong),
            rows=len(seen.rows),
            form=first.title,
            ground=first.cited,
        )
    for state, reason in REASONS.items():
        places = tuple(_place(row) for row in seen.rows if row.state == state)
        if places:
            return unknown(reason, f"{len(places)} grounds {state}", places=places)
    unsure = tuple(_place(row) for row, speaks in judged if speaks is None)
    if unsure:
        return unknown(Reason.NOT_MEASURABLE, "a person must read these clauses", places=unsure)
    if seen.gaps:
        return unknown(Reason.UNREADABLE, f"{len(seen.gaps)} files, rows or cells", places=tuple(seen.gaps))
    if seen.untold:
        return unknown(Reason.BLANK, f"{len(seen.untold)} blank cells", places=tuple(seen.untold))
    return passed("ok", rows=len(seen.rows)) if seen.rows else not_applicable("none")


REASONS = {
    "missing": Reason.NOT_COLLECTED,
    "doubtful": Reason.UNREADABLE,
    "vague": Reason.UNREADABLE,
    "blank": Reason.BLANK,
}


def _place(row: Ground) -> str:
    return f"{row.title} {row.cited}".strip()


def _speaks(row: Ground) -> bool | None:
    """True when the clause, or a form that it names, demands a seal; None when only a person can tell."""
    if row.state == "gone":
        return False
    classes = set(_seal_classes(row))
    if classes & DEMANDING:
        return True
    return None if classes or row.hidden else False


def _seal_classes(row: Ground) -> Iterator[Klass]:
    """What each word about seals in the cited text amounts to."""
    provisions = tuple(
        Provision(Part(each.part), "", each.caption, each.lead, each.text) for each in row.pieces
    )
    known = rules()
    found = search(Document("", "", "", "", "", provisions, ()), known, known.terms)
    matches = (each for each in found.matches if each.kind.category == SEAL and each.label != SIGNATURE)
    return (Klass(match.klass) for match in matches)
