"""A session's beginning with an OpenVPN server: reset against reset, then TLS in numbered pieces.

A server drops what is not wrapped as it wants: silence over UDP, the end of the connection over TCP. Both can
mean many other things, so neither says that the server is down. No session is ever finished: it is broken off
before any login, with words that make the server forget it at once.
"""

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from auditor.api import Dial, Gateway, Unreached
from checks.remote._openvpnline import LEAST_PACKET, MOST_PACKET, Line, TcpLine, UdpLine
from checks.remote._openvpnwire import (
    ACK,
    CONTROL,
    CONTROL_WKC,
    RESET_CLIENT_V2,
    RESET_CLIENT_V3,
    RESET_SERVER_V2,
    SESSION_BYTES,
    Packet,
    Plain,
    TlsCrypt,
    Wrap,
    wants_key_again,
    wraps_of,
)
from checks.remote._wire import (
    ANSWERED,
    CLOSED,
    REFUSED,
    SILENT,
    WRONG_SERVICE,
    Ended,
    Left,
    outcome_of,
    within,
)

PIECE_BYTES = 1100
"""What goes into one packet, so that with every wrap it fits the smallest usual path."""
AGAIN_S = 0.6
"""Packets that were not acknowledged are sent again after so long."""
GIVEN_UP_S = 1.75
"""A server that has just answered our reset, and then says nothing to three sendings, has given us up."""
FIRST_PIECE_BYTES = 300
"""The first piece goes with the client's wrapped key, which may be 1024 bytes long itself."""
LEAST_ACKS = 4
"""As many acknowledgements fit into one packet for every server of the field."""
RESTART_S = 1.5
MOST_PACKETS = 512
MOST_AHEAD = 16
FATAL_ALERT = b"\x15\x03\x03\x00\x02\x02\x28"
"""TLS's fatal handshake_failure, in clear (RFC 8446 §6.2): it ends the server's side of the session."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A server that answered: over which line, wrapped how, with which packet, and after how many seconds."""

    line: Line
    wrap: Wrap
    session: bytes
    reply: Packet
    took_s: float


def wraps(gateway: Gateway, dial: Dial) -> tuple[Wrap, ...]:
    """The ways to speak to it: with the declared key, without one where none is declared.

    Raises:
        Unreached: the key file cannot be used.
        NotKnown: UNREADABLE, it holds no such key.
    """
    if not gateway.wrap:
        return (Plain(),)
    return wraps_of(gateway.wrap, dial.secret("wrap"), gateway.key_direction)


@contextmanager
def opened(gateway: Gateway, dial: Dial, tried: Sequence[Wrap], wait_s: float) -> Iterator[Opened]:
    """A session that a server has answered, with the first of the wraps that it understands.

    Over UDP all are sent at once, over TCP each on a connection of its own.

    Raises:
        Unreached: nothing came.
        Ended: closed without an answer, or what came is none.
    """
    resets = {secrets.token_bytes(SESSION_BYTES): wrap for wrap in tried}
    if gateway.transport == "udp":
        sealed = [_reset(wrap, session) for session, wrap in resets.items()]
        with dial.talk(gateway.host, gateway.port, *sealed, attempts=3, wait_s=wait_s / 3) as talk:
            reply = _told(resets, talk.first)
            if reply is None:
                raise Ended(WRONG_SERVICE)
            yield Opened(UdpLine(talk), *reply, talk.took_s)
        return
    for nth, (session, wrap) in enumerate(resets.items(), 1):
        with dial.tcp(gateway.host, gateway.port, wait_s=wait_s) as stream:
            line = TcpLine(stream.sock, within(dial, 2 * wait_s))  # the reset, and what is said after it
            try:
                line.put(_reset(wrap, session))
                data = line.take(wait_s)
            except Ended as end:
                if end.outcome == CLOSED and nth < len(resets):
                    continue
                raise
            if data is None:
                raise Ended(SILENT)
            reply = _told({session: wrap}, data)
            if reply is None:
                raise Ended(WRONG_SERVICE)
            yield Opened(line, *reply, stream.took_s)
            return


def _reset(wrap: Wrap, session: bytes) -> bytes:
    newer = isinstance(wrap, TlsCrypt) and bool(wrap.wrapped_key)
    return wrap.seal(Packet(RESET_CLIENT_V3 if newer else RESET_CLIENT_V2, session, number=0))


def _told(resets: dict[bytes, Wrap], data: bytes) -> tuple[Wrap, bytes, Packet] | None:
    """The wrap and session of ours that the packet answers; only who read our reset can name the session.

    It is the server's reset, or a bare acknowledgement where it is busy with another client.
    """
    for session, wrap in resets.items():
        packet = wrap.open(data) if LEAST_PACKET <= len(data) <= MOST_PACKET else None
        if packet is not None and packet.opcode in (RESET_SERVER_V2, ACK) and packet.peer == session:
            return wrap, session, packet
    return None


