"""What a connection's kernel knows of its path, and one large first word: do large packets pass?"""

import socket
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass

from auditor.api import Dial, Gateway, Unreached
from checks.remote import _hello
from checks.remote._wire import ANSWERED, WRONG_SERVICE, Ended, exactly, outcome_of, send, within

TCP_INFO = 11  # of Linux' netinet/tcp.h; socket.TCP_INFO is missing elsewhere
INFO = struct.Struct("=8B18I")
MSS, RETRANSMITTED, PMTU, RTT_US, RTTVAR_US = 2, 7, 13, 15, 16
"""Places among the 32-bit values of struct tcp_info (linux/tcp.h)."""
LARGE = 2800
"""Bytes of the large word: two full packets on any path of today."""
PADDING = 21  # RFC 7685


@dataclass(frozen=True, slots=True)
class Kernel:
    """What Linux knows of an open connection: path MTU and segment size in bytes, round trip in ms."""

    pmtu: int
    mss: int
    rtt_ms: float
    rttvar_ms: float
    retransmitted: int


def kernel_of(sock: socket.socket) -> Kernel | None:
    """The kernel's figures, None = not Linux, or not a TCP connection of our own (one through a vantage)."""
    if not sys.platform.startswith("linux") or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return None
    with suppress(OSError, struct.error):
        words = INFO.unpack(sock.getsockopt(socket.IPPROTO_TCP, TCP_INFO, INFO.size))[8:]
        return Kernel(
            pmtu=words[PMTU],
            mss=words[MSS],
            rtt_ms=words[RTT_US] / 1000,
            rttvar_ms=words[RTTVAR_US] / 1000,
            retransmitted=words[RETRANSMITTED],
        )
    return None


def padded(hello: bytes, size: int) -> bytes:
    """The ClientHello filled up to `size` bytes of handshake by the padding extension (RFC 7685)."""
    at = 5 + 4 + 2 + 32
    at += 1 + hello[at]
    at += 2 + int.from_bytes(hello[at : at + 2])
    at += 1 + hello[at]
    extensions = hello[at + 2 :]
    missing = max(0, size - (len(hello) - 5) - 4)
    extensions += PADDING.to_bytes(2) + missing.to_bytes(2) + bytes(missing)
    body = hello[9:at] + len(extensions).to_bytes(2) + extensions
    message = hello[5:6] + len(body).to_bytes(3) + body
    return hello[:3] + len(message).to_bytes(2) + message


def large_word(gateway: Gateway, dial: Dial, wait_s: float) -> tuple[str, Kernel | None]:
    """How a TLS entrance answers a first word of several full packets, and what the kernel knows then.

    Linux sends TCP with "don't fragment": where a packet is too large and somebody says so, the kernel
    shrinks it and learns the path's MTU; where nobody says so, there is silence.
    """
    hello = _hello.client_hello(_hello.VERSIONS["1.2"], gateway.server_name or gateway.host)
    try:
        with dial.tcp(gateway.host, gateway.port, wait_s=wait_s) as stream:
            left = within(dial, wait_s)
            send(stream.sock, padded(hello, LARGE), left)
            try:
                _hello.reply_to_hello(lambda size: exactly(stream.sock, size, left))
            except Ended as end:
                return end.outcome, kernel_of(stream.sock)
            except _hello.NotTls:
                return WRONG_SERVICE, kernel_of(stream.sock)
            return ANSWERED, kernel_of(stream.sock)
    except Unreached as error:
        return outcome_of(error), None
    except Ended as end:
        return end.outcome, None
