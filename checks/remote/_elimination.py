"""Which suites a server takes, by elimination: offer them, strike the one it picked, until it picks none.

Python's ssl cannot ask: OpenSSL 3 has no RC4, no export and no SSL 3 to offer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from checks.remote._wire import CLOSED, REFUSED

ACCEPTED = "accepted"
UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Pick:
    """One offer's outcome; `suite` is the one picked where it was accepted, else 0.

    `group_bits` = the size of the DHE group that came with it; 0 = not seen, None = it has none.
    """

    outcome: str
    suite: int = 0
    group_bits: int | None = None


Ask = Callable[[Sequence[int]], Pick]
"""Offers these suites, on a connection of its own."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The suites a server took, in the order it picked them.

    `whole` = it took no other of those offered, and each of its DHE groups was seen. `group_bits` = the
    smallest that was seen; 0 = none was, None = no suite has any.
    """

    outcome: str
    suites: tuple[int, ...]
    whole: bool
    group_bits: int | None = None


def eliminate(
    ask: Ask, usual: Sequence[int], groups: Sequence[Sequence[int]], go_on: Callable[[], bool]
) -> Taken:
    """Offer `usual` at once to learn whether the version is spoken, then each group until nothing is picked.

    So there is one connection per suite taken, and one more per group. Where `usual` is refused, each group
    that holds something else is offered once. `go_on` False ends it early.
    """
    first = _firmly(ask, usual)
    for group in groups:
        if first.outcome == REFUSED and not set(group) <= set(usual) and go_on():
            first = _firmly(ask, group)
    if first.outcome != ACCEPTED:
        return Taken(first.outcome, (), whole=first.outcome == REFUSED)
    taken = [first]
    whole = True
    for group in groups:
        rest = [number for number in group if number not in _numbers(taken)]
        while rest:
            if not go_on():
                return _told(taken, whole=False)
            pick = _settled(ask, rest, first.suite)
            if pick.outcome != ACCEPTED:
                whole &= pick.outcome == REFUSED
                break
            rest.remove(pick.suite)
            taken.append(pick)
    return _told(taken, whole=whole)


def _numbers(taken: Sequence[Pick]) -> tuple[int, ...]:
    return tuple(pick.suite for pick in taken)


def _told(taken: Sequence[Pick], *, whole: bool) -> Taken:
    sizes = [pick.group_bits for pick in taken if pick.group_bits is not None]
    seen = [size for size in sizes if size]
    least = min(seen, default=0) if sizes else None
    return Taken(ACCEPTED, _numbers(taken), whole and len(seen) == len(sizes), least)


def _firmly(ask: Ask, suites: Sequence[int]) -> Pick:
    """Asked once more where the server gave up without words, as Windows does for what it will not speak."""
    pick = ask(suites)
    return ask(suites) if pick.outcome == CLOSED else pick


def _settled(ask: Ask, rest: Sequence[int], known: int) -> Pick:
    """A close or a foreign alert is a refusal only if it comes twice and a suite taken before still works.

    A device that limits connections closes too.
    """
    pick = ask(rest)
    if pick.outcome not in (CLOSED, UNCLEAR):
        return pick
    again = ask(rest)
    if again.outcome == pick.outcome and ask((known,)).outcome == ACCEPTED:
        return Pick(REFUSED)
    return again
