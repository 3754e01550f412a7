"""Hits: the sentences of a collection that demand something, as people decide on them one by one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from hashlib import sha256

from checks.ordinance._lines import Begins, mark
from checks.ordinance._provisions import Document, Part, Provision
from checks.ordinance._rules import SUBJECTS, Kind, Rules, Term, rules
from checks.ordinance._search import Match, own_terms, search
from checks.ordinance._special import Covers, Special, covers, special_rules
from checks.ordinance._text import folded, squeezed

_DIGITS = 16


class Klass(StrEnum):
    """What a sentence is, beside its words. The first four wait for a person's decision."""

    ANALOG = "analog"
    LAW = "law-based"
    OVERRIDE = "override-present"
    UNKNOWN = "unknown"
    RELAXING = "relaxing"
    DIGITAL = "digital-ok"
    DEFINITION = "definition"
    LEGIT = "legit"
    REFERENCE = "reference"
    PROHIBITION = "prohibition"
    AMENDING = "amending"
    PURPOSE = "purpose"
    SUPPLEMENT = "supplement"


DEMANDING = frozenset({Klass.ANALOG, Klass.LAW, Klass.OVERRIDE})
"""Classes of sentences that demand something, whoever may drop it."""
_NUMBERED = (Begins.ARTICLE, Begins.PARAGRAPH, Begins.CIRCLED, Begins.ITEM, Begins.SUB)
_ORDER = {klass: index for index, klass in enumerate(Klass)}


@dataclass(frozen=True, slots=True)
class Hit:
    """One sentence (or form) that demands something of one kind, or only seems to.

    `id` stays as long as the ordinance's title and number, the place, the kind and the sentence stay;
    `digest` is of the sentence alone, "" = a form that nobody could read. `place` is 第3条第2項第1号.
    `kind` is an id of rules.toml, `control` the control that counts it. `words` = labels of what was found.
    `rule` = the title of the special rule that lifts it or may, or that it stands in, "" = none; `lifted` =
    it surely does.
    """

    id: str
    document: str
    file: str
    place: str
    kind: str
    klass: Klass
    sentence: str
    digest: str
    control: str
    words: tuple[str, ...] = ()
    rule: str = ""
    lifted: bool = False

    @property
    def open(self) -> bool:
        """A person must decide on it."""
        return self.klass is Klass.UNKNOWN or (self.klass in DEMANDING and not self.lifted)


