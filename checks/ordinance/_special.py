"""Special rules that lift seal or paper duties everywhere at once (押印の特例規則, デジタル手続条例)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from checks.ordinance._days import starts_on
from checks.ordinance._provisions import Document, Part, Provision
from checks.ordinance._repeal import is_draft, last_day
from checks.ordinance._rules import Rules
from checks.ordinance._search import Match, sentences_of
from checks.ordinance._text import squeezed

_BRACKETS = re.compile(r"\([^()]{0,200}\)")
_ITSELF = re.compile(r"(?:この|本)(?:条例|規則|規程|要綱|要領|訓令|告示)")
_DEFINED = re.compile(r"^(?:条例|規則|例規|規程|要綱|訓令)等(.{0,400})をいう")
_DEFINED_ALONG = re.compile(r"([^。]{0,120})\(以下「(?:条例|規則|例規|規程|要綱|訓令)等」という")


class Covers(StrEnum):
    """Whether a special rule lifts a hit. `MAYBE` = only the section in charge can tell."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Special:
    """One special rule. `starts` None = not known; `ends` None = no end.

    `kinds` = the kinds of rule it reaches; `left_out` = the sets of exclusions it names (rules.toml);
    `unclear` = an exclusion, or a list kept elsewhere, that no program can apply.
    """

    document: Document
    citation: str
    starts: date | None
    ends: date | None
    kinds: frozenset[str]
    issuers: frozenset[str]
    left_out: tuple[str, ...]
    excluding: tuple[str, ...]
    unclear: bool

    def in_force(self, today: date) -> bool | None:
        """None = nobody wrote when it begins."""
        if self.starts is None:
            return None
        return self.starts <= today and (self.ends is None or today <= self.ends)


def special_rules(documents: Iterable[Document], subject: str, rules: Rules) -> tuple[Special, ...]:
    """The special rules about `subject`, in the order of the documents; a draft is none."""
    all_ = tuple(documents)
    titled = (one for one in all_ if rules.special.titles[subject].search(one.title) and not is_draft(one))
    return tuple(found for document in titled if (found := _special(document, subject, rules, all_)))


def _special(document: Document, subject: str, rules: Rules, others: tuple[Document, ...]) -> Special | None:
    """None = it bears the title, and grants nothing (an amendment, a circular)."""
    granting = next(_granting(document, subject, rules), None)
    if granting is None:
        return None
    provision, sentence = granting
    excluding = tuple(_excluding(document, rules))
    named = [_sets_in(text, rules) for _, text in excluding]
    vague = any(
        not sets and not rules.special.residual.search(text)
        for sets, (_, text) in zip(named, excluding, strict=True)
    )
    whole = "".join(squeezed(each.text) for each in document.provisions)
    return Special(
        document=document,
        citation=provision.citation,
        starts=starts_on(document),
        ends=last_day(document, others),
        kinds=_kinds(document, sentence, rules),
        issuers=frozenset(name for name in rules.special.issuers if name in whole),
        left_out=tuple(dict.fromkeys(name for sets in named for name in sets)),
        excluding=tuple(dict.fromkeys(citation for citation, _ in excluding)),
        unclear=vague or rules.special.designated.search(sentence) is not None,
    )


def _granting(document: Document, subject: str, rules: Rules) -> Iterator[tuple[Provision, str]]:
    for provision in document.provisions:
        if provision.part not in (Part.MAIN, Part.HEAD):
            continue
        for sentence in sentences_of(squeezed(provision.text)):
            if rules.special.grants[subject].search(sentence[:1000]):
                yield provision, sentence[:1000]


def _excluding(document: Document, rules: Rules) -> Iterator[tuple[str, str]]:
    """Where it leaves something out: each place with the words that say what."""
    excludes = rules.special.excludes
    for provision in document.provisions:
        if provision.part is not Part.MAIN:
            continue
        text = squeezed(provision.text)[:4000]
        says = squeezed(provision.lead) if provision.lead else "" if _lists(text) else text
        if excludes.search(says):
            yield provision.citation, text


def _lists(text: str) -> bool:
    """The items below say what is left out, not this sentence."""
    return "次に掲げる" in text or "次の各号" in text or "次のいずれか" in text


def _sets_in(text: str, rules: Rules) -> tuple[str, ...]:
    sets = rules.special.left_out
    return tuple(name for name, words in sets.items() if any(word in text for word in words))


def _kinds(document: Document, sentence: str, rules: Rules) -> frozenset[str]:
    """The kinds named in the granting sentence and in the definition of 規則等; a rule never reaches up."""
    texts = [_BRACKETS.sub("", sentence)]
    for provision in document.provisions:
        for each in sentences_of(squeezed(provision.text)[:4000]):
            texts += [found[1] for pattern in (_DEFINED, _DEFINED_ALONG) for found in pattern.finditer(each)]
    said = _ITSELF.sub("", "".join(texts))
    kinds = {kind for kind in rules.special.kinds if kind in said}
    return frozenset(kinds if document.kind == "条例" else kinds - {"条例"})


def covers(special: Special, hit: Match, subject: str, rules: Rules, today: date) -> Covers:
    """Whether `special` lifts what `hit` demands. A form is never sure: the page shows only its words."""
    in_force = special.in_force(today)
    own, provision = hit.document, hit.provision
    shown = hit.sentence + provision.caption + squeezed(provision.lead + provision.text) + own.title
    issuer = own.title + own.number
    barred = (
        in_force is False
        or hit.by_law
        or hit.label not in rules.special.lifts[subject]
        or (own.kind != "" and own.kind not in special.kinds)
        or own is special.document
        or any(name in issuer and name not in special.issuers for name in rules.special.issuers)
        or any(word in shown for name in special.left_out for word in rules.special.left_out[name])
    )
    if barred:
        return Covers.NO
    sure = in_force is True and own.kind != "" and not special.unclear and provision.part is not Part.FORM
    return Covers.YES if sure else Covers.MAYBE
