"""What a decision is worth today: it holds for the sentence it was made on, and for no other."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from hashlib import sha256

from checks.ordinance._hits import Hit
from checks.ordinance._provisions import Document
from checks.ordinance._register import Fault
from checks.ordinance._rules import rules
from checks.ordinance._text import squeezed

SIMILAR = 0.6
"""From so much likeness on, a sentence is taken for the changed form of the one that was decided on."""
MAX_COMPARED = 400
MAX_COMPARISONS = 20_000
_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Decided:
    """A row that is a decision. `decision` is a key of decisions.toml; `phase` "" where none is needed.

    `document`, `kind`, `sentence` and `context` (a digest of the whole paragraph) are as the exported list
    had them, "" = the row does not tell. `until` = the last day on which it counts, None = no end.
    """

    line: int
    hit: str
    document: str
    kind: str
    sentence: str
    decision: str
    phase: str
    day: date
    until: date | None
    context: str = ""


@dataclass(frozen=True, slots=True)
class Decisions:
    """The register. `kept` = there is one; `faults` = rows of it that are no decisions."""

    kept: bool
    rows: tuple[Decided, ...] = ()
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """How hits and decisions fit. `decided` = ids of hits with a decision that counts today.

    `changed` and `expired` = hits with a decision that does not count any more; `faults` has the rows that
    only this day shows to be wrong too; `gone` = rows without a hit.
    """

    decided: frozenset[str]
    changed: frozenset[str]
    expired: frozenset[str]
    faults: tuple[Fault, ...]
    gone: tuple[Fault, ...]


def contexts(hits: Iterable[Hit], documents: Iterable[Document]) -> Mapping[str, str]:
    """By the hit's id a digest of the paragraph it stands in: a proviso that is added changes its meaning."""
    wanted: dict[tuple[str, str, str], list[str]] = {}
    for hit in hits:
        wanted.setdefault((hit.file, hit.document, hit.place), []).append(hit.id)
    texts: dict[tuple[str, str, str], list[str]] = {}
    for document in documents if wanted else ():
        for each in document.provisions:
            key = (document.file, document.title, each.citation)
            if key in wanted:
                texts.setdefault(key, []).append(squeezed(each.lead + each.text))
    return {
        id_: sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
        for key, parts in texts.items()
        for id_ in wanted[key]
    }


def standing(
    hits: Sequence[Hit],
    register: Decisions,
    documents: Iterable[Document],
    today: date,
    phases: tuple[str, ...] = ("1", "2", "3"),
) -> Standing:
    """Fit each decision to its hit by id, and where that is gone to what the sentence may have become."""
    known = {hit.id: hit for hit in hits}
    late = [(row, fault) for row in register.rows if (fault := _fault(row, today, phases))]
    wrong = {row.line for row, _ in late}
    sound = [row for row in register.rows if row.line not in wrong]
    over = {row.hit for row in sound if row.until is not None and row.until < today}
    named = {row.hit for row in sound if row.hit in known}
    told = {row.hit: row.context for row in sound if row.context and row.hit in known}
    seen = contexts((known[hit] for hit in told), documents)
    other = {hit for hit, context in told.items() if context != seen.get(hit, "")}
    lost = [row for row in sound if row.hit not in known]
    free = [hit for hit in hits if hit.id not in named]
    changed, gone = _found_again(lost, free)
    return Standing(
        decided=frozenset(named - over - other),
        changed=changed | other,
        expired=frozenset(named & over - other),
        faults=(*register.faults, *(fault for _, fault in late)),
        gone=tuple(Fault(row.line, "hit", "gone") for row in gone),
    )


def _fault(row: Decided, today: date, phases: tuple[str, ...]) -> Fault | None:
    if row.day > today:
        return Fault(row.line, "day", "future")
    if row.phase and row.phase not in phases:
        return Fault(row.line, "phase", "phase")
    return None


def _found_again(lost: Iterable[Decided], free: Iterable[Hit]) -> tuple[frozenset[str], list[Decided]]:
    """The hits that a decision may have been about, and the rows that fit none."""
    among: dict[str, list[Hit]] = {}
    for hit in free:
        among.setdefault(squeezed(hit.document), []).append(hit)
    names = {kind.id: {kind.id, kind.ja, kind.en} for kind in rules().kinds.values()}
    changed: set[str] = set()
    gone: list[Decided] = []
    left = MAX_COMPARISONS
    for row in lost:
        candidates = [
            hit
            for hit in among.get(squeezed(row.document), ())
            if hit.id not in changed and (not row.kind or row.kind in names[hit.kind])
        ][: max(0, left)]
        left -= len(candidates)
        best = _likest(row.sentence, candidates)
        if best is None:
            gone.append(row)
        else:
            changed.add(best.id)
    return frozenset(changed), gone


def _likest(sentence: str, candidates: Iterable[Hit]) -> Hit | None:
    matcher = SequenceMatcher(a="", b=squeezed(sentence)[:MAX_COMPARED], autojunk=False)
    best: tuple[float, Hit] | None = None
    for hit in candidates:
        matcher.set_seq1(squeezed(hit.sentence)[:MAX_COMPARED])
        if sentence and matcher.quick_ratio() >= SIMILAR and (likeness := matcher.ratio()) >= SIMILAR:
            best = max(best or (0.0, hit), (likeness, hit), key=lambda each: each[0])
    return best[1] if best else None
