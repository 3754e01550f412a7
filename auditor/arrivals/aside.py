"""Puts inbox files away once the run that read them is kept: in ``read``, or refused ones in ``refused``.

A file that changed since it was read stays where it is, to be read again. A killed run leaves files lying,
which the next one knows by their digests.
"""

import contextlib
import hashlib
import json
import os
import re
import stat
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from auditor.arrivals.counted import Seen
from auditor.run import Standing
from auditor.wholefile import OWN_FOLDER, created, make_folder
from auditor.words import LANGUAGES, say

READ, REFUSED = "read", "refused"
MAX_NAME = 100
STAY = (Standing.UNFINISHED, Standing.TOO_MANY)
_UNSAFE = re.compile(r"[^A-Za-z0-9._@-]+")


def put_away(inbox: Path, files: Sequence[Seen], now: datetime) -> tuple[str, ...]:
    """Move every file to its place; the names of those that could not be moved and so stay."""
    left: list[str] = []
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    for seen in files:
        place = _place(seen)
        if not place:
            continue
        try:
            _move(seen, _folder(inbox / place), stamp, now)
        except OSError:
            left.append(seen.arrival.file)
    return tuple(left)


def _place(seen: Seen) -> str:
    """The folder a file goes to, "" = it stays: an unsigned document counts as long as it lies there."""
    standing = seen.arrival.standing
    if standing in STAY:
        return ""
    if standing.refused:
        return REFUSED
    return READ if seen.digest else ""


def _folder(path: Path) -> Path:
    """The folder, made where it is missing; a link or a file in its place is nobody's folder."""
    with contextlib.suppress(FileExistsError):
        make_folder(path, OWN_FOLDER)
    if not stat.S_ISDIR(path.lstat().st_mode):
        raise NotADirectoryError(str(path))
    return path


def _move(seen: Seen, folder: Path, stamp: str, now: datetime) -> None:
    about = seen.path.lstat()
    if (about.st_ino, about.st_size, about.st_mtime_ns) != seen.mark:
        raise FileExistsError(str(seen.path))  # another file by now: it is read next time
    target = _free(folder, f"{stamp}-{safe_name(seen.path.name)}")
    if folder.name == REFUSED:
        _explain(_reason(target), seen, now)
    seen.path.rename(target)


def safe_name(name: str) -> str:
    """A file name of plain letters, digits and ``._@-`` that leads nowhere, made from any text.

    Where that changes the name, a digest of the true one keeps names apart that would become the same.
    """
    plain = _UNSAFE.sub("_", name).lstrip(".")[-MAX_NAME:]
    if name and plain == name:
        return name
    return f"{hashlib.sha256(os.fsencode(name)).hexdigest()[:12]}-{plain}"


def _free(folder: Path, name: str) -> Path:
    """The name, or one with a number after it where it (or its reason's) is taken."""
    target, number = folder / name, 1
    while any(path.exists() or path.is_symlink() for path in (target, _reason(target))):
        number += 1
        target = folder / f"{Path(name).stem}~{number}{Path(name).suffix}"
    return target


def _reason(path: Path) -> Path:
    return path.with_name(f"{path.name}.why.json")


def _explain(path: Path, seen: Seen, now: datetime) -> None:
    """Write why a file was refused beside it, before it is moved; never through a link somebody put there."""
    arrival = seen.arrival
    told = {
        "schema": 1,
        "file": arrival.file,
        "standing": arrival.standing.value,
        "why": {lang: say(lang, f"standing.{arrival.standing.value}") for lang in LANGUAGES},
        "note": arrival.note,
        "target": arrival.target,
        "signer": arrival.signer,
        "sequence": arrival.sequence,
        "collected_at": arrival.collected_at.isoformat() if arrival.collected_at is not None else None,
        "read_at": now.astimezone(UTC).isoformat(),
    }
    with os.fdopen(created(path, 0o666), "w", encoding="utf-8") as file:
        file.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
