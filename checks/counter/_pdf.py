"""The text layer of a PDF form, read by pypdf within limits of pages and time."""

import io
import logging
import time
from typing import Any

from pypdf import PdfReader

from auditor.api import Garbled

MAX_PAGES = 40
MAX_SECONDS = 10.0
_DEPTH = 5


def pdf_text(body: bytes, name: str) -> tuple[tuple[str, ...], int]:
    """The lines of all pages, and how many pictures stand in them.

    Raises:
        Garbled: broken, with a password, too long, or a form whose fields are drawn by a programme (XFA).
    """
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its remarks about odd files are nobody's news
    try:
        return _read(PdfReader(io.BytesIO(body), strict=False), name)
    except Garbled:
        raise
    except Exception as error:  # noqa: BLE001 - a broken PDF makes the library raise anything
        raise Garbled(f"{name}: {type(error).__name__}: {error}"[:200]) from None


def _read(reader: PdfReader, name: str) -> tuple[tuple[str, ...], int]:
    ends = time.monotonic() + MAX_SECONDS
    if reader.is_encrypted:
        raise Garbled(f"{name}: has a password")
    if len(reader.pages) > MAX_PAGES:
        raise Garbled(f"{name}: more than {MAX_PAGES} pages")
    if "/XFA" in _form(reader):
        raise Garbled(f"{name}: its fields are drawn by a programme")
    lines: list[str] = []
    pictures = 0
    for page in reader.pages:
        lines += [line for line in page.extract_text().splitlines() if line.strip()]
        pictures += _pictures(page.get("/Resources"), _DEPTH) + len(page.get("/Annots") or ())
        if time.monotonic() > ends:
            raise Garbled(f"{name}: takes too long to read")
    return tuple(lines), pictures


def _form(reader: PdfReader) -> Any:
    root: Any = reader.trailer["/Root"]
    form = root.get("/AcroForm")
    return form.get_object() if form is not None else {}


def _pictures(resources: Any, depth: int) -> int:
    """Images of a page, also those inside of forms (in the PDF sense)."""
    if resources is None:
        return 0
    if depth == 0:
        return 1
    objects = resources.get_object().get("/XObject")
    count = 0
    for each in (objects.get_object() if objects is not None else {}).values():
        drawn = each.get_object()
        if drawn.get("/Subtype") == "/Form":
            count += _pictures(drawn.get("/Resources"), depth - 1)
        else:
            count += 1
    return count
