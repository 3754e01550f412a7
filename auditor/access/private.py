"""Files that only their owner may touch: keys and passwords, wherever they are needed."""

import os
from pathlib import Path

from auditor.errors import ConfigError, Problem

_FOR_OTHERS = 0o077
_MOST_BYTES = 1024 * 1024


def private_bytes(path: Path, what: str = "key_file") -> bytes:
    """A file's bytes, at most 1 MiB; refuses one that group or others may touch (on POSIX systems).

    Raises:
        ConfigError: ``{what}_mode`` or ``{what}_unreadable``.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if os.name == "posix" and mode & _FOR_OTHERS:
                raise ConfigError([Problem(path, None, "", f"{what}_mode", {"mode": f"{mode & 0o777:03o}"})])
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise ConfigError([Problem(path, None, "", f"{what}_unreadable", {"why": str(error)})]) from None
