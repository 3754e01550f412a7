"""What a mail domain publishes about its senders, as one word each; "" = nothing is wrong with it.

SPF is RFC 7208, DKIM keys RFC 6376 §3.6.1 with the sizes of RFC 8301, DMARC RFC 7489 §6.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence

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
    asked, end, redirect = 0, "", False
    for term in policies[0].lower().split()[1:]:
        match = _MECHANISM.fullmatch(term)
        if match is None:
            modifier = _MODIFIER.fullmatch(term)
            if modifier is None:
                return "spf_broken"
            redirect = redirect or modifier[1] == "redirect"
            continue
        sign, name, rest = match.groups()
        if (name in _NEEDS_MORE and not rest) or (name == "all" and rest):
            return "spf_broken"
        asked += name in _ASKING
        if name == "all" and not end:
            end = sign or "+"
    if asked + redirect > MAX_LOOKUPS:
        return "spf_lookups"
    if not end and redirect:
        return "elsewhere"
    return {"+": "spf_open", "?": "spf_open", "": "spf_open"}.get(end, "")


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
    if not key["p"]:
        return "key_revoked"
    if "y" in key.get("t", "").replace(" ", "").split(":"):
        return "key_testing"
    return _key_fault(key.get("k", "rsa").lower(), re.sub(r"\s", "", key["p"]))


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