@dataclass(frozen=True, slots=True)
class Hits:
    """All hits of a collection in the order of its documents.

    `cut` = (control, title) of each ordinance in which not all of the words were looked at.
    """

    all: tuple[Hit, ...]
    cut: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What one sentence demands: the heaviest class, None = none of the words; `kinds` = those of that class.

    `classes` has every kind with its class.
    """

    klass: Klass | None
    kinds: tuple[str, ...] = ()
    classes: tuple[tuple[str, Klass], ...] = ()

    @property
    def demands(self) -> bool:
        """It is a candidate: of class analog, law-based or override-present."""
        return self.klass in DEMANDING


def classify(sentence: str, heading: str = "", part: str = "") -> Reading:
    """The class and kinds of one sentence or line, with its number or without.

    `part` as in `Part`, "" = the main part.
    """
    begun = mark(sentence)
    text = begun.rest if begun.begins in _NUMBERED else folded(sentence)
    provision = Provision(Part(part or Part.MAIN), "", heading, "", text)
    known = rules()
    document = Document("", "", "", "", "", (provision,), ())
    heaviest: dict[str, Klass] = {}
    for match in search(document, known, known.terms).matches:
        klass, before = Klass(match.klass), heaviest.get(match.kind.id)
        heaviest[match.kind.id] = min(klass, before or klass, key=_ORDER.__getitem__)
    if not heaviest:
        return Reading(None)
    worst = min(heaviest.values(), key=_ORDER.__getitem__)
    kinds = tuple(kind for kind, klass in heaviest.items() if klass is worst)
    return Reading(worst, kinds, tuple(heaviest.items()))


def hits_of(
    documents: Iterable[Document],
    today: date,
    *,
    own: Mapping[str, tuple[str, ...]] | None = None,
    controls: frozenset[str] | None = None,
    special: bool = True,
) -> Hits:
    """Every hit of these documents after the special rules in force on `today` were applied.

    `own` = the town's own words by kind, searched beside ours; `controls` = only the hits that these count,
    None = all; `special` = false leaves the special rules out.
    """
    known, documents = rules(), tuple(documents)
    terms = (*known.terms, *_own_terms(own or {}, known))
    terms = tuple(term for term in terms if controls is None or term.kind.control in controls)
    over = {name: special_rules(documents, name, known) if special else () for name in SUBJECTS}
    hits: list[Hit] = []
    cut: list[tuple[str, str]] = []
    for document in documents:
        found = search(document, known, terms)
        cut += [(control, document.title) for control in sorted(found.cut)]
        hits += _grouped(document, found.matches, over, today)
        hits += _unseen(document, known) if controls is None or _form_kind(known).control in controls else ()
    return Hits(tuple(hits), tuple(cut))


def _own_terms(own: Mapping[str, tuple[str, ...]], known: Rules) -> Iterable[Term]:
    for kind, words in own.items():
        yield from own_terms(words, known.kinds[kind])


def _grouped(
    document: Document, matches: Iterable[Match], over: Mapping[str, tuple[Special, ...]], today: date
) -> Iterable[Hit]:
    """One hit for each kind, place and sentence, as heavy as the heaviest word in it."""
    groups: dict[tuple[str, str, str], list[Hit]] = {}
    for match in matches:
        key = (match.kind.id, match.provision.citation, match.sentence)
        groups.setdefault(key, []).append(_hit(document, match, over, today))
    for group in groups.values():
        heaviest = min(group, key=lambda hit: (not hit.open, _ORDER[hit.klass]))
        yield replace(heaviest, words=tuple(dict.fromkeys(word for hit in group for word in hit.words)))


def _hit(document: Document, match: Match, over: Mapping[str, tuple[Special, ...]], today: date) -> Hit:
    klass, lifted = Klass(match.klass), False
    specials = over.get(match.kind.category, ())
    rule = next((document.title for each in specials if each.document is document), "")
    if klass in DEMANDING:
        special, lifted = _lifting(match, specials, today)
        klass, rule = (Klass.OVERRIDE, special.document.title) if special is not None else (klass, "")
    made = _made(document, match.kind, match.provision.citation, klass, match.sentence)
    return replace(made, words=(match.label,), rule=rule, lifted=lifted)


def _unseen(document: Document, known: Rules) -> Iterable[Hit]:
    """The forms that exist as a picture or a file only, or are missing: a seal mark may be in them."""
    return (
        _made(document, _form_kind(known), form.name, Klass.UNKNOWN, "")
        for form in document.forms
        if not form.readable
    )


def _form_kind(known: Rules) -> Kind:
    return known.kinds["form-seal"]


def _made(document: Document, kind: Kind, place: str, klass: Klass, sentence: str) -> Hit:
    normal = squeezed(sentence)
    own = document.number if document.is_ordinance else document.file
    name = "\0".join((document.title, squeezed(own), place, kind.id, normal))
    return Hit(
        id=_hash(name),
        document=document.title,
        file=document.file,
        place=place,
        kind=kind.id,
        klass=klass,
        sentence=sentence,
        digest=_hash(normal) if normal else "",
        control=kind.control,
    )


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def _lifting(match: Match, specials: Iterable[Special], today: date) -> tuple[Special | None, bool]:
    """The special rule that lifts the match (and True), or may lift it (and False)."""
    maybe: Special | None = None
    for special in specials:
        answer = covers(special, match, match.kind.category, rules(), today)
        if answer is Covers.YES:
            return special, True
        if answer is Covers.MAYBE:
            maybe = maybe or special
    return maybe, False
