"""Whether a PDF file can be searched: it has text, is only a picture, or nobody can tell."""

import io
import logging
import re
import time
from typing import Any

from pypdf import PageObject, PdfReader

from auditor.api import Garbled

MAX_PAGES = 20
"""So many pages of a file are looked at, from the first; a scanned bundle shows itself in them."""

MAX_SECONDS = 10.0
MAX_PARTS = 200
DEPTH = 5
PLAIN = 10
"""A page with so many letters has text …"""

OVER_A_PICTURE = 40
"""… but beside a picture it takes so many: a fax header or a page number makes no scan searchable."""

TEXT, IMAGE, MIXED, UNCLEAR = "text", "image", "mixed", "unclear"
_BLANK = ""
_SHOWS = re.compile(rb"T[jJ*]?[\s\]]|['\"]\s")


def layer_of(body: bytes) -> str:
    """Text where every page has it, image where none has, mixed, or unclear.

    Raises:
        Garbled: broken, with a password, without pages, or it takes too long.
    """
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its remarks about odd files are nobody's news
    try:
        kinds = _pages(PdfReader(io.BytesIO(body), strict=False))
    except Garbled:
        raise
    except Exception as error:  # noqa: BLE001 - a broken PDF makes the library raise anything
        raise Garbled(type(error).__name__) from None
    told = kinds - {_BLANK}
    if UNCLEAR in told or not told:
        return UNCLEAR
    return told.pop() if len(told) == 1 else MIXED


def _pages(reader: PdfReader) -> set[str]:
    ends = time.monotonic() + MAX_SECONDS
    if reader.is_encrypted:
        raise Garbled("has a password")
    kinds = set()
    for number in range(min(len(reader.pages), MAX_PAGES)):
        kinds.add(_page(reader.pages[number]))
        if time.monotonic() > ends:
            raise Garbled("takes too long to read")
    if not kinds:
        raise Garbled("no pages")
    return kinds


def _page(page: PageObject) -> str:
    """What one page is; text that is drawn and comes back as nothing readable is unclear."""
    text = page.extract_text()
    letters = sum(char.isalnum() for char in text)
    strange = sum(not char.isprintable() and not char.isspace() for char in text) + text.count("\ufffd")
    pictured = _pictured(page.get("/Resources"), DEPTH)
    if strange > letters:
        return UNCLEAR
    if letters >= (OVER_A_PICTURE if pictured else PLAIN):
        return TEXT
    contents: Any = page.get_contents()
    if letters >= PLAIN or (not letters and contents is not None and _SHOWS.search(contents.get_data())):
        return UNCLEAR
    return IMAGE if pictured else UNCLEAR if letters else _BLANK


def _pictured(resources: Any, depth: int) -> bool:
    """True for a page that shows a picture, also inside of a form (in the PDF sense)."""
    if resources is None or not depth:
        return False
    objects = resources.get_object().get("/XObject")
    parts = list((objects.get_object() if objects is not None else {}).values())[:MAX_PARTS]
    for part in map(_opened, parts):
        if part.get("/Subtype") == "/Image" or _pictured(part.get("/Resources"), depth - 1):
            return True
    return False


def _opened(part: Any) -> Any:
    return part.get_object()
