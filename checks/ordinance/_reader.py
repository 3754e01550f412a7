"""Goes through the lines of a file and sorts them into drafts of provisions: 条・項・号, 附則, 別表, 様式."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from checks.ordinance._lines import Begins, Mark, mark
from checks.ordinance._provisions import Document, Draft, Part, article_text, assembled
from checks.ordinance._text import Line, Page, Role, folded

MAX_TEXT = 200_000
"""Characters of one provision; what is longer goes on in another one under the same citation."""
MAX_LEAD = 2000
ESTIMATED = "(推定)"
"""Stands behind the number of an item that the export lost and its order gave back."""

_LISTS = re.compile(r"次の|左の|次に|左に|掲げる|各号")
_LIST_ENDS = re.compile(r"(?:[次左]の(?:各号|とおり|事項|いずれか)|[次左]に掲げる)[^。]{0,60}。$")
_SPEAKS_ON = ("ただし", "但し", "この場合", "なお", "前項", "また", "備考", "(")


@dataclass(slots=True)
class _Reader:
    """One ordinance being read: where it is, and the heading that the next article will take.

    `main` = the last article of the main part; `spoken` = that part has whole sentences by now, so that it
    is no table of contents.
    """

    title: str = ""
    part: Part = Part.HEAD
    name: str = ""
    caption: str = ""
    heading: str = ""
    main: str = ""
    spoken: bool = False
    drafts: list[Draft] = field(default_factory=list)

    @property
    def now(self) -> Draft:
        """The draft that a line without a beginning continues."""
        if not self.drafts:
            self.drafts.append(Draft(self.part, self.name))
        return self.drafts[-1]

    def open(
        self,
        text: str,
        *,
        article: str = "",
        paragraph: int = 0,
        item: str = "",
        sub: str = "",
        lead: str = "",
    ) -> None:
        """Begin a provision."""
        draft = Draft(self.part, self.name, article, paragraph, item, sub, self.caption, lead, [text])
        draft.size = len(text)
        self.drafts.append(draft)
        self._listen(text)

    def add(self, text: str) -> None:
        """Continue the provision."""
        draft = self.now
        if draft.size + len(text) > MAX_TEXT and draft.texts:
            draft = replace(draft, texts=[], size=0, images=0, more=True)
            self.drafts.append(draft)
        draft.texts.append(text)
        draft.size += len(text)
        self._listen(text)

    def _listen(self, text: str) -> None:
        self.spoken = self.spoken or (self.part is Part.MAIN and "。" in text)


def documents_of(file: str, page: Page) -> tuple[Document, ...]:
    """The ordinances of one file (a text file may hold a whole collection, each under its ○ title)."""
    texts = (line.text for line in page.lines if line.role is Role.TEXT)
    layout = not any(mark(text).begins is Begins.ARTICLE for text in texts)
    readers = [_Reader()]
    for line in _split(page.lines, layout=layout):
        known = Mark(Begins.NOTHING, "", "") if line.role is Role.IMAGE else mark(line.text)
        if known.begins is Begins.TITLE and readers[-1].drafts:
            readers.append(_Reader())
        _take(readers[-1], line, known)
    return tuple(
        assembled(file, reader.title, page.title if len(readers) == 1 else "", reader.drafts)
        for reader in readers
        if reader.drafts
    )


def _split(lines: Iterable[Line], *, layout: bool) -> Iterator[Line]:
    """A line with ``<br>`` in it becomes several, but what stands in the cell of a real table stays one."""
    for line in lines:
        if line.role is Role.IMAGE or (line.role is Role.CELL and not layout):
            yield line
            continue
        role = Role.TEXT if line.role is Role.CELL else line.role
        for part in line.text.splitlines():
            if part.strip():
                yield Line(role, part)


def _take(reader: _Reader, line: Line, known: Mark) -> None:
    if line.role is Role.IMAGE:
        reader.now.images += 1
    elif line.role is Role.TITLE or known.begins is Begins.TITLE:
        reader.title = reader.title or folded(line.text).strip().lstrip("○◯〇").strip()
    elif line.role is Role.CELL or (reader.part is Part.FORM and not _leaves_form(reader, known)):
        reader.add("\n" + folded(line.text))
    else:
        _STEPS[known.begins](reader, known)


def _leaves_form(reader: _Reader, known: Mark) -> bool:
    """A contract printed as a form has articles too; only the main part's next number ends the form."""
    if known.begins is Begins.ARTICLE:
        return known.firm and _follows(reader.main, known.name)
    return known.begins in _PARTS


def _part(reader: _Reader, known: Mark) -> None:
    reader.part, reader.name = _PARTS[known.begins], known.name
    reader.caption = reader.heading = ""
    reader.open(known.rest)


def _caption(reader: _Reader, known: Mark) -> None:
    reader.heading = known.name


def _chapter(reader: _Reader, _: Mark) -> None:
    reader.part, reader.name = Part.MAIN, ""
    reader.caption = reader.heading = ""
    reader.open("")


