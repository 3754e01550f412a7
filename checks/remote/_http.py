"""HTTP/1.1 replies read from bytes that a stranger sent (RFC 9112): a head, and as much body as is wanted."""

from collections.abc import Mapping
from dataclasses import dataclass

MOST_HEAD = 16 * 1024
MOST_BODY = 64 * 1024
MOST_HEADERS = 100
MOST_CHUNK_LINE = 80
BARE = (204, 304)
"""Statuses that never have a body."""
INTERIM = (100, *range(102, 200))
"""Statuses that only say that the reply is still to come (RFC 9110 §15.2)."""
MOST_INTERIM = 8


def written(host: str) -> str:
    """A host as a request names it: an IPv6 address in brackets, without its zone, which is ours alone.

    RFC 9110 §7.2, RFC 3986 §3.2.2.
    """
    return f"[{host.partition('%')[0]}]" if ":" in host else host


class BadHttp(Exception):  # noqa: N818 - a finding about the other side
    """What arrives is not HTTP, or not in a way that is safe to read."""


@dataclass(frozen=True, slots=True)
class Head:
    """A reply's first part; header names in lower case, repeated ones joined. `rest` = what came after it."""

    status: int
    headers: Mapping[str, str]
    rest: bytes


def head_of(heard: bytes) -> Head | None:
    """The head of the reply itself, None = it is not complete yet; what only announces it is passed over.

    Raises:
        BadHttp: it is none, longer than allowed, or announced without end.
    """
    for _ in range(MOST_INTERIM + 1):
        head = _one_head(heard)
        if head is None or head.status not in INTERIM:
            return head
        heard = head.rest
    raise BadHttp("announced too often")


def _one_head(heard: bytes) -> Head | None:
    if not b"HTTP/1.".startswith(heard[:7]):
        raise BadHttp("not HTTP")
    end = heard.find(b"\r\n\r\n")
    if end < 0 or end > MOST_HEAD:
        if len(heard) > MOST_HEAD:
            raise BadHttp("head too long")
        return None
    first, *lines = heard[:end].decode("latin-1").split("\r\n")
    words = first.split(" ", 2)
    status = words[1] if len(words) > 1 else ""
    if words[0] not in ("HTTP/1.0", "HTTP/1.1") or len(status) != 3 or not _digits(status):  # noqa: PLR2004
        raise BadHttp("no status line")
    if len(lines) > MOST_HEADERS:
        raise BadHttp("too many headers")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise BadHttp("a header line that is none")
        key = name.lower()
        headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
    return Head(int(status), headers, heard[end + 4 :])


def body_of(head: Head, rest: bytes, *, ended: bool) -> tuple[bytes, bool] | None:
    """The body so far and whether it is whole; None = more has to be read first.

    A body longer than `MOST_BODY` is cut there and not whole. `ended` = the server closed.

    Raises:
        BadHttp: its framing is none, or says two things.
    """
    coding = head.headers.get("transfer-encoding", "").lower()
    length = head.headers.get("content-length", "")
    if coding and length:
        raise BadHttp("length and coding both")
    if head.status in BARE:
        return b"", True
    if coding:
        if coding != "chunked":
            raise BadHttp("unknown coding")
        body, done = _chunks(rest)
    elif length:
        if not _digits(length) or len(length) > 12:  # noqa: PLR2004 - a terabyte is no sign-in page
            raise BadHttp("no length")
        body, done = rest[: int(length)], len(rest) >= int(length)
    else:
        body, done = rest, ended
    if len(body) > MOST_BODY:
        return body[:MOST_BODY], False
    if done:
        return body, True
    return (body, False) if ended else None


def _chunks(rest: bytes) -> tuple[bytes, bool]:
    """What whole and begun chunks hold, and whether the last one has come (RFC 9112 §7.1)."""
    body = bytearray()
    at = 0
    while len(body) <= MOST_BODY:
        end = rest.find(b"\r\n", at, at + MOST_CHUNK_LINE)
        if end < 0:
            if len(rest) - at >= MOST_CHUNK_LINE:
                raise BadHttp("no chunk size")
            return bytes(body), False
        word = rest[at:end].split(b";")[0].strip().decode("latin-1")
        if not word or len(word) > 8 or not all(letter in "0123456789abcdefABCDEF" for letter in word):  # noqa: PLR2004
            raise BadHttp("no chunk size")
        size = int(word, 16)
        if not size:
            return bytes(body), True
        body += rest[end + 2 : end + 2 + size]
        at = end + 2 + size
        if len(rest) < at + 2:
            return bytes(body), False
        if rest[at : at + 2] != b"\r\n":
            raise BadHttp("a chunk longer than told")
        at += 2
    return bytes(body), False


def _digits(text: str) -> bool:
    """True for ASCII digits only (`str.isdigit` takes others too)."""
    return text.isascii() and text.isdigit()
