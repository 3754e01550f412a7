"""From hits to a judgement: special rules and decisions are applied, and nothing passes on what is unread."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from auditor.api import Judgement, Params, Reason, failed, passed, unknown
from checks.ordinance._hits import Hit, Hits, Klass, hits_of
from checks.ordinance._rules import rules
from checks.ordinance._special import Special, special_rules
from checks.ordinance._standing import Decisions, Standing, standing
from checks.ordinance.corpus import Ordinances


def clauses_decided(
    texts: Ordinances, register: Decisions, params: Params, today: date, control: str, *, special: bool = True
) -> Judgement:
    """The judgement on the hits that `control` counts; the town's own words (``words``) are among them."""
    kind = next(kind.id for kind in rules().kinds.values() if kind.control == control)
    own = {kind: params.texts("words")}
    found = hits_of(texts.documents, today, own=own, controls=frozenset({control}), special=special)
    stand = _standing(texts, found, register, today, control)
    return judged(
        texts, found, params.integer("undecided"), stand.decided, again=stand.changed | stand.expired
    )


def _standing(texts: Ordinances, found: Hits, register: Decisions, today: date, control: str) -> Standing:
    """How these hits fit the decisions that were made on them, or on hits of their kinds that are gone."""
    known = {hit.id for hit in found.all}
    kinds = [kind for kind in rules().kinds.values() if kind.control == control]
    names = {name for kind in kinds for name in (kind.id, kind.ja, kind.en)}
    rows = tuple(row for row in register.rows if row.hit in known or row.kind in names)
    return standing(found.all, replace(register, rows=rows), texts.documents, today)


def judged(
    texts: Ordinances,
    found: Hits,
    allowed: int,
    decided: frozenset[str] = frozenset(),
    *,
    again: frozenset[str] = frozenset(),
) -> Judgement:
    """An undecided hit that no special rule reaches fails; one that a rule may lift is unknown.

    `allowed` = hits that do no harm (the catalogue says 0); `decided` = ids of hits that a person decided on;
    `again` = of those decided on in another wording, or for a time that has passed: unknown.
    """
    left = [hit for hit in found.all if hit.id not in decided]
    waiting = [hit for hit in left if hit.open and hit.klass is not Klass.UNKNOWN and hit.id not in again]
    if sum(hit.klass is not Klass.OVERRIDE for hit in waiting) > allowed:
        return failed(
            "undecided",
            places=tuple(map(_place, waiting)),
            count=len(waiting),
            ordinances=len({hit.file + hit.document for hit in waiting}),
            lifted=sum(hit.lifted for hit in left),
        )
    if again:
        places = tuple(_place(hit) for hit in left if hit.id in again)
        return unknown(
            Reason.STALE, "a decision was made on an earlier wording, or has expired", places=places
        )
    return _gap(texts, found, left) or _pass(texts, found, left)


def _gap(texts: Ordinances, found: Hits, left: list[Hit]) -> Judgement | None:
    """Why nobody can tell, None = everything was seen.

    A sentence that only seems to demand nothing counts as a gap too: on lines the rules had not seen they
    missed three demands in ten.
    """
    gap = gap_in(texts)
    if gap is not None:
        return gap
    if found.cut:
        titles = tuple(dict.fromkeys(title for _, title in found.cut))
        return unknown(Reason.NOT_MEASURABLE, "too many matches to look at", places=titles)
    unsure = tuple(_place(hit) for hit in left if hit.open and hit.klass is Klass.OVERRIDE)
    if unsure:
        return unknown(Reason.NOT_MEASURABLE, "a special rule may lift these", places=unsure)
    hidden = tuple(hit.document + hit.place for hit in left if hit.klass is Klass.UNKNOWN)
    if hidden:
        return unknown(Reason.IMAGE_ONLY, f"{len(hidden)} forms", places=hidden)
    mentions = tuple(_place(hit) for hit in left if not hit.open and not hit.rule)
    if mentions:
        note = "the word stands there and seems to demand nothing: a person must read it"
        return unknown(Reason.NOT_MEASURABLE, note, places=mentions)
    return None


def _pass(texts: Ordinances, found: Hits, left: list[Hit]) -> Judgement:
    lifted = [hit for hit in left if hit.lifted]
    if lifted:
        names = "、".join(dict.fromkeys(hit.rule for hit in lifted))
        places = tuple(f"{_where(hit)}({hit.rule})" for hit in lifted)
        return passed("lifted", places=places, count=len(lifted), rule=names)
    by_hand = len(found.all) - len(left)
    if by_hand:
        return passed("decided", ordinances=texts.count, count=by_hand)
    return passed("ok", ordinances=texts.count)


def _where(hit: Hit) -> str:
    return f"{hit.document}{hit.place}: {'・'.join(hit.words)}"


def _place(hit: Hit) -> str:
    """A law as the ground, or a special rule that may lift it, is named behind the place."""
    if hit.klass is Klass.LAW:
        return f"{_where(hit)}({rules().law_note})"
    if hit.klass is Klass.OVERRIDE:
        return f"{_where(hit)}({rules().special.note}: {hit.rule})"
    return _where(hit)


def gap_in(texts: Ordinances) -> Judgement | None:
    """Why nothing may pass: no ordinance, files not read, or fewer than the town says there are."""
    if texts.unread:
        return unknown(Reason.UNREADABLE, f"{len(texts.unread)} files not read", places=texts.unread)
    if not texts.count:
        return unknown(Reason.NOT_COLLECTED, "no ordinance among the files")
    if texts.declared is None:
        return unknown(Reason.NOT_DECLARED, "how many ordinances there are: count in [[documents]]")
    if texts.different < texts.declared:
        return unknown(Reason.NOT_COLLECTED, f"{texts.different} of {texts.declared} ordinances are there")
    return None


def hidden_forms(texts: Ordinances) -> tuple[str, ...]:
    """The forms that exist as a picture or a file only, or are missing."""
    return tuple(
        f"{document.title}{form.name}"
        for document in texts.documents
        for form in document.forms
        if not form.readable
    )


def special_in_force(
    texts: Ordinances, subject: str, today: date, then: Callable[[Special], Judgement]
) -> Judgement:
    """Judge whether a special rule about `subject` exists: `then` judges the one in force."""
    specials = special_rules(texts.documents, subject, rules())
    for special in specials:
        if special.in_force(today):
            return then(special)
    undated = [each for each in specials if each.starts is None]
    if undated:
        return unknown(
            Reason.NOT_MEASURABLE,
            "no day of enforcement",
            places=tuple(each.document.title for each in undated),
        )
    gap = gap_in(texts)
    if gap is not None:
        return gap
    for special in specials:
        if special.starts is not None and special.starts > today:
            return failed("later", rule=special.document.title, start=special.starts)
    return failed("missing", ordinances=texts.count)
