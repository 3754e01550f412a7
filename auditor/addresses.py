"""A host is closed when each of its addresses is: what may be said of a name that has several.

A name with an IPv4 and an IPv6 address is tried over both. Where this machine has no way out over one of
them, nothing is known of that address, however clearly the other one refuses.
"""

import ipaddress
from collections.abc import Collection
from functools import lru_cache

_OWN_NAMES = frozenset({"localhost", "localdomain", "ip6-localhost", "ip6-loopback"})
"""Last labels of a machine's names for itself (RFC 6761 §6.3, and what ``/etc/hosts`` usually holds)."""

LEAST_S = 1.2
"""One connect needs so long that a lost first packet is sent again (after a second, RFC 6298 §2)."""


@lru_cache(maxsize=4096)
def family(address: str) -> str:
    """IPv4 or IPv6; "" = it is a name, which somebody else looks up: nobody tells which address was tried."""
    try:
        return f"IPv{ipaddress.ip_address(address).version}"
    except ValueError:
        return ""


def stays_inside(host: str) -> bool:
    """True for what a machine reaches without leaving itself, however it is written."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host.casefold().rstrip(".").split(".")[-1] in _OWN_NAMES
    within = getattr(address, "ipv4_mapped", None) or address
    return within.is_loopback or within.is_unspecified


def share_s(total_s: float, addresses: Collection[str]) -> float:
    """Seconds for one of these addresses, when there are `total_s` for all of them."""
    return total_s if len(addresses) <= 1 else max(total_s / len(addresses), min(LEAST_S, total_s))
