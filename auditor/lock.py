"""One run at a time in a town folder, on every system.

The system's own lock counts where it works: it ends with its process. Beside it stands a note of who holds
it, because on a share the system's lock may reach one machine only. A note that nobody took away is that of
a run that was killed: its process is gone, the machine was started anew, or (on another machine) nobody has
renewed it for `STALE_S`.
"""

import contextlib
import os
import platform
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import msgspec

from auditor.errors import LockedError, OutputError
from auditor.wholefile import created

LOCK = "auditor.lock"
STALE_S = 600.0
"""A holder on another machine that has not renewed its note for so long is gone."""

RENEW_S = 60.0
_POLL_S = 0.5
_MAX_NOTE = 4096
_FAR = 1 << 30
"""Windows forbids others to read what is locked: the locked byte lies far behind the note."""


class Holder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who holds the folder. `boot` = the system's id of its present start, "" = it tells none."""

    pid: int
    host: str
    since: datetime
    boot: str = ""
    began: float = 0.0


@contextmanager
def locked(
    folder: Path, wait_s: float = 0.0, waiting: Callable[[LockedError], None] = lambda _: None
) -> Iterator[Holder | None]:
    """Hold the town folder for one run; who left it behind without ending, None = nobody did.

    `wait_s` = how long to wait for another run to end; `waiting` is told once that it does.

    Raises:
        LockedError: another run holds it.
        OutputError: the lock file cannot be made.
    """
    path = folder / LOCK
    end = time.monotonic() + wait_s
    told = False
    while True:
        handle = _opened(path)
        try:
            stale = _taken(handle, path)
            break
        except LockedError as error:
            handle.close()
            if time.monotonic() >= end:
                raise
            if not told:
                waiting(error)
                told = True
        time.sleep(_POLL_S)
    with handle:
        _write(handle, path)
        with _renewed(path):
            try:
                yield stale
            finally:
                _clear(handle)


def holder(folder: Path) -> Holder | None:
    """Who holds the folder now, None = nobody; nothing is locked or written to find out."""
    path = folder / LOCK
    try:
        with path.open("rb") as handle:
            found = _note(handle)
    except OSError:
        return None
    return found if found is not None and _lives(found, path) else None


def _opened(path: Path) -> IO[bytes]:
    try:
        with contextlib.suppress(FileExistsError):
            os.close(created(path, 0o666))  # the nightly audit must be able to take it, too
        return path.open("a+b")
    except OSError as error:
        raise OutputError("lock_file", path=str(path), why=error.strerror or "") from error


def _taken(handle: IO[bytes], path: Path) -> Holder | None:
    """Take the lock; the holder of a note that was left behind, None = there is none."""
    try:
        _lock(handle.fileno())
    except OSError:
        raise _held(path, _note(handle)) from None
    holder = _note(handle)
    if holder is not None and _lives(holder, path):
        raise _held(path, holder)
    return holder


def _held(path: Path, holder: Holder | None) -> LockedError:
    if holder is None:
        return LockedError("locked_unknown", path=str(path))
    since = holder.since.astimezone().strftime("%Y-%m-%d %H:%M")
    return LockedError("locked", path=str(path), pid=holder.pid, host=holder.host, since=since)


def _lives(holder: Holder, path: Path) -> bool:
    """True when the one who wrote the note is still at work, though the system let us have the lock."""
    if holder.host != platform.node():
        with contextlib.suppress(OSError):
            return time.time() - path.stat().st_mtime < STALE_S
        return True
    if holder.boot != _boot():
        return False
    if holder.pid == os.getpid():
        return False  # ours, and this process had to give up the system's lock to take it again
    import psutil  # noqa: PLC0415 - start-up time

    try:
        return abs(psutil.Process(holder.pid).create_time() - holder.began) < 1
    except psutil.Error:
        return False


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except (OSError, ValueError):
        return ""


def _note(handle: IO[bytes]) -> Holder | None:
    """What stands in the file, None = nothing that can be read."""
    try:
        handle.seek(0)
        return msgspec.json.decode(handle.read(_MAX_NOTE), type=Holder)
    except (OSError, msgspec.MsgspecError):
        return None


def _write(handle: IO[bytes], path: Path) -> None:
    import psutil  # noqa: PLC0415 - start-up time

    me = Holder(
        os.getpid(),
        platform.node(),
        datetime.now(UTC).replace(microsecond=0),
        _boot(),
        psutil.Process().create_time(),
    )
    try:
        handle.truncate(0)
        handle.write(msgspec.json.encode(me))
        handle.flush()
    except OSError as error:
        with contextlib.suppress(OSError):
            handle.close()
        raise OutputError("lock_file", path=str(path), why=error.strerror or "") from error


def _clear(handle: IO[bytes]) -> None:
    with contextlib.suppress(OSError):
        handle.truncate(0)


@contextmanager
def _renewed(path: Path) -> Iterator[None]:
    """Keep the file's time young while the block runs, for who looks from another machine."""
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(RENEW_S):
            with contextlib.suppress(OSError):
                os.utime(path)

    thread = threading.Thread(target=renew, name="lock", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()


def _lock(fileno: int) -> None:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - exists on Windows only

        os.lseek(fileno, _FAR, os.SEEK_SET)
        msvcrt.locking(fileno, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl  # noqa: PLC0415 - exists on POSIX only

        fcntl.flock(fileno, fcntl.LOCK_EX | fcntl.LOCK_NB)
