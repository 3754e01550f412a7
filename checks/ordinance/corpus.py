"""The ordinance collection a town exported: every file read, none judged; the lines are kept as evidence."""

import re
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import msgspec

from auditor.api import Answer, Documents, Folder, Garbled, NotKnown, Reason, Unreached, fact, probe
from checks.ordinance._charset import decode
from checks.ordinance._html import html_page
from checks.ordinance._provisions import Document
from checks.ordinance._reader import documents_of
from checks.ordinance._text import LOST, Line, Page, Role, plain_page
from checks.ordinance._zipped import members

MAX_ANSWER = 8 * 1024 * 1024
MAX_PLAIN = 96 * 1024 * 1024
MAX_CHARS = 24 * 1024 * 1024
"""Characters of the whole collection; what lies beyond is named as not read."""

_HEAD = re.compile(r"((?:.*/)?)head/head([^/]+)")
_BODY = re.compile(r"[a-z][0-9]{3}rg[0-9]{8}\.html?|[0-9a-z]{4,30}_j\.html?|content[0-9a-z]+\.html?")
"""Names that the publishers give the page of an ordinance, lower case."""

_HTML = ("html", "htm", "xhtml")
_PLAIN = ("txt", "text", "")
_SILENT = ("css", "js", "map", "ico", "woff", "woff2", "ttf", "db", "ini", "url")
_PICTURES = ("png", "gif", "jpg", "jpeg", "bmp", "svg", "tif", "tiff", "webp")


