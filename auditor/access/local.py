"""The collector script on this very machine: the same script, the same limits, no network."""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress

from auditor.access.net import Deadline
from auditor.answers import MAX_ANSWER_BYTES
from auditor.errors import Unreached
from auditor.findings import Reason
from auditor.script_ps import windows_argv

_PATH = "/usr/bin:/bin:/usr/sbin:/sbin"
_KEPT = ("HOME", "USER", "LOGNAME", "XDG_RUNTIME_DIR", "XDG_CURRENT_DESKTOP", "DBUS_SESSION_BUS_ADDRESS")
"""Variables a fact about the logged-on user needs; no other one reaches the script."""

_NOTE_BYTES = 400
_POLL_S = 0.1
_ORPHAN_S = 0.5
_CHUNK = 65536


def run_script(script: str, deadline_s: float, shell: tuple[str, ...] = ("/bin/sh",)) -> bytes:
    """What `script` printed here, at most `MAX_ANSWER_BYTES`; at the deadline, what had come by then.

    It runs in a process group of its own, which is ended on return with all that is left of it.

    Raises:
        Unreached: NO_ANSWER when nothing came in time, SHELL_UNUSABLE when it ended without a word.
    """
    deadline = Deadline.after(deadline_s)
    if sys.platform == "win32":
        output, errors = _on_windows(script, deadline_s)
    else:
        output, errors = _on_posix(script, deadline, shell)
    if output:
        return output
    note = errors[:_NOTE_BYTES].decode("utf-8", "replace").strip()
    if deadline.left_s() <= 0:
        raise Unreached(Reason.NO_ANSWER, note or "the script did not answer in time")
    raise Unreached(Reason.SHELL_UNUSABLE, note or "the script ended without a word")


def _environment() -> Mapping[str, str]:
    kept = {name: value for name in _KEPT if (value := os.environ.get(name)) is not None}
    return {"PATH": _PATH, "LC_ALL": "C", **kept}


def _on_posix(script: str, deadline: Deadline, shell: tuple[str, ...]) -> tuple[bytes, bytes]:
    try:
        process = subprocess.Popen(  # noqa: S603 - a fixed shell; the script is our own
            [*shell, "-s"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
            env=_environment(),
            start_new_session=True,
        )
    except OSError as error:
        raise Unreached(Reason.SHELL_UNUSABLE, str(error)) from None
    try:
        return _talk(process, script.encode("ascii"), deadline)
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


def _talk(process: subprocess.Popen[bytes], script: bytes, deadline: Deadline) -> tuple[bytes, bytes]:
    """Feed the script and drain both streams as they come, in this one thread."""
    assert process.stdin is not None  # noqa: S101 - all three are pipes
    assert process.stdout is not None  # noqa: S101
    assert process.stderr is not None  # noqa: S101
    stdin, stdout, stderr = process.stdin.fileno(), process.stdout.fileno(), process.stderr.fileno()
    output, errors, unsent, heard_at = bytearray(), bytearray(), memoryview(script), time.monotonic()
    with selectors.DefaultSelector() as selector:
        for number, event in (
            (stdin, selectors.EVENT_WRITE),
            (stdout, selectors.EVENT_READ),
            (stderr, selectors.EVENT_READ),
        ):
            os.set_blocking(number, False)
            selector.register(number, event)
        while stdout in selector.get_map() and deadline.left_s() > 0 and len(output) < MAX_ANSWER_BYTES:
            ready = {key.fd for key, _ in selector.select(min(_POLL_S, deadline.left_s()))}
            if stdin in ready:
                unsent = _fed(stdin, unsent)
                if not unsent:
                    selector.unregister(stdin)
                    process.stdin.close()
            for number, sink in ((stdout, output), (stderr, errors)):
                if number in ready:
                    heard_at = time.monotonic()
                    chunk = os.read(number, _CHUNK)
                    sink.extend(chunk if number == stdout else chunk[: _NOTE_BYTES - len(errors)])
                    if not chunk:
                        selector.unregister(number)
            if process.poll() is not None and time.monotonic() - heard_at > _ORPHAN_S:
                break  # something it left behind holds the streams
    return bytes(output[:MAX_ANSWER_BYTES]), bytes(errors)


def _fed(stdin: int, unsent: memoryview) -> memoryview:
    """What is still to be sent; nothing when the reader has gone."""
    try:
        return unsent[os.write(stdin, unsent[:_CHUNK]) :]
    except BlockingIOError:
        return unsent
    except OSError:
        return unsent[:0]


def _on_windows(script: str, deadline_s: float) -> tuple[bytes, bytes]:
    """By the bootstrap that reads all of stdin; not executed by its authors."""
    process = subprocess.Popen(  # noqa: S603 - a fixed command; the script is our own
        windows_argv(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with process:
        try:
            output, errors = process.communicate(script.encode("ascii"), timeout=deadline_s)
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
    return output[:MAX_ANSWER_BYTES], errors
