"""Which keys of ``[[gateways]]`` go together: a key beside the wrong protocol, or alone, helps nobody."""

import base64
import binascii
from collections.abc import Iterator, Mapping

from auditor.cells import is_account
from auditor.findings import Scalar
from auditor.townfile import GatewayTable

WRAPS = ("tls-auth", "tls-crypt", "tls-crypt-v2")
DIRECTIONS = (0, 1)
PUBLIC_KEY_BYTES = 32
MOST_IDENTITY = 120
BELONGS = {
    "wrap": "openvpn",
    "key_file": "openvpn",
    "key_direction": "openvpn",
    "server_public_key": "wireguard",
    "audit_key_file": "wireguard",
    "psk_file": "wireguard",
    "ike_identity": "ike",
    "allow_spice_link": "spice",
    "ssh_account": "ssh",
}

Fault = tuple[str, str, Mapping[str, Scalar]]
"""The key it stands under, the problem's name, and the values of its sentence."""


def faults(row: GatewayTable) -> Iterator[Fault]:
    """What is wrong with the keys of one gateway; nothing of a key's content is looked at."""
    values = {name: getattr(row, name) for name in BELONGS}
    written = {name for name, value in values.items() if value not in ("", None) and value is not False}
    for name in sorted(written):
        if row.protocol != BELONGS[name]:
            yield name, "key_other_protocol", {"protocol": BELONGS[name]}
    if row.protocol == "spice" and not row.allow_spice_link:
        yield "protocol", "spice_opt_in", {}
    if row.product and row.protocol != "portal":
        yield "product", "product_portal", {"protocol": row.protocol}
    if row.wrap and row.wrap not in WRAPS:
        yield "wrap", "bad_choice", {"seen": row.wrap[:60], "known": ", ".join(WRAPS)}
    yield from _alone(written)
    yield from _names(row)
    if row.key_direction is not None and row.key_direction not in DIRECTIONS:
        yield "key_direction", "bad_choice", {"seen": row.key_direction, "known": "0, 1"}
    elif row.key_direction is not None and row.wrap != "tls-auth":
        yield "key_direction", "direction_tls_auth", {}
    if row.server_public_key and not _is_public_key(row.server_public_key):
        yield "server_public_key", "bad_public_key", {}


def _names(row: GatewayTable) -> Iterator[Fault]:
    """The names that stand for an opt-in."""
    if row.ike_identity and not _is_identity(row.ike_identity):
        yield "ike_identity", "bad_identity", {"limit": MOST_IDENTITY}
    if row.ssh_account and not is_account(row.ssh_account):
        yield "ssh_account", "bad_account", {"seen": row.ssh_account[:60]}


def _alone(written: set[str]) -> Iterator[Fault]:
    for name, other in (
        ("wrap", "key_file"),
        ("key_file", "wrap"),
        ("audit_key_file", "server_public_key"),
        ("psk_file", "audit_key_file"),
    ):
        if name in written and other not in written:
            yield name, "key_needs", {"other": other}


def _is_identity(text: str) -> bool:
    """A host name, an address, a user's name or a key's name as IKE carries it."""
    return 1 <= len(text) <= MOST_IDENTITY and text.isascii() and text.isprintable() and " " not in text


def _is_public_key(text: str) -> bool:
    """A Curve25519 key as ``wg pubkey`` prints it; the value itself is never repeated in a message."""
    try:
        return len(base64.b64decode(text, validate=True)) == PUBLIC_KEY_BYTES
    except (binascii.Error, ValueError):
        return False
