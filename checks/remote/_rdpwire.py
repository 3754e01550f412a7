"""RDP's first exchange: what the client asks for and what the server picks, in one packet each.

A connection request opens no session: nothing is kept when the connection then ends. [MS-RDPBCGR] 2.2.1.1,
2.2.1.2 (negotiation), RFC 1006 §6 (TPKT), ITU-T X.224 class 0.
"""

import socket
import time
from dataclasses import dataclass

from auditor.api import Dial, Gateway, NotKnown, Reason, Unreached
from checks.remote._wire import (
    ANSWERED,
    WRONG_SERVICE,
    Ended,
    Foreign,
    Left,
    exactly,
    outcome_of,
    send,
    within,
)

TLS, NLA, EARLY = 1, 2, 8
"""requestedProtocols: PROTOCOL_SSL, PROTOCOL_HYBRID, PROTOCOL_HYBRID_EX. 0 is RDP's own old security.

Bit 16 (PROTOCOL_RDSAAD) is never set: a server may answer it with the end of the connection.
"""
REQUEST, CONFIRM = 0xE0, 0xD0
NEGOTIATION_REQUEST, NEGOTIATION_RESPONSE, NEGOTIATION_FAILURE = 1, 2, 3
TPKT_VERSION, TPKT_HEAD = 3, 4
MOST_PACKET = 16 * 1024
OUR_REFERENCE = 0
FIXED = 7
"""X.224: length, code, destination and source reference, class."""
NEGOTIATION = 8
PLAIN, SELECTED, FAILURE = "plain", "selected", "failure"
SSL_REQUIRED, SSL_NOT_ALLOWED, NO_CERTIFICATE, NLA_REQUIRED = 1, 2, 3, 5
"""Failure codes; the others are 4 (inconsistent flags) and 6 (TLS with the user's certificate required)."""


class NotRdp(Foreign):
    """What arrives is not RDP."""


@dataclass(frozen=True, slots=True)
class Confirm:
    """The server's answer: `plain` without a word on security (`value` 0), else its choice or its refusal."""

    kind: str
    value: int


def connection_request(protocols: int | None) -> bytes:
    """A request for these security protocols; None = as clients before 2003 asked, without naming any."""
    wanted = b""
    if protocols is not None:
        wanted = bytes([NEGOTIATION_REQUEST, 0, NEGOTIATION, 0]) + protocols.to_bytes(4, "little")
    body = bytes([REQUEST, 0, 0, 0, OUR_REFERENCE, 0]) + wanted
    return packed(bytes([len(body)]) + body)


def packed(body: bytes) -> bytes:
    """A TPKT around it."""
    return bytes([TPKT_VERSION, 0]) + (TPKT_HEAD + len(body)).to_bytes(2) + body


def unpacked(sock: socket.socket, left: Left) -> bytes:
    """The content of the next TPKT.

    Raises:
        NotRdp: it is none, or longer than any server needs here.
        Ended: silent or closed.
    """
    if exactly(sock, 1, left)[0] != TPKT_VERSION:
        raise NotRdp
    size = int.from_bytes(exactly(sock, 3, left)[1:]) - TPKT_HEAD
    if not 1 < size <= MOST_PACKET:
        raise NotRdp
    return exactly(sock, size, left)


def confirm_in(body: bytes) -> Confirm:
    """The connection confirm in a TPKT's content.

    Raises:
        NotRdp: anything else.
    """
    if len(body) not in (FIXED, FIXED + NEGOTIATION) or body[0] != len(body) - 1 or body[1] != CONFIRM:
        raise NotRdp
    if body[2:4] != bytes(2):  # the reference we called ourselves
        raise NotRdp
    if len(body) == FIXED:
        return Confirm(PLAIN, 0)
    kinds = {NEGOTIATION_RESPONSE: SELECTED, NEGOTIATION_FAILURE: FAILURE}
    if body[FIXED] not in kinds or body[FIXED + 2 : FIXED + 4] != bytes([NEGOTIATION, 0]):
        raise NotRdp
    return Confirm(kinds[body[FIXED]], int.from_bytes(body[FIXED + 4 :], "little"))


def asked(sock: socket.socket, protocols: int | None, left: Left) -> Confirm:
    """Ask once on a fresh connection.

    Raises:
        NotRdp: what answers is not RDP, or chose what was not offered.
        Ended: silent or closed.
    """
    send(sock, connection_request(protocols), left)
    confirm = confirm_in(unpacked(sock, left))
    if confirm.kind == SELECTED and confirm.value not in choices(protocols):
        raise NotRdp
    return confirm


def choices(protocols: int | None) -> tuple[int, ...]:
    """What a server may choose: one of the offered, or the old security."""
    return (0, *(bit for bit in (TLS, NLA, EARLY) if (protocols or 0) & bit))


def ask(gateway: Gateway, dial: Dial, wait_s: float) -> tuple[str, float]:
    """One exchange: its outcome, and the milliseconds until the answer (0 unless answered)."""
    try:
        with dial.tcp(gateway.host, gateway.port, wait_s=wait_s) as stream:
            left = within(dial, wait_s)
            began = time.monotonic()
            asked(stream.sock, TLS | NLA, left)
            return ANSWERED, (stream.took_s + time.monotonic() - began) * 1000
    except Unreached as error:
        return outcome_of(error), 0.0
    except Ended as end:
        return end.outcome, 0.0
    except NotRdp:
        return WRONG_SERVICE, 0.0


def upgraded(sock: socket.socket, left: Left) -> bool:
    """Ask for TLS (NLA runs inside of it): True when it may follow, False when it is declined.

    Declined is the old security chosen, and a refusal for want of TLS or of a certificate. Other refusals
    ask for more than we offered, or say that something else is wrong ([MS-RDPBCGR] 2.2.1.2.2).

    Raises:
        NotKnown: NOT_MEASURABLE, one of the other refusals.
        NotRdp: what answers is not RDP.
        Ended: silent or closed.
    """
    confirm = asked(sock, TLS | NLA, left)
    if confirm.kind == FAILURE and confirm.value not in (SSL_NOT_ALLOWED, NO_CERTIFICATE):
        raise NotKnown(Reason.NOT_MEASURABLE, f"the server refused TLS with failure {confirm.value}")
    return confirm.kind == SELECTED and confirm.value in (TLS, NLA)
