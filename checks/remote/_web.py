"""One HTTP exchange over TLS with an entrance, by hand, so that every byte and every second is counted.

Whether the certificate is trusted is RA-05's matter: an entrance with a bad one still has to be described,
and nothing secret is sent. What the server wants of our certificate is seen in the clear part of TLS up to
1.2 (RFC 5246 §7.4.4); TLS 1.3 hides it, unless the server gives up for want of one (RFC 8446 §6.2).
"""

import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

from auditor.api import Dial, Gateway, Reason
from checks.remote import _hello
from checks.remote._http import BadHttp, body_of, head_of, written
from checks.remote._trust import ANYTHING
from checks.remote._wire import CLOSED, WRONG_SERVICE, Ended, Left, send, some, within

MOST_BYTES = 256 * 1024
CHUNK = 16 * 1024
HTTPS = 443
NONE, REQUESTED, REQUIRED, UNSEEN = "none", "requested", "required", "unseen"
WANTED = (NONE, REQUESTED, REQUIRED, UNSEEN)
"""What the server wants of a client's certificate; `REQUIRED` = it gave up because we sent none."""

AGENT = "AnyConnect-compatible telework-auditor"
"""Appliances answer clients of their own kind only; the rest of the name says who asks."""

T = TypeVar("T")


class NoPage(Exception):  # noqa: N818 - an outcome
    """No HTTP reply: `outcome` is silent, closed or wrong_service, `certificate` one of `WANTED`.

    `took_ms` = until the server's first word, connect included, 0 = it said none.
    """

    def __init__(self, outcome: str, certificate: str, took_ms: float, note: str) -> None:
        super().__init__(outcome, certificate, note)
        self.outcome = outcome
        self.certificate = certificate
        self.took_ms = took_ms
        self.note = note[:200]

    @property
    def reason(self) -> Reason:
        """What it means for a fact: nobody answered, or somebody else did."""
        return Reason.WRONG_SERVICE if self.outcome == WRONG_SERVICE else Reason.NO_ANSWER


@dataclass(frozen=True, slots=True)
class Page:
    """A reply. `whole` = all of its body; `took_ms` = until the server's first word, connect included."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool
    certificate: str
    took_ms: float


def request(gateway: Gateway, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """The bytes of a request that keeps nothing open; "_" in a header's name stands for "-"."""
    host = written(gateway.server_name or gateway.host)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {host}" if gateway.port == HTTPS else f"Host: {host}:{gateway.port}",
        *(f"{name}: {value}" for name, value in {"User-Agent": AGENT, "Accept": "*/*", **named}.items()),
        *([f"Content-Length: {len(body)}"] if body else []),
        "Connection: close",
    ]
    return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body


