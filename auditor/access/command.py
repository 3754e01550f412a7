"""One command on one channel of a connection: input in, both streams out, under the connection's deadline."""

import threading
import time
from contextlib import suppress
from dataclasses import dataclass

from auditor.access.net import Deadline
from auditor.access.shells import NOTE_BYTES, plain, words
from auditor.access.sshlib import paramiko
from auditor.answers import MAX_ANSWER_BYTES

MAX_ERROR_BYTES = 16 * 1024 * 1024
"""More on stderr than this is a flood; our scripts send nothing there."""

_POLL_S = 2.0
_ORPHAN_S = 0.5
_STATUS_S = 0.5
_CHUNK = 65536


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended. `answered` = its output holds a frame (without a nonce: it holds anything).

    `status` None = it has not ended or did not tell. `flooded` = it was given up for its amount of output.
    """

    output: bytes
    answered: bool
    note: str
    status: int | None
    flooded: bool = False


class _Bell:
    """Rung by paramiko's buffers when something came or ended; only the reader may silence it."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def set(self) -> None:
        """Ring."""
        self._rung.set()

    def clear(self) -> None:
        """Stay as it is: what empties one stream must not hide what came on the other."""

    def heard(self, within_s: float) -> bool:
        """Wait for it and silence it."""
        rung = self._rung.wait(within_s)
        self._rung.clear()
        return rung


class _Ended(threading.Event):
    """Set by paramiko when the exit status came; the streams may still be held open by something else."""

    def __init__(self, bell: _Bell) -> None:
        super().__init__()
        self._bell = bell

    def set(self) -> None:
        """Ring, too."""
        super().set()
        self._bell.set()


@dataclass(slots=True)
class _Streams:
    output: bytearray
    errors: bytearray
    error_bytes: int = 0

    @property
    def flooded(self) -> bool:
        return len(self.output) >= MAX_ANSWER_BYTES or self.error_bytes >= MAX_ERROR_BYTES


def run(transport: paramiko.Transport, command: str, text: bytes, deadline: Deadline, nonce: str) -> Ran:
    """Run `command` with `text` as its input; what had come is kept when the line is lost or time is up."""
    streams = _Streams(bytearray(), bytearray())
    failure = ""
    status: int | None = None
    try:
        channel = transport.open_session(timeout=deadline.need_s("a channel"))
        bell = _Bell()
        channel.in_buffer.set_event(bell)  # type: ignore[arg-type]  # `set` and `clear` are all it uses
        channel.in_stderr_buffer.set_event(bell)  # type: ignore[arg-type]
        channel.status_event = _Ended(bell)
        channel.settimeout(deadline.need_s("the command"))
        channel.exec_command(command)
        with suppress(paramiko.SSHException, OSError):  # it may end without reading its input
            channel.sendall(text)
            channel.shutdown_write()
        _drain(channel, bell, streams, deadline, f"\n{nonce} end:true\n".encode() if nonce else b"")
        if not _framed(streams.output, nonce):
            status = _status(channel, _STATUS_S)
            channel.close()  # after an answer nothing else is asked, and the connection takes it along
    except (paramiko.SSHException, EOFError, OSError) as error:
        failure = f"{type(error).__name__}: {error}"
    output = plain(bytes(streams.output[:MAX_ANSWER_BYTES]), nonce)
    note = "; ".join(part for part in (failure, words(bytes(streams.errors))) if part)
    return Ran(output, _framed(output, nonce), note, status, streams.flooded)


def _framed(output: bytes | bytearray, nonce: str) -> bool:
    return f"\n{nonce} ".encode() in output if nonce else bool(output)


def _drain(
    channel: paramiko.Channel, bell: _Bell, streams: _Streams, deadline: Deadline, last: bytes
) -> None:
    """Both streams as they come, until `last` closes the output, it ends, floods, or the deadline passes.

    Ends also shortly after the command itself has ended, should a process it left behind hold the streams.
    """
    ended_at: float | None = None
    while not streams.flooded and deadline.left_s() > 0:
        rung = bell.heard(min(_POLL_S if ended_at is None else _ORPHAN_S, deadline.left_s()))
        while channel.recv_stderr_ready() and deadline.left_s() > 0 and not streams.flooded:
            chunk = channel.recv_stderr(_CHUNK)
            streams.error_bytes += len(chunk)
            streams.errors += chunk[: NOTE_BYTES - len(streams.errors)]
        while channel.recv_ready() and not streams.flooded:
            streams.output += channel.recv(_CHUNK)
        if (last and streams.output.endswith(last)) or channel.eof_received or channel.closed:
            return _rest(channel, streams)
        if channel.exit_status_ready():
            ended_at = time.monotonic() if ended_at is None or rung else ended_at
            if time.monotonic() - ended_at >= _ORPHAN_S:
                return None
    return None


def _rest(channel: paramiko.Channel, streams: _Streams) -> None:
    """What is in the buffers after the end."""
    while channel.recv_ready() and not streams.flooded:
        streams.output += channel.recv(_CHUNK)
    if channel.recv_stderr_ready() and len(streams.errors) < NOTE_BYTES:
        streams.errors += channel.recv_stderr(NOTE_BYTES - len(streams.errors))


def _status(channel: paramiko.Channel, wait_s: float) -> int | None:
    """The exit status if it has come or comes soon; None also for a command that a signal ended."""
    if not channel.status_event.wait(wait_s):
        return None
    status = channel.recv_exit_status()
    return status if status >= 0 else None
