"""The certificates that an entrance presents, and whether each is trusted: asked at each of its addresses."""

import base64
from datetime import UTC, datetime

from auditor.api import Dial, Gateway, NotKnown, Reason, Unreached
from checks.remote._trust import ANYTHING, STRICT, NoHandshake, Shake, context, shake

Row = dict[str, object]

UNCHECKED = 9_999  # no result of OpenSSL's: trusted, but the strength of the issuers was not asked for
OUT_OF_TIME = (9, 10)  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED
MOST_ADDRESSES = 8


def everywhere(gateway: Gateway, dial: Dial) -> tuple[list[Row], list[str]]:
    """What each address of the name presents, one after the other, and the addresses that were not seen.

    People's devices go to any of them. One that refuses presents nothing to anybody. One that is silent, or
    to which no way leads from here (IPv6, often), may well be where people are sent from their homes.

    Of more than `MOST_ADDRESSES` the rest is not asked. That one was not seen hides no fault of the others.

    Raises:
        Unreached, NotKnown: none presented anything; refused only where each of them refused.
        Declined: see `shake`; one address is enough.
    """
    addresses = dial.lookup(gateway.host).addresses
    if len(addresses) == 1:
        return [presented(gateway, dial)], []
    rows: list[Row] = []
    unseen = list(addresses[MOST_ADDRESSES:])
    lost: Unreached | NotKnown | None = None
    for address in addresses[:MOST_ADDRESSES]:
        try:
            rows.append(presented(gateway, dial.at(gateway.host, address)))
        except (Unreached, NotKnown) as error:
            lost = error if lost is None or error.reason is not Reason.REFUSED else lost
            unseen += [address] if error.reason is not Reason.REFUSED else []
    if lost is not None and not rows:
        raise lost
    return rows, unseen


def presented(gateway: Gateway, dial: Dial) -> Row:
    """One verifying handshake; only for an untrusted certificate one or two more, to see it and why.

    Raises:
        NotKnown: NO_ANSWER, WRONG_SERVICE or NOT_MEASURABLE, no TLS handshake came about; UNREADABLE, the
            town's authority file.
        Declined, Unreached: see `shake`.
    """
    asked_at = datetime.now(UTC)
    try:
        strict, ciphers = _strict(gateway, dial)
        timeless = strict
        if strict.code in OUT_OF_TIME:
            timeless = shake(gateway, dial, context(gateway.ca_file, ciphers, any_time=True))
        leaf = strict.leaf or timeless.leaf
        if not leaf:
            leaf = shake(gateway, dial, context(None, ANYTHING, verify=False)).leaf
    except NoHandshake as error:
        raise NotKnown(error.reason, error.note) from None
    if not leaf:
        raise NotKnown(Reason.NOT_MEASURABLE, f"no certificate to be seen; {strict.words}")
    return {
        "leaf": _text(leaf),
        "issuers": None if timeless.issuers is None else [_text(each) for each in timeless.issuers],
        "asked_at": asked_at.isoformat(timespec="seconds"),
        "trust": UNCHECKED if ciphers == ANYTHING and not timeless.code else timeless.code,
        "trust_then": strict.code,
        "words": strict.words[:200].encode("ascii", "replace").decode("ascii"),
    }


def _text(der: bytes) -> str:
    return base64.b64encode(der).decode("ascii")


def _strict(gateway: Gateway, dial: Dial) -> tuple[Shake, str]:
    """With the strength today's clients ask for; with any strength where the server has no better."""
    try:
        return shake(gateway, dial, context(gateway.ca_file, STRICT)), STRICT
    except NoHandshake:
        return shake(gateway, dial, context(gateway.ca_file, ANYTHING)), ANYTHING