def ask(gateway: Gateway, dial: Dial, wait_s: float, *, keyed: bool = True) -> tuple[str, float]:
    """One reset: its outcome, and the milliseconds the way took (0 unless answered).

    Over UDP that is the time until the answer, over TCP the connect's, as for any other service. With `keyed`
    False the declared key is left out. A refusal is asked again after a pause: a server for one peer starts
    anew after every broken session, and its port is closed meanwhile.
    """
    outcome, took_ms = _asked(gateway, dial, wait_s, keyed=keyed)
    if outcome == REFUSED and dial.remaining_s() > RESTART_S:
        time.sleep(RESTART_S)
        outcome, took_ms = _asked(gateway, dial, wait_s, keyed=keyed)
    return outcome, took_ms


def _asked(gateway: Gateway, dial: Dial, wait_s: float, *, keyed: bool) -> tuple[str, float]:
    tried = wraps(gateway, dial) if keyed else (Plain(),)
    try:
        with opened(gateway, dial, tried, wait_s) as answer:
            return ANSWERED, answer.took_s * 1000
    except Unreached as error:
        return outcome_of(error), 0.0
    except Ended as end:
        return end.outcome, 0.0


@contextmanager
def channel(gateway: Gateway, dial: Dial, wait_s: float) -> Iterator["Channel"]:
    """A session ready for TLS; it is broken off on leaving the block.

    Raises:
        Unreached, Ended: see `opened`; Ended also for a server that is busy with another client.
        NotKnown: the declared key cannot be used.
    """
    with opened(gateway, dial, wraps(gateway, dial), wait_s) as answer:
        if answer.reply.opcode != RESET_SERVER_V2:
            raise Ended(SILENT)
        made = Channel(answer, within(dial, wait_s))
        try:
            yield made
        finally:
            made.end()


class Channel:
    """The bytes of a TLS session through the control channel, in order and each once; a `_pipe.Pipe`."""

    def __init__(self, opened: Opened, left: Left) -> None:
        """Of a session whose server has answered with a reset."""
        self._opened = opened
        self._left = left
        self._acks: tuple[int, ...] = (opened.reply.number or 0,)
        self._next_out, self._next_in = 1, 1
        self._unacked: dict[int, Packet] = {}
        self._ahead: dict[int, bytes] = {}
        self._packets = 0

    def send(self, payload: bytes) -> None:
        """Send all of it; what gets lost is sent again while waiting for the answer."""
        while payload:
            opcode, size = CONTROL, PIECE_BYTES
            if self._next_out == 1 and wants_key_again(self._opened.reply.payload):
                opcode, size = CONTROL_WKC, FIRST_PIECE_BYTES
            packet = Packet(opcode, self._opened.session, number=self._next_out, payload=payload[:size])
            payload = payload[size:]
            self._next_out += 1
            self._unacked[packet.number or 0] = packet
            self._put(packet)

    def receive(self) -> bytes:
        """The next bytes of the server.

        Raises:
            Ended: silent (no time left), closed (over UDP: it gave us up without a word, as it does for a TLS
                version it does not take or a certificate it misses), or a flood of packets.
        """
        quiet_s = 0.0
        while self._next_in not in self._ahead:
            left_s = self._left()
            if left_s <= 0:
                raise Ended(SILENT)
            began = time.monotonic()
            data = self._opened.line.take(min(AGAIN_S, left_s))
            if data is not None:
                quiet_s = 0.0
                self._read(data)
                continue
            quiet_s += time.monotonic() - began
            if quiet_s >= GIVEN_UP_S:
                raise Ended(CLOSED)
            for packet in self._unacked.values():
                self._put(packet)
        payload = self._ahead.pop(self._next_in)
        self._next_in += 1
        return payload

    def end(self) -> None:
        """Break the session off, so that the server need not wait for the rest of it."""
        with suppress(Ended):
            self.send(FATAL_ALERT)

    def _put(self, packet: Packet) -> None:
        """Send it with the newest acknowledgements, which may have been lost before."""
        full = replace(packet, acks=self._acks, peer=self._opened.reply.session)
        self._opened.line.put(self._opened.wrap.seal(full))

    def _read(self, data: bytes) -> None:
        """Take in one packet; one that is not for this session is passed over, but not without end."""
        self._packets += 1
        if self._packets > MOST_PACKETS:
            raise Ended(WRONG_SERVICE)
        packet = self._opened.wrap.open(data)
        if packet is None or packet.session != self._opened.reply.session:
            return
        for number in packet.acks if packet.peer == self._opened.session else ():
            self._unacked.pop(number, None)
        if packet.number is None or packet.opcode not in (CONTROL, RESET_SERVER_V2):
            return
        if self._next_in <= packet.number < self._next_in + MOST_AHEAD:
            self._ahead.setdefault(packet.number, packet.payload)
        if packet.number < self._next_in + MOST_AHEAD:
            self._acks = (packet.number, *(each for each in self._acks if each != packet.number))[:LEAST_ACKS]
            self._put(Packet(ACK, self._opened.session))
