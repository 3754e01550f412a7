"""RFB (VNC) up to the choice of security: what a server would accept, without trying any of it.

RFC 6143 §7.1.1, §7.1.2; VeNCrypt is security type 19 of the community's RFB protocol description. The server
speaks first; one that says nothing may be RFB inside of TLS, where the client does, so it is asked that once.
"""

import re
import socket
import time
from dataclasses import dataclass

from auditor.api import Dial, Gateway, Unreached
from checks.remote._inside import inside_tls
from checks.remote._wire import (
    ANSWERED,
    CLOSED,
    WRONG_SERVICE,
    Ended,
    Foreign,
    Left,
    TurnedAway,
    exactly,
    outcome_of,
    send,
    within,
)

VERSION = re.compile(rb"RFB (\d{3})\.(\d{3})\n")
VERSION_BYTES = 12
NEWEST = (3, 8)
OLDEST_WITH_LIST = (3, 7)
OLDEST = (3, 3)
MOST_REASON = 1024
SILENCE_S = 1.5
NONE, VNC_AUTH, VENCRYPT = 1, 2, 19
VENCRYPT_VERSION = b"\0\2"
X509_TLS = (262, 261, 260, 264)
"""VeNCrypt with a certificate: with user and password, with a password, with nothing, with SASL."""
ANONYMOUS_TLS = (259, 258, 257, 263)


class NotRfb(Foreign):
    """What arrives is not RFB."""


@dataclass(frozen=True, slots=True)
class Security:
    """What a server offers: security types, and the VeNCrypt subtypes behind type 19 (() = not offered).

    `wrapped` = all of it was said inside of TLS.
    """

    version: tuple[int, int]
    types: tuple[int, ...]
    subtypes: tuple[int, ...]
    wrapped: bool


def silent(sock: socket.socket, left: Left) -> bool:
    """True when the server waits for the client's words, as RFB never does.

    Raises:
        Ended: closed.
    """
    sock.settimeout(max(0.001, min(SILENCE_S, left())))
    try:
        if sock.recv(1, socket.MSG_PEEK):
            return False
    except TimeoutError:
        return True
    except OSError:
        pass
    raise Ended(CLOSED)


def greeted(sock: socket.socket, left: Left) -> tuple[int, int]:
    """The version a server greets with.

    Raises:
        NotRfb: it says something else.
        Ended: it says nothing, or closes.
    """
    heard = b""
    while len(heard) < VERSION_BYTES:
        heard += exactly(sock, 1 if len(heard) < len(b"RFB ") else VERSION_BYTES - len(heard), left)
        if not heard.startswith(b"RFB "[: len(heard)]):
            raise NotRfb
    found = VERSION.fullmatch(heard)
    if found is None or (version := (int(found[1]), int(found[2]))) < OLDEST:
        raise NotRfb
    return version


def offered(sock: socket.socket, left: Left, *, wrapped: bool = False) -> Security:
    """Greet, and read what is offered.

    Raises:
        NotRfb, TurnedAway, Ended: it does not come to that.
    """
    version = greeted(sock, left)
    spoken = NEWEST if version >= NEWEST else OLDEST_WITH_LIST if version >= OLDEST_WITH_LIST else OLDEST
    send(sock, b"RFB %03d.%03d\n" % spoken, left)
    types = _types(sock, left) if spoken >= OLDEST_WITH_LIST else _only_type(sock, left)
    subtypes = _subtypes(sock, left) if VENCRYPT in types else ()
    return Security(version, types, subtypes, wrapped)


def _types(sock: socket.socket, left: Left) -> tuple[int, ...]:
    count = exactly(sock, 1, left)[0]
    if not count:
        raise TurnedAway(_reason(sock, left))
    return tuple(exactly(sock, count, left))


def _only_type(sock: socket.socket, left: Left) -> tuple[int, ...]:
    """Version 3.3: the server decides alone."""
    chosen = int.from_bytes(exactly(sock, 4, left))
    if not chosen:
        raise TurnedAway(_reason(sock, left))
    if chosen not in (NONE, VNC_AUTH):
        raise NotRfb
    return (chosen,)


def _reason(sock: socket.socket, left: Left) -> str:
    size = int.from_bytes(exactly(sock, 4, left))
    if size > MOST_REASON:
        raise NotRfb
    return exactly(sock, size, left).decode("ascii", "replace")[:100] if size else ""


def _subtypes(sock: socket.socket, left: Left) -> tuple[int, ...]:
    """Choose VeNCrypt, agree on version 0.2, read the list; no subtype is chosen."""
    send(sock, bytes([VENCRYPT]), left)
    if exactly(sock, 2, left) != VENCRYPT_VERSION:  # 0.1 of 2003 has another list; nobody speaks it any more
        raise NotRfb
    send(sock, VENCRYPT_VERSION, left)
    if exactly(sock, 1, left) != b"\0":
        raise NotRfb
    count = exactly(sock, 1, left)[0]
    listed = exactly(sock, 4 * count, left) if count else b""
    return tuple(int.from_bytes(listed[at : at + 4]) for at in range(0, len(listed), 4))


def upgraded(sock: socket.socket, left: Left) -> bool:
    """Choose a subtype with a certificate: True when TLS may follow, False when none is offered.

    Raises:
        NotRfb, TurnedAway, Ended: it does not come to that.
    """
    if silent(sock, left):
        return True
    security = offered(sock, left)
    chosen = next((subtype for subtype in X509_TLS if subtype in security.subtypes), None)
    if chosen is None:
        return False
    send(sock, chosen.to_bytes(4), left)
    if exactly(sock, 1, left) != b"\1":
        raise NotRfb
    return True


def ask(gateway: Gateway, dial: Dial, wait_s: float) -> tuple[str, float]:
    """One greeting: its outcome, and the milliseconds until it came (0 unless answered).

    The time that a silent server was waited for is not counted: it waited for us.
    """
    try:
        with dial.tcp(gateway.host, gateway.port, wait_s=wait_s) as stream:
            began, left = time.monotonic(), within(dial, wait_s)
            if silent(stream.sock, left):
                began = time.monotonic()
                with inside_tls(stream.sock, gateway.server_name or gateway.host, left) as inside:
                    greeted(inside, left)
            else:
                greeted(stream.sock, left)
            return ANSWERED, (stream.took_s + time.monotonic() - began) * 1000
    except Unreached as error:
        return outcome_of(error), 0.0
    except Ended as end:
        return end.outcome, 0.0
    except NotRfb:
        return WRONG_SERVICE, 0.0
