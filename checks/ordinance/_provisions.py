"""The pieces of an ordinance that can be cited, and how a read draft becomes them."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from checks.ordinance._lines import KINDS, kind_of
from checks.ordinance._text import squeezed

_NUMBER_LINE = re.compile(
    r"(.{0,30}?(?:条例|規則|規程|訓令|告示|要綱|要領|指令|通達|公告)(?:甲|乙)?)第\s*[0-9〇一二三四五六七八九十百千]+号"
)
_ENACTED = re.compile(r"(?:明治|大正|昭和|平成|令和)[0-9元〇一二三四五六七八九十]{1,4}年.{1,6}月.{1,6}日")
_FORM_CITED = re.compile(r"第[0-9の]+号様式|(?:別記)?様式第[0-9の]+号?|別記様式")
_TITLE_LINE = re.compile(rf".{{2,80}}(?:{KINDS})(?:\(.{{0,40}}\))?")
_FORMULA = re.compile(
    rf".{{0,80}}(?:{KINDS})(?:を(?:ここに公布する|次のように定める|改正する|制定する).{{0,20}})?"
    r"|[^。]{0,40}第\s*[0-9〇一二三四五六七八九十百千]+号[^。]{0,10}|目\s*次"
    r"|\(?(?:明治|大正|昭和|平成|令和)[^。]{1,14}日[^。]{0,30}"
)
_FORM_CHARS = 8
"""From so many characters on, a form's text is taken to be there."""


class Part(StrEnum):
    """Where in an ordinance a provision stands."""

    HEAD = "head"
    MAIN = "main"
    SUPPLEMENT = "supplement"
    TABLE = "table"
    FORM = "form"


@dataclass(frozen=True, slots=True)
class Provision:
    """The smallest cited piece: a paragraph's own text, an item, a form.

    `citation` is how Japanese law names the place (第3条第2項第1号). `caption` = the article's heading;
    `lead` = the text of the paragraph whose item this is, "" = it is no item.
    """

    part: Part
    citation: str
    caption: str
    lead: str
    text: str


@dataclass(frozen=True, slots=True)
class Form:
    """A form at the end of an ordinance. `readable` = its text is there, no picture or file instead of it."""

    name: str
    readable: bool


@dataclass(frozen=True, slots=True)
class Document:
    """One ordinance. `file` = where it was read; `enacted` and `number` are its own lines, "" = not found.

    `kind` is 条例, 規則, 要綱 …, "" = the title does not say.
    """

    file: str
    title: str
    kind: str
    enacted: str
    number: str
    provisions: tuple[Provision, ...]
    forms: tuple[Form, ...]

    @property
    def is_ordinance(self) -> bool:
        """True when it has a number of its own or an article; a note in the folder has neither."""
        return bool(self.number) or any(each.part in (Part.MAIN, Part.SUPPLEMENT) for each in self.provisions)


@dataclass(slots=True)
class Draft:
    """A provision being read. Numbers are as they stand, "" and 0 = none; `images` = pictures in it.

    `more` = goes on under the citation of the draft before it.
    """

    part: Part
    name: str
    article: str = ""
    paragraph: int = 0
    item: str = ""
    sub: str = ""
    caption: str = ""
    lead: str = ""
    texts: list[str] = field(default_factory=list)
    size: int = 0
    images: int = 0
    more: bool = False

    @property
    def text(self) -> str:
        """All that was read so far."""
        return "".join(self.texts)


def assembled(file: str, title: str, page_title: str, drafts: Sequence[Draft]) -> Document:
    """A document from its drafts; every paragraph is cited by its number only where there are several."""
    head = [line for draft in drafts if draft.part is Part.HEAD for line in draft.text.splitlines()]
    title = title or _title_among(head) or page_title or file.rpartition("/")[2].rpartition(".")[0]
    number = next((found[0] for line in head if (found := _NUMBER_LINE.search(line))), "")
    enacted = next((found[0] for line in head if (found := _ENACTED.search(line))), "")
    several = Counter((draft.part, draft.name, draft.article) for draft in drafts if _starts_paragraph(draft))
    provisions = tuple(
        Provision(draft.part, _citation(draft, several), draft.caption, draft.lead, text)
        for draft in drafts
        if (text := _substance(draft, title)).strip()
    )
    forms = (*_forms(drafts, several), *_absent_forms(provisions, drafts))
    return Document(file, title, kind_of(title) or kind_of(number), enacted, number, provisions, forms)


def _title_among(head: Iterable[str]) -> str:
    return next((line.strip() for line in list(head)[:12] if _TITLE_LINE.fullmatch(line.strip())), "")


def _starts_paragraph(draft: Draft) -> bool:
    return draft.paragraph > 0 and not draft.item and not draft.more


def article_text(name: str) -> str:
    """Article ``3の2`` as it is cited: 第3条の2; "" for none."""
    base, dot, branch = name.partition("の")
    return f"第{base}条{dot}{branch}" if base else ""


def _citation(draft: Draft, several: Counter[tuple[Part, str, str]]) -> str:
    article = article_text(draft.article)
    numbered = draft.paragraph and (several[draft.part, draft.name, draft.article] > 1 or not article)
    paragraph = f"第{draft.paragraph}項" if numbered else ""
    base, dot, branch = draft.item.partition("の")
    item = f"第{base}号{dot}{branch}" if base else ""
    return draft.name + article + paragraph + item + draft.sub


def _substance(draft: Draft, title: str) -> str:
    """The text that may demand something: not a heading's own title, date, number or enacting formula."""
    if draft.part is not Part.HEAD:
        return draft.text
    lines = [line.strip() for line in draft.text.splitlines()]
    return "\n".join(line for line in lines if line != title and not _FORMULA.fullmatch(line))


def _forms(drafts: Iterable[Draft], several: Counter[tuple[Part, str, str]]) -> Iterable[Form]:
    for draft in drafts:
        content = squeezed("".join(draft.texts[1:]))
        if draft.part is Part.FORM and not draft.more:
            gone = draft.texts[:1] == ["削除"]
            yield Form(draft.name, gone or (len(content) >= _FORM_CHARS and not draft.images))
        elif draft.images:
            yield Form(_citation(draft, several), readable=False)


def _absent_forms(provisions: Iterable[Provision], drafts: Iterable[Draft]) -> Iterable[Form]:
    """The form an ordinance names when it brings none along: what it demands is not to be seen."""
    if any(draft.part is Part.FORM for draft in drafts):
        return ()
    cited = (_FORM_CITED.search(each.text) for each in provisions if each.part in (Part.HEAD, Part.MAIN))
    return tuple(Form(found[0], readable=False) for found in cited if found)[:1]