class _File(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """One file: its lines, each after one character for its role, or (`fault`) why there are none."""

    name: str
    fault: str = ""
    title: str = ""
    codec: str = ""
    links_only: bool = False
    mentions: list[str] = []
    lines: list[str] = []


class _Kept(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """What is kept: how many ordinances the town says there are, and the files."""

    declared: int | None
    files: list[_File]


@dataclass(frozen=True, slots=True)
class Ordinances:
    """A collection: every text of it, and the names of files that could not be read (or not wholly).

    A text that is no ordinance (a form on its own, a list) is searched and not counted. `declared` = how many
    ordinances the whole collection has by the town's word, None = nobody told.
    """

    documents: tuple[Document, ...]
    unread: tuple[str, ...]
    declared: int | None = None

    @property
    def count(self) -> int:
        """How many of the texts are ordinances."""
        return sum(document.is_ordinance for document in self.documents)

    @property
    def different(self) -> int:
        """How many different ordinances there are: a copy fills no gap."""
        ordinances = (document for document in self.documents if document.is_ordinance)
        return len({(one.title, one.enacted, one.number) for one in ordinances})


@probe("ordinance.lines", kind="ordinances")
def read_folder(documents: Documents, folder: Folder) -> bytes:
    """Every file of the folder as lines, compressed (a town's whole collection is some 10 MB of text)."""
    names = [name for name in folder.names() if not _is_silent(name)]
    if not names:
        raise NotKnown(Reason.NOT_COLLECTED, f"no files in the folder of {documents.id}")
    left = MAX_CHARS
    rows: list[_File] = []
    for name in names:
        for row in _rows(name, folder, left):
            left -= sum(map(len, row.lines))
            rows.append(row)
    packed = zlib.compress(msgspec.json.encode(_Kept(documents.count, rows)), 6)
    if len(packed) > MAX_ANSWER:
        raise NotKnown(Reason.NOT_MEASURABLE, "more text than one answer may hold")
    return packed


def _is_silent(name: str) -> bool:
    return name.rpartition("/")[2].startswith(".") or _suffix(name) in _SILENT


def _suffix(name: str) -> str:
    base = name.rpartition("/")[2]
    return base.rpartition(".")[2].lower() if "." in base else ""


def _rows(name: str, folder: Folder, left: int) -> Iterator[_File]:
    """The rows of a file; a zip has one for each file in it."""
    suffix = _suffix(name)
    if suffix not in (*_HTML, *_PLAIN, "zip"):
        yield _unreadable(name)
        return
    try:
        body = folder.read(name)
        if suffix != "zip":
            yield _row(name, body, left)
            return
        for inner, content in members(body):
            if not _is_silent(inner):
                row = _member(f"{name}/{inner}", content, left)
                left -= sum(map(len, row.lines))
                yield row
    except Unreached as error:
        yield _File(name, fault=error.reason.value)
    except Garbled as error:
        yield _File(name, fault=error.note or "garbled")


def _unreadable(name: str) -> _File:
    return _File(name, fault="picture" if _suffix(name) in _PICTURES else "format")


def _member(name: str, content: bytes | None, left: int) -> _File:
    if content is None:
        return _File(name, fault="too much text")
    if _suffix(name) not in (*_HTML, *_PLAIN):
        return _unreadable(name)
    try:
        return _row(name, content, left)
    except Garbled as error:
        return _File(name, fault=error.note or "garbled")


def _row(name: str, body: bytes, left: int) -> _File:
    text, codec = decode(body)
    page = html_page(text) if _suffix(name) in _HTML else plain_page(text)
    if len(text) > left:
        return _File(name, fault="too much text")
    lost = LOST in text or any(LOST in line.text for line in page.lines)
    fault = "lost characters" if lost else "" if page.lines or "<frame" in text.lower() else "empty"
    lines = [(line.role.value or " ") + line.text for line in page.lines]
    return _File(name, fault, page.title, codec, page.links_only, sorted(page.mentions), lines)


@fact("ordinance.texts", probe=read_folder)
def ordinances(answer: Answer) -> Ordinances:
    """The provisions of every file; a picture or form file that a page shows in its own place is no gap."""
    kept = _unpacked(answer.body)
    read = kept.files
    rows = {row.name: row for row in read}
    if len(rows) < len(read):
        raise Garbled("a file is there twice")
    heads = {body: head for head in rows if (body := _body_of(head)) in rows}
    joined = frozenset(heads.values())
    documents: list[Document] = []
    shown: set[str] = set()
    for row in rows.values():
        if row.name in joined:
            continue
        found = documents_of(row.name, _page(row, rows.get(heads.get(row.name, ""))))
        if row.links_only:
            found = tuple(each for each in found if each.is_ordinance)
        documents += found
        if any(not form.readable for each in found for form in each.forms):
            shown.update(name for name in row.mentions if _suffix(name) not in (*_HTML, *_PLAIN))
    unread = tuple(row.name for row in rows.values() if row.fault and _base(row.name) not in shown)
    return Ordinances(tuple(documents), (*unread, *_missing(rows.values())), kept.declared)


def _body_of(name: str) -> str:
    """The page that a head frame belongs to (joureikun: act/head/head9.htm, act/content/content9.htm)."""
    found = _HEAD.fullmatch(name)
    return f"{found[1]}content/content{found[2]}" if found else ""


def _missing(rows: Collection[_File]) -> tuple[str, ...]:
    """Ordinances that a table of contents or a frame names and the folder has not: it was cut off."""
    there = {_base(row.name) for row in rows}
    named = {
        mention
        for row in rows
        if not row.fault
        for mention in row.mentions
        if (row.links_only and _BODY.fullmatch(mention)) or (not row.lines and _suffix(mention) in _HTML)
    }
    return tuple(sorted(named - there))


def _base(name: str) -> str:
    return name.rpartition("/")[2].lower()


def _page(row: _File, head: _File | None) -> Page:
    both = (*(head.lines if head else ()), *row.lines)
    lines = (Line(Role(line[:1].strip()), line[1:]) for line in both if line)
    seen = tuple(line for line in lines if not (row.links_only and line.role is Role.IMAGE))
    return Page(row.title, seen, frozenset(row.mentions), row.links_only)


def _unpacked(body: bytes) -> _Kept:
    unzip = zlib.decompressobj()
    try:
        plain = unzip.decompress(body, MAX_PLAIN)
        if not unzip.eof:
            raise Garbled("cut off, or larger than any collection")
        return msgspec.json.decode(plain, type=_Kept)
    except (zlib.error, msgspec.DecodeError, ValueError) as error:
        raise Garbled(f"not what the probe writes: {error}"[:200]) from None
