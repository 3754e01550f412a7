"""SPICE entrances, where the town allows the question: nobody comes in without a ticket, nor in the clear.

An empty ticket counts as an attempt to log in, so this protocol word is taken only beside the declaration
that allows it (`allow_spice_link`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from socket import socket
from typing import Any

from auditor.api import (
    Answer,
    Dial,
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
from checks.remote import _spicewire
from checks.remote._inside import inside_tls
from checks.remote._read import compact, members, one_of, whole
from checks.remote._spicewire import NotSpice
from checks.remote._wire import CLOSED, SILENT, WRONG_SERVICE, Ended, Left, within

WAIT_S = 2.5
LINKED = "linked"
OUTCOMES = (LINKED, CLOSED, SILENT, WRONG_SERVICE)
MOST = 2**32 - 1
NOT_ASKED = MOST
"""Stands for the ticket's code where it did not come to one."""


@dataclass(frozen=True, slots=True)
class Way:
    """One link: `error` = the server's code for it, `ticket` = its code for the empty one, or NOT_ASKED."""

    outcome: str
    error: int
    caps: int
    ticket: int


@dataclass(frozen=True, slots=True)
class SpiceOffer:
    """The link in the clear, and the one inside of TLS; None = the first was taken, so it was not asked."""

    plain: Way
    secured: Way | None

    @property
    def ways(self) -> tuple[Way, ...]:
        """Those that were asked."""
        return (self.plain,) if self.secured is None else (self.plain, self.secured)


@probe("gateway.spice", kind="gateway")
def ask_spice(gateway: Gateway, dial: Dial) -> bytes:
    """One link in the clear; where that is not taken, one inside of TLS.

    Raises:
        NotKnown: NOT_AUTHORISED, the town does not allow the question.
        Unreached: nobody answers.
    """
    if gateway.protocol != "spice":
        return compact({"plain": None, "secured": None})
    if not gateway.allow_spice_link:
        raise NotKnown(Reason.NOT_AUTHORISED, "allow_spice_link is not declared")
    plain = _way(gateway, dial, secured=False)
    taken = plain["outcome"] == LINKED and plain["error"] == _spicewire.OK
    return compact({"plain": plain, "secured": None if taken else _way(gateway, dial, secured=True)})


def _way(gateway: Gateway, dial: Dial, *, secured: bool) -> dict[str, Any]:
    told = {"outcome": CLOSED, "error": 0, "caps": 0, "ticket": NOT_ASKED}
    with dial.tcp(gateway.host, gateway.port, wait_s=WAIT_S) as stream:
        left = within(dial, WAIT_S)
        try:
            with _inner(gateway, stream.sock, left, secured=secured) as sock:
                link = _spicewire.linked(sock, left)
                told.update(outcome=LINKED, error=link.error, caps=link.caps)
                if link.error == _spicewire.OK and _by_ticket(link.caps):
                    told["ticket"] = _spicewire.ticket_result(sock, link, left)
        except Ended as end:
            told["outcome"] = told["outcome"] if told["outcome"] == LINKED else end.outcome
        except NotSpice:
            told["outcome"] = WRONG_SERVICE
    return told


@contextmanager
def _inner(gateway: Gateway, sock: socket, left: Left, *, secured: bool) -> Iterator[socket]:
    if not secured:
        yield sock
        return
    with inside_tls(sock, gateway.server_name or gateway.host, left) as inside:
        yield inside


def _by_ticket(caps: int) -> bool:
    """True where the server takes tickets: the way to choose is old, and without it there is no other."""
    return bool(caps & _spicewire.AUTH_SPICE) or not caps & _spicewire.AUTH_SELECTION


@fact("gateway.spice", probe=ask_spice)
def spice_offer(answer: Answer) -> SpiceOffer:
    """The links as they were written down.

    Raises:
        NotKnown: NOT_MEASURABLE, not declared as SPICE; NO_ANSWER or WRONG_SERVICE, no link was answered.
    """
    value = members(answer.json(), answer.id, "plain", "secured")
    if value == {"plain": None, "secured": None}:
        raise NotKnown(Reason.NOT_MEASURABLE, "not a SPICE entrance")
    secured = None if value["secured"] is None else _read(value["secured"], "secured")
    offer = SpiceOffer(_read(value["plain"], "plain"), secured)
    if all(way.outcome != LINKED for way in offer.ways):
        outcomes = [way.outcome for way in offer.ways]
        reason = Reason.NO_ANSWER if set(outcomes) <= {SILENT} else Reason.WRONG_SERVICE
        raise NotKnown(reason, ", ".join(outcomes))
    return offer


def _read(value: Any, what: str) -> Way:
    way = members(value, what, "outcome", "error", "caps", "ticket")
    return Way(
        one_of(way["outcome"], "outcome", OUTCOMES),
        *(whole(way[name], name, MOST) for name in ("error", "caps", "ticket")),
    )


@check("GW-45")
def ticket_required(gateway: Gateway, offer: SpiceOffer | Unknown) -> Judgement:
    """An empty ticket that is taken fails; a pass needs it denied in words by every accepted link."""
    if gateway.protocol != "spice":
        return not_applicable("not_spice")
    if isinstance(offer, Unknown):
        return unknown(offer.reason, offer.note)
    tickets = [way.ticket for way in offer.ways if way.outcome == LINKED and way.error == _spicewire.OK]
    if any(ticket in (_spicewire.OK, _spicewire.BAD_CONNECTION) for ticket in tickets):
        return failed("open")
    if tickets and all(ticket == _spicewire.PERMISSION_DENIED for ticket in tickets):
        return passed("ok")
    return unknown(Reason.NOT_MEASURABLE, _shown(offer))


@check("GW-46")
def links_inside_tls(gateway: Gateway, offer: SpiceOffer | Unknown) -> Judgement:
    """A link accepted in the clear fails; a pass needs one inside of TLS, the clear one ended or refused."""
    if gateway.protocol != "spice":
        return not_applicable("not_spice")
    if isinstance(offer, Unknown):
        return unknown(offer.reason, offer.note)
    plain = offer.plain
    if plain.outcome == LINKED and plain.error == _spicewire.OK:
        return failed("plain")
    inside = offer.secured is not None and offer.secured.outcome == LINKED and not offer.secured.error
    ended = plain.outcome != SILENT or plain.error == _spicewire.NEED_SECURED
    return passed("ok") if inside and ended else unknown(Reason.NOT_MEASURABLE, _shown(offer))


def _shown(offer: SpiceOffer) -> str:
    return ", ".join(f"{way.outcome} {way.error} {way.ticket}" for way in offer.ways)
