"""How one Wi-Fi is protected, out of the words of Windows, wpa_supplicant, NetworkManager, iwd and Apple."""

import re
from dataclasses import dataclass
from typing import Any

from checks._read import listed, members, whole, word

DOMAIN = 2
"""DomainConnectivityLevel: 0 none, 1 met without authentication, 2 authenticated."""
WINDOWS_NOW = {
    "None": ("open", False),
    "Open80211": ("open", False),
    "SharedKey80211": ("wep", False),
    "Wpa": ("wpa", True),
    "WpaPsk": ("wpa", False),
    "WpaNone": ("wpa", False),
    "Rsna": ("wpa2", True),
    "RsnaPsk": ("wpa2", False),
    "Wpa3": ("wpa3", True),
    "Wpa3Enterprise192Bits": ("wpa3", True),
    "Wpa3Enterprise": ("wpa3", True),
    "Wpa3Sae": ("wpa3", False),
    "Owe": ("owe", False),
}
"""NetworkAuthenticationType by the name of the constant, which is the same in every language."""
WINDOWS_KEPT = {
    "open": ("open", False),
    "shared": ("wep", False),
    "WPA": ("wpa", True),
    "WPAPSK": ("wpa", False),
    "WPA2": ("wpa2", True),
    "WPA2PSK": ("wpa2", False),
    "WPA3": ("wpa3", True),
    "WPA3ENT": ("wpa3", True),
    "WPA3ENT192": ("wpa3", True),
    "WPA3SAE": ("wpa3", False),
    "OWE": ("owe", False),
}
"""The element ``authentication`` of a profile (schema WLAN_profile v1 to v4)."""
WEP, STRONG = frozenset({"wep", "wep40", "wep104"}), frozenset({"ccmp", "aes", "gcmp", "gcmp256", "ccmp-256"})


@dataclass(frozen=True, slots=True)
class Protection:
    """How one Wi-Fi is protected: `scheme` open, owe, wep, wpa, wpa2, wpa3, "" = not understood.

    `enterprise` = everybody signs in as themselves (802.1X); `eap` = the methods named, TLS as "13" or
    "tls". `cipher` = strong, weak (TKIP), "" = not told. `domain` = the office's domain was met on it.
    """

    scheme: str
    enterprise: bool
    eap: tuple[str, ...] = ()
    cipher: str = ""
    domain: bool = False


def now(row: Any) -> Protection:
    one = members(row, "joined", "auth", "cipher", "domain")
    known = WINDOWS_NOW.get(word(one["auth"], "auth"), ("", False))
    cipher = word(one["cipher"], "cipher").casefold()
    return protected(known, cipher, domain=whole(one["domain"], "domain") == DOMAIN)


def kept(row: Any) -> Protection:
    one = members(row, "profiles", "auth", "cipher", "eap")
    known = WINDOWS_KEPT.get(word(one["auth"], "auth"), ("", False))
    eap = tuple(word(text, "eap") for text in listed(one["eap"]))
    return protected(known, word(one["cipher"], "cipher").casefold(), eap)


def protected(
    known: tuple[str, bool], cipher: str, eap: tuple[str, ...] = (), *, domain: bool = False
) -> Protection:
    """WEP shows itself by its cipher: its authentication is called open."""
    scheme, enterprise = known
    if cipher in WEP:
        scheme = "wep"
    strength = "strong" if cipher in STRONG else "weak" if cipher in ("tkip", "wep") else ""
    return Protection(scheme, enterprise, eap, strength, domain)


def supplicant(how: str, cipher: str) -> Protection:
    """key_mgmt and pairwise_cipher of ``wpa_cli status``."""
    text = how.upper()
    enterprise = "EAP" in text or "802.1X" in text
    scheme = ""
    if text == "NONE":
        scheme = "open"
    elif "OWE" in text:
        scheme = "owe"
    elif "SAE" in text or "WPA3" in text or "SUITE-B" in text:
        scheme = "wpa3"
    elif re.match(r"WPA2|FT-|WPA-(PSK|EAP)-SHA256", text):
        scheme = "wpa2"
    elif text.startswith("WPA"):
        scheme = "wpa"
    lower = cipher.casefold()
    return protected((scheme, enterprise), "wep" if lower.startswith("wep") else lower)


def beacon(text: str) -> Protection:
    """SECURITY of ``nmcli``; of several generations side by side nobody tells which is in use."""
    words = set(text.split())
    schemes = {"WEP": "wep", "WPA1": "wpa", "WPA2": "wpa2", "WPA3": "wpa3", "OWE": "owe"}
    found = {schemes[name] for name in words if name in schemes}
    if text in ("-", "--"):
        found = {"open"}
    if found == {"wpa2", "wpa3"}:
        found = {"wpa2"}
    return Protection(found.pop() if len(found) == 1 else "", "802.1X" in words, (), "")


def apple(text: str) -> Protection:
    """The constant after ``spairport_security_mode_``; a mixed one may be the older generation."""
    if text == "none":
        return Protection("open", enterprise=False)
    if text.startswith("wep"):
        return Protection("wep", enterprise=False)
    known = re.fullmatch(r"(wpa[23]?)_(personal|enterprise|transition)", text)
    if known is None:
        return Protection("", enterprise=False)
    scheme = "wpa2" if known[2] == "transition" else known[1]
    return Protection(scheme, known[2] == "enterprise")


def profile(how: str, proto: str, cipher: str, eap: str) -> Protection:
    """key-mgmt of NetworkManager, wpa_supplicant (in capitals) or iwd.

    Where both generations may be used, the newer counts: both programs prefer it.
    """
    words = set(how.replace("iwd-", "").casefold().split())
    methods = tuple(eap.casefold().replace(";", " ").split()) if eap != "-" else ()
    enterprise = any("eap" in name or name in ("8021x", "ieee8021x") for name in words)
    personal = any("psk" in name or "sae" in name for name in words)
    if how in ("-", "NONE", "iwd-open"):
        return Protection("open", enterprise=False)
    if words & {"none", "ieee8021x"}:
        return Protection("wep", enterprise, methods)
    if words == {"owe"}:
        return Protection("owe", enterprise=False)
    if words <= {"sae", "ft-sae", "wpa-eap-suite-b-192"}:
        return Protection("wpa3", enterprise, methods, "strong")
    scheme = "wpa2" if personal or enterprise else ""
    if set(proto.casefold().replace(";", " ").split()) == {"wpa"}:
        scheme = "wpa"
    lower = cipher.casefold().strip("; ")
    return protected((scheme, enterprise and not personal), lower, methods)
