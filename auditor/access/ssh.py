"""One script on one remote machine: one connection, one login, one command, under one deadline.

The outcomes are told apart: reached, refused, silent, key unknown, key changed, not authorised, shell
unusable, too old, jump host not reached. Both output streams are drained by one thread as they come; a flood
on stderr blocks nothing. Nothing is kept open, whatever happens.

A second command is run only where the first one gave no answer: without sudo where sudo refused, and to tell
which kind of shell is there.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

from auditor.access import shells
from auditor.access.command import Ran, run
from auditor.access.handshake import Contacts, Opener, connected, direct, unlogged
from auditor.access.hostkeys import HostKeys
from auditor.access.jump import Gate
from auditor.access.limits import Traffic
from auditor.access.login import Place, log_in
from auditor.access.net import Deadline
from auditor.access.sshlib import paramiko
from auditor.access.thrift import Wire
from auditor.errors import Unreached
from auditor.findings import Reason
from auditor.targets import Endpoint


@dataclass(frozen=True, slots=True)
class SshRoad:
    """All that logins share, loaded once: pinned host keys, private keys, passwords, jump hosts."""

    pins: HostKeys
    keys: tuple[paramiko.PKey, ...]
    password: Callable[[Place], str | None]
    gates: Mapping[str, Gate] = field(default_factory=dict)
    traffic: Traffic = field(default_factory=Traffic)

    def close(self) -> None:
        """End every connection, also those in use."""
        self.traffic.cut_all()
        for gate in self.gates.values():
            gate.close()


@dataclass(frozen=True, slots=True)
class Heard:
    """What the script printed; `sudo_refused` = what sudo said when it would not run it, "" = nothing."""

    output: bytes
    sudo_refused: str = ""


def collect(
    endpoint: Endpoint,
    script: str,
    road: SshRoad,
    deadline_s: float,
    nonce: str = "",
    contacts: Contacts = unlogged,
) -> Heard:
    """What `script` printed there, at most `MAX_ANSWER_BYTES`; at the deadline, what had come by then.

    With the script's `nonce`, only an output that holds a frame counts as an answer. Turns at a busy server
    or jump host are waited for before the deadline begins. `contacts` is told of every connect.

    Raises:
        Unreached: REFUSED, NO_ANSWER, NAME_NOT_FOUND, KEY_UNKNOWN, KEY_CHANGED, NOT_AUTHORISED,
            SHELL_UNUSABLE, TOO_OLD, NOT_MEASURABLE, NOT_DECLARED or JUMP_UNREACHED.
    """
    if not endpoint.account:
        raise Unreached(Reason.NOT_AUTHORISED, "no account is declared")
    gate = _gate(endpoint, road)
    opened: list[Wire] = []

    def opener(deadline: Deadline) -> Wire:
        opened[:] = [way(deadline)]
        return opened[0]

    way: Opener = (gate.opener if gate is not None else direct)(endpoint.host, endpoint.port, contacts)
    with ExitStack() as turns:
        for place in places(endpoint):
            turns.enter_context(road.traffic.turn(place))
        deadline = Deadline.after(deadline_s)
        pins = road.pins.pins(endpoint.host, endpoint.port)
        try:
            with connected(opener, pins, deadline, road.traffic) as line:
                log_in(line.transport, line.shown, endpoint, road, deadline)
                return _asked(line.transport, endpoint, script, nonce, deadline)
        except Unreached as error:
            if gate is not None and opened and opened[0].lost():
                raise gate.told(f"the connection was lost; {error.note}") from None
            raise


def places(endpoint: Endpoint) -> tuple[str, ...]:
    """Where a session with this endpoint takes a turn: the jump host before it, and its own server."""
    server = f"{endpoint.host}:{endpoint.port}"
    return (f"jump {endpoint.jump}", f"{endpoint.jump} {server}") if endpoint.jump else (server,)


def _gate(endpoint: Endpoint, road: SshRoad) -> Gate | None:
    if not endpoint.jump:
        return None
    gate = road.gates.get(endpoint.jump)
    if gate is None:
        raise Unreached(Reason.NOT_DECLARED, f"jump host {endpoint.jump}")
    return gate


def _asked(
    transport: paramiko.Transport, endpoint: Endpoint, script: str, nonce: str, deadline: Deadline
) -> Heard:
    text = shells.guarded(script, endpoint.os)
    refusal = ""
    if endpoint.sudo and endpoint.os != "windows":
        ran = run(transport, shells.SUDO, text, deadline, nonce)
        if ran.answered:
            return Heard(ran.output)
        refusal = _sudo_refusal(transport, endpoint, ran, deadline)
    ran = run(transport, shells.command(endpoint.os), text, deadline, nonce)
    if ran.answered:
        return Heard(ran.output, refusal)
    raise _unanswered(transport, endpoint, ran, deadline)


def _sudo_refusal(transport: paramiko.Transport, endpoint: Endpoint, ran: Ran, deadline: Deadline) -> str:
    """What sudo said when it ended without running the script; anything else is a failure of its own."""
    if not ran.status or ran.flooded or ran.status == shells.WRONG_SYSTEM or deadline.left_s() <= 0:
        raise _unanswered(transport, endpoint, ran, deadline)
    return ran.note or f"exit status {ran.status}"


def _unanswered(transport: paramiko.Transport, endpoint: Endpoint, ran: Ran, deadline: Deadline) -> Unreached:
    """Why the script gave nothing: silence, a cut, another system than the ledger's, or no usable shell."""
    if deadline.left_s() <= 0 or not transport.is_active():
        return Unreached(Reason.NO_ANSWER, ran.note or "the command did not answer in time")
    if ran.flooded:
        return Unreached(Reason.SHELL_UNUSABLE, f"a flood instead of an answer: {ran.note}")
    notes = [ran.note] if ran.note else []
    if endpoint.os == "windows" and ran.status == shells.CUT_SHORT:
        notes.insert(0, "the script arrived there only in part")
    elif found := shells.other_system(ran.output):
        notes.insert(0, f"the ledger says {endpoint.os}, and {found} answered")
    elif there := shells.recognised(run(transport, shells.PROBE, b"", deadline, "").output):
        windows = there.startswith("Windows")
        if windows is not (endpoint.os == "windows"):
            notes.insert(0, f"the ledger says {endpoint.os}, and {there} answered")
        else:
            notes.append(f"{there} is there")
    if not notes:
        notes.append(f"no framed answer in {len(ran.output)} bytes, exit status {ran.status}")
    return Unreached(Reason.SHELL_UNUSABLE, "; ".join(notes))
