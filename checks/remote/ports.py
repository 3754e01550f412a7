"""Closed ports: no management or remote-desktop port of the entrance answers from where the audit runs.

An open port is its own proof. That a port is closed is only believed next to a positive control: the
entrance's own service at the same address answered both before and after. A device that shuts us out while
we ask would otherwise make every port look closed, and so would an IPv6 address that we cannot reach.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from auditor.api import (
    OUTSIDE,
    Answer,
    Dial,
    Garbled,
    Gateway,
    Judgement,
    NotKnown,
    Params,
    Reason,
    Unknown,
    Unreached,
    Verdict,
    Views,
    check,
    fact,
    failed,
    family,
    not_applicable,
    passed,
    probe,
    share_s,
    unknown,
)
from checks.remote import _alive
from checks.remote._addresses import NOT_ASKED, mute, together
from checks.remote._read import compact, listed, members, one_of, whole, word
from checks.remote._wire import (
    ANSWERED,
    CLOSED,
    NAME_NOT_FOUND,
    PROHIBITED,
    REFUSED,
    SILENT,
    WRONG_SERVICE,
    knock,
)

WAIT_S = 2.0
MOST_PORTS = 64
MAX_PORT = 65535
MOST_ADDRESSES = 256
WELL = (ANSWERED, ANSWERED)
OUTCOMES = (ANSWERED, REFUSED, SILENT, CLOSED, WRONG_SERVICE, NAME_NOT_FOUND, PROHIBITED)
NOBODY_LOOKED = Views()
OWN_DOORS = frozenset({"vpn", "rdp", "vdi"})
"""Methods whose entrance stands on the town's own equipment."""
GUARDED = frozenset({"tls", "sstp", "openvpn", "anyconnect", "softether", "portal", "relay"})
"""Protocols an entrance may speak on a port that must be closed; "tcp" may be bare RDP, SSH or VNC."""

REMOTE_CONTROL = {"rdp": "3389", "vnc": "5900", "spice": "5900"}
"""The port that stands for each kind of remote control among those that must be closed."""


@dataclass(frozen=True, slots=True)
class ClosedPorts:
    """TCP ports by outcome; `unasked` = time ran out before their turn.

    `control` = how the entrance's own port answered before and after, `transport` what it was asked over.
    `unproven` = by address at which that port does not answer both times (or name that the SSH host looked
    up), the ports that did not refuse there.
    """

    opened: tuple[int, ...]
    refused: tuple[int, ...]
    silent: tuple[int, ...]
    unasked: tuple[int, ...]
    control: tuple[str, str]
    transport: str
    unproven: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@probe("gateway.ports", kind="gateway", vantages=OUTSIDE, most=16, patience=4)
def ask_ports(gateway: Gateway, dial: Dial) -> bytes:
    """The entrance's own port, each declared port once, the own port again, at each address of the host.

    Nothing is sent to the ports. Where something stops us half-way, an open one stays found.

    Raises:
        NotKnown: NOT_DECLARED, no port is declared to be asked.
    """
    if not gateway.closed_ports:
        raise NotKnown(Reason.NOT_DECLARED, "closed_ports names no port")
    ways = {each: dial.at(gateway.host, each) for each in dial.lookup(gateway.host).addresses}
    before = _own_port(gateway, ways)
    asked: list[Mapping[str, str]] = []
    try:
        for port in gateway.closed_ports[:MOST_PORTS]:
            asked += [_outcomes(gateway.host, port, ways)]
        after = _own_port(gateway, ways)
    except Unreached:
        if not any(ANSWERED in each.values() for each in asked):
            raise
        after = dict.fromkeys(ways, SILENT)
    asked += [{}] * (len(gateway.closed_ports) - len(asked))
    best = max(ways, key=lambda each: (before[each], after[each]).count(ANSWERED))
    return compact(
        {
            "ports": [_row(port, each) for port, each in zip(gateway.closed_ports, asked, strict=True)],
            "before": before[best],
            "after": after[best],
            "apart": [each for each in ways if not family(each) or (before[each], after[each]) != WELL],
            "transport": gateway.transport,
        }
    )


def _own_port(gateway: Gateway, ways: Mapping[str, Dial]) -> dict[str, str]:
    """How the entrance itself answers at each of its addresses."""
    wait_s = share_s(WAIT_S, ways)
    return {each: _alive.ask(gateway, way, wait_s)[0] for each, way in ways.items()}


def _outcomes(host: str, port: int, ways: Mapping[str, Dial]) -> dict[str, str]:
    wait_s = share_s(WAIT_S, ways)
    return {each: _outcome(host, port, way, wait_s) for each, way in ways.items()}


def _outcome(host: str, port: int, dial: Dial, wait_s: float) -> str:
    """Answered, refused, silent (whatever else kept it from answering), or not asked for want of time."""
    if dial.remaining_s() < wait_s:
        return NOT_ASKED
    outcome, _ = knock(dial, host, port, wait_s)
    return outcome if outcome in (ANSWERED, REFUSED) else SILENT


def _row(port: int, outcomes: Mapping[str, str]) -> dict[str, object]:
    outcome = together(outcomes.values()) if outcomes else NOT_ASKED
    return {"port": port, "outcome": outcome, "mute": mute(outcomes)}


