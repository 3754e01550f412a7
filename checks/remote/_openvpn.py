"""OpenVPN's first exchange, without keys: a client's hard reset and the server's (wire protocol, section 3).

A reset opens no session: the server forgets it when the TLS handshake it announces does not follow. Servers
that wrap their control channel (tls-auth, tls-crypt) drop a reset without the key: silence over UDP, the end
of the connection over TCP. Both can mean many other things, so neither says that the server is down.
"""

import secrets
import time

from auditor.api import Dial, Gateway, Unreached
from checks.remote._wire import ANSWERED, WRONG_SERVICE, Ended, exactly, outcome_of, send, within

RESET_CLIENT_V2 = 7
REPLIES = (8, 5)
"""A server's hard reset (V2), or its bare acknowledgement (V1) where it is busy with another client."""

SESSION_BYTES = 8
LEAST_REPLY = 22  # opcode, session, count, one acknowledged id, our session
MOST_REPLY = 1500
MOST_ACKS = 8


def hard_reset(session: bytes) -> bytes:
    """The packet that a client without wrapping keys begins with."""
    return bytes([RESET_CLIENT_V2 << 3]) + session + b"\0" + b"\0\0\0\0"


def is_reply(packet: bytes, session: bytes) -> bool:
    """True for an answer that names our session; only who read our reset as one can know it."""
    if not LEAST_REPLY <= len(packet) <= MOST_REPLY or packet[0] >> 3 not in REPLIES:
        return False
    acks = packet[1 + SESSION_BYTES]
    at = 2 + SESSION_BYTES + 4 * acks
    return 1 <= acks <= MOST_ACKS and packet[at : at + SESSION_BYTES] == session


def ask(gateway: Gateway, dial: Dial, wait_s: float) -> tuple[str, float]:
    """One reset: its outcome, and the milliseconds the way took (0 unless answered).

    Over UDP that is the time until the answer, over TCP the connect's, as for any other service.
    """
    session = secrets.token_bytes(SESSION_BYTES)
    try:
        if gateway.transport == "udp":
            began = time.monotonic()
            reply = dial.udp(gateway.host, gateway.port, hard_reset(session), attempts=3, wait_s=wait_s / 3)
            took_s = time.monotonic() - began
        else:
            reply, took_s = _over_tcp(gateway, dial, session, wait_s)
    except Unreached as error:
        return outcome_of(error), 0.0
    except Ended as end:
        return end.outcome, 0.0
    return (ANSWERED, took_s * 1000) if is_reply(reply, session) else (WRONG_SERVICE, 0.0)


def _over_tcp(gateway: Gateway, dial: Dial, session: bytes, wait_s: float) -> tuple[bytes, float]:
    """The reply, b"" where what came is no such packet, and the seconds that the connect took.

    Over TCP each packet stands behind its length in two bytes (a first letter is enough to tell most others).
    """
    packet = hard_reset(session)
    with dial.tcp(gateway.host, gateway.port, wait_s=wait_s) as stream:
        left = within(dial, wait_s)
        send(stream.sock, len(packet).to_bytes(2) + packet, left)
        head = exactly(stream.sock, 3, left)
        size = int.from_bytes(head[:2])
        if head[2] >> 3 not in REPLIES or not LEAST_REPLY <= size <= MOST_REPLY:
            return b"", 0.0
        return head[2:] + exactly(stream.sock, size - 1, left), stream.took_s
