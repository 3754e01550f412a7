"""Writes report files; names are made from ids in one place, so that none ever comes from a name."""

import hashlib
import re
from pathlib import Path

from auditor.errors import OutputError

PLAIN = re.compile(r"[^A-Za-z0-9_-]")
NAME_LENGTH = 40
DEVICE = re.compile(r"con|prn|aux|nul|com\d|lpt\d")
"""Names that Windows keeps for devices, whatever follows the dot."""


def file_name(id_: str) -> str:
    """A file name from an id: letters, digits, hyphens; never two alike, also where case is ignored."""
    kept = PLAIN.sub("", id_)[:NAME_LENGTH]
    if kept == id_ and kept == kept.lower() and kept and not DEVICE.fullmatch(kept):
        return kept
    return f"{kept.lower()}-{hashlib.sha256(id_.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}".lstrip(
        "-"
    )


def write(path: Path, content: bytes) -> Path:
    """Write one file, making its folder.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise OutputError("write", path=str(path), why=error.strerror or str(error)) from error
    return path
