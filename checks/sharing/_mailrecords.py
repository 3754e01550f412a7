"""What a mail domain publishes about its senders, as one word each; "" = nothing is wrong with it.

SPF is RFC 7208, DKIM keys RFC 6376 §3.6.1 with the sizes of RFC 8301, DMARC RFC 7489 §6.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_network

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

SPF, DMARC = "v=spf1", "v=dmarc1"
MAX_LOOKUPS = 10
MIN_RSA_BITS = 1024
ED25519_BYTES = 32
POLICIES = ("none", "quarantine", "reject")

_MECHANISM = re.compile(r"([+?~-]?)(all|include|a|mx|ptr|ip4|ip6|exists)([:/]\S+)?")
_MODIFIER = re.compile(r"([a-z][a-z0-9._-]*)=(\S*)")
_ASKING = frozenset({"include", "a", "mx", "ptr", "exists"})
_WIDEST = {"ip4": 8, "ip6": 16, "a": 8, "mx": 8}
"""The shortest prefix that is still somebody's own network."""
_NEEDS_MORE = frozenset({"include", "ip4", "ip6", "exists"})


def is_spf(record: str) -> bool:
    """True for a record that says it is an SPF policy (RFC 7208 §4.5)."""
    return record.lower() == SPF or record.lower().startswith(f"{SPF} ")


def spf_fault(records: Sequence[str]) -> str:
    """What is wrong with the SPF policy; ``elsewhere`` = it stands under another domain's name.

    Only the record's own questions are counted: what it includes belongs to others and is not asked.
    """
    policies = [record for record in records if is_spf(record)]
    if len(policies) != 1:
        return "spf_many" if policies else "spf_none"
    terms = policies[0].lower().split()[1:]
    if faults := [fault for term in terms if (fault := _term_fault(term))]:
        return faults[0]
    found = [match for term in terms if (match := _MECHANISM.fullmatch(term))]
    ends = [match[1] for match in found if match[2] == "all"]
    redirect = any(term.startswith("redirect=") for term in terms)
    if sum(match[2] in _ASKING for match in found) + redirect > MAX_LOOKUPS:
        return "spf_lookups"
    if not ends:
        return "elsewhere" if redirect else "spf_open"
    return "" if ends[0] in ("-", "~") else "spf_open"


def _term_fault(term: str) -> str:
    """What is wrong with one term of a policy by itself."""
    match = _MECHANISM.fullmatch(term)
    if match is None:
        return "" if _MODIFIER.fullmatch(term) else "spf_broken"
    sign, name, rest = match[1], match[2], match[3] or ""
    if (name in _NEEDS_MORE and len(rest) < 2) or (name == "all" and rest):  # noqa: PLR2004 - ":" and more
        return "spf_broken"
    return _range_fault(name, rest) if name in _WIDEST and sign in ("", "+") else ""


def _range_fault(name: str, rest: str) -> str:
    """What is wrong with a range of addresses; one that holds half the world lets everybody in."""
    try:
        if name in ("ip4", "ip6"):
            return "spf_open" if ip_network(rest[1:], strict=False).prefixlen < _WIDEST[name] else ""
    except ValueError:
        return "spf_broken"
    length = re.search(r"(?<!/)/(\d{1,3})(?://|$)", rest)
    return "spf_open" if length and int(length[1]) < _WIDEST[name] else ""


def tags(record: str) -> Mapping[str, str] | None:
    """The ``name=value`` pairs of a DKIM or DMARC record; None = it is not written so."""
    found: dict[str, str] = {}
    for part in record.rstrip("; \t").split(";"):
        name, equals, value = part.partition("=")
        name = name.strip().lower()
        if not equals or not name or name in found:
            return None
        found[name] = value.strip()
    return found


def dkim_fault(records: Sequence[str]) -> str:
    """What is wrong with what stands under one selector; "" = a key that receivers go by."""
    keys = [found for record in records if (found := tags(record)) is not None and "p" in found]
    if len(keys) != 1 or len(records) != 1:
        return "key_broken" if records else "key_none"
    key = keys[0]
    if key.get("v", "DKIM1") != "DKIM1":
        return "key_broken"
    services, hashes = _listed(key.get("s", "*")), _listed(key.get("h", "sha256"))
    if not services & {"*", "email"} or "sha256" not in hashes:
        return "key_broken"
    if not key["p"]:
        return "key_revoked"
    if "y" in _listed(key.get("t", "")):
        return "key_testing"
    return _key_fault(key.get("k", "rsa").lower(), re.sub(r"\s", "", key["p"]))


def _listed(value: str) -> frozenset[str]:
    """The words of a tag's list, which colons divide."""
    return frozenset(part.strip().lower() for part in value.split(":"))


def _key_fault(kind: str, encoded: str) -> str:
    try:
        body = base64.b64decode(encoded, validate=True)
        if kind == "ed25519":
            return "" if len(body) == ED25519_BYTES else "key_broken"
        key = load_der_public_key(body)
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return "key_broken"
    if kind != "rsa" or not isinstance(key, RSAPublicKey):
        return "key_broken"
    return "" if key.key_size >= MIN_RSA_BITS else "key_short"


def dmarc_fault(records: Sequence[str], minimum: str) -> str:
    """What is wrong with the DMARC policy, which has to be at least `minimum`."""
    policies = [record for record in records if re.match(r"v\s*=\s*dmarc1\s*(;|$)", record, re.IGNORECASE)]
    if len(policies) != 1:
        return "dmarc_many" if policies else "dmarc_none"
    found = tags(policies[0])
    policy = found.get("p", "").lower() if found is not None else ""
    if found is None or policy not in POLICIES or not re.fullmatch(r"\d{1,3}", found.get("pct", "100")):
        return "dmarc_broken"
    if POLICIES.index(policy) < POLICIES.index(minimum):
        return "dmarc_weak"
    if int(found.get("pct", "100")) < 100 or found.get("t", "").lower() == "y":  # noqa: PLR2004 - all of it
        return "dmarc_partly"
    return ""
