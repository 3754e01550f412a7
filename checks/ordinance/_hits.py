"""Finds what a provision demands: a hit is a candidate for the section in charge, or an exempted mention."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from checks.ordinance._provisions import Document, Part, Provision
from checks.ordinance._rules import Exemption, Rules, Term
from checks.ordinance._text import folded, squeezed

CANDIDATE = "candidate"
SUPPLEMENT = "supplement"
WINDOW = 200
MAX_MATCHES = 2000
"""Matches looked at in one ordinance and category; what lies beyond was not looked at."""

_READING = re.compile(r"(?<=[一-龯])\([ぁ-ん]{1,6}\)")
_BRACKETS = re.compile(r"\([^()]{0,200}\)")
_HIT = "@"


@dataclass(frozen=True, slots=True)
class Hit:
    """A word of a category in a provision. `kind` = candidate, or why it demands nothing (rules.toml).

    `sentence` is the folded sentence; `by_law` = the sentence names a law as its ground.
    """

    document: Document
    provision: Provision
    label: str
    kind: str
    sentence: str
    by_law: bool = False

    @property
    def place(self) -> str:
        """``○○条例第3条第2項第1号: 押印``."""
        return f"{self.document.title}{self.provision.citation}: {self.label}"


@dataclass(frozen=True, slots=True)
class Search:
    """The hits of a category in one ordinance, one per provision, label and kind. `cut` = gave up early."""

    hits: tuple[Hit, ...]
    cut: bool = False


def search(document: Document, category: str, rules: Rules, extra: tuple[Term, ...] = ()) -> Search:
    """All hits of `category` (and of the town's own `extra` words) in one ordinance."""
    terms = (*rules.for_(category), *extra)
    exemptions = tuple(
        each
        for each in rules.exemptions
        if category in each.categories and (not each.title or each.title in document.title)
    )
    found: dict[tuple[str, str, str], Hit] = {}
    looked = 0
    for provision in document.provisions:
        for term, sentence, start, end, proviso in _matches(provision, terms):
            looked += 1
            if looked > MAX_MATCHES:
                return Search(tuple(found.values()), cut=True)
            kind = _kind(provision, sentence, (start, end), proviso, exemptions)
            key = (provision.citation, term.label, kind)
            if key not in found:
                law = _by_law(sentence, rules)
                found[key] = Hit(document, provision, term.label, kind, sentence, by_law=law)
    return Search(tuple(found.values()))


def _matches(provision: Provision, terms: tuple[Term, ...]) -> Iterator[tuple[Term, str, int, int, str]]:
    """Each match with its sentence, its span in it, and the 「ただし」 sentence that follows."""
    whole = _READING.sub("", squeezed(provision.text)).replace(_HIT, "＠")
    sentences: list[str] | None = None
    for term in terms:
        if term.forms_only:
            if provision.part in (Part.FORM, Part.TABLE, Part.HEAD):
                lines = (" ".join(line.split()) for line in provision.text.splitlines())
                yield from (
                    (term, line, *match.span(), "") for line in lines for match in term.find.finditer(line)
                )
            continue
        if term.find.search(whole) is None:
            continue
        sentences = sentences if sentences is not None else sentences_of(whole)
        for index, sentence in enumerate(sentences):
            after = sentences[index + 1] if index + 1 < len(sentences) else ""
            proviso = after if after.startswith("ただし") else ""
            for match in term.find.finditer(sentence):
                yield term, sentence, *match.span("hit" if "hit" in term.find.groupindex else 0), proviso


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


def _kind(
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


def own_terms(words: tuple[str, ...], category: str) -> tuple[Term, ...]:
    """The words a town adds itself, searched literally."""
    return tuple(
        Term(category, word, re.compile(re.escape(squeezed(folded(word))))) for word in words if word.strip()
    )
