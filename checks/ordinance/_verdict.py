"""From hits to a judgement: special rules are applied first, and nothing passes while a file is unread."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from auditor.api import Judgement, Reason, failed, passed, unknown
from checks.ordinance._hits import CANDIDATE, Hit, own_terms, search
from checks.ordinance._rules import SUBJECTS, Rules, rules
from checks.ordinance._special import Covers, Special, covers, special_rules
from checks.ordinance.corpus import Ordinances


@dataclass(frozen=True, slots=True)
class Sorted:
    """The hits of some categories. `open` = the section in charge must decide; `lifted` by a special rule.

    `mentions` = places where the word stands and seems to demand nothing; on lines the rules had not seen
    they missed three demands in ten, so such a place is never the ground of a pass. `cut` = ordinances that
    were not searched to the end.
    """

    open: tuple[tuple[Hit, Special | None], ...]
    lifted: tuple[tuple[Hit, Special], ...]
    mentions: tuple[str, ...]
    cut: tuple[str, ...]


def sort_hits(
    texts: Ordinances, categories: Iterable[str], words: tuple[str, ...], today: date, *, apply: bool = True
) -> Sorted:
    """Search every ordinance for `categories` (and for the town's own `words`, in the first of them)."""
    known = rules()
    open_: list[tuple[Hit, Special | None]] = []
    lifted: list[tuple[Hit, Special]] = []
    mentions: list[str] = []
    cut: list[str] = []
    for index, category in enumerate(categories):
        specials = special_rules(texts.documents, category, known) if category in SUBJECTS and apply else ()
        extra = own_terms(words, category) if index == 0 else ()
        for document in texts.documents:
            found = search(document, category, known, extra)
            cut += [document.title] if found.cut else []
            for hit in found.hits:
                if hit.kind != CANDIDATE:
                    if all(each.document is not document for each in specials):
                        mentions.append(hit.place)  # a special rule has to name what it lifts
                    continue
                special, sure = _lifting(hit, category, specials, known, today)
                if special is not None and sure:
                    lifted.append((hit, special))
                else:
                    open_.append((hit, special))
    order = {id(each): index for index, each in enumerate(texts.documents)}
    open_.sort(key=lambda each: order[id(each[0].document)])
    return Sorted(tuple(open_), tuple(lifted), tuple(mentions), tuple(cut))


def _lifting(
    hit: Hit, subject: str, specials: Iterable[Special], known: Rules, today: date
) -> tuple[Special | None, bool]:
    """The special rule that lifts the hit (and True), or may lift it (and False)."""
    maybe: Special | None = None
    for special in specials:
        answer = covers(special, hit, subject, known, today)
        if answer is Covers.YES:
            return special, True
        if answer is Covers.MAYBE:
            maybe = maybe or special
    return maybe, False


def judged(texts: Ordinances, found: Sorted, allowed: int, *, forms: bool = False) -> Judgement:
    """A hit that no special rule reaches fails; one that a rule may lift is unknown.

    `allowed` = hits that do no harm (the catalogue says 0); `forms` = a picture may hide a hit.
    """
    if sum(special is None for _, special in found.open) > allowed:
        return failed(
            "undecided",
            places=tuple(_place(hit, special) for hit, special in found.open),
            count=len(found.open),
            ordinances=len({id(hit.document) for hit, _ in found.open}),
            lifted=len(found.lifted),
        )
    return _gap(texts, found, forms=forms) or _pass(texts, found)


def _gap(texts: Ordinances, found: Sorted, *, forms: bool) -> Judgement | None:
    """Why nobody can tell, None = everything was seen."""
    gap = gap_in(texts)
    if gap is not None:
        return gap
    if found.cut:
        return unknown(Reason.NOT_MEASURABLE, "too many matches to look at", places=found.cut)
    unsure = tuple(_place(hit, special) for hit, special in found.open if special is not None)
    if unsure:
        return unknown(Reason.NOT_MEASURABLE, "a special rule may lift these", places=unsure)
    hidden = hidden_forms(texts) if forms else ()
    if hidden:
        return unknown(Reason.IMAGE_ONLY, f"{len(hidden)} forms", places=hidden)
    if found.mentions:
        note = "the word stands there and seems to demand nothing: a person must read it"
        return unknown(Reason.NOT_MEASURABLE, note, places=found.mentions)
    return None


def _pass(texts: Ordinances, found: Sorted) -> Judgement:
    if found.lifted:
        places = tuple(f"{hit.place}({special.document.title})" for hit, special in found.lifted)
        names = "、".join(dict.fromkeys(special.document.title for _, special in found.lifted))
        return passed("lifted", places=places, count=len(found.lifted), rule=names)
    return passed("ok", ordinances=texts.count)


def _place(hit: Hit, special: Special | None) -> str:
    """A law as the ground, or a special rule that may lift it, is named behind the place."""
    known = rules()
    if hit.by_law:
        return f"{hit.place}({known.law_note})"
    return f"{hit.place}({known.special.note}: {special.document.title})" if special else hit.place


def gap_in(texts: Ordinances) -> Judgement | None:
    """Why nothing may pass: no ordinance at all, or files that could not be read."""
    if texts.unread:
        return unknown(Reason.UNREADABLE, f"{len(texts.unread)} files not read", places=texts.unread)
    if not texts.count:
        return unknown(Reason.NOT_COLLECTED, "no ordinance among the files")
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
