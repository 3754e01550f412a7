"""Asking an IKE entrance: whether it is alive, and all that it tells without a key."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from auditor.api import Dial, Gateway, Reason, Unreached
from checks.remote import _ikev1, _ikev2
from checks.remote._ikematrix import EVERYTHING, Matrix, fill
from checks.remote._ikeold import NOT_SPOKEN, aggressive_mode, main_mode
from checks.remote._isakmp import (
    PLAIN_PORT,
    SENDS,
    TRANSLATED_PORT,
    WAIT_S,
    Line,
    Message,
    dressed,
    marked,
    opened,
)
from checks.remote._wire import ANSWERED, SILENT, outcome_of

KEPT_FOR_THE_REST_S = 6.0

WIDE = _ikev2.Offer(
    EVERYTHING,
    tuple(_ikev2.HASHES),
    tuple(_ikev2.PRFS),
    tuple(group for group in _ikev2.GROUPS if group != _ikev2.OTHER),
)


def alive(gateway: Gateway, dial: Dial, wait_s: float) -> tuple[str, float]:
    """One exchange of version 2, after silence one of version 1: its outcome, and the milliseconds it took.

    What is asked of version 1 is acceptable to nobody, so that its refusal is the proof of life.
    """
    return knocked(gateway.host, gateway.port, dial, wait_s)


def knocked(host: str, port: int, dial: Dial, wait_s: float) -> tuple[str, float]:
    """The same of any port; see `alive`."""
    request, ours = _ikev2.Request.of(WIDE), _ikev1.cookie()
    for message in (request.message(), _ikev1.unacceptable(ours)):
        try:
            with dial.talk(host, port, dressed(port, message), attempts=2, wait_s=wait_s / 4) as talk:
                opened(
                    Line(talk, marked(port)), lambda found: request.mine(found) or _ikev1.answers(ours, found)
                )
                return ANSWERED, talk.took_s * 1000
        except Unreached as error:
            if (outcome := outcome_of(error)) != SILENT:
                return outcome, 0.0
    return SILENT, 0.0


def any_of(*tests: Callable[[Message], bool]) -> Callable[[Message], bool]:
    """True where one of the tests is."""
    return lambda message: any(test(message) for test in tests)


def asked(gateway: Gateway, dial: Dial) -> dict[str, Any]:
    """The matrix of version 2, version 1's main mode, port 4500, and aggressive mode where the town opted in.

    Raises:
        Unreached: neither version was answered.
    """
    state, matrix = _version2(gateway, dial)
    old = main_mode(gateway, dial)
    if state == old.state == SILENT:
        raise Unreached(Reason.NO_ANSWER, "silent to versions 2 and 1: filtered, or only for some addresses")
    beside = ""
    if gateway.port == PLAIN_PORT:
        beside = knocked(gateway.host, TRANSLATED_PORT, dial, 2 * WAIT_S)[0]
    return {
        "v2": {"state": state, **asdict(matrix)},
        "v1": asdict(old),
        "translated": beside,
        "aggressive": dict(aggressive_mode(gateway, dial)) if gateway.ike_identity else {},
    }


def _version2(gateway: Gateway, dial: Dial) -> tuple[str, Matrix]:
    """Answered, not spoken or silent, and what the answers said.

    Raises:
        Unreached: anything but silence.
    """
    matrix = Matrix()
    request = _ikev2.Request.of(WIDE)
    first = dressed(gateway.port, request.message())
    try:
        with dial.talk(gateway.host, gateway.port, first, attempts=SENDS, wait_s=WAIT_S) as talk:
            line = Line(talk, marked(gateway.port))
            answer = _ikev2.with_cookie(line, request, opened(line, request.mine))
            if answer is not None and answer.major == 1:
                return NOT_SPOKEN, matrix
            fill(
                matrix, lambda each: _ikev2.ask(line, each), lambda: dial.remaining_s() > KEPT_FOR_THE_REST_S
            )
            return ANSWERED, matrix
    except Unreached as error:
        if error.reason is not Reason.NO_ANSWER:
            raise
        return ANSWERED if matrix.asked else SILENT, matrix
