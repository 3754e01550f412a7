"""A host is closed when each of its addresses is: what may be said of a name that has several.

A name with an IPv4 and an IPv6 address is tried over both. Where this machine has no way out over one of
them, nothing is known of that address, however clearly the other one refuses.
"""

import ipaddress
from collections.abc import Collection

LEAST_S = 1.2
"""One connect needs so long that a lost first packet is sent again (after a second, RFC 6298 §2)."""


def family(address: str) -> str:
    """IPv4 or IPv6; "" = it is a name, which somebody else looks up: nobody tells which address was tried."""
    try:
        return f"IPv{ipaddress.ip_address(address).version}"
    except ValueError:
        return ""


def share_s(total_s: float, addresses: Collection[str]) -> float:
    """Seconds for one of these addresses, when there are `total_s` for all of them."""
    return total_s if len(addresses) <= 1 else max(total_s / len(addresses), min(LEAST_S, total_s))