def _article(reader: _Reader, known: Mark) -> None:
    home = _home(reader, known)
    if home is None:
        _continue(reader, f"{article_text(known.name)}{known.rest}")
        return
    if home is Part.MAIN:
        reader.part, reader.name, reader.main = home, "", known.name
    reader.caption, reader.heading = reader.heading, ""
    reader.open(known.rest, article=known.name, paragraph=1)


def _home(reader: _Reader, known: Mark) -> Part | None:
    """The part that an article belongs to; None = the line only cites one.

    A table of contents may name 附則 before the first article, whose text is the main part's still.
    """
    goes_on = not reader.main or _follows(reader.main, known.name)
    if reader.part is Part.SUPPLEMENT and reader.spoken:
        next_here = _follows(reader.now.article, known.name)
        if next_here or not goes_on:
            return Part.SUPPLEMENT if known.firm or next_here else None
    if reader.part is Part.TABLE and not goes_on:
        return None
    return Part.MAIN if known.firm or goes_on else None


def _follows(before: str, name: str) -> bool:
    """Whether article `name` may come right after article `before` ("" = none yet)."""
    last, new = int(before.partition("の")[0] or 0), int(name.partition("の")[0])
    return new == last + 1 or ("の" in name and new == last)


def _paragraph(reader: _Reader, known: Mark) -> None:
    now, value = reader.now, int(known.name)
    first = value == 1 and (now.paragraph == 0 or not now.text.strip())
    if reader.part is Part.TABLE or not (first or value == now.paragraph + 1):
        _continue(reader, f"{known.name} {known.rest}")
        return
    if reader.part is Part.HEAD:
        reader.part = Part.MAIN
    if not now.article:
        reader.caption, reader.heading = reader.heading, ""
    reader.open(known.rest, article=now.article, paragraph=value)


def _circled(reader: _Reader, known: Mark) -> None:
    """① is an item below 「次の…」, and an old way to number paragraphs elsewhere."""
    now, value = reader.now, int(known.name)
    listed = value == 1 and ("次の" in now.text or "掲げる" in now.text)
    if listed or (now.item.isdecimal() and value == int(now.item) + 1):
        _item(reader, known)
    else:
        _paragraph(reader, known)


def _item(reader: _Reader, known: Mark) -> None:
    now = reader.now
    if not known.firm and not _next_item(now, known.name):
        _continue(reader, f"{known.name}、{known.rest}")
        return
    if reader.part is Part.TABLE:
        reader.add(f"\n({known.name}) {known.rest}")
        return
    if reader.part is Part.HEAD:
        reader.part = Part.MAIN
    lead = now.lead if now.item else now.text[:MAX_LEAD]
    reader.open(known.rest, article=now.article, paragraph=now.paragraph, item=known.name, lead=lead)


def _next_item(now: Draft, name: str) -> bool:
    """Whether 「一、」 at the start of a line is an item: the first below a list, or the next."""
    if now.item.isdecimal():
        return name == str(int(now.item) + 1)
    return name == "1" and _LISTS.search(now.text) is not None


def _sub(reader: _Reader, known: Mark) -> None:
    now = reader.now
    if not now.item:
        _continue(reader, f"{known.name} {known.rest}")
        return
    outer = now.sub.partition("(")[0] if known.name.startswith("(") else ""
    reader.open(
        known.rest,
        article=now.article,
        paragraph=now.paragraph,
        item=now.item,
        sub=outer + known.name,
        lead=now.lead,
    )


def _nothing(reader: _Reader, known: Mark) -> None:
    """Continues what stands above, unless an export lost the numbers of a list: then by order, 「推定」."""
    now = reader.now
    again = now.sub == ESTIMATED
    end = now.lead[-80:] if again else "".join(now.texts[-3:])[-80:]
    lost = (
        reader.part in (Part.MAIN, Part.SUPPLEMENT)
        and (again or not (now.item or now.sub))
        and _LIST_ENDS.search(end) is not None
        and not known.rest.startswith(_SPEAKS_ON)
    )
    if not lost:
        _continue(reader, known.rest)
        return
    number = str(int(now.item or 0) + 1)
    reader.open(
        known.rest,
        article=now.article,
        paragraph=now.paragraph,
        item=number,
        sub=ESTIMATED,
        lead=now.lead if again else now.text[:MAX_LEAD],
    )


def _continue(reader: _Reader, text: str) -> None:
    reader.add(("\n" if reader.part in (Part.HEAD, Part.TABLE) else "") + text)


_PARTS = {Begins.SUPPLEMENT: Part.SUPPLEMENT, Begins.TABLE: Part.TABLE, Begins.FORM: Part.FORM}
_STEPS = {
    Begins.SUPPLEMENT: _part,
    Begins.TABLE: _part,
    Begins.FORM: _part,
    Begins.CHAPTER: _chapter,
    Begins.CAPTION: _caption,
    Begins.ARTICLE: _article,
    Begins.PARAGRAPH: _paragraph,
    Begins.CIRCLED: _circled,
    Begins.ITEM: _item,
    Begins.SUB: _sub,
    Begins.NOTHING: _nothing,
}
