"""Opens files that people or other programs put into the town folder, and nothing that only looks so."""

import errno
import os
import stat
from pathlib import Path
from typing import IO


def opened_plain(path: Path) -> IO[bytes]:
    """The file for reading. A pipe, socket or device in its place is refused at once: it would make us wait.

    Raises:
        OSError: it cannot be opened, or is no plain file.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    number = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise OSError(errno.EINVAL, "this is no plain file", str(path))
    return os.fdopen(number, "rb")


def plain_bytes(path: Path, limit_bytes: int) -> bytes:
    """At most so much of the file.

    Raises:
        OSError: it cannot be read, or is no plain file.
    """
    with opened_plain(path) as file:
        return file.read(limit_bytes)
