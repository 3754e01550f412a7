"""Small files that are whole or not there, also after a power cut."""

import contextlib
import os
from pathlib import Path

from auditor.errors import OutputError


def write_durably(path: Path, content: bytes) -> None:
    """Put `content` where `path` is: on the disk before its name leads to it, for its owner only.

    Raises:
        OutputError: it cannot be written; what was there before is untouched.
    """
    aside = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise OutputError("write", path=str(path), why=error.strerror or str(error)) from error


def _sync_folder(folder: Path) -> None:
    """Names are on the disk only when the folder is; Windows knows no such thing."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
