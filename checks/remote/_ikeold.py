"""Asking an IKEv1 responder: main mode by elimination, and aggressive mode where the town opted in."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice, product, takewhile

from auditor.api import Dial, Gateway, Reason, Unreached
from checks.remote import _ikev1
from checks.remote._ikekeys import KEY_BYTES
from checks.remote._ikev1 import Choice, every_choice
from checks.remote._isakmp import SENDS, WAIT_S, Line, Message, dressed, marked, opened
from checks.remote._wire import REFUSED, SILENT

ACCEPTED, UNCLEAR, NOT_SPOKEN = "accepted", "unclear", "not_spoken"
KEPT_S = 1.5
MOST_ACCEPTED = 24
MOST_LEFT = 1
"""Half-open associations that nobody confirmed as dropped (libreswan keeps them for a minute, and strongSwan
drops them at once); after the first, nothing more is asked."""

LEFT = "left"
"""In aggressive mode: an association was begun, without a hash, and may still stand."""

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
        rest = sorted(every_choice(), key=lambda choice: choice.method != method)
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


@dataclass(frozen=True, slots=True)
class _Question:
    """One request of aggressive mode; all its choices share the group and the method."""

    name: str
    choices: tuple[Choice, ...]


def _questions(identity: str) -> list[_Question]:
    """Every combination with a shared key: first what is common of each group, with a plain key."""
    made: list[tuple[int, _Question]] = []
    for method, group in product(_ikev1.SHARED, KEY_BYTES):
        choices = tuple(each for each in _ikev1.choices_of(method) if each.group == group)
        size = _ikev1.most_beside_key(group, identity)
        name = f"{group} {method}"
        parts = [_Question(name, choices[at : at + size]) for at in range(0, len(choices), size)]
        made += enumerate(parts)
    return [question for _, question in sorted(made, key=lambda each: each[0])]


def aggressive_mode(gateway: Gateway, dial: Dial) -> Mapping[str, str]:
    """An outcome per group and method, or the name of the combination whose hash was handed out.

    Nothing more is asked after the first hash, which is thrown away, nor after an association without one
    that the responder does not say it dropped. A question met by silence is the last of its conversation,
    because some devices say nothing to what they do not accept.

    Raises:
        Unreached: anything but silence.
    """
    found: dict[str, str] = {}
    rest = _questions(gateway.ike_identity)
    while rest and dial.remaining_s() > KEPT_S:
        for question, outcome in zip(tuple(rest), _told(gateway, dial, tuple(rest)), strict=False):
            rest.pop(0)
            if outcome == LEFT:
                return found | {each.name: UNCLEAR for each in (question, *rest)}
            if found.get(question.name, REFUSED) == REFUSED or _ikev1.is_choice(outcome):
                found[question.name] = outcome
            if _ikev1.is_choice(outcome):
                return found
    return found | {question.name: SILENT for question in rest}


def _told(gateway: Gateway, dial: Dial, questions: Sequence[_Question]) -> Iterator[str]:
    """The outcomes of the questions in turn, in one conversation, up to the first silence."""
    ours = _ikev1.cookie()
    first = _ikev1.aggressive(ours, questions[0].choices, gateway.ike_identity)
    try:
        with dial.talk(
            gateway.host, gateway.port, dressed(gateway.port, first), attempts=SENDS - 1, wait_s=WAIT_S
        ) as talk:
            line = Line(talk, marked(gateway.port))
            yield _handed(line, ours, opened(line, partial(_ikev1.answers, ours)), questions[0].choices)
            for question in questions[1:]:
                if dial.remaining_s() < KEPT_S:
                    return
                ours = _ikev1.cookie()
                message = _ikev1.aggressive(ours, question.choices, gateway.ike_identity)
                answer = line.ask(message, partial(_ikev1.answers, ours))
                yield SILENT if answer is None else _handed(line, ours, answer, question.choices)
                if answer is None:
                    return
    except Unreached as error:
        if error.reason not in (Reason.NO_ANSWER, Reason.WRONG_SERVICE):
            raise
        yield SILENT if error.reason is Reason.NO_ANSWER else UNCLEAR


def _handed(line: Line, ours: bytes, answer: Message, choices: Sequence[Choice]) -> str:
    """What one answer means; an association it speaks of is ended at once."""
    if answer.major != 1 or answer.exchange != _ikev1.AGGRESSIVE:
        refused = answer.major != 1 or _ikev1.complaint(answer) in _ikev1.REFUSALS
        return REFUSED if refused else UNCLEAR
    dropped = _ikev1.give_up(line, ours, answer.theirs, answer.exchange)
    bodies, hashes = answer.all(_ikev1.SA), answer.all(_ikev1.HASH)
    choice = _ikev1.picked(bodies[0], choices) if bodies else None
    if choice and hashes and len(hashes[0]) in HASH_BYTES:
        return choice.name
    return UNCLEAR if dropped else LEFT
