"""Quality of the path to an entrance, as advice: round trip, jitter, loss, and whether large packets pass.

Measured by at most ten connections, one after the other with a pause, closed at once. A refusal tells the
round trip as well as an answer does. It is seen from where the audit runs; a person's own line is another.
"""

import time
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

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
    Unreached,
    check,
    fact,
    failed,
    not_applicable,
    passed,
    probe,
    unknown,
)
from checks.remote._path import Kernel, large_word
from checks.remote._read import compact, listed, members, number, one_of, whole
from checks.remote._wire import ANSWERED, CLOSED, REFUSED, SILENT, WRONG_SERVICE, outcome_of

CONNECTS = 9
MOST = CONNECTS + 1
PAUSE_S = 0.05
WAIT_S = 2.0
LEAST = 5
"""With fewer samples nothing is said."""
TLS = ("tls", "portal", "sstp", "anyconnect", "softether")
MEASURED = (*TLS, "rdp", "tcp")
"""Entrances that do not mind being connected to a few times; not those of operators, nor those that count."""
SCREENS = ("vdi", "rdp")
NOT_ASKED: dict[str, object] = {}
OUTCOMES = (ANSWERED, REFUSED, SILENT)
WORDS = ("", ANSWERED, SILENT, CLOSED, WRONG_SERVICE, REFUSED)
MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Quality:
    """The path as it was measured.

    `samples_ms` = round trips in the order measured, `lost` of `asked` connects brought nothing. `large` =
    how a first word of several full packets was answered, "" = not asked. `pmtu` = largest packet in bytes
    that the kernel knows to pass, None = it does not tell.
    """

    lookup_ms: float
    samples_ms: tuple[float, ...]
    asked: int
    lost: int
    large: str
    pmtu: int | None

    @property
    def rtt_ms(self) -> float:
        """The median of the samples; there must be one."""
        return median(self.samples_ms)

    @property
    def jitter_ms(self) -> float:
        """The mean absolute difference of neighbours, 0 for a single sample (RFC 3393 speaks of these)."""
        return fmean(abs(one - two) for one, two in pairwise(self.samples_ms)) if self.samples_ms[1:] else 0.0


@probe("gateway.quality", kind="gateway", most=MOST)
def ask_quality(gateway: Gateway, dial: Dial) -> bytes:
    """Up to nine connects and, to a TLS entrance, one large first word; two silent ones are enough."""
    if gateway.protocol not in MEASURED or gateway.transport != "tcp":
        return compact(NOT_ASKED)
    lookup_ms = dial.lookup(gateway.host).took_s * 1000
    tries: list[tuple[str, float]] = []
    while len(tries) < CONNECTS and sum(outcome == SILENT for outcome, _ in tries) < 2:  # noqa: PLR2004 - two
        if tries:
            time.sleep(min(PAUSE_S, dial.remaining_s()))
        tries.append(_sample(gateway, dial))
    large, kernel = "", None
    if gateway.protocol in TLS and any(outcome == ANSWERED for outcome, _ in tries):
        large, kernel = large_word(gateway, dial, WAIT_S)
    return compact(
        {
            "lookup_ms": round(lookup_ms, 3),
            "tries": [{"outcome": outcome, "ms": round(took_ms, 3)} for outcome, took_ms in tries],
            "large": large,
            "kernel": _written(kernel),
        }
    )


def _sample(gateway: Gateway, dial: Dial) -> tuple[str, float]:
    began = time.monotonic()
    try:
        with dial.tcp(gateway.host, gateway.port, wait_s=WAIT_S) as stream:
            return ANSWERED, stream.took_s * 1000
    except Unreached as error:
        outcome = outcome_of(error)
        if outcome not in OUTCOMES:
            raise
        return outcome, (time.monotonic() - began) * 1000 if outcome == REFUSED else 0.0


def _written(kernel: Kernel | None) -> dict[str, object]:
    if kernel is None:
        return {}
    return {
        "pmtu": kernel.pmtu,
        "mss": kernel.mss,
        "rtt_ms": round(kernel.rtt_ms, 3),
        "rttvar_ms": round(kernel.rttvar_ms, 3),
        "retransmitted": kernel.retransmitted,
    }


