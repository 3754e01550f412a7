"""Who we talk to and as whom: the host key against its pin, then keys in turn, then a password."""

import threading
from collections.abc import Callable
from typing import Protocol

from auditor.access.hostkeys import HostKey, HostKeys, Standing
from auditor.access.net import Deadline
from auditor.access.sshlib import paramiko
from auditor.errors import Unreached
from auditor.findings import Reason

MAX_KEYS = 4
"""Keys tried per host; OpenSSH hangs up after six refused attempts."""

_STANDING = {
    Standing.UNKNOWN: Reason.KEY_UNKNOWN,
    Standing.CHANGED: Reason.KEY_CHANGED,
    Standing.REVOKED: Reason.KEY_CHANGED,
}


class Place(Protocol):
    """A declared SSH server and the account there: an endpoint or a jump host."""

    @property
    def host(self) -> str:
        """Name or address."""

    @property
    def port(self) -> int:
        """TCP port."""

    @property
    def account(self) -> str:
        """The log-in name, "" = none is declared."""


class Credentials(Protocol):
    """What a login needs: pinned host keys, private keys, and the password of a place."""

    @property
    def pins(self) -> HostKeys:
        """The pinned host keys."""

    @property
    def keys(self) -> tuple[paramiko.PKey, ...]:
        """Private keys, tried in this order."""

    @property
    def password(self) -> Callable[[Place], str | None]:
        """The password for a place, None = there is none."""


def log_in(
    transport: paramiko.Transport, shown: HostKey, place: Place, known: Credentials, deadline: Deadline
) -> None:
    """Log in, once the key shown is the one pinned.

    Raises:
        Unreached: KEY_UNKNOWN, KEY_CHANGED, NOT_AUTHORISED, NO_ANSWER.
    """
    standing = known.pins.standing(place.host, place.port, shown)
    if standing in _STANDING:
        raise Unreached(_STANDING[standing], f"{standing.value}: {shown.type} {shown.fingerprint}")
    refusals: list[str] = []
    for key in known.keys[:MAX_KEYS]:
        if _accepted(lambda key=key: _by_key(transport, place.account, key, deadline), refusals):  # type: ignore[misc]  # bound now
            return
        _still_there(transport, refusals, deadline)
    password = known.password(place)
    if password is not None:
        if _accepted(lambda: transport.auth_password(place.account, password), refusals):
            return
        _still_there(transport, refusals, deadline)
    raise Unreached(Reason.NOT_AUTHORISED, "; ".join(refusals) or "neither key nor password to log in with")


def _by_key(transport: paramiko.Transport, account: str, key: paramiko.PKey, deadline: Deadline) -> list[str]:
    """What else is demanded after the key, [] = logged in; waits without waking up in between."""
    done = threading.Event()
    transport.auth_publickey(account, key, done)
    done.wait(deadline.left_s())
    if transport.is_active() and transport.is_authenticated():
        return []
    error = transport.get_exception()
    if isinstance(error, paramiko.ssh_exception.PartialAuthentication):
        return error.allowed_types
    late = "no answer within the time limit" if deadline.left_s() <= 0 else "the connection was lost"
    raise error or paramiko.AuthenticationException(late)


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
