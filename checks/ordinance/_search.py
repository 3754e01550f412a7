"""Finds the words of rules.toml in a document, each with what its sentence, heading and place make of it."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from checks.ordinance._provisions import Document, Part, Provision
from checks.ordinance._rules import Exemption, Kind, Rules, Term
from checks.ordinance._text import folded, squeezed

CANDIDATE = "analog"
LAW = "law-based"
SUPPLEMENT = "supplement"
WINDOW = 200
MAX_MATCHES = 2000
"""Matches looked at in one ordinance and category; what lies beyond was not looked at."""

_READING = re.compile(r"(?<=[一-龯])\([ぁ-ん]{1,6}\)")
_BRACKETS = re.compile(r"\([^()]{0,200}\)")
_HIT = "@"
_LINES = (Part.FORM, Part.TABLE, Part.HEAD)


@dataclass(frozen=True, slots=True)
class Match:
    """A word in a provision. `klass` = analog, law-based, or why it demands nothing (rules.toml).

    `sentence` is the folded sentence without white space; a line of a form keeps single blanks.
    """

    document: Document
    provision: Provision
    kind: Kind
    label: str
    klass: str
    sentence: str

    @property
    def by_law(self) -> bool:
        """The sentence names a law as its ground."""
        return self.klass == LAW

    @property
    def place(self) -> str:
        """``○○条例第3条第2項第1号: 押印``."""
        return f"{self.document.title}{self.provision.citation}: {self.label}"


@dataclass(frozen=True, slots=True)
class Search:
    """The matches in one ordinance, one per provision, sentence, label and class.

    `cut` = the controls whose words were too many to look at them all.
    """

    matches: tuple[Match, ...]
    cut: frozenset[str] = frozenset()


def search(document: Document, rules: Rules, terms: tuple[Term, ...]) -> Search:
    """All matches of `terms` in one ordinance."""
    exemptions = _exemptions(document, rules)
    found: dict[tuple[str, str, str, str], Match] = {}
    looked: Counter[str] = Counter()
    for provision in document.provisions:
        for term, sentence, start, end, proviso in _spans(provision, terms):
            control = term.kind.control
            looked[control] += 1
            if looked[control] > MAX_MATCHES:
                continue
            klass = _klass(provision, sentence, (start, end), proviso, exemptions[term.kind.category])
            if klass == CANDIDATE and _by_law(sentence, rules):
                klass = LAW
            key = (provision.citation, term.label, klass, sentence)
            if key not in found:
                found[key] = Match(document, provision, term.kind, term.label, klass, sentence)
    cut = frozenset(control for control, count in looked.items() if count > MAX_MATCHES)
    return Search(tuple(found.values()), cut)


def _exemptions(document: Document, rules: Rules) -> dict[str, tuple[Exemption, ...]]:
    here = [each for each in rules.exemptions if not each.title or each.title in document.title]
    return {
        kind.category: tuple(each for each in here if kind.category in each.categories)
        for kind in rules.kinds.values()
    }


def _spans(provision: Provision, terms: tuple[Term, ...]) -> Iterator[tuple[Term, str, int, int, str]]:
    """Each match with its sentence, its span in it, and the 「ただし」 sentence that follows."""
    whole = _READING.sub("", squeezed(provision.text)).replace(_HIT, "＠")
    listed = provision.part in (Part.FORM, Part.TABLE)
    lines = (
        [" ".join(line.split()) for line in provision.text.splitlines()] if provision.part in _LINES else []
    )
    sentences: list[str] = []
    for term in terms:
        if term.forms_only:
            for line in lines:
                yield from ((term, line, *found.span(), "") for found in term.find.finditer(line))
            continue
        if term.find.search(whole) is None:
            continue
        sentences = sentences or (_pieces(lines) if listed else sentences_of(whole))
        pieces = sentences if any(map(term.find.search, sentences)) else [whole]
        for index, sentence in enumerate(pieces):
            after = pieces[index + 1] if index + 1 < len(pieces) else ""
            proviso = after if after.startswith("ただし") else ""
            for match in term.find.finditer(sentence):
                yield term, sentence, *match.span("hit" if "hit" in term.find.groupindex else 0), proviso


def _pieces(lines: list[str]) -> list[str]:
    """The sentences of each line of a form or table."""
    plain = (_READING.sub("", squeezed(line)).replace(_HIT, "＠") for line in lines)
    return [piece for line in plain for piece in sentences_of(line)]


def sentences_of(text: str) -> list[str]:
    """Cut at 「。」, but not inside brackets; brackets that never close end with the text."""
    result: list[str] = []
    begin = depth = 0
    for index, char in enumerate(text):
        if char in "(「":
            depth += 1
        elif char in ")」":
            depth = max(0, depth - 1)
        elif char == "。" and not depth:
            result.append(text[begin : index + 1])
            begin = index + 1
    return [*result, text[begin:]] if text[begin:] else result


def _klass(
    provision: Provision,
    sentence: str,
    span: tuple[int, int],
    proviso: str,
    exemptions: tuple[Exemption, ...],
) -> str:
    start, end = span
    before = sentence[max(0, start - WINDOW) : start]
    after = sentence[end : end + WINDOW]
    cut = "…" if end + WINDOW < len(sentence) else ""
    begun = "" if start <= WINDOW else "…"
    around = f"{begun}{before}{_HIT}{after}{cut}"
    for each in exemptions:
        if each.heading is not None and not each.heading.search(provision.caption):
            continue
        if each.proviso:
            matches = bool(proviso) and each.find.search(proviso[: 2 * WINDOW]) is not None
        elif each.lead:
            matches = bool(provision.lead) and each.find.search(_bare(provision.lead)) is not None
        else:
            matches = each.find.search(around) is not None
        if matches:
            return each.kind
    return SUPPLEMENT if provision.part is Part.SUPPLEMENT else CANDIDATE


def _bare(lead: str) -> str:
    """Without what stands in brackets: 「次に掲げる書類(写しを除く。)」 excludes no item."""
    return _BRACKETS.sub("", squeezed(lead))


def _by_law(sentence: str, rules: Rules) -> bool:
    return any(
        not rules.not_law.search(match[0].partition("(")[0]) for match in rules.law.finditer(sentence[:2000])
    )


def own_terms(words: tuple[str, ...], kind: Kind) -> tuple[Term, ...]:
    """The words a town adds itself, searched literally."""
    return tuple(
        Term(kind, word, re.compile(re.escape(squeezed(folded(word))))) for word in words if word.strip()
    )
