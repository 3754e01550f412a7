"""How fast data goes up to an entrance, by the bytes its side acknowledged; only where the town opts in.

The town names a page that takes an upload (``upload_path``). Zeros are posted to it for three seconds at
most. What was handed to the kernel says little on a short upload, so what is still waiting to be
acknowledged (SIOCOUTQ of Linux' tcp(7)) is taken off.
"""

import array
import ssl
import sys
import time
from contextlib import suppress
from dataclasses import dataclass

from auditor.api import (
    Answer,
    Dial,
    Garbled,
    Gateway,
    Judgement,
    NotKnown,
    Params,
    Reason,
    Unknown,
    check,
    fact,
    failed,
    not_applicable,
    passed,
    probe,
    unknown,
)
from checks.remote._http import written
from checks.remote._inside import inside_tls
from checks.remote._read import compact, members, number, whole
from checks.remote._web import AGENT
from checks.remote._wire import CLOSED, Ended, within

SIOCOUTQ = 0x5411
LEAST_BYTES = 256 * 1024
"""Less than this was accepted: the page does not take uploads, and nothing is said of the line."""
MOST_BYTES = 16 * 1024 * 1024
MOST_S = 3.0
WAIT_S = 5.0
CHUNK = 16 * 1024
NOT_ASKED: dict[str, object] = {}


@dataclass(frozen=True, slots=True)
class Throughput:
    """Bytes that the other side acknowledged, and the seconds this took (more than 0)."""

    acknowledged: int
    took_s: float

    @property
    def kbps(self) -> int:
        """Thousand bits a second."""
        return round(self.acknowledged * 8 / 1000 / self.took_s)


@probe("gateway.throughput", kind="gateway", most=1)
def ask_throughput(gateway: Gateway, dial: Dial) -> bytes:
    """One POST of zeros to the declared page, cut off after three seconds; its answer is not read.

    Raises:
        NotKnown: NOT_MEASURABLE, this system does not tell what was acknowledged; NO_ANSWER, no TLS.
    """
    if not gateway.upload_path:
        return compact(NOT_ASKED)
    if not sys.platform.startswith("linux"):
        raise NotKnown(Reason.NOT_MEASURABLE, "acknowledged bytes are told by Linux only")
    with dial.tcp(gateway.host, gateway.port, wait_s=WAIT_S) as stream:
        name = gateway.server_name or gateway.host
        try:
            tls = inside_tls(stream.sock, name, within(dial, WAIT_S))
        except Ended as end:
            reason = Reason.WRONG_SERVICE if end.outcome == CLOSED else Reason.NO_ANSWER
            raise NotKnown(reason, "no TLS came about") from None
        with tls:
            sent, took_s = _posted(tls, gateway, dial)
    return compact({"acknowledged": sent, "took_s": round(took_s, 4)})


def _posted(tls: ssl.SSLSocket, gateway: Gateway, dial: Dial) -> tuple[int, float]:
    """Bytes acknowledged until the time was up, all was sent, or the server would not take more."""
    head = (
        f"POST {gateway.upload_path} HTTP/1.1\r\nHost: {written(gateway.server_name or gateway.host)}\r\n"
        f"User-Agent: {AGENT}\r\nContent-Type: application/octet-stream\r\n"
        f"Content-Length: {MOST_BYTES}\r\nConnection: close\r\n\r\n"
    ).encode("latin-1", "replace")
    left, zeros, sent = within(dial, MOST_S), bytes(CHUNK), 0
    tls.settimeout(max(0.001, left()))
    began = time.monotonic()
    with suppress(OSError):
        tls.sendall(head)
        while sent < MOST_BYTES and (left_s := left()) > 0:
            tls.settimeout(left_s)
            sent += tls.send(zeros[: MOST_BYTES - sent])
    waiting = _waiting(tls)
    while waiting and sent >= MOST_BYTES and left() > 0:
        time.sleep(0.005)
        waiting = _waiting(tls)
    return max(0, sent - waiting), max(time.monotonic() - began, 0.0001)


def _waiting(tls: ssl.SSLSocket) -> int:
    """Bytes that are not acknowledged yet."""
    import fcntl  # noqa: PLC0415 - not there on Windows

    room = array.array("i", [0])
    fcntl.ioctl(tls.fileno(), SIOCOUTQ, room)
    return room[0]


@fact("gateway.throughput", probe=ask_throughput)
def throughput(answer: Answer) -> Throughput:
    """The figures as they were written down.

    Raises:
        NotKnown: NOT_DECLARED, the town did not opt in.
    """
    written = answer.json()
    if written == NOT_ASKED:
        raise NotKnown(Reason.NOT_DECLARED, "no upload_path is declared")
    value = members(written, answer.id, "acknowledged", "took_s")
    took_s = number(value["took_s"], "took_s")
    if took_s <= 0:
        raise Garbled(f"{answer.id}: took no time")
    return Throughput(whole(value["acknowledged"], "acknowledged", MOST_BYTES), took_s)


@check("GW-63")
def fast_enough(gateway: Gateway, seen: Throughput | Unknown, params: Params) -> Judgement:
    """As fast as a person at work needs it; a page that would not take the data says nothing of the line."""
    if not gateway.upload_path:
        return not_applicable("not_asked")
    if isinstance(seen, Unknown):
        return unknown(seen.reason, seen.note)
    if seen.acknowledged < LEAST_BYTES and seen.took_s < MOST_S / 2:
        return unknown(Reason.NOT_MEASURABLE, f"only {seen.acknowledged} bytes were taken")
    if seen.kbps < params.integer("least_kbps"):
        return failed("slow", kbps=seen.kbps)
    return passed("ok", kbps=seen.kbps)
