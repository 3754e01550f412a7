"""One connect to each address of a host, and what all of them together prove of it."""

from collections.abc import Collection, Mapping

from auditor.api import Dial, family, share_s
from checks.remote._wire import ANSWERED, PROHIBITED, REFUSED, SILENT, knock

NOT_ASKED = "not_asked"
FAMILIES = ("", "IPv4", "IPv6")


def knock_each(dial: Dial, host: str, port: int, wait_s: float, tries: int = 1) -> dict[str, str]:
    """How a connect to each address of the host ended; where there are several they share the time.

    Raises:
        Unreached: the name was not found, the name service was silent, or the way to ask is gone.
    """
    addresses = dial.lookup(host).addresses
    if len(addresses) > 1:
        tries, wait_s = 1, share_s(tries * wait_s, addresses)
    return {each: _tried(dial.at(host, each), host, port, wait_s, tries) for each in addresses}


def _tried(dial: Dial, host: str, port: int, wait_s: float, tries: int) -> str:
    """Silence only counts where there was time to hear somebody."""
    for _ in range(tries):
        left_s = dial.remaining_s()
        if left_s <= 0:
            return NOT_ASKED
        outcome, _ms = knock(dial, host, port, wait_s)
        if outcome != SILENT:
            return outcome
        if left_s < wait_s:
            return NOT_ASKED
    return SILENT


def together(outcomes: Collection[str]) -> str:
    """The outcome of the host: open where one address is, refused or turned away where each of them is."""
    found = set(outcomes)
    for one in (ANSWERED, NOT_ASKED):
        if one in found:
            return one
    if len(found) == 1:
        return found.pop()
    return PROHIBITED if found == {REFUSED, PROHIBITED} else SILENT


def mute(outcomes: Mapping[str, str]) -> tuple[str, ...]:
    """The addresses that are closed only if the way to them is known to be open.

    That is where nobody refused: silence, and "turned away", which may be this machine's own word. A name
    that somebody else looked up is among them even where it was refused: that was the last of its addresses.
    """
    return tuple(
        each
        for each, outcome in outcomes.items()
        if outcome != ANSWERED and (outcome != REFUSED or not family(each))
    )


def families(addresses: Collection[str]) -> tuple[str, ...]:
    """Over what these addresses are reached, each once; "" stands for a name."""
    return tuple(sorted({family(each) for each in addresses}))
