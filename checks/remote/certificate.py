"""The entrance's certificate: name, issuer, days left, strength of its key."""

import base64
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from cryptography import x509

from auditor.api import (
    Answer,
    Dial,
    Garbled,
    Gateway,
    Judgement,
    NotKnown,
    Params,
    Reason,
    Unknown,
    Verdict,
    check,
    fact,
    failed,
    not_applicable,
    passed,
    probe,
    unknown,
)
from checks.remote import _presented
from checks.remote._days import in_japan
from checks.remote._leaf import UNREADABLE, Key, bears, common_name_of, key_of, names_of, weak_hash_of
from checks.remote._pipe import speaks_tls
from checks.remote._presented import UNCHECKED
from checks.remote._read import compact, listed, members, whole, word
from checks.remote._upgrade import Declined

MOST_CODE = 10_000
MOST_UNSEEN = 256
MOST_DER = 64 * 1024
MOST_ISSUERS = 100  # as deep as OpenSSL looks
SELF_SIGNED = (18, 19)
NO_ISSUER = (2, 20, 21)
WEAK = (66, 67, 68)
WORST_FIRST = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS)
ITS_OWN = ("soon", "renew", "ok")
ITS_ISSUERS = ("soon_issuer", "renew_issuer", "ok_issuer")


@dataclass(frozen=True, slots=True)
class Certificate:
    """The certificate presented at `asked_at` (UTC), with days in Japan's time.

    `names` are its DNS names in lower case and its IP addresses; `common_name` its subject's, "" = none or
    several. `trust` = OpenSSL's verify result apart from dates, `trust_then` the same with the dates of the
    whole chain at `asked_at`; 0 = trusted. `trust` is UNCHECKED where the server has no handshake of today's
    strength. `issuers_end` = the last days of those it is trusted by, the root's last; None = not seen.
    `others` = what the name's other addresses present, `unseen` = the addresses of which that is not known.
    """

    asked_at: datetime
    begins: date
    ends: date
    names: tuple[str, ...]
    key: Key
    weak_hash: str
    trust: int
    trust_then: int
    common_name: str = ""
    issuers_end: tuple[date, ...] | None = None
    others: tuple["Certificate", ...] = ()
    unseen: tuple[str, ...] = ()

    @property
    def last(self) -> date:
        """The last day on which it and all that is known of its issuers hold."""
        return min((self.ends, *(self.issuers_end or ())))

    def in_time(self, day: date) -> bool:
        """True when `day` is neither before its first day nor after its last."""
        return self.begins <= day <= self.ends


@dataclass(frozen=True, slots=True)
class Unguarded:
    """Whether the entrance answered that it goes on without TLS or without a certificate."""

    declined: bool


ASKED = Unguarded(declined=False)


@probe("gateway.certificate", kind="gateway")
def ask_certificate(gateway: Gateway, dial: Dial) -> bytes:
    """One verifying handshake with each address; for an untrusted certificate one or two more, to see why.

    Raises:
        NotKnown: NO_ANSWER, WRONG_SERVICE or NOT_MEASURABLE, no TLS handshake came about; UNREADABLE, the
            town's authority file.
        Unreached: no address was reached.
    """
    if not speaks_tls(gateway):
        return compact({"leaf": ""})
    try:
        rows, unseen = _presented.everywhere(gateway, dial)
    except Declined:
        return compact({"declined": True})
    alone = len(rows) == 1 and not unseen
    return compact(rows[0] if alone else {"each": rows, "unseen": unseen})


@fact("gateway.certificate", probe=ask_certificate)
def certificate(answer: Answer) -> Certificate:
    """Read each certificate itself; whatever it holds that is not understood makes all unreadable.

    Raises:
        NotKnown: NOT_MEASURABLE, the entrance was not asked for one.
    """
    written = answer.json()
    if written == {"leaf": ""}:
        raise NotKnown(Reason.NOT_MEASURABLE, "not a TLS entrance")
    if written == {"declined": True}:
        raise NotKnown(Reason.NOT_MEASURABLE, "the entrance goes on without TLS")
    if not isinstance(written, dict) or "each" not in written:
        return _shown(written, answer.id)
    value = members(written, answer.id, "each", "unseen")
    each = listed(value["each"], "each", _presented.MOST_ADDRESSES)
    unseen = listed(value["unseen"], "unseen", MOST_UNSEEN)
    if not each:
        raise Garbled(f"{answer.id}: nothing was seen")
    first, *others = [_shown(row, answer.id) for row in each]
    return replace(first, others=tuple(others), unseen=tuple(word(one, "unseen") for one in unseen))


def _shown(written: Any, id_: str) -> Certificate:
    value = members(written, id_, "leaf", "issuers", "asked_at", "trust", "trust_then", "words")
    word(value["words"], "words")
    try:
        asked_at = datetime.fromisoformat(word(value["asked_at"], "asked_at"))
        if asked_at.tzinfo is None:
            raise Garbled(f"{id_}: time without zone")
        read, issuers = _read(value["leaf"]), value["issuers"]
        return Certificate(
            asked_at=asked_at,
            begins=in_japan(read.not_valid_before_utc),
            ends=in_japan(read.not_valid_after_utc),
            names=names_of(read),
            key=key_of(read),
            weak_hash=weak_hash_of(read),
            trust=whole(value["trust"], "trust", MOST_CODE),
            trust_then=whole(value["trust_then"], "trust_then", MOST_CODE),
            common_name=common_name_of(read),
            issuers_end=None if issuers is None else _ends(issuers),
        )
    except UNREADABLE as error:
        raise Garbled(f"{id_}: {type(error).__name__}: {error}"[:200]) from None


