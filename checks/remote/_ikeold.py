"""Asking an IKEv1 responder: main mode by elimination, and aggressive mode where the town opted in."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice, takewhile

from auditor.api import Dial, Gateway, Reason, Unreached
from checks.remote import _ikev1
from checks.remote._ikev1 import ALL, Choice
from checks.remote._isakmp import SENDS, WAIT_S, Line, Message, dressed, marked, opened
from checks.remote._wire import REFUSED, SILENT

ACCEPTED, UNCLEAR, NOT_SPOKEN = "accepted", "unclear", "not_spoken"
KEPT_S = 1.5
MOST_ACCEPTED = 24
MOST_LEFT = 1
"""Half-open associations that nobody confirmed as dropped (libreswan keeps them for a minute, and strongSwan
drops them at once); after the first, nothing more is asked."""

OPENINGS = ("psk", "xauth-psk", "rsa")
"""Some devices say nothing to what they do not accept: these are tried before silence is believed."""

HASH_BYTES = range(16, 65)


@dataclass(slots=True)
class Old:
    """Main mode: `state`, what was accepted (`whole` = all was asked), and what became of the half-open.

    `state` is accepted, refused (all of it, in words), silent, unclear, or not_spoken (it says so).
    """

    state: str = SILENT
    accepted: list[str] = field(default_factory=list)
    whole: bool = False
    ended: int = 0
    left: int = 0


def main_mode(gateway: Gateway, dial: Dial) -> Old:
    """What main mode accepts: what was accepted is taken out of the list, and the rest offered again.

    Raises:
        Unreached: anything but silence (a refusal by ICMP, a name that is gone).
    """
    old = Old()
    for method in OPENINGS:
        rest = sorted(ALL, key=lambda choice: choice.method != method)
        try:
            with _begun(gateway, dial, _chunk(rest)) as (line, ours, answer):
                _eliminate(line, rest, (ours, answer), old, dial)
        except Unreached as error:
            if error.reason not in (Reason.NO_ANSWER, Reason.WRONG_SERVICE):
                raise
            if not old.accepted and error.reason is Reason.WRONG_SERVICE:
                old.state = UNCLEAR
        if old.state != SILENT:
            break
    return old


def _chunk(rest: Sequence[Choice]) -> list[Choice]:
    """What the next message offers: of one method only, because some devices answer with the first one's."""
    alike = takewhile(lambda choice: choice.method == rest[0].method, rest)
    return list(islice(alike, _ikev1.MOST_TRANSFORMS))


@contextmanager
def _begun(gateway: Gateway, dial: Dial, chunk: Sequence[Choice]) -> Iterator[tuple[Line, bytes, Message]]:
    ours = _ikev1.cookie()
    first = dressed(gateway.port, _ikev1.main_mode(ours, chunk))
    with dial.talk(gateway.host, gateway.port, first, attempts=SENDS - 1, wait_s=WAIT_S) as talk:
        line = Line(talk, marked(gateway.port))
        yield line, ours, opened(line, partial(_ikev1.answers, ours))


def _eliminate(line: Line, rest: list[Choice], first: tuple[bytes, Message], old: Old, dial: Dial) -> None:
    """Go on until everything was asked, or the responder, the limits or the time end it."""
    ours, answer = first
    while True:
        chunk = _chunk(rest)
        outcome, choice = _meant(line, ours, answer, chunk, old)
        if outcome not in (ACCEPTED, REFUSED):
            old.state = old.state if old.accepted else outcome
            return
        old.state = ACCEPTED if choice or old.accepted else REFUSED
        if choice:
            old.accepted.append(choice.name)
            rest = [each for each in rest if each.proposal != choice.proposal]
        else:
            rest = rest[len(chunk) :]
        if not rest:
            old.whole = True
            return
        if len(old.accepted) >= MOST_ACCEPTED or old.left >= MOST_LEFT or dial.remaining_s() < KEPT_S:
            return
        ours = _ikev1.cookie()
        heard = line.ask(_ikev1.main_mode(ours, _chunk(rest)), partial(_ikev1.answers, ours))
        if heard is None:
            return
        answer = heard


def _meant(
    line: Line, ours: bytes, answer: Message, offered: Sequence[Choice], old: Old
) -> tuple[str, Choice | None]:
    """What an answer says; an association it speaks of is ended at once."""
    if answer.major != 1:
        return NOT_SPOKEN, None
    if answer.exchange == _ikev1.MAIN and (bodies := answer.all(_ikev1.SA)):
        if _ikev1.give_up(line, ours, answer.theirs, answer.exchange):
            old.ended += 1
        else:
            old.left += 1
        choice = _ikev1.picked(bodies[0], offered)
        return (ACCEPTED, choice) if choice else (UNCLEAR, None)
    told = _ikev1.complaint(answer)
    if told == _ikev1.INVALID_MAJOR_VERSION:
        return NOT_SPOKEN, None
    return REFUSED if told in _ikev1.REFUSALS else UNCLEAR, None


def aggressive_mode(gateway: Gateway, dial: Dial) -> Mapping[str, str]:
    """An outcome per group and method, or the name of the combination whose hash was handed out.

    The first hash is the last that is asked for; the hash itself is thrown away.

    Raises:
        Unreached: anything but silence.
    """
    found: dict[str, str] = {}
    for group in _ikev1.KEY_BYTES:
        for method in _ikev1.SHARED:
            choices = [each for each in _ikev1.choices_of(method) if each.group == group]
            for start in range(0, len(choices), _ikev1.MOST_BESIDE_KEY):
                if dial.remaining_s() < KEPT_S:
                    return found | {f"{group} {method}": SILENT}
                outcome = _hash_asked(gateway, dial, choices[start : start + _ikev1.MOST_BESIDE_KEY])
                if found.get(f"{group} {method}", REFUSED) == REFUSED:
                    found[f"{group} {method}"] = outcome
                if outcome not in (REFUSED, UNCLEAR):
                    return found | {f"{group} {method}": outcome}
    return found


def _hash_asked(gateway: Gateway, dial: Dial, choices: Sequence[Choice]) -> str:
    ours = _ikev1.cookie()
    message = dressed(gateway.port, _ikev1.aggressive(ours, choices, gateway.ike_identity))
    try:
        with dial.talk(gateway.host, gateway.port, message, attempts=SENDS - 1, wait_s=WAIT_S) as talk:
            line = Line(talk, marked(gateway.port))
            answer = opened(line, partial(_ikev1.answers, ours))
            if answer.major != 1 or answer.exchange != _ikev1.AGGRESSIVE:
                refused = answer.major != 1 or _ikev1.complaint(answer) in _ikev1.REFUSALS
                return REFUSED if refused else UNCLEAR
            _ikev1.give_up(line, ours, answer.theirs, answer.exchange)
            bodies, hashes = answer.all(_ikev1.SA), answer.all(_ikev1.HASH)
            choice = _ikev1.picked(bodies[0], choices) if bodies else None
            return choice.name if choice and hashes and len(hashes[0]) in HASH_BYTES else UNCLEAR
    except Unreached as error:
        if error.reason in (Reason.NO_ANSWER, Reason.WRONG_SERVICE):
            return SILENT if error.reason is Reason.NO_ANSWER else UNCLEAR
        raise
