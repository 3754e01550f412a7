"""Evidence files on their way between networks: which are packed, and how they come into an inbox."""

import os
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from auditor.arrivals.archive import BAD, Archive, Listed, bad, matches, members
from auditor.arrivals.aside import READ, REFUSED, safe_name
from auditor.arrivals.bundle import is_bundle, read_bundle, text_of
from auditor.arrivals.inbox import read_file, shown
from auditor.errors import CarryError, Garbled
from auditor.evidence import decode
from auditor.wholefile import created, give

_ASIDE = ".import-"


@dataclass(frozen=True, slots=True)
class Luggage:
    """What an inbox has to carry: (name, content) of each file, and the names of files left out.

    `older` = how many files of the unsigned form stand there and were not asked for.
    """

    files: tuple[tuple[str, bytes], ...]
    skipped: tuple[str, ...] = ()
    older: int = 0


def luggage(folder: Path, since: datetime, *, documents: bool = False) -> Luggage:
    """The bundles of an inbox, unread ones and those read and written `since`.

    With `documents` the unsigned evidence files of the older form as well. Whether a bundle may be believed
    is for the receiver to say; a file that is none of both is named.

    Raises:
        CarryError: there is no inbox, or it cannot be read.
    """
    if not folder.is_dir():
        raise CarryError("no_inbox", path=str(folder))
    files: list[tuple[str, bytes]] = []
    skipped: list[str] = []
    older = 0
    try:
        for path in sorted([*folder.iterdir(), *_inside(folder / READ)]):
            if path.suffix.lower() != ".json":
                continue
            if path.parent != folder and path.lstat().st_mtime < since.timestamp():
                continue
            body, _ = read_file(path, shown(path.name))
            if body is not None and _is_evidence(body, documents=documents):
                name = path.name if path.parent == folder else path.name.partition("-")[2]
                files.append((name, body))
            elif body is not None and not documents and _is_evidence(body, documents=True):
                older += 1
            else:
                skipped.append(shown(path.name))
    except OSError as error:
        raise CarryError("archive_unreadable", path=str(folder), why=error.strerror or str(error)) from None
    return Luggage(tuple(files), tuple(skipped), older)


def _inside(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() and not folder.is_symlink() else []


def _is_evidence(body: bytes, *, documents: bool) -> bool:
    try:
        plain = text_of(body)
        if is_bundle(plain):
            read_bundle(plain)
            return True
        if documents:
            decode(plain)
    except Garbled:
        return False
    return documents


def unpack(archive: Archive, inbox: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Put the files of an examined archive into the inbox; (brought in, there already) by their names there.

    Every file is written beside the inbox first; none appears in it unless all could be written.

    Raises:
        CarryError: the archive changed since it was examined, or the inbox cannot be written.
    """
    aside = None
    try:
        for left in inbox.glob(f"{_ASIDE}*"):  # by an import that was killed; we hold the town's lock
            shutil.rmtree(left, ignore_errors=True)
        known = _names(inbox)
        aside = Path(tempfile.mkdtemp(dir=inbox, prefix=_ASIDE))
        give(aside, inbox)
        with zipfile.ZipFile(archive.path) as opened:
            fresh: list[str] = []
            twice: list[str] = []
            for one, body in members(opened, archive.files):
                matches(one, body)
                name = _name(one)
                if name in known:
                    twice.append(name)
                    continue
                _write(aside / name, body)
                fresh.append(name)
        for name in fresh:
            (aside / name).replace(inbox / name)
    except BAD as error:
        raise bad(archive.path, error) from None
    except OSError as error:
        raise CarryError("archive_write", path=str(inbox), why=error.strerror or str(error)) from None
    finally:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)
    return tuple(fresh), tuple(twice)


def _name(one: Listed) -> str:
    """The name in the inbox: the content decides it, so that the same file is never brought in twice."""
    stem = safe_name(one.name).removesuffix(".json")[:60]
    return f"{one.sha256[:16]}-{stem}.json"


def _names(inbox: Path) -> set[str]:
    """The names of files that lie in the inbox or were put away, without the time they were put away at."""
    found = {path.name for path in inbox.iterdir()}
    for place in (READ, REFUSED):
        if (inbox / place).is_dir():
            found |= {path.name.partition("-")[2] for path in (inbox / place).iterdir()}
    return found


def _write(path: Path, body: bytes) -> None:
    with os.fdopen(created(path, 0o666), "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