def _read(text: Any) -> x509.Certificate:
    der = base64.b64decode(word(text, "certificate"), validate=True)
    if len(der) > MOST_DER:
        raise ValueError("too large")
    return x509.load_der_x509_certificate(der)


def _ends(written: Any) -> tuple[date, ...]:
    issuers = [_read(each) for each in listed(written, "issuers", MOST_ISSUERS)]
    return tuple(in_japan(each.not_valid_after_utc) for each in issuers)


@fact("gateway.unguarded", probe=ask_certificate)
def unguarded(answer: Answer) -> Unguarded:
    """True only where the entrance said so in its own protocol's words."""
    return Unguarded(declined=answer.json() == {"declined": True})


@check("RA-05")
def certificate_holds(
    gateway: Gateway,
    shown: Certificate | Unknown,
    params: Params,
    today: date,
    asked: Unguarded | Unknown = ASKED,
) -> Judgement:
    """The first of these that is wrong is told: key, dates, name, issuer, issuer's dates, days left.

    Of several addresses the one that stands worst: people are sent to any of them. None passes for one that
    was not seen.
    """
    if not speaks_tls(gateway):
        return not_applicable("not_tls")
    if isinstance(asked, Unguarded) and asked.declined:
        return failed("declined")
    if isinstance(shown, Unknown):
        return unknown(shown.reason, shown.note)
    all_ = sorted((shown, *shown.others), key=lambda each: each.last)
    judged = [_judged(each, gateway, params, today) for each in all_]
    found = min(judged, key=lambda each: WORST_FIRST.index(each.verdict))
    if found.verdict is Verdict.PASS and shown.unseen:
        found = unknown(Reason.NO_ANSWER, f"not seen from here: {', '.join(shown.unseen)}")
    return found if found.verdict is Verdict.FAIL else _undeclared(gateway) or found


def _judged(shown: Certificate, gateway: Gateway, params: Params, today: date) -> Judgement:
    found = _itself(shown, gateway, params, today) or _issuer(shown, gateway, today)
    return found or _left(shown, params, today)


def _undeclared(gateway: Gateway) -> Judgement | None:
    """What an OpenVPN client compares and only its profile tells; where the town does not, nobody knows."""
    if gateway.protocol != "openvpn":
        return None
    profile = {"ca_file (ca)": gateway.ca_file, "server_name (verify-x509-name)": gateway.server_name}
    missing = ", ".join(name for name, value in profile.items() if not value)
    return unknown(Reason.NOT_DECLARED, missing) if missing else None


def _itself(shown: Certificate, gateway: Gateway, params: Params, today: date) -> Judgement | None:
    """What the certificate alone tells; None = nothing is wrong."""
    least = {"rsa": params.integer("rsa_min_bits"), "ec": params.integer("ec_min_bits")}
    if shown.key.kind == "other" or shown.key.bits < least.get(shown.key.kind, 0):
        return failed("weak_key", bits=shown.key.bits)
    if shown.weak_hash:
        return failed("weak_hash", hash=shown.weak_hash)
    if today < shown.begins:
        return failed("not_yet", begins=shown.begins)
    if today > shown.ends:
        return failed("expired", ended=shown.ends)
    return _name(shown, gateway)


def _name(shown: Certificate, gateway: Gateway) -> Judgement | None:
    """Among its names; an OpenVPN client compares the subject's common name as well."""
    if gateway.protocol == "openvpn":
        wanted = gateway.server_name
        same = not wanted or wanted == shown.common_name
    else:
        wanted, same = gateway.server_name or gateway.host, False
        if not wanted:
            return unknown(Reason.NOT_DECLARED, "neither server_name nor host is declared")
    if same or bears(shown.names, wanted):
        return None
    return failed("other_name", places=shown.names or (shown.common_name,), wanted=wanted)


def _issuer(shown: Certificate, gateway: Gateway, today: date) -> Judgement | None:
    """Whether the chain leads to whom we trust, apart from dates, and then with the issuers' dates.

    The system's authorities are nobody's measure for OpenVPN, whose clients always bring their own.
    """
    if gateway.protocol == "openvpn" and gateway.ca_file is None:
        return None
    for codes, key in ((SELF_SIGNED, "self_signed"), (NO_ISSUER, "no_issuer"), (WEAK, "weak_issuer")):
        if shown.trust in codes:
            return failed(key)
    if shown.trust not in (0, UNCHECKED):
        return failed("untrusted", code=shown.trust)
    if not shown.trust_then:
        return failed("issuer_expired") if today > shown.last else None
    if shown.in_time(in_japan(shown.asked_at)):
        return failed("issuer_expired")
    note = f"asked on {shown.asked_at.date()}, judged for {today}: the issuers' dates are not known"
    return unknown(Reason.NOT_MEASURABLE, note)


def _left(shown: Certificate, params: Params, today: date) -> Judgement:
    """By what ends first, the certificate or an issuer's; a pass needs both to be known."""
    end = shown.last
    days = (end - today).days
    soon, renew, ok = ITS_OWN if end == shown.ends else ITS_ISSUERS
    if days < params.integer("fail_days"):
        return failed(soon, days=days, end=end)
    if shown.trust == UNCHECKED:
        return unknown(Reason.NOT_MEASURABLE, "old handshake only: the issuers' strength was not checked")
    if shown.issuers_end is None:
        return unknown(Reason.NOT_MEASURABLE, "the issuers' last days were not seen")
    until = end - timedelta(days=params.integer("fail_days"))
    key = renew if days < params.integer("warn_days") else ok
    return passed(key, until=until, days=days, end=end)