@fact("gateway.quality", probe=ask_quality)
def quality(answer: Answer) -> Quality:
    """The figures as they were written down.

    Raises:
        NotKnown: NOT_MEASURABLE, this kind of entrance is not measured.
    """
    written = answer.json()
    if written == NOT_ASKED:
        raise NotKnown(Reason.NOT_MEASURABLE, "the path to this kind of entrance is not measured")
    value = members(written, answer.id, "lookup_ms", "tries", "large", "kernel")
    tries = [
        (one_of(row["outcome"], "outcome", OUTCOMES), number(row["ms"], "ms"))
        for row in (
            members(each, "try", "outcome", "ms") for each in listed(value["tries"], "tries", CONNECTS)
        )
    ]
    if not tries:
        raise Garbled(f"{answer.id}: no tries")
    return Quality(
        lookup_ms=number(value["lookup_ms"], "lookup_ms"),
        samples_ms=tuple(took_ms for outcome, took_ms in tries if outcome != SILENT),
        asked=len(tries),
        lost=sum(outcome == SILENT for outcome, _ in tries),
        large=one_of(value["large"], "large", WORDS),
        pmtu=_pmtu(value["kernel"]),
    )


def _pmtu(kernel: object) -> int | None:
    if kernel == {}:
        return None
    value = members(kernel, "kernel", "pmtu", "mss", "rtt_ms", "rttvar_ms", "retransmitted")
    for name in ("rtt_ms", "rttvar_ms"):
        number(value[name], name)
    for name in ("mss", "retransmitted"):
        whole(value[name], name, MOST_BYTES)
    return whole(value["pmtu"], "pmtu", MOST_BYTES)


@check("GW-62")
def good_enough(gateway: Gateway, seen: Quality | Unknown, params: Params) -> Judgement:
    """Good enough for what passes here: a screen that must follow the hand, or pages that may take a moment.

    Nothing but silence is the entrance's or the line's, so it is unknown; some silence is loss.
    """
    if gateway.protocol not in MEASURED or gateway.transport != "tcp":
        return not_applicable("not_measured")
    if isinstance(seen, Unknown):
        return unknown(seen.reason, seen.note)
    if not seen.samples_ms:
        return unknown(Reason.NO_ANSWER, f"none of {seen.asked} connects was answered")
    if seen.lost:
        return failed("loss", lost=seen.lost, asked=seen.asked)
    if len(seen.samples_ms) < LEAST:
        return unknown(Reason.NOT_MEASURABLE, f"only {len(seen.samples_ms)} samples")
    return _packets(seen, params) or _pace(gateway, seen, params)


def _packets(seen: Quality, params: Params) -> Judgement | None:
    """Small words pass: are large ones lost, or cut to less than is wanted? None = neither."""
    if seen.large == SILENT:
        return failed("large_lost")
    if seen.pmtu is not None and 0 < seen.pmtu < params.integer("mtu_min"):
        return failed("narrow", mtu=seen.pmtu)
    return None


def _pace(gateway: Gateway, seen: Quality, params: Params) -> Judgement:
    rtt_ms, jitter_ms = max(1, round(seen.rtt_ms)), round(seen.jitter_ms)
    if any(method in SCREENS for method in gateway.methods):
        return _screen(rtt_ms, jitter_ms, params)
    if rtt_ms > params.integer("page_rtt_ms"):
        return failed("slow_page", rtt_ms=rtt_ms)
    if jitter_ms > params.integer("page_jitter_ms"):
        return failed("uneven_page", jitter_ms=jitter_ms)
    return passed("good_page", rtt_ms=rtt_ms, jitter_ms=jitter_ms)


def _screen(rtt_ms: int, jitter_ms: int, params: Params) -> Judgement:
    if rtt_ms > params.integer("screen_rtt_ms"):
        return failed("slow_screen", rtt_ms=rtt_ms)
    if jitter_ms > params.integer("screen_jitter_ms"):
        return failed("uneven_screen", jitter_ms=jitter_ms)
    return passed("good_screen", rtt_ms=rtt_ms, jitter_ms=jitter_ms)
