"""OpenVPN: the control channel answers only those who hold the town's key; what TLS runs inside."""

import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from auditor.api import (
    Answer,
    Dial,
    Gateway,
    Judgement,
    NotKnown,
    Reason,
    Unknown,
    Unreached,
    check,
    fact,
    failed,
    not_applicable,
    passed,
    probe,
    unknown,
)
from checks.remote import _hello, _openvpn
from checks.remote._openvpnwire import DIGESTS
from checks.remote._pipe import exactly_from
from checks.remote._read import compact, listed, members, one_of, whole
from checks.remote._trust import ANYTHING, context
from checks.remote._wire import (
    ANSWERED,
    CLOSED,
    NAME_NOT_FOUND,
    PROHIBITED,
    REFUSED,
    SILENT,
    WRONG_SERVICE,
    Ended,
    outcome_of,
)

WAIT_S = 1.5
TLS_WAIT_S = 2.5
NOT_ASKED = "not_asked"
OUTCOMES = (ANSWERED, REFUSED, SILENT, CLOSED, WRONG_SERVICE, NAME_NOT_FOUND, PROHIBITED, NOT_ASKED)
DROPPED = (SILENT, CLOSED)
"""How a server that wants a key treats a reset without it: over UDP, over TCP."""
KINDS = ("", "tls-auth", "tls-crypt", "tls-crypt-v2")
MOST_SUITE = 0xFFFF


@dataclass(frozen=True, slots=True)
class ControlChannel:
    """How an OpenVPN server answered a reset without a key, and before and after that one with the declared.

    `wrap` = the declared kind, "" = no key is declared and `before` and `after` are not_asked. `digest` = the
    one of tls-auth that was understood, "" = another wrap, or none was.
    """

    wrap: str
    keyless: str
    before: str
    after: str
    digest: str

    @property
    def in_force(self) -> bool | None:
        """True = dropped without the key, answered with it; False = answered without; None = not known."""
        if self.keyless == ANSWERED:
            return False
        proven = (self.before, self.after) == (ANSWERED, ANSWERED)
        return True if proven and self.keyless in DROPPED else None


@dataclass(frozen=True, slots=True)
class InnerTls:
    """What the server chose from everything we offer: "1.2" or "1.3" and so on, and the suite's number."""

    version: str
    suite: int


@probe("gateway.openvpn", kind="gateway")
def ask_openvpn(gateway: Gateway, dial: Dial) -> bytes:
    """Resets with the declared key, without one and with it again; then one ClientHello, and no more.

    Raises:
        NotKnown: NOT_MEASURABLE, another protocol; UNREADABLE, the key file holds no such key.
        Unreached: the key file cannot be used.
    """
    if gateway.protocol != "openvpn":
        raise NotKnown(Reason.NOT_MEASURABLE, "not an OpenVPN entrance")
    before, digest = _with_key(gateway, dial)
    keyless, _ = _openvpn.ask(gateway, dial, WAIT_S, keyed=False)
    after, _ = _with_key(gateway, dial)
    return compact(
        {
            "wrap": gateway.wrap,
            "before": before,
            "keyless": keyless,
            "after": after,
            "digest": digest,
            "tls": _chosen(gateway, dial) if ANSWERED in (keyless, after) else [],
        }
    )


def _with_key(gateway: Gateway, dial: Dial) -> tuple[str, str]:
    """The outcome of a reset with the declared key, and the digest that was understood."""
    if not gateway.wrap:
        return NOT_ASKED, ""
    try:
        with _openvpn.opened(gateway, dial, _openvpn.wraps(gateway, dial), WAIT_S) as answer:
            return ANSWERED, answer.wrap.label
    except Unreached as error:
        return outcome_of(error), ""
    except Ended as end:
        return end.outcome, ""


def _chosen(gateway: Gateway, dial: Dial) -> list[int]:
    """Version and suite of the server's first words; [] = it had none."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context(None, ANYTHING, verify=False).wrap_bio(incoming, outgoing, server_hostname=gateway.host)
    with suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    try:
        with _openvpn.channel(gateway, dial, TLS_WAIT_S) as channel:
            channel.send(outgoing.read())
            reply = _hello.reply_to_hello(exactly_from(channel))
    except (Unreached, Ended, _hello.NotTls):
        return []
    return [reply.version or 0, reply.suite or 0]


@fact("gateway.openvpn", probe=ask_openvpn, explains=("RA-02", "RA-04", "RA-05"))
def control_channel(answer: Answer) -> ControlChannel:
    """The three outcomes as they were written down."""
    value = _read(answer)
    return ControlChannel(
        wrap=one_of(value["wrap"], "wrap", KINDS),
        keyless=one_of(value["keyless"], "keyless", OUTCOMES),
        before=one_of(value["before"], "before", OUTCOMES),
        after=one_of(value["after"], "after", OUTCOMES),
        digest=one_of(value["digest"], "digest", ("", *DIGESTS)),
    )


@fact("gateway.inner", probe=ask_openvpn, explains=("RA-04", "RA-05"))
def inner_tls(answer: Answer) -> InnerTls:
    """The first words of the TLS server behind the control channel.

    Raises:
        NotKnown: NO_ANSWER, it had none for us.
    """
    chosen = [whole(each, "tls", MOST_SUITE) for each in listed(_read(answer)["tls"], "tls", 2)]
    versions = {number: name for name, number in _hello.VERSIONS.items()}
    if len(chosen) < 2 or chosen[0] not in versions:  # noqa: PLR2004 - version and suite
        raise NotKnown(Reason.NO_ANSWER, "no TLS came about behind the control channel")
    return InnerTls(versions[chosen[0]], chosen[1])


def _read(answer: Answer) -> Mapping[str, Any]:
    return members(answer.json(), answer.id, "wrap", "before", "keyless", "after", "digest", "tls")


@check("GW-30")
def only_for_key_holders(gateway: Gateway, found: ControlChannel | Unknown) -> Judgement:
    """A pass needs both: dropped without the key, and answered with it before and after on the same path."""
    if gateway.protocol != "openvpn":
        return not_applicable("not_openvpn")
    if isinstance(found, Unknown):
        return unknown(found.reason, found.note)
    if found.in_force is not None:
        return passed("ok", wrap=found.wrap) if found.in_force else failed("open")
    if REFUSED in (found.keyless, found.before, found.after):
        return unknown(Reason.REFUSED, "its port is closed")
    if not found.wrap:
        return unknown(
            Reason.NO_CONTROL, f"without a key: {found.keyless}; no key is declared (wrap, key_file)"
        )
    note = f"with the declared key: {found.before}, {found.after}; without: {found.keyless}"
    return unknown(Reason.NO_ANSWER, f"{note}; filtered, or the server has another key")
