"""What people decided on the hits (decisions.csv of the town folder), and whether none is left."""

from collections.abc import Iterable
from datetime import date

import msgspec

from auditor.api import (
    Answer,
    Documents,
    Folder,
    Garbled,
    Judgement,
    Params,
    Reason,
    check,
    fact,
    failed,
    passed,
    probe,
    unknown,
)
from checks.ordinance._hits import Hit, Hits, Klass, hits_of
from checks.ordinance._register import (
    FILE,
    Entry,
    Fault,
    day_of,
    decision_of,
    entries,
    faults_of,
    phase_of,
    twice,
    words,
)
from checks.ordinance._standing import Decided, Decisions, Standing, standing
from checks.ordinance._verdict import gap_in
from checks.ordinance.corpus import Ordinances

MAX_SENTENCE = 1000


class _Row(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """A decision as evidence: no office, no policy, no name."""

    line: int
    hit: str
    document: str
    kind: str
    sentence: str
    decision: str
    phase: str
    day: date
    until: date | None
    context: str


class _Kept(msgspec.Struct, forbid_unknown_fields=True):
    """The answer: the decisions, and (line, column, code) of every row that is none."""

    kept: bool
    rows: list[_Row] = []
    faults: list[tuple[int, str, str]] = []


@probe("ordinance.decisions", kind="ordinances")
def read_decisions(documents: Documents, folder: Folder) -> bytes:
    """The rows of decisions.csv without what could name a person."""
    del documents  # the file is the town's, whichever set is looked at
    content = folder.kept(FILE)
    if content is None:
        return msgspec.json.encode(_Kept(kept=False))
    rows, faults = entries(content)
    answered = [row for row in rows if not row.is_empty]
    doubled = twice(answered)
    wrong = [*faults, *(fault for row in answered for fault in faults_of(row, doubled))]
    bad = {fault.line for fault in wrong}
    sound = [made for row in answered if row.line not in bad and (made := _row(row))]
    told = [(fault.line, fault.column, fault.code) for fault in wrong]
    return msgspec.json.encode(_Kept(kept=True, rows=sound, faults=told))


def _row(row: Entry) -> _Row | None:
    day = day_of(row, "day")
    if day is None:
        return None
    document, kind, sentence = (
        row.cells.get(key, "")[:MAX_SENTENCE] for key in ("document", "kind", "sentence")
    )
    until = day_of(row, "until")
    decided = (decision_of(row), phase_of(row), day, until)
    return _Row(row.line, row.hit, document, kind, sentence, *decided, row.context)


@fact("ordinance.decided", probe=read_decisions)
def decisions(answer: Answer) -> Decisions:
    """The register; without a file it is empty and not kept."""
    try:
        kept = msgspec.json.decode(answer.body, type=_Kept)
    except (msgspec.DecodeError, ValueError) as error:
        raise Garbled(f"not what the probe writes: {error}"[:200]) from None
    names = words()
    if any(row.decision not in names.decisions for row in kept.rows):
        raise Garbled("a decision that nobody can make")
    if any(column not in names.columns or code not in names.faults for _, column, code in kept.faults):
        raise Garbled("a fault that nobody knows")
    rows = tuple(
        Decided(
            row.line,
            row.hit,
            row.document,
            row.kind,
            row.sentence,
            row.decision,
            row.phase,
            row.day,
            row.until,
            row.context,
        )
        for row in kept.rows
    )
    return Decisions(kept.kept, rows, tuple(Fault(*each) for each in kept.faults))


@check("ORD-11")
def every_hit_has_a_decision(
    texts: Ordinances, register: Decisions, params: Params, today: date
) -> Judgement:
    """Every hit that waits for one has a person's decision on the sentence as it reads today."""
    found = hits_of(texts.documents, today)
    stand = standing(found.all, register, texts.documents, today, params.texts("phase"))
    if not register.kept and any(hit.open for hit in found.all):
        return unknown(Reason.NOT_COLLECTED, f"no {FILE} in the town folder")
    answered = stand.decided | stand.changed | stand.expired
    waiting = [hit for hit in found.all if hit.open and hit.id not in answered]
    sure = [hit for hit in waiting if hit.klass in (Klass.ANALOG, Klass.LAW)]
    rows = tuple(fault.place for fault in (*stand.faults, *stand.gone))
    if len(sure) > params.integer("undecided"):
        places = (*(fault.place for fault in stand.faults), *map(_place, sure))
        every = sum(hit.open for hit in found.all)
        return failed("undecided", places=places, count=len(sure), all=every)
    if stand.faults:
        return failed("rows", places=rows, count=len({fault.line for fault in stand.faults}))
    return _gap(texts, found, stand, waiting) or _all_decided(texts, found, stand, rows)


def _gap(texts: Ordinances, found: Hits, stand: Standing, waiting: Iterable[Hit]) -> Judgement | None:
    """Why nobody can tell yet, None = all hits are known and decided on."""
    gap = gap_in(texts)
    if gap is not None:
        return gap
    if found.cut:
        titles = tuple(dict.fromkeys(title for _, title in found.cut))
        return unknown(Reason.NOT_MEASURABLE, "too many matches to look at", places=titles)
    notes = words().notes
    changed = [f"{_place(hit)}({notes['changed']})" for hit in found.all if hit.id in stand.changed]
    over = [f"{_place(hit)}({notes['expired']})" for hit in found.all if hit.id in stand.expired]
    unsure = [_place(hit) for hit in waiting if hit.klass is Klass.OVERRIDE]
    hidden = [_place(hit) for hit in waiting if hit.klass is not Klass.OVERRIDE]
    for places, reason, note in (
        (changed, Reason.STALE, "the text changed after it was decided on"),
        (over, Reason.EXPIRED, "decisions that counted to a day that has passed"),
        (unsure, Reason.NOT_MEASURABLE, "a special rule may lift these"),
        (hidden, Reason.IMAGE_ONLY, "forms that nobody could read"),
    ):
        if places:
            return unknown(reason, note, places=tuple(places))
    return None


def _all_decided(texts: Ordinances, found: Hits, stand: Standing, rows: tuple[str, ...]) -> Judgement:
    count = sum(hit.open and hit.id in stand.decided for hit in found.all)
    if rows:
        return passed("gone", places=rows, count=count, gone=len(stand.gone))
    if count:
        return passed("ok", count=count)
    mentions = tuple(
        _place(hit)
        for hit in found.all
        if not hit.lifted and not hit.rule and not hit.open and hit.id not in stand.decided
    )
    if mentions:
        note = "the word stands there and seems to demand nothing: a person must read it"
        return unknown(Reason.NOT_MEASURABLE, note, places=mentions)
    return passed("none", ordinances=texts.count)


def _place(hit: Hit) -> str:
    return hit.document + hit.place
