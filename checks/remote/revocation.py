"""Revocation: what the issuer says of the entrance's certificate, where the entrance sends it along.

Nobody else is asked: the issuer's own server is not the town's to contact.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from auditor.api import (
    Answer,
    Dial,
    Garbled,
    Gateway,
    Judgement,
    NotKnown,
    Reason,
    Unknown,
    check,
    fact,
    failed,
    not_applicable,
    passed,
    probe,
    unknown,
)
from checks.remote import _hello, _staple, _suites
from checks.remote._days import in_japan
from checks.remote._flight import first_words
from checks.remote._read import compact, listed, members, word
from checks.remote._upgrade import AT_ONCE, RELAY
from checks.remote._wire import SILENT, Ended, exactly, send, within

WAIT_S = 3.0
MOST_CHAIN = 10
MOST_DER = 64 * 1024
NO_STAPLE = "none"


@dataclass(frozen=True, slots=True)
class Revocation:
    """What was sent along: one of `_staple`'s words, or none; days in Japan's time, None = not told.

    `promised` = the certificate says that it always is. `stale` = it no longer held when it was sent.
    """

    status: str
    promised: bool
    stale: bool = False
    until: date | None = None
    revoked: date | None = None


@probe("gateway.revocation", kind="gateway")
def ask_revocation(gateway: Gateway, dial: Dial) -> bytes:
    """One hello for TLS 1.2, read to the end of the server's first words; 1.3 hides them.

    Raises:
        NotKnown: NO_ANSWER, WRONG_SERVICE, or NOT_MEASURABLE (it speaks only TLS 1.3).
    """
    if gateway.protocol not in AT_ONCE or gateway.protocol == RELAY:
        return compact({"chain": []})
    usual = _suites.offered(usual=True, modern=False)
    signed = [number for number in usual if "anon" not in _suites.flaws(_suites.names()[number])]
    version = _hello.VERSIONS["1.2"]
    hello = _hello.client_hello(version, gateway.server_name or gateway.host, signed, staple=True)
    try:
        with dial.tcp(gateway.host, gateway.port, wait_s=WAIT_S) as stream:
            left = within(dial, WAIT_S)
            send(stream.sock, hello, left)
            chain, staple = first_words(lambda size: exactly(stream.sock, size, left))
    except Ended as end:
        reason = Reason.NO_ANSWER if end.outcome == SILENT else Reason.NOT_MEASURABLE
        raise NotKnown(reason, f"{end.outcome} before its certificate was seen") from None
    except _hello.NotTls:
        raise NotKnown(Reason.WRONG_SERVICE, "no TLS") from None
    if not chain:
        raise NotKnown(Reason.NOT_MEASURABLE, "no certificate to be seen up to TLS 1.2")
    issuers = [*chain[1:MOST_CHAIN], *_own(gateway)]
    return compact(
        {
            "chain": [base64.b64encode(each).decode("ascii") for each in (chain[0], *issuers)],
            "staple": base64.b64encode(staple).decode("ascii"),
            "asked_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
    )


def _own(gateway: Gateway) -> list[bytes]:
    """The town's own authority, which servers often do not send along."""
    if gateway.ca_file is None:
        return []
    try:
        read = x509.load_pem_x509_certificates(gateway.ca_file.read_bytes())
    except (OSError, ValueError) as error:
        raise NotKnown(Reason.UNREADABLE, f"ca_file: {error}") from None
    return [each.public_bytes(Encoding.DER) for each in read[:MOST_CHAIN]]


@fact("gateway.revocation", probe=ask_revocation)
def revocation(answer: Answer) -> Revocation:
    """The issuer's word, believed only where it signed it for this very certificate.

    Raises:
        NotKnown: NOT_MEASURABLE, the entrance was not asked.
    """
    told = answer.json()
    if told == {"chain": []}:
        raise NotKnown(Reason.NOT_MEASURABLE, "not a TLS entrance")
    value = members(told, answer.id, "chain", "staple", "asked_at")
    try:
        chain = [_der(each) for each in listed(value["chain"], "chain", 2 * MOST_CHAIN)]
        leaf, *issuers = [x509.load_der_x509_certificate(each) for each in chain]
        asked_at = datetime.fromisoformat(word(value["asked_at"], "asked_at"))
        if asked_at.tzinfo is None:
            raise Garbled(f"{answer.id}: time without zone")
        staple = _der(value["staple"])
        if not staple:
            return Revocation(NO_STAPLE, promised=_staple.promises(leaf))
        return _told(staple, leaf, issuers, asked_at)
    except (*_staple.UNREADABLE, OverflowError, x509.InvalidVersion, x509.DuplicateExtension) as error:
        raise Garbled(f"{answer.id}: {type(error).__name__}: {error}"[:200]) from None


def _der(written: object) -> bytes:
    der = base64.b64decode(word(written, "DER"), validate=True)
    if len(der) > MOST_DER:
        raise ValueError("too large")
    return der


def _told(
    staple: bytes, leaf: x509.Certificate, issuers: Sequence[x509.Certificate], asked_at: datetime
) -> Revocation:
    said = _staple.read(staple, leaf, _staple.issuer_of(leaf, issuers), asked_at)
    early = said.given is not None and said.given > asked_at + timedelta(hours=1)  # clocks differ
    late = said.until is not None and said.until < asked_at
    return Revocation(
        said.status,
        promised=_staple.promises(leaf),
        stale=early or late,
        until=_day(said.until),
        revoked=_day(said.revoked),
    )


def _day(moment: datetime | None) -> date | None:
    return in_japan(moment) if moment is not None else None


@check("GW-52")
def not_revoked(gateway: Gateway, told: Revocation | Unknown, today: date) -> Judgement:
    """Revoked fails whatever its date; good counts while it holds; nothing sent along is no finding."""
    if gateway.protocol == RELAY:
        return not_applicable("not_ours")
    if gateway.protocol not in AT_ONCE:
        return not_applicable("not_tls")
    if isinstance(told, Unknown):
        return unknown(told.reason, told.note)
    return _judged(told, today)


def _judged(told: Revocation, today: date) -> Judgement:
    if told.status == NO_STAPLE:
        return failed("promised") if told.promised else not_applicable("none")
    if told.status == _staple.REVOKED and told.revoked is not None:
        return failed("revoked", since=told.revoked)
    if told.status != _staple.GOOD:
        reason = Reason.UNTRUSTED if told.status == _staple.UNSIGNED else Reason.NOT_MEASURABLE
        return unknown(reason, f"the proof sent along is {told.status}")
    if told.until is None:
        return unknown(Reason.NOT_MEASURABLE, "the proof sent along does not say until when it holds")
    return _dated(told.until, today, stale=told.stale)


def _dated(until: date, today: date, *, stale: bool) -> Judgement:
    if stale:
        return failed("old", ended=until)
    if today > until:
        return unknown(Reason.STALE, f"the proof sent along held until {until}")
    return passed("ok", until=until, end=until)
