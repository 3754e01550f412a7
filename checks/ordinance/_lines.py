"""What a line of an ordinance begins: an article, a paragraph, an item, a part, or nothing (it continues)."""

import re
from dataclasses import dataclass
from enum import StrEnum

from checks.ordinance._numerals import NUMBER, branched, number
from checks.ordinance._text import folded

_N = rf"({NUMBER}(?:の{NUMBER})*)"
KINDS = "条例|規則|規程|訓令|要綱|要領|告示|基準|細則|規約|協定|内規|指針"
_ARTICLE = re.compile(rf"第({NUMBER})[条條]((?:の{NUMBER})*)")
_GONE = re.compile(rf"(?:から第{NUMBER}条(?:の{NUMBER})*まで|(?:及び|、)第{NUMBER}条(?:の{NUMBER})*)\s*削除")
_ATTACHED = re.compile(r"[^\s第中及又若並等各本前後のにかがをはと、。~・()に―-]")
_PARAGRAPH = re.compile(r"([0-9]{1,3})(\s+|(?=[^\s0-9.,、。条項号年月日円人名回時分の/%-]))")
_BRACKETED = re.compile(rf"\(({NUMBER}(?:の{NUMBER})*)\)\s*")
_KANJI_ITEM = re.compile(r"([一二三四五六七八九十]{1,4}(?:の[一二三四五六七八九十]{1,3})?)(\s+|[、.]\s*)")
_SUB = re.compile(r"(?:([ア-ン]|[a-z])\s+|\(([ア-ン]|[a-z])\)\s*)")
_CAPTION = re.compile(
    r"\((?![0-9一二三四五六七八九十]{1,3}\))[^()。]{1,60}(?:\([^()。]{1,30}\)[^()。]{0,30})?\)"
)
_SUPPLEMENT = re.compile(r"附\s*則\s*(\([^()]{0,80}\))?(?:\s*抄)?(?:\s*\(.{0,80}\))?")
_TABLE = re.compile(rf"別\s*表(?:\s*第?\s*{_N})?(?:\s*[(].{{0,60}}[)])*(?:\s*[(].{{0,60}})?")
_FORM = re.compile(
    rf"(?:別\s*記\s*)?(?:(?:第\s*{_N}\s*号(?:の{NUMBER})?\s*)?様\s*式(?:\s*第\s*{_N}\s*号?(?:の{NUMBER})*)?"
    rf"|別\s*記|別\s*紙(?:\s*{_N})?)(?:\s*その{NUMBER})?"
)
_AFTER_FORM = re.compile(r"(?:\s*\(.{0,80}\))*\s*")
_CHAPTER = re.compile(rf"第{NUMBER}(?:編|章|節|款|目)(?:の{NUMBER})*(?:\s|$)")
_TITLE = re.compile(rf"[○◯〇](.{{1,120}}?(?:{KINDS})(?:\(.{{0,40}}\))?)")
_CIRCLED = re.compile(r"[①-⑳]")


class Begins(StrEnum):
    """The structural meaning of a line's beginning."""

    TITLE = "title"
    SUPPLEMENT = "supplement"
    TABLE = "table"
    FORM = "form"
    CHAPTER = "chapter"
    CAPTION = "caption"
    ARTICLE = "article"
    PARAGRAPH = "paragraph"
    CIRCLED = "circled"
    ITEM = "item"
    SUB = "sub"
    NOTHING = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """The beginning's meaning, its number (``3の2``) or name, and the text that follows it.

    `firm` = false where only the order of numbers can confirm it (no space follows the number).
    """

    begins: Begins
    name: str
    rest: str
    firm: bool = True


def mark(line: str) -> Mark:
    """What `line` begins. Only a line's first characters decide."""
    text = folded(line[:400]).strip()
    raw = line.strip()
    rest = folded(raw[400:]) if len(line) > len(line[:400]) else ""
    for rule in (_part, _article, _numbered, _lettered):
        found = rule(text)
        if found is not None:
            if _CIRCLED.match(raw) and found.begins is Begins.PARAGRAPH:
                found = Mark(Begins.CIRCLED, found.name, found.rest)
            return Mark(found.begins, found.name, found.rest + rest, found.firm)
    return Mark(Begins.NOTHING, "", text + rest)


def _part(text: str) -> Mark | None:
    if found := _TITLE.fullmatch(text):
        return Mark(Begins.TITLE, found[1].strip(), "")
    if found := _SUPPLEMENT.fullmatch(text):
        return Mark(Begins.SUPPLEMENT, "附則" + re.sub(r"\s", "", found[1] or ""), "")
    if _CAPTION.fullmatch(text):
        return Mark(Begins.CAPTION, text[1:-1], "")
    if _CHAPTER.match(text) and "。" not in text:
        return Mark(Begins.CHAPTER, text, "")
    if (found := _TABLE.fullmatch(text)) and "。" not in text:
        value = branched(found[1]) if found[1] else None
        return Mark(Begins.TABLE, f"別表第{value}" if value else "別表", "")
    return _form(text)


def _form(text: str) -> Mark | None:
    """様式第1号(第3条関係), 別記第1号様式, 別記; what stands before the brackets is its name."""
    found = _FORM.match(text)
    if found is None:
        return None
    after = _AFTER_FORM.match(text, found.end())
    tail = text[after.end() if after else found.end() :]
    if any(char in tail for char in "。をにはがのと、") or len(tail) > 40:  # noqa: PLR2004 - a name, no sentence
        return None
    gone = tail.startswith("削除") or text.endswith(("削除", "削除)"))
    name = re.sub(NUMBER, lambda digits: str(number(digits[0]) or digits[0]), re.sub(r"\s", "", found[0]))
    return Mark(Begins.FORM, name, "削除" if gone else tail)


def _article(text: str) -> Mark | None:
    found = _ARTICLE.match(text)
    if found is None:
        return None
    name = branched(found[1] + found[2])
    if name is None:
        return None
    rest = text[found.end() :]
    if gone := _GONE.match(rest):
        return Mark(Begins.ARTICLE, name, rest[gone.end() :] or "削除")
    if not rest or rest[0].isspace() or rest.startswith("削除"):
        return Mark(Begins.ARTICLE, name, rest.strip())
    if rest[0] == "(" and (bracket := re.match(r"\([^()]{1,60}\)\s+", rest)):
        return Mark(Begins.ARTICLE, name, rest[bracket.end() :])
    return Mark(Begins.ARTICLE, name, rest, firm=False) if _ATTACHED.match(rest) else None


def _numbered(text: str) -> Mark | None:
    if found := _PARAGRAPH.match(text):
        return Mark(Begins.PARAGRAPH, str(int(found[1])), text[found.end() :], firm=bool(found[2]))
    bracketed, bare = _BRACKETED.match(text), _KANJI_ITEM.match(text)
    found = bracketed or bare
    name = branched(found[1]) if found else None
    if found is None or name is None:
        return None
    firm = bare is None or bare[2].isspace()
    return Mark(Begins.ITEM, name, text[found.end() :], firm=firm)


def _lettered(text: str) -> Mark | None:
    found = _SUB.match(text)
    if found is None:
        return None
    name = found[1] or f"({found[2]})"
    return Mark(Begins.SUB, name, text[found.end() :])


def kind_of(title: str) -> str:
    """The kind of rule a title or number names last (条例, 規則, 要綱 …), "" = none."""
    found = re.findall(KINDS, title)
    return found[-1] if found else ""
