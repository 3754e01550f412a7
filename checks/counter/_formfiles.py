"""The text of one form file in units as a reader sees them: paragraphs, cells, boxes, lines."""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from auditor.api import Garbled, decoded
from checks._ledgers._office import Package, local, opened
from checks.counter._pdf import pdf_text

_MARGINS = ("oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter")
BLOCKS = frozenset({"p", "si", "is", "text", "f", "v", *_MARGINS})
TEXTS = frozenset({"t", "instrText", "f", "v", *_MARGINS})
PICTURES = ("png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "emf", "wmf", "svg", "bin", "wdp")
_NO_TEXT = ("docProps/", "customXml/", "_rels/", "word/theme", "xl/theme", "word/fontTable", "word/settings",
            "[Content_Types]", "word/webSettings", "xl/printerSettings")  # fmt: skip
_READ = ("xml", "vml", "rels")
_SILENT = ("odttf", "ttf", "fntdata")
_BREAKS = {"br": "\n", "cr": "\n", "tab": "\t"}
_SYMBOLS = ("wingdings", "webdings", "symbol", "marlett")
"""Fonts of arrows and boxes, in which no seal mark is."""

UNSEEN = "\ue000"
"""Stands for a sign of another symbol font: nobody can tell what it looks like."""

MAX_UNITS = 100_000


@dataclass(frozen=True, slots=True)
class Form:
    """What was read of a form. `pictures` = how many are in it, behind each of which a mark may be."""

    units: tuple[str, ...]
    pictures: int = 0


def read_form(body: bytes, name: str) -> Form:
    """The units of a form file.

    Raises:
        Garbled: a kind of file that is not read, or one that is broken or beyond the limits.
    """
    reader = READERS.get(name.rpartition(".")[2].lower())
    if reader is None:
        raise Garbled(f"{name}: a kind of file that is not read")
    form = reader(body, name)
    if len(form.units) > MAX_UNITS:
        raise Garbled(f"{name}: longer than any form")
    return form


def _office(body: bytes, name: str) -> Form:
    """Text of every part: body, headers, footers, text boxes, comments, shared texts, formulas."""
    package = opened(body, name)
    units: list[str] = []
    for part in package.names:
        if _is_silent(part):
            continue
        if _suffix(part) == "xml":
            units += _part_units(package.xml(part))
        elif _suffix(part) == "vml":
            units += _drawing_units(package, part)
    if not any(part in package.names for part in ("word/document.xml", "xl/workbook.xml")):
        raise Garbled(f"{name}: neither a document nor a workbook")
    pictures = sum(_suffix(part) not in (*_READ, *_SILENT) for part in package.names if not _is_silent(part))
    return Form(tuple(unit for unit in units if unit.strip()), pictures)


def _suffix(part: str) -> str:
    return part.rpartition(".")[2].lower()


def _is_silent(part: str) -> bool:
    """True for parts that are never seen on the paper."""
    return part.startswith(_NO_TEXT) or "/_rels/" in part


def _part_units(root: Any) -> list[str]:
    """Each block's own text (a text box inside a paragraph is a unit of its own), and drawn words."""
    found: dict[Any, list[str]] = {}
    drawn: list[str] = []
    for element in root.iter():
        kind = local(element)
        if kind == "textpath":
            drawn.append(element.get("string") or "")
        if kind == "numFmt":
            drawn.append(element.get("formatCode") or "")
        if kind == "sym" and not _attribute(element, "font").lower().startswith(_SYMBOLS):
            drawn.append(UNSEEN)
        if kind not in TEXTS and kind not in _BREAKS:
            continue
        block = _block(element)
        if block is not None:
            found.setdefault(block, []).append(_BREAKS.get(kind) or element.text or "")
    return ["".join(texts) for texts in found.values()] + drawn


def _attribute(element: Any, name: str) -> str:
    return next((value for key, value in element.items() if key.rpartition("}")[2] == name), "")


def _block(element: Any) -> Any:
    """The nearest block around an element, None = none, or it is a reading (ふりがな)."""
    if local(element) in BLOCKS:
        return element
    for above in element.iterancestors():
        kind = local(above)
        if kind in ("rPh", "rt"):
            return None
        if kind in BLOCKS:
            return above
    return None


def _drawing_units(package: Package, part: str) -> list[str]:
    """An old drawing, which is often not well-formed: all text between its tags."""
    text = package.read(part).decode("utf-8", "replace")
    drawn = re.findall(r'string="([^"]{0,200})"', text)
    return [html.unescape(unit) for unit in [*re.split(r"<[^>]{0,2000}>", text), *drawn]]


def _page(body: bytes, name: str) -> Form:
    """A page (HTML); references such as ``&#12958;`` are characters, also in a page that is cp932."""
    text, wrong_at = decoded(body)
    if text is None or "\0" in text:
        raise Garbled(f"{name}: neither UTF-8 nor cp932 at byte {wrong_at}")
    parser = etree.HTMLParser(no_network=True, huge_tree=False, remove_comments=True, encoding="utf-8")
    try:
        root = etree.fromstring(text.encode(), parser)
    except (etree.LxmlError, ValueError) as error:
        raise Garbled(f"{name}: {error}"[:200]) from None
    if root is None:
        raise Garbled(f"{name}: empty")
    etree.strip_elements(root, "script", "style", with_tail=False)
    pictures = sum(1 for _ in root.iter("img", "object", "embed", "iframe", "frame", "svg", "canvas"))
    texts = [text for element in root.iter() for text in (element.text, element.tail) if text]
    return Form(tuple(line for text in texts for line in text.splitlines() if line.strip()), pictures)


def _plain(body: bytes, name: str) -> Form:
    text, wrong_at = decoded(body)
    if text is None or "\0" in text:
        raise Garbled(f"{name}: neither UTF-8 nor cp932 at byte {wrong_at}")
    return Form(tuple(line for line in text.splitlines() if line.strip()))


def _pdf(body: bytes, name: str) -> Form:
    units, pictures = pdf_text(body, name)
    return Form(units, pictures)


READERS: Mapping[str, Callable[[bytes, str], Form]] = {
    "docx": _office,
    "docm": _office,
    "xlsx": _office,
    "xlsm": _office,
    "htm": _page,
    "html": _page,
    "txt": _plain,
    "pdf": _pdf,
}
