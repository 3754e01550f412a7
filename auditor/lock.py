"""One run at a time in a town folder, on every system."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from auditor.errors import LockedError, OutputError


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the town folder for one run; released by the system even if the process is killed.

    Raises:
        LockedError: another run holds it.
        OutputError: the lock file cannot be made.
    """
    path = folder / "auditor.lock"
    try:
        handle = path.open("a+b")
    except OSError as error:
        raise OutputError("lock_file", path=str(path), why=error.strerror or "") from error
    with handle:
        try:
            _lock(handle.fileno())
        except OSError:
            raise LockedError("locked", path=str(path)) from None
        yield


def _lock(fileno: int) -> None:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - exists on Windows only

        msvcrt.locking(fileno, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl  # noqa: PLC0415 - exists on POSIX only

        fcntl.flock(fileno, fcntl.LOCK_EX | fcntl.LOCK_NB)
