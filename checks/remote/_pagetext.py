"""Whether declared words stand on a page that a stranger sent, however it spells them.

A page is read in the encoding a browser would take: its byte order mark, its header, its own declaration.
Where none of them holds, in every Japanese encoding that fits.
"""

import codecs
import html
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress

from checks._spelling import one_spelling

SPOKEN = {
    "utf-8": "utf-8",
    "shift_jis": "cp932",
    "cp932": "cp932",
    "euc_jp": "euc_jp",
    "iso2022_jp": "iso2022_jp_ext",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
}
"""What Python calls a declared encoding, and what it is read by; the others cannot spell Japanese words."""
NAMES = {"x-sjis": "cp932", "windows-31j": "cp932", "x-euc-jp": "euc_jp", "cp51932": "euc_jp"}
"""Declared names that Python does not know."""
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
ESCAPE = b"\x1b$"
"""Begins two-byte signs in ISO-2022-JP (RFC 1468); all of its bytes are right UTF-8, too."""
GUESSES = ("utf-8", "cp932", "euc_jp")
MOST_PROLOGUE = 2048
UNREADABLE = "\ufffd"
_CHARSET = re.compile(r"charset\s{0,9}=\s{0,9}[\"']?([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_META = re.compile(rb"<meta[^>]{0,300}", re.IGNORECASE)


def stands(words: str, headers: Mapping[str, str], body: bytes) -> bool:
    """True when the words stand in the page's text, as it is written or behind its entities."""
    wanted = one_spelling(words)
    if not wanted or UNREADABLE in wanted:
        return False
    return any(wanted in one_spelling(one) for text in _texts(headers, body) for one in _spelt_out(text))


def _texts(headers: Mapping[str, str], body: bytes) -> Iterator[str]:
    """The page as text: once where its encoding is known, else in each that fits, else in all."""
    declared = tuple(_declared(headers, body))
    sure = (*declared, "iso2022_jp_ext") if ESCAPE in body else (*declared, "utf-8")
    known = False
    for encoding in dict.fromkeys(sure):  # what a page says of itself may stand in a remark of it
        with suppress(UnicodeError):
            yield _decoded(body, encoding, "strict")
            known = True
    if known:
        return
    fits = False
    for encoding in GUESSES:
        with suppress(UnicodeError):
            yield _decoded(body, encoding, "strict")
            fits = True
    if fits and not declared:
        return
    for encoding in declared or GUESSES:
        yield _decoded(body, encoding, "replace")


def _declared(headers: Mapping[str, str], body: bytes) -> Iterator[str]:
    """The encodings a page is told to be in, the strongest word first."""
    for mark, encoding in MARKS:
        if body.startswith(mark):
            yield encoding
    if (told := _named(headers.get("content-type", ""))) is not None:
        yield told
    for meta in _META.findall(body[:MOST_PROLOGUE]):
        told = _named(meta.decode("latin-1"))
        if told is not None and not told.startswith("utf-16"):  # it could not have been read as a byte a sign
            yield told


def _named(text: str) -> str | None:
    """The encoding after ``charset=``, None = there is none we know."""
    found = _CHARSET.search(text)
    if found is None:
        return None
    name = found[1].lower()
    try:
        return SPOKEN.get(codecs.lookup(NAMES.get(name, name)).name)
    except LookupError:
        return None


def _decoded(body: bytes, encoding: str, errors: str) -> str:
    """Text; what a cut took from the last sign is no error."""
    return codecs.getincrementaldecoder(encoding)(errors).decode(body, False)


def _spelt_out(text: str) -> Iterator[str]:
    """The text as it is, and with its entities (``&amp;``, ``&#12469;``) as the signs they stand for."""
    yield text
    if "&" in text:
        with suppress(ValueError):  # a number longer than Python reads
            yield html.unescape(text)
