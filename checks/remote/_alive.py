"""Proof that what answers at an entrance is what the town declared, in one connection and no login.

The protocols' modules are loaded when one of their entrances is asked: most towns have two or three kinds.
"""

from collections.abc import Callable, Mapping
from importlib import import_module

from auditor.api import Dial, Gateway
from checks.remote._wire import knock

_WAYS: Mapping[str, tuple[str, str]] = {
    "openvpn": ("_openvpn", "ask"),
    "wireguard": ("wireguard", "ask"),
    "rdp": ("_rdpwire", "ask"),
    "vnc": ("_rfb", "ask"),
    "spice": ("_spicewire", "ask"),
    "ike": ("_ike", "alive"),
    "l2tp": ("_l2tp", "alive"),
    "sstp": ("_sstp", "alive"),
    "anyconnect": ("_signin", "alive"),
    "softether": ("_pack", "alive"),
    "ssh": ("_sshwire", "ask"),
    "tls": ("_greeting", "alive"),
    "portal": ("_greeting", "alive"),
    "relay": ("_greeting", "alive"),
}
"""The module and the function that ask a protocol for its proof."""


def ask(gateway: Gateway, dial: Dial, wait_s: float) -> tuple[str, float]:
    """One exchange: its outcome, and the milliseconds until the answer (0 unless answered).

    An OpenVPN server answers our session, a TLS server any first words of TLS. Where only "tcp" is declared
    nobody knows what should speak there, and a connect is all there is.
    """
    if gateway.protocol not in _WAYS:
        return knock(dial, gateway.host, gateway.port, wait_s)
    module, name = _WAYS[gateway.protocol]
    way: Callable[[Gateway, Dial, float], tuple[str, float]]
    way = getattr(import_module(f"checks.remote.{module}"), name)
    return way(gateway, dial, wait_s)
