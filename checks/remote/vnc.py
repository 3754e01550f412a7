"""VNC entrances: every way in asks for a log-in, and is encrypted under a certificate.

The server lists its ways in before anybody chooses one, so one connection tells them all. This probe's name
comes early in the order of probes on purpose: a VNC server counts connections without a log-in, and after
five lists nothing to that address for a while.
"""

from collections.abc import Sequence
from dataclasses import dataclass

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
from checks.remote import _rfb
from checks.remote._inside import inside_tls
from checks.remote._read import compact, listed, members, whole
from checks.remote._wire import SILENT, Ended, TurnedAway, within

WAIT_S = 3.0
MOST_WAYS = 255
MOST = 2**32 - 1
TYPES = {
    1: "None",
    2: "VncAuth",
    5: "RA2",
    6: "RA2ne",
    16: "Tight",
    17: "Ultra",
    18: "TLS",
    20: "SASL",
    22: "xvp",
    30: "Apple",
    113: "MSLogonII",
    129: "RA2-256",
    130: "RA2ne-256",
    256: "Plain",
    257: "TLSNone",
    258: "TLSVnc",
    259: "TLSPlain",
    260: "X509None",
    261: "X509Vnc",
    262: "X509Plain",
    263: "TLSSASL",
    264: "X509SASL",
}
OPEN = frozenset({1, 257, 260})
"""No log-in at all."""
LOGIN = frozenset({2, 5, 6, 17, 30, 113, 129, 130, 256, 258, 259, 261, 262, 264, 263, 20})
CERTIFIED = frozenset({260, 261, 262, 264})
"""Encrypted, and the server proves who it is."""
ENCRYPTED = frozenset({5, 129, 18, 257, 258, 259, 263})
"""Encrypted to whoever answers (RA2 shows a key of its own, which no authority vouches for)."""
CLEAR = frozenset({1, 2, 6, 17, 30, 113, 130, 256})
"""The screen and the keys go in the clear after the log-in."""


@dataclass(frozen=True, slots=True)
class RfbOffer:
    """The ways in: security types, VeNCrypt's subtypes in place of type 19; `wrapped` = all inside of TLS."""

    ways: tuple[int, ...]
    wrapped: bool


@probe("gateway.framebuffer", kind="gateway")
def ask_vnc(gateway: Gateway, dial: Dial) -> bytes:
    """One connection, left before a way in is chosen; a server that says nothing is greeted in TLS.

    Raises:
        NotKnown: WRONG_SERVICE, not RFB; NO_ANSWER, it says nothing, or turned us away.
        Unreached: nobody answers.
    """
    if gateway.protocol != "vnc":
        return compact({"types": [], "subtypes": [], "wrapped": False})
    with dial.tcp(gateway.host, gateway.port, wait_s=WAIT_S) as stream:
        left = within(dial, WAIT_S)
        try:
            if _rfb.silent(stream.sock, left):
                with inside_tls(stream.sock, gateway.server_name or gateway.host, left) as inside:
                    found = _rfb.offered(inside, left, wrapped=True)
            else:
                found = _rfb.offered(stream.sock, left)
        except _rfb.NotRfb:
            raise NotKnown(Reason.WRONG_SERVICE, "no RFB") from None
        except TurnedAway as error:
            raise NotKnown(Reason.NO_ANSWER, f"turned away: {error}") from None
        except Ended as end:
            reason = Reason.NO_ANSWER if end.outcome == SILENT else Reason.WRONG_SERVICE
            raise NotKnown(reason, f"{end.outcome} before the ways in were told") from None
    return compact({"types": list(found.types), "subtypes": list(found.subtypes), "wrapped": found.wrapped})


@fact("gateway.framebuffer", probe=ask_vnc)
def rfb_offer(answer: Answer) -> RfbOffer:
    """The ways in as they were listed.

    Raises:
        NotKnown: NOT_MEASURABLE, the entrance is not declared as VNC.
    """
    value = members(answer.json(), answer.id, "types", "subtypes", "wrapped")
    types = [whole(each, "type", MOST_WAYS) for each in listed(value["types"], "types", MOST_WAYS)]
    subtypes = [whole(each, "subtype", MOST) for each in listed(value["subtypes"], "subtypes", MOST_WAYS)]
    if not isinstance(value["wrapped"], bool) or _rfb.VENCRYPT in subtypes:
        raise Garbled(f"{answer.id}: wrapped is not true or false, or VeNCrypt inside of itself")
    if not types:
        if subtypes:
            raise Garbled(f"{answer.id}: subtypes of no type")
        raise NotKnown(Reason.NOT_MEASURABLE, "not a VNC entrance")
    if subtypes and _rfb.VENCRYPT not in types:
        raise Garbled(f"{answer.id}: subtypes without VeNCrypt")
    others = [each for each in types if each != _rfb.VENCRYPT]
    return RfbOffer(tuple(dict.fromkeys((*others, *subtypes))), value["wrapped"])


@check("GW-43")
def login_required(gateway: Gateway, offer: RfbOffer | Unknown) -> Judgement:
    """One way in without a log-in fails; a pass needs every listed way to be one that asks for it."""
    if gateway.protocol != "vnc":
        return not_applicable("not_vnc")
    if isinstance(offer, Unknown):
        return unknown(offer.reason, offer.note)
    if found := [way for way in offer.ways if way in OPEN]:
        return failed("open", places=_named(found))
    return _doubt(offer, LOGIN) or passed("ok", ways=", ".join(_named(offer.ways)))


@check("GW-44")
def encrypted_under_a_certificate(gateway: Gateway, offer: RfbOffer | Unknown) -> Judgement:
    """One way in the clear fails, as does one to whoever answers; inside of TLS every way is encrypted."""
    if gateway.protocol != "vnc":
        return not_applicable("not_vnc")
    if isinstance(offer, Unknown):
        return unknown(offer.reason, offer.note)
    if offer.wrapped:
        return passed("wrapped")
    if found := [way for way in offer.ways if way in CLEAR]:
        return failed("clear", places=_named(found))
    if found := [way for way in offer.ways if way in ENCRYPTED]:
        return failed("anybody", places=_named(found))
    return _doubt(offer, CERTIFIED) or passed("ok", ways=", ".join(_named(offer.ways)))


def _doubt(offer: RfbOffer, known: frozenset[int]) -> Judgement | None:
    """Why a pass is not proven, None = it is: a way in that is not among the known ones, or none at all."""
    if not offer.ways:
        return unknown(Reason.NOT_MEASURABLE, "VeNCrypt without a way in")
    doubtful = [way for way in offer.ways if way not in known]
    note = f"not looked into: {', '.join(_named(doubtful))}"
    return unknown(Reason.NOT_MEASURABLE, note) if doubtful else None


def _named(ways: Sequence[int]) -> tuple[str, ...]:
    return tuple(f"{TYPES.get(way, 'type')} ({way})" for way in ways)
