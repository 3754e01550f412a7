"""Writes a new town folder for a town to fill in."""

from importlib.resources import files
from pathlib import Path

from auditor.errors import OutputError
from auditor.ledger import Column
from auditor.rosters import ENDPOINTS, STAFF

TEMPLATES = ("town.toml", "model.toml", "exceptions.toml", "known_hosts", "trusted_signers", "README.txt")
FOLDERS = ("inbox", "out", "routes", "ordinances", "accounts")
PRIVATE = 0o700


def write_town(folder: Path, lang: str) -> tuple[Path, ...]:
    """Write a commented town folder in `lang` and return its files; nothing is ever overwritten.

    Raises:
        OutputError: the folder exists and is not empty, or cannot be written to.
    """
    make_folder(folder)
    written: list[Path] = []
    try:
        for name in TEMPLATES:
            template = files(__package__) / f"{name.partition('.')[0].lower()}.{lang}.txt"
            written.append(_new(folder / name, template.read_text("utf-8").encode()))
        for name, columns in (("staff.csv", STAFF), ("endpoints.csv", ENDPOINTS)):
            written.append(_new(folder / name, heading_only(columns)))
        for name in FOLDERS:
            (folder / name).mkdir(mode=PRIVATE)
            written.append(folder / name)
    except OSError as error:
        raise _not_made(folder, error) from None
    return tuple(written)


def make_folder(folder: Path) -> None:
    """Make the folder, readable for its owner only; one that is there must be empty.

    Raises:
        OutputError: it holds something, is not a folder, or cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
        if any(folder.iterdir()):
            raise OutputError("folder_not_empty", path=str(folder))
    except OSError as error:
        raise _not_made(folder, error) from None


def heading_only(columns: tuple[Column, ...]) -> bytes:
    """A ledger with its headings, as Excel on Windows opens it without asking (UTF-8 with BOM, CRLF)."""
    return (",".join(column.heading for column in columns) + "\r\n").encode("utf-8-sig")


def _new(path: Path, content: bytes) -> Path:
    with path.open("xb") as stream:
        stream.write(content)
    return path


def _not_made(folder: Path, error: OSError) -> OutputError:
    return OutputError("folder_not_made", path=str(folder), why=error.strerror or type(error).__name__)
