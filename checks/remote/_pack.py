"""SoftEther's first exchange: a client's signature by HTTP, answered by a PACK that names the product.

A PACK is a counted list of named elements, each a counted list of values of one type (SoftEther VPN's source,
Mayaqua Pack.c). Numbers are big-endian.
"""

from dataclasses import dataclass

from auditor.api import Dial, Gateway
from checks.remote import _web
from checks.remote._wire import ANSWERED, WRONG_SERVICE

MOST_ELEMENTS = 64
MOST_VALUES = 64
MOST_NAME = 63
MOST_TEXT = 128
INT, DATA, STR, USTR, INT64 = range(5)
OK = 200

Value = int | bytes


class NotPack(Exception):  # noqa: N818 - a finding about the other side
    """What arrives is no PACK, or not a server's hello."""


@dataclass(frozen=True, slots=True)
class Hello:
    """What a server says of itself: its product in words, its version times 100, its build."""

    product: str
    version: int
    build: int


@dataclass(slots=True)
class _Reader:
    body: bytes
    at: int = 0

    def take(self, size: int) -> bytes:
        part = self.body[self.at : self.at + size]
        if len(part) != size:
            raise NotPack("cut short")
        self.at += size
        return part

    def number(self, most: int, size: int = 4) -> int:
        found = int.from_bytes(self.take(size))
        if found > most:
            raise NotPack("too many or too long")
        return found


def elements(body: bytes) -> dict[str, tuple[Value, ...]]:
    """The elements by name; text is bytes as it came.

    Raises:
        NotPack: anything that is not exactly one PACK, or two elements of one name.
    """
    reader = _Reader(body)
    found: dict[str, tuple[Value, ...]] = {}
    for _ in range(reader.number(MOST_ELEMENTS)):
        size = reader.number(MOST_NAME + 1) - 1  # the terminating zero is counted and not sent
        if size < 1:
            raise NotPack("an element without a name")
        name = reader.take(size).decode("latin-1")
        kind = reader.number(INT64)
        if name in found:
            raise NotPack("two elements of one name")
        found[name] = tuple(_value(reader, kind) for _ in range(reader.number(MOST_VALUES)))
    if reader.at != len(body):
        raise NotPack("bytes left over")
    return found


def _value(reader: _Reader, kind: int) -> Value:
    if kind == INT:
        return reader.number(0xFFFFFFFF)
    if kind == INT64:
        return reader.number(0xFFFFFFFFFFFFFFFF, 8)
    return reader.take(reader.number(len(reader.body)))


def hello(body: bytes) -> Hello:
    """The hello in a PACK.

    Raises:
        NotPack: there is none.
    """
    found = elements(body)
    match found.get("hello"), found.get("version"), found.get("build"):
        case (bytes(words),), (int(version),), (int(build),) if "random" in found:
            text = words.decode("latin-1")
            if not text.isascii() or not text.isprintable() or not 1 <= len(text) <= MOST_TEXT:
                raise NotPack("a product that is no text")
            return Hello(text, version, build)
    raise NotPack("no hello")


def ask(gateway: Gateway, dial: Dial, wait_s: float) -> tuple[Hello, float]:
    """A server's hello, and the milliseconds until its first word.

    Raises:
        NotPack: another service answers.
        NoPage: none does.
        Unreached: no connection.
    """
    asked = _web.request(gateway, "POST", "/vpnsvc/connect.cgi", b"VPNCONNECT", Content_Type="image/jpeg")
    page = _web.exchange(gateway, dial, asked, wait_s)
    if page.status != OK or not page.whole:
        raise NotPack(f"HTTP {page.status}")
    return hello(page.body), page.took_ms


def alive(gateway: Gateway, dial: Dial, wait_s: float) -> tuple[str, float]:
    """The outcome of one such exchange, and the milliseconds until the server's first word.

    Raises:
        Unreached: no connection.
    """
    try:
        return ANSWERED, ask(gateway, dial, wait_s)[1]
    except _web.NoPage as error:
        return error.outcome, 0.0
    except NotPack:
        return WRONG_SERVICE, 0.0