@fact("gateway.ports", probe=ask_ports)
def closed_ports(answer: Answer) -> ClosedPorts:
    """The outcomes sorted by what they mean."""
    value = members(answer.json(), answer.id, "ports", "before", "after", "apart", "transport")
    apart = {word(each, "apart") for each in listed(value["apart"], "apart", MOST_ADDRESSES)}
    unproven: dict[str, list[int]] = {}
    by: dict[str, list[int]] = {ANSWERED: [], REFUSED: [], SILENT: [], NOT_ASKED: []}
    for row in listed(value["ports"], "ports", MAX_PORT):
        seen = members(row, "port", "port", "outcome", "mute")
        port = whole(seen["port"], "port", MAX_PORT)
        by[one_of(seen["outcome"], "outcome", tuple(by))].append(port)
        for each in listed(seen["mute"], "mute", MOST_ADDRESSES):
            if word(each, "mute") in apart:
                unproven.setdefault(each, []).append(port)
    if not any(by.values()):
        raise Garbled(f"{answer.id}: no ports")
    return ClosedPorts(
        opened=tuple(by[ANSWERED]),
        refused=tuple(by[REFUSED]),
        silent=tuple(by[SILENT]),
        unasked=tuple(by[NOT_ASKED]),
        control=(one_of(value["before"], "before", OUTCOMES), one_of(value["after"], "after", OUTCOMES)),
        transport=one_of(value["transport"], "transport", ("tcp", "udp")),
        unproven={each: tuple(ports) for each, ports in unproven.items()},
    )


@check("RA-03")
def management_closed(
    gateway: Gateway, found: ClosedPorts | Unknown, params: Params, views: Views = NOBODY_LOOKED
) -> Judgement:
    """Open fails at once; closed needs the control, every port asked, and every port the model names.

    The demand is about the town's own equipment: a relay, or a cloud service's door, for which no port is
    declared, is not the town's to probe. Where the town declared places outside from which the entrance must
    be reached, what they saw counts, for the office may well reach the management of its own equipment.
    """
    if not gateway.closed_ports and _foreign(gateway):
        return not_applicable("not_ours")
    outside = [(id_, _closed(gateway, seen, params)) for id_, seen in views.of(ClosedPorts).items()]
    for verdict in (Verdict.FAIL, Verdict.UNKNOWN):
        for id_, each in outside:
            if each.verdict is verdict:
                return replace(each, places=tuple(f"{place} ({id_})" for place in each.places))
    return outside[0][1] if outside else _closed(gateway, found, params)


def _closed(gateway: Gateway, found: ClosedPorts | Unknown, params: Params) -> Judgement:
    """The verdict on what was seen from one place."""
    if isinstance(found, Unknown):
        return unknown(found.reason, found.note)
    if opened := (*found.opened, *_bare(found, gateway, params)):
        return failed("open", places=tuple(f"{port}/tcp" for port in opened), count=len(opened))
    if gap := _gap(found, gateway, params):
        return unknown(*gap)
    return passed("ok", count=len(found.refused) + len(found.silent))


def _foreign(gateway: Gateway) -> bool:
    """True for an entrance that stands on somebody else's equipment."""
    methods = set(gateway.methods)
    return gateway.protocol == "relay" or (bool(methods) and not methods & OWN_DOORS)


def _bare(found: ClosedPorts, gateway: Gateway, params: Params) -> tuple[int, ...]:
    """The entrance's own port, where it answered, must be closed and has no protection declared around it.

    Remote control is what it is on any port: moved to another number it hides from nobody.
    """
    bare = gateway.protocol not in GUARDED and gateway.transport == "tcp"
    numbers = {str(gateway.port), REMOTE_CONTROL.get(gateway.protocol, "")}
    named = numbers & set(params.texts("must_closed")) and gateway.port not in found.opened
    return (gateway.port,) if bare and named and ANSWERED in found.control else ()


def _gap(found: ClosedPorts, gateway: Gateway, params: Params) -> tuple[Reason, str] | None:
    """Why "closed" is not proven, None = it is.

    A silent port proves nothing next to a control that came over UDP: our own way out may let UDP through
    and drop TCP.
    """
    if found.control != WELL:
        return Reason.NO_CONTROL, f"own port {gateway.port}: {', '.join(found.control)}"
    if found.silent and found.transport == "udp":
        return Reason.NO_CONTROL, f"own port answers over UDP only; silent over TCP: {_named(found.silent)}"
    if found.unasked:
        return Reason.NO_ANSWER, f"not tried: {_named(found.unasked)}"
    if found.unproven:
        return _unproven(found, gateway)
    guarded = gateway.transport == "tcp" and gateway.protocol in GUARDED
    own = (gateway.port,) if guarded else ()
    asked = {str(port) for port in (*found.refused, *found.silent, *own)}
    missing = [port for port in params.texts("must_closed") if port not in asked]
    return (Reason.NOT_DECLARED, f"closed_ports lacks {', '.join(missing)}") if missing else None


def _unproven(found: ClosedPorts, gateway: Gateway) -> tuple[Reason, str]:
    address, ports = next(iter(found.unproven.items()))
    if not family(address):
        told = "declare the address: an SSH host does not tell which one it tried of"
        return Reason.NOT_MEASURABLE, f"{told} {address}: {_named(ports)}"
    told = f"own port {gateway.port} does not answer at {address}"
    return Reason.NO_CONTROL, f"{told}, where these did not refuse: {_named(ports)}"


def _named(ports: tuple[int, ...]) -> str:
    return ", ".join(str(port) for port in ports)
