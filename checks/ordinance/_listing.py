"""The list that sections answer, and one sentence asked alone: what the command line asks of this area."""

from collections.abc import Mapping
from datetime import date

from auditor.api import Answer, Clause, ClauseState, Documents, Folder, Listing, Status, Wording
from checks.ordinance._hits import DEMANDING, Hit, classify, hits_of
from checks.ordinance._register import FILE, Entry, entries, words
from checks.ordinance._rules import Kind, rules
from checks.ordinance._standing import Standing, contexts, standing
from checks.ordinance.corpus import Ordinances, ordinances, read_folder
from checks.ordinance.decisions import decisions, read_decisions

ANSWERS = ("decision", "policy", "phase", "office", "day", "until")


class OrdinanceClauses:
    """The `ClauseFinder` of the built-in rules."""

    def headings(self) -> Mapping[str, str]:
        """The headings that decisions.csv is read by, in the order in which people fill it in."""
        return {key: names[0] for key, names in words().columns.items()}

    def kinds(self) -> tuple[Wording, ...]:
        """The kinds of rules.toml."""
        return tuple(_wording(kind) for kind in rules().kinds.values())

    def listed(self, documents: Documents, folder: Folder, today: date) -> Listing:
        """The hits that wait for a decision or have one; see `ClauseFinder.listed`."""
        texts = ordinances(Answer("ordinance.lines", Status.OK, read_folder.collect(documents, folder)))
        kept = Answer("ordinance.decisions", Status.OK, read_decisions.collect(documents, folder))
        found = hits_of(texts.documents, today)
        stand = standing(found.all, decisions(kept), texts.documents, today)
        rows = _rows(folder)
        shown = [hit for hit in found.all if hit.open or hit.id in stand.decided | stand.expired]
        around = contexts(shown, texts.documents)
        cut = {title for _, title in found.cut}
        return Listing(
            clauses=tuple(_clause(hit, stand, rows, around) for hit in shown),
            unread=(*texts.unread, *sorted(cut), *_none(texts)),
            remarks=tuple(fault.place for fault in (*stand.faults, *stand.gone)),
        )

    def demanded(self, sentence: str, heading: str, part: str) -> tuple[Wording, ...]:
        """The kinds of which the sentence is a candidate."""
        kinds = rules().kinds
        classes = classify(sentence, heading, part).classes
        return tuple(_wording(kinds[kind]) for kind, klass in classes if klass in DEMANDING)


def _none(texts: Ordinances) -> tuple[str, ...]:
    return () if texts.count else ("-",)


def _wording(kind: Kind) -> Wording:
    return Wording(ja=kind.ja, en=kind.en)


def _rows(folder: Folder) -> dict[str, Entry]:
    """The answered rows of the register by hit; of two for one hit the first."""
    content = folder.kept(FILE)
    if content is None:
        return {}
    rows, _ = entries(content)
    return {row.hit: row for row in reversed(rows) if row.hit and not row.is_empty}


def _clause(hit: Hit, stand: Standing, rows: Mapping[str, Entry], around: Mapping[str, str]) -> Clause:
    row = rows.get(hit.id)
    wrong = row is not None and row.line in {fault.line for fault in stand.faults}
    told = row.cells if row is not None and hit.id not in stand.changed else {}
    return Clause(
        id=hit.id,
        document=hit.document,
        place=hit.place,
        kind=_wording(rules().kinds[hit.kind]),
        klass=hit.klass.value,
        sentence=hit.sentence,
        context=around.get(hit.id, ""),
        words=hit.words,
        rule=hit.rule,
        state=_state(hit, stand, wrong=wrong),
        answers={key: told[key] for key in ANSWERS if told.get(key)},
    )


def _state(hit: Hit, stand: Standing, *, wrong: bool) -> ClauseState:
    if hit.id in stand.decided:
        return ClauseState.DECIDED
    if hit.id in stand.expired:
        return ClauseState.EXPIRED
    if hit.id in stand.changed:
        return ClauseState.CHANGED
    return ClauseState.WRONG if wrong else ClauseState.OPEN
