"""Files that only their owner may touch: keys and passwords, wherever they are needed.

Under systemd the service need not be their owner: ``LoadCredential`` hands it a copy of each.
"""

import hashlib
import os
import re
from pathlib import Path

from auditor.errors import ConfigError, Problem
from auditor.plainfile import opened_plain

_FOR_OTHERS = 0o077
_MOST_BYTES = 1024 * 1024
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def credential_name(path: Path) -> str:
    """Under which name systemd hands a copy of that file to the service."""
    whole = os.path.abspath(path)  # noqa: PTH100 - `resolve` would follow links that the service cannot see
    digest = hashlib.sha256(os.fsencode(whole)).hexdigest()[:12]
    return f"{digest}-{_UNSAFE.sub('_', path.name)[-60:]}"


def _credential(path: Path) -> Path | None:
    """The copy of that file that was made for this service alone, None = there is none."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
    copy = Path(folder) / credential_name(path) if folder else None
    return copy if copy is not None and copy.is_file() else None


def private_bytes(path: Path, what: str = "key_file") -> bytes:
    """A file's bytes, at most 1 MiB; refuses one that group or others may touch (on POSIX systems).

    A copy that systemd made for this service counts instead; who may read that one is systemd's concern.

    Raises:
        ConfigError: ``{what}_mode`` or ``{what}_unreadable``.
    """
    handed = _credential(path)
    try:
        with opened_plain(handed or path) as file:
            mode = os.fstat(file.fileno()).st_mode
            if handed is None and os.name == "posix" and mode & _FOR_OTHERS:
                raise ConfigError([Problem(path, None, "", f"{what}_mode", {"mode": f"{mode & 0o777:03o}"})])
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise ConfigError([Problem(path, None, "", f"{what}_unreadable", {"why": str(error)})]) from None
