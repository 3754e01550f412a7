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

BLOCKS = frozenset({"p", "si", "is", "f", "oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader",
                    "firstFooter"})  # fmt: skip
TEXTS = frozenset({"t", "instrText", "f", "oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader",
                   "firstFooter"})  # fmt: skip
PICTURES = ("png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "emf", "wmf", "svg", "bin", "wdp")
_NO_TEXT = ("docProps/", "customXml/", "_rels/", "word/theme", "xl/theme", "word/fontTable", "word/settings",
            "[Content_Types]", "word/webSettings", "xl/printerSettings")  # fmt: skip
_BREAKS = frozenset({"br", "cr", "tab"})
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
        if part.startswith(_NO_TEXT) or "/_rels/" in part:
            continue
        if part.endswith(".xml"):
            units += _part_units(package.xml(part))
        elif part.endswith(".vml"):
            units += _drawing_units(package, part)
    if not any(part in package.names for part in ("word/document.xml", "xl/workbook.xml")):
        raise Garbled(f"{name}: neither a document nor a workbook")
    pictures = sum(part.rpartition(".")[2].lower() in PICTURES and "printerSettings" not in part
                   for part in package.names)  # fmt: skip
    return Form(tuple(unit for unit in units if unit.strip()), pictures)


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
        if kind not in TEXTS and kind not in _BREAKS:
            continue
        block = _block(element)
        if block is not None:
            text = {"tab": "\t"}.get(kind, "\n") if kind in _BREAKS else element.text or ""
            found.setdefault(block, []).append(text)
    return ["".join(texts) for texts in found.values()] + drawn


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
