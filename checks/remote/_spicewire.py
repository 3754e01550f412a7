"""SPICE's link: the server's capabilities, and whether an empty ticket opens it (SPICE protocol, "link").

The link asks for the inputs channel of a session that does not exist. A server looks at the ticket first: it
denies the wrong one, and only where it takes it says that there is no such session. So nothing is opened, and
nobody who is connected loses their screen, as they would by a link for the main channel.
"""

import secrets
import socket
import time
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from auditor.api import Dial, Gateway, Unreached
from checks.remote._inside import inside_tls
from checks.remote._wire import (
    ANSWERED,
    CLOSED,
    WRONG_SERVICE,
    Ended,
    Left,
    exactly,
    outcome_of,
    send,
    within,
)

MAGIC = b"REDQ"
MAJOR, MINOR = 2, 2
INPUTS = 3
BODY_FIXED, HEAD = 18, 16
KEY_BYTES = 162
REPLY_FIXED = 4 + KEY_BYTES + 12
MOST_REPLY = 4096
AUTH_SELECTION, AUTH_SPICE, AUTH_SASL = 1, 2, 4
OK, NEED_SECURED, PERMISSION_DENIED, BAD_CONNECTION = 0, 5, 7, 8
MOST_CODE = 64
EMPTY_TICKET = b"\0"
_OAEP = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303 - the protocol's own


class NotSpice(Exception):  # noqa: N818 - a finding about the other side
    """What arrives is not SPICE."""


@dataclass(frozen=True, slots=True)
class Link:
    """The answer to a link: `error` 0 = accepted so far; `caps` = common ones; `key` = DER, b"" = none."""

    error: int
    caps: int
    key: bytes


def link_message() -> bytes:
    """The client's first message."""
    body = _le(1 + secrets.randbelow(2**31 - 1)) + bytes([INPUTS, 0]) + _le(1) + _le(0) + _le(BODY_FIXED)
    body += _le(AUTH_SELECTION | AUTH_SPICE)
    return MAGIC + _le(MAJOR) + _le(MINOR) + _le(len(body)) + body


def _le(value: int) -> bytes:
    return value.to_bytes(4, "little")


def linked(sock: socket.socket, left: Left) -> Link:
    """Link, and read the answer.

    Raises:
        NotSpice: something else answers.
        Ended: silent or closed.
    """
    send(sock, link_message(), left)
    if exactly(sock, len(MAGIC), left) != MAGIC:
        raise NotSpice
    head = exactly(sock, HEAD - len(MAGIC), left)
    major, _, size = (int.from_bytes(head[at : at + 4], "little") for at in (0, 4, 8))
    if major != MAJOR or not 4 <= size <= MOST_REPLY:  # noqa: PLR2004 - the error code at least
        raise NotSpice
    return link_in(exactly(sock, size, left))


def link_in(reply: bytes) -> Link:
    """The content of a link reply.

    Raises:
        NotSpice: it is none.
    """
    error = int.from_bytes(reply[:4], "little")
    if error:
        if error > MOST_CODE:
            raise NotSpice
        return Link(error, 0, b"")
    if len(reply) < REPLY_FIXED:
        raise NotSpice
    key = reply[4 : 4 + KEY_BYTES]
    numbers = reply[4 + KEY_BYTES : REPLY_FIXED]
    common, channel, at = (int.from_bytes(numbers[skip : skip + 4], "little") for skip in (0, 4, 8))
    if at < REPLY_FIXED or at + 4 * (common + channel) > len(reply):
        raise NotSpice
    return Link(OK, int.from_bytes(reply[at : at + 4], "little") if common else 0, key)


def ticket_result(sock: socket.socket, link: Link, left: Left) -> int:
    """The server's code for an empty ticket.

    Raises:
        NotSpice: its key is none of the protocol's.
        Ended: silent or closed.
    """
    try:
        key = load_der_public_key(link.key)
    except (ValueError, UnsupportedAlgorithm):
        raise NotSpice from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size != 1024:  # noqa: PLR2004 - fixed by the protocol
        raise NotSpice
    chosen = _le(1) if link.caps & AUTH_SELECTION else b""  # SPICE's own way
    send(sock, chosen + key.encrypt(EMPTY_TICKET, _OAEP), left)
    return int.from_bytes(exactly(sock, 4, left), "little")


def ask(gateway: Gateway, dial: Dial, wait_s: float) -> tuple[str, float]:
    """One link without a ticket, and once more inside of TLS where the plain one is not taken.

    Its outcome, and the milliseconds until the answer (0 unless answered).
    """
    outcome = CLOSED
    for secured in (False, True):
        try:
            with dial.tcp(gateway.host, gateway.port, wait_s=wait_s) as stream:
                began, left = time.monotonic(), within(dial, wait_s)
                if secured:
                    with inside_tls(stream.sock, gateway.server_name or gateway.host, left) as inside:
                        linked(inside, left)
                else:
                    linked(stream.sock, left)
                return ANSWERED, (stream.took_s + time.monotonic() - began) * 1000
        except Unreached as error:
            return outcome_of(error), 0.0
        except Ended as end:
            outcome = end.outcome
        except NotSpice:
            outcome = WRONG_SERVICE
    return outcome, 0.0
