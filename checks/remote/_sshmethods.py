"""The ways to log in that an SSH server names to one who tries none (RFC 4252 §5.2)."""

import logging
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from auditor.api import Dial, Gateway, NotKnown, Reason
from checks.remote._wire import within

if TYPE_CHECKING:
    import paramiko

WAIT_S = 8.0
NOBODY_ASKED = "none"
"""What is written down for a server that lets anybody in."""


def named(gateway: Gateway, dial: Dial) -> tuple[str, ...]:
    """The methods, sorted; ("none",) = the account gets in without any.

    Raises:
        NotKnown: NOT_MEASURABLE (our library has nothing in common with it), NO_ANSWER, or WRONG_SERVICE.
        Unreached: no connection.
    """
    import paramiko  # noqa: PLC0415 - it costs more than all probes together, and few towns opt in

    logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)  # its outcomes are ours to tell
    with dial.tcp(gateway.host, gateway.port, wait_s=WAIT_S) as stream:
        left = within(dial, WAIT_S)
        transport = paramiko.Transport(stream.sock)
        transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = left()
        watch = threading.Timer(left(), transport.close)
        watch.daemon = True
        watch.start()
        try:
            return _asked(transport, gateway.ssh_account, left())
        except paramiko.ssh_exception.IncompatiblePeer as error:
            raise NotKnown(Reason.NOT_MEASURABLE, str(error)[:200]) from None
        except (paramiko.SSHException, EOFError, OSError) as error:
            reason = Reason.NO_ANSWER if left() <= 0 or "banner" in str(error) else Reason.WRONG_SERVICE
            raise NotKnown(reason, f"{type(error).__name__}: {error}"[:200]) from None
        finally:
            watch.cancel()
            transport.close()
            with suppress(RuntimeError):
                transport.join(2.0)


def _asked(transport: "paramiko.Transport", account: str, left_s: float) -> tuple[str, ...]:
    import paramiko  # noqa: PLC0415 - see above

    transport.start_client(timeout=left_s)
    try:
        transport.auth_none(account)
    except paramiko.BadAuthenticationType as told:
        return tuple(sorted(set(told.allowed_types)))
    return (NOBODY_ASKED,)