@lru_cache(maxsize=2)
def _context(*, clear: bool) -> ssl.SSLContext:
    """A client that takes any certificate and any version; `clear` = none that hides the handshake."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    made.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    made.set_ciphers(ANYTHING)
    if clear:
        made.maximum_version = ssl.TLSVersion.TLSv1_2
    return made


@dataclass(slots=True)
class _Tunnel:
    """TLS in memory over one connection, whose first bytes are kept to be looked at."""

    tls: ssl.SSLObject
    incoming: ssl.MemoryBIO
    outgoing: ssl.MemoryBIO
    read: Callable[[], bytes]
    write: Callable[[bytes], None]
    heard: bytearray = field(default_factory=bytearray)
    first_at: float = 0.0
    done: bool = False

    def run(self, step: Callable[[], T]) -> T:
        """Do `step`, moving bytes as long as it wants more.

        Raises:
            Ended: silent or closed, or more bytes than any page needs.
            ssl.SSLError: TLS failed.
        """
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                self._flush()
                self._feed()
            except ssl.SSLError:
                self._flush()
                raise
            else:
                self._flush()
                return result

    def _flush(self) -> None:
        if self.outgoing.pending:
            self.write(self.outgoing.read())

    def _feed(self) -> None:
        chunk = self.read()
        self.first_at = self.first_at or time.monotonic()
        self.heard += chunk
        if len(self.heard) > MOST_BYTES:
            raise Ended(WRONG_SERVICE)
        self.incoming.write(chunk)

    def certificate(self, error: Exception | None = None) -> str:
        """What the server wants of our certificate, as far as it can be seen; `error` = what ended it all."""
        kinds = _hello.kinds_in(bytes(self.heard))
        asked = _hello.CERTIFICATE_REQUEST in kinds
        if isinstance(error, ssl.SSLError) and "CERTIFICATE_REQUIRED" in (error.reason or ""):
            return REQUIRED
        gave_up = isinstance(error, ssl.SSLError) or (isinstance(error, Ended) and error.outcome == CLOSED)
        if asked:
            return REQUIRED if gave_up and not self.done else REQUESTED
        hidden = self.tls.version() in (None, "TLSv1.3") or _hello.CERTIFICATE not in kinds
        return UNSEEN if hidden else NONE


def exchange(gateway: Gateway, dial: Dial, asked: bytes, wait_s: float, *, clear: bool = False) -> Page:
    """One connection, one request, one reply.

    `clear` = up to TLS 1.2 first, so that what the server wants of our certificate is seen; a second
    connection only where it speaks nothing but TLS 1.3.

    Raises:
        NoPage: it stopped, or what answers is not HTTP over TLS.
        Unreached: no connection.
    """
    if clear:
        try:
            return _once(gateway, dial, asked, wait_s, _context(clear=True))
        except NoPage as error:
            if error.outcome != CLOSED or error.certificate != UNSEEN:
                raise
    return _once(gateway, dial, asked, wait_s, _context(clear=False))


def _once(gateway: Gateway, dial: Dial, asked: bytes, wait_s: float, how: ssl.SSLContext) -> Page:
    with dial.tcp(gateway.host, gateway.port, wait_s=wait_s) as stream:
        left: Left = within(dial, wait_s)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tunnel = _Tunnel(
            tls=how.wrap_bio(incoming, outgoing, server_hostname=gateway.server_name or gateway.host),
            incoming=incoming,
            outgoing=outgoing,
            read=lambda: some(stream.sock, CHUNK, left),
            write=lambda words: send(stream.sock, words, left),
        )
        began = time.monotonic()

        def took_ms() -> float:
            return (stream.took_s + tunnel.first_at - began) * 1000 if tunnel.first_at else 0.0

        try:
            tunnel.run(tunnel.tls.do_handshake)
            tunnel.done = True
            with suppress(Ended):  # it may have said why before it stopped listening
                tunnel.run(lambda: tunnel.tls.write(asked))
            status, headers, body, whole = _reply(tunnel)
        except Ended as end:
            note = f"{end.outcome} after {tunnel.tls.version() or 'no TLS'}"
            raise NoPage(end.outcome, tunnel.certificate(end), took_ms(), note) from None
        except ssl.SSLError as error:
            told = "ALERT" in (error.reason or "")
            outcome = CLOSED if told or tunnel.done else WRONG_SERVICE
            raise NoPage(outcome, tunnel.certificate(error), took_ms(), error.reason or "TLS") from None
        except BadHttp as error:
            raise NoPage(WRONG_SERVICE, tunnel.certificate(), took_ms(), str(error)) from None
        return Page(status, headers, body, whole, tunnel.certificate(), took_ms())


def _reply(tunnel: _Tunnel) -> tuple[int, Mapping[str, str], bytes, bool]:
    """Status, headers and body; a body that ends with the connection is whole where no length was told.

    Raises:
        BadHttp: what comes is no HTTP reply.
        Ended: nothing came, or not even a whole head.
        ssl.SSLError: TLS failed.
    """
    heard = bytearray()
    ended = False
    while True:
        head = head_of(bytes(heard))
        if head is not None:
            found = body_of(head, head.rest, ended=ended)
            if found is not None:
                return head.status, head.headers, *found
        elif ended:
            raise Ended(CLOSED)
        try:
            chunk = tunnel.run(lambda: tunnel.tls.read(CHUNK))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            chunk = b""
        except Ended as end:
            if head is None or end.outcome != CLOSED:
                raise
            chunk = b""
        ended = not chunk
        heard += chunk
