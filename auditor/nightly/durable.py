"""Small files that are whole or not there, also after a power cut."""

from pathlib import Path

from auditor.errors import OutputError
from auditor.wholefile import OWN_FOLDER, make_folder, replaced


def write_durably(path: Path, content: bytes) -> None:
    """Put `content` where `path` is; a new file is for its owner only, an old one keeps whose it is.

    Raises:
        OutputError: it cannot be written; what was there before is untouched.
    """
    try:
        make_folder(path.parent, OWN_FOLDER)
        replaced(path, content)
    except OSError as error:
        raise OutputError("write", path=str(path), why=error.strerror or str(error)) from error
