"""One script on one remote machine: one connection, one login, one command, under one deadline.

The outcomes are told apart: reached, refused, silent, key unknown, key changed, not authorised, shell
unusable, too old. Both output streams are drained by one thread as they come; a flood on stderr blocks
nothing. Nothing is kept open, whatever happens.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import paramiko

from auditor.access.handshake import connected
from auditor.access.hostkeys import HostKey, HostKeys, Standing
from auditor.access.net import Deadline
from auditor.answers import MAX_ANSWER_BYTES
from auditor.errors import Unreached
from auditor.findings import Reason
from auditor.script_ps import windows_argv
from auditor.targets import Endpoint

MAX_KEYS = 4
"""Keys tried per host; OpenSSH hangs up after six refused attempts."""

_NOTE_BYTES = 400
_POLL_S = 0.2
_ORPHAN_S = 0.5
_CHUNK = 65536
_STANDING = {
    Standing.UNKNOWN: Reason.KEY_UNKNOWN,
    Standing.CHANGED: Reason.KEY_CHANGED,
    Standing.REVOKED: Reason.KEY_CHANGED,
}


@dataclass(frozen=True, slots=True)
class SshRoad:
    """All that logins share, loaded once: pinned host keys, private keys, and the password of an endpoint."""

    pins: HostKeys
    keys: tuple[paramiko.PKey, ...]
    password: Callable[[Endpoint], str | None]


def collect(endpoint: Endpoint, script: str, road: SshRoad, deadline_s: float) -> bytes:
    """What `script` printed there, at most `MAX_ANSWER_BYTES`; at the deadline, what had come by then.

    Raises:
        Unreached: REFUSED, NO_ANSWER, NAME_NOT_FOUND, KEY_UNKNOWN, KEY_CHANGED, NOT_AUTHORISED,
            SHELL_UNUSABLE, TOO_OLD or NOT_MEASURABLE.
    """
    if not endpoint.account:
        raise Unreached(Reason.NOT_AUTHORISED, "no account is declared")
    deadline = Deadline.after(deadline_s)
    pins = road.pins.pins(endpoint.host, endpoint.port)
    with connected(endpoint.host, endpoint.port, pins, deadline) as (transport, shown):
        _check_key(endpoint, shown, road.pins)
        _log_in(transport, endpoint, road, deadline)
        return _run(transport, _command(endpoint), script.encode("ascii"), deadline)


def _command(endpoint: Endpoint) -> str:
    """A command line that every login shell reads the same way; the script comes on stdin."""
    return " ".join(windows_argv()) if endpoint.os == "windows" else "sh -s"


def _check_key(endpoint: Endpoint, shown: HostKey, known: HostKeys) -> None:
    standing = known.standing(endpoint.host, endpoint.port, shown)
    if standing in _STANDING:
        raise Unreached(_STANDING[standing], f"{standing.value}: {shown.type} {shown.fingerprint}")


def _log_in(transport: paramiko.Transport, endpoint: Endpoint, road: SshRoad, deadline: Deadline) -> None:
    """By the keys in turn, then by password, which is only looked up when no key was taken."""
    refusals: list[str] = []
    for key in road.keys[:MAX_KEYS]:
        if _accepted(lambda key=key: transport.auth_publickey(endpoint.account, key), refusals):  # type: ignore[misc]  # bound now
            return
        _still_there(transport, refusals, deadline)
    password = road.password(endpoint)
    if password is not None:
        if _accepted(lambda: transport.auth_password(endpoint.account, password), refusals):
            return
        _still_there(transport, refusals, deadline)
    raise Unreached(Reason.NOT_AUTHORISED, "; ".join(refusals) or "neither key nor password to log in with")


def _accepted(attempt: Callable[[], list[str]], refusals: list[str]) -> bool:
    """Whether one attempt logged in; why not is added to `refusals`."""
    try:
        more = attempt()
    except (paramiko.SSHException, EOFError, OSError) as error:
        refusals.append(f"{type(error).__name__}: {error}")
        return False
    if more:
        refusals.append("a further factor is demanded: " + ", ".join(more))
    return not more


def _still_there(transport: paramiko.Transport, refusals: list[str], deadline: Deadline) -> None:
    """A connection lost at the first attempt is silence, not a refusal."""
    if deadline.left_s() <= 0 or (not transport.is_active() and len(refusals) == 1):
        raise Unreached(Reason.NO_ANSWER, "during login: " + refusals[-1])
    if not transport.is_active():
        raise Unreached(Reason.NOT_AUTHORISED, "; ".join(refusals))


def _run(transport: paramiko.Transport, command: str, script: bytes, deadline: Deadline) -> bytes:
    errors = bytearray()
    output = b""
    failure = ""
    try:
        with transport.open_session(timeout=deadline.need_s("a channel")) as channel:
            channel.settimeout(deadline.need_s("the command"))
            channel.exec_command(command)
            with suppress(paramiko.SSHException, OSError):  # it may end without reading its input
                channel.sendall(script)
                channel.shutdown_write()
            output = _drained(channel, errors, deadline)
    except (paramiko.SSHException, EOFError, OSError) as error:
        failure = f"{type(error).__name__}: {error}"
    if output:
        return output
    note = "; ".join(part for part in (failure, errors.decode("utf-8", "replace").strip()) if part)
    if deadline.left_s() <= 0 or not transport.is_active():
        raise Unreached(Reason.NO_ANSWER, note or "the command did not answer in time")
    raise Unreached(Reason.SHELL_UNUSABLE, note or "the command ended without a word")


def _drained(channel: paramiko.Channel, errors: bytearray, deadline: Deadline) -> bytes:
    """All of stdout, up to its limit; the beginning of stderr goes to `errors`.

    Ends at the end of output, at the deadline, or shortly after the command itself has ended, should a
    process it left behind hold the streams open.
    """
    output = bytearray()
    channel.settimeout(_POLL_S)
    ended_at: float | None = None
    while len(output) < MAX_ANSWER_BYTES and deadline.left_s() > 0:
        while channel.recv_stderr_ready() and deadline.left_s() > 0:
            chunk = channel.recv_stderr(_CHUNK)
            errors += chunk[: _NOTE_BYTES - len(errors)]
        try:
            chunk = channel.recv(_CHUNK)
        except TimeoutError:
            if ended_at is None and channel.exit_status_ready():
                ended_at = time.monotonic()
            if ended_at is not None and time.monotonic() - ended_at > _ORPHAN_S:
                break
            continue
        if not chunk:
            break
        output += chunk
    while channel.recv_stderr_ready() and len(errors) < _NOTE_BYTES:
        errors += channel.recv_stderr(_NOTE_BYTES)
    return bytes(output[:MAX_ANSWER_BYTES])
