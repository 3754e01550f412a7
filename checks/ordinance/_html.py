"""HTML of an ordinance collection to lines; hidden markup, menus and the spoken reading are left out."""

import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lxml import etree

from auditor.api import Garbled
from checks.ordinance._text import SEAL_MARK, Line, Page, Role, folded

_UNHEARD = frozenset({"script", "style", "template", "rt", "rp", "title", "noframes"})
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote body caption center dd details div dl dt fieldset figure footer "
        "form h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section table tbody td tfoot th thead "
        "tr ul",
    )
)
_CELLS = frozenset({"td", "th"})
_FIELDS = frozenset({"input", "meta", "param", "select", "textarea", "button", "form"})
_ENDS = re.compile(r"</\s*(?:html|body)\s*>", re.IGNORECASE)
_FILE = re.compile(
    r"[\w%.~-]{1,120}\.(?:rtf|docx?|xlsx?|pdf|jtdc?|png|gif|jpe?g|tiff?|bmp|svg|html?|css|txt)\b",
    re.IGNORECASE,
)
_OPENED = re.compile(r"OpenResDataWin\('([0-9A-Za-z]{4,30})'")
"""How the tables of contents of 第一法規 open an ordinance: by a script, with the number of its folder."""
_REFERRING = ("src", "href", "onclick", "data", "background")
_SMALL_PX = 40
_LINK_SHARE = 0.8
_MARK_NAMES = frozenset({"印", SEAL_MARK, "(印)", "印影", "押印"})


@dataclass(slots=True)
class _Pen:
    """Writes lines while the tree is walked; a block's start or end closes the line."""

    lines: list[Line] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    cells: int = 0
    titles: int = 0
    links: int = 0
    heard: int = 0
    linked: int = 0

    def write(self, text: str | None) -> None:
        if not text:
            return
        self.parts.append(text)
        length = len(text.strip())
        self.heard += length
        self.linked += length if self.links else 0

    def close(self) -> None:
        text = "".join(self.parts).strip()
        self.parts.clear()
        if text:
            role = Role.TITLE if self.titles else Role.CELL if self.cells else Role.TEXT
            self.lines.append(Line(role, text))
        self.lines.extend(Line(Role.IMAGE, name) for name in self.images)
        self.images.clear()


def html_page(text: str) -> Page:
    """The lines of a page, in the order of the document.

    Raises:
        Garbled: the markup ends early (an open comment or script swallows the rest) or nests too deeply.
    """
    tree = _tree(text)
    start = _body(tree)
    pen = _Pen()
    _walk(start, pen)
    pen.close()
    title = " ".join("".join(map(str, node.itertext())) for node in tree.iter("title"))
    return Page(
        title=title.strip()[:200],
        lines=tuple(pen.lines),
        mentions=frozenset(_mentions(tree)),
        links_only=pen.heard > 0 and pen.linked >= pen.heard * _LINK_SHARE,
    )


def _tree(text: str) -> etree._Element:
    """Parse, and make sure that the parser went on to the end: it drops what follows ``</html>`` or depth."""
    end = f"end-{secrets.token_hex(8)}"
    markup = f"{_ENDS.sub('', text)}\n<p id='{end}'></p>"
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, recover=True, remove_comments=True, remove_pis=True
    )
    try:
        tree = etree.fromstring(markup.encode("utf-8", "replace"), parser)
    except etree.LxmlError as error:
        raise Garbled(f"not HTML: {error}"[:200]) from None
    if tree is None or (tree.find(f".//p[@id='{end}']") is None and tree.find(".//frameset") is None):
        raise Garbled("the markup hides its end: cut off, or nested too deeply")
    return tree


def _body(tree: etree._Element) -> etree._Element:
    """The ordinance itself where the page says so (ぎょうせい: id primary; the rest is menus), else all."""
    for node in tree.iter("div"):
        if node.get("id") == "primary" and "".join(map(str, node.itertext())).strip():
            return node
    return tree


def _walk(start: etree._Element, pen: _Pen) -> None:
    silent = 0
    for event, node in etree.iterwalk(start, events=("start", "end")):
        tag = node.tag
        if event == "start":
            silent += tag in _UNHEARD
            if not silent:
                _enter(node, str(tag), pen)
                pen.write(node.text)
        else:
            if not silent:
                _leave(node, str(tag), pen)
            silent -= tag in _UNHEARD
            if not silent and node is not start:
                pen.write(node.tail)


def _enter(node: etree._Element, tag: str, pen: _Pen) -> None:
    if tag in _BLOCKS:
        pen.close()
    if tag == "br":
        pen.parts.append("\n")
    pen.cells += tag in _CELLS
    pen.links += tag == "a"
    pen.titles += _is_title(node)
    if tag in ("img", "embed", "iframe"):
        _picture(node, pen)


def _leave(node: etree._Element, tag: str, pen: _Pen) -> None:
    if tag in _BLOCKS:
        pen.close()
    pen.cells -= tag in _CELLS
    pen.links -= tag == "a"
    pen.titles -= _is_title(node)


def _is_title(node: etree._Element) -> bool:
    """ぎょうせい: ``p.title-…``; joureikun: an element named ``name`` or of the class ``titleName``."""
    classes = (node.get("class") or "").split()
    titled = node.tag == "p" and any(each.startswith("title-") for each in classes)
    return titled or "titleName" in classes or (node.get("name") == "name" and node.tag not in _FIELDS)


def _picture(node: etree._Element, pen: _Pen) -> None:
    """A picture of a seal mark is read by its name; any other, unless tiny, may hold a whole form."""
    name = folded(node.get("alt") or "").strip()
    if name in _MARK_NAMES:
        pen.write(SEAL_MARK)
        return
    sides = [side for side in (node.get("width"), node.get("height")) if side]
    if any(side.rstrip("px").isdecimal() and int(side.rstrip("px")[:6]) <= _SMALL_PX for side in sides):
        return
    pen.images.append((node.get("src") or "")[-120:] or "img")


def _mentions(tree: etree._Element) -> Iterator[str]:
    """Base names of files in the attributes that refer to others, lower case."""
    values: Iterable[str] = (str(node.get(name) or "") for node in tree.iter() for name in _REFERRING)
    for value in values:
        for found in _FILE.findall(value[:2000]):
            yield found.rpartition("/")[2].lower()
        for number in _OPENED.findall(value[:2000]):
            yield f"{number.lower()}_j.html"
