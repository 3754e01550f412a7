"""Bytes to text: an ordinance page says its charset, or lies about it, or says nothing."""

import codecs
import re

from auditor.api import Garbled

_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_SHIFT_JIS = {"shift_jis", "shift-jis", "sjis", "x-sjis", "windows-31j", "ms932", "ms_kanji", "cp932"}
_CANDIDATES = ("cp932", "euc_jp", "utf-16")
_HEAD_BYTES = 4096
_FOREIGN = 40
"""From so many characters beyond ASCII on, a text without any kana is mojibake."""


def decode(body: bytes) -> tuple[str, str]:
    """The text and the codec it was read with.

    UTF-8 is tried first whatever the page declares, because Japanese in another code is never valid UTF-8.

    Raises:
        Garbled: no code gives Japanese text.
    """
    for mark, codec in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if body.startswith(mark):
            return _certain(body, codec)
    if b"\x1b$" in body:
        return _certain(body, "iso2022_jp_ext")
    tried = [(text, codec) for codec in _order(body) if (text := _try(body, codec)) is not None]
    sound = [(text, codec) for text, codec in tried if _is_japanese(text)]
    if not sound:
        raise Garbled("no code gives Japanese text")
    declared = _declared(body)
    for text, codec in sound:
        if codec in ("utf-8", declared):
            return text, codec
    return max(sound, key=lambda each: _kana_share(each[0]))


def _certain(body: bytes, codec: str) -> tuple[str, str]:
    text = _try(body, codec)
    if text is None or not _is_japanese(text):
        raise Garbled(f"says it is {codec} and is not")
    return text, codec


def _order(body: bytes) -> tuple[str, ...]:
    declared = (_declared(body),) if _declared(body) else ()
    return tuple(dict.fromkeys(("utf-8", *declared, *_CANDIDATES[:2])))


def _declared(body: bytes) -> str:
    """The codec a page's own head names, "" = none that we know."""
    found = _DECLARED.search(body[:_HEAD_BYTES])
    if found is None:
        return ""
    name = found[1].decode("ascii").lower()
    if name in _SHIFT_JIS:
        return "cp932"
    try:
        info = codecs.lookup(name)
    except LookupError:
        return ""
    return info.name.replace("-", "_") if info.name.startswith("euc") else info.name


def _try(body: bytes, codec: str) -> str | None:
    try:
        return body.decode(codec)
    except (UnicodeError, LookupError):
        return None


def _kana_share(text: str) -> float:
    """Kana (not half-width: mojibake is full of it) among the characters beyond ASCII; 1 = none beyond."""
    foreign = sum(1 for char in text if char > "\x7f")
    kana = sum(1 for char in text if "\u3041" <= char <= "\u30f6")
    return kana / foreign if foreign else 1.0


def _is_japanese(text: str) -> bool:
    foreign = sum(1 for char in text if char > "\x7f")
    return foreign < _FOREIGN or _kana_share(text) > 0.02  # noqa: PLR2004 - forms are nearly all kanji
