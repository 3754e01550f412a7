"""Writes the files of a schedule, takes them away, and tells whether what is there is what should be."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from auditor.errors import OutputError
from auditor.nightly.durable import write_durably
from auditor.nightly.journal import read_journal
from auditor.schedule.planned import Placed, Planned, Scheduled

OVERDUE = timedelta(hours=36)
"""A nightly run that did not end for so long was missed at least once.

One that ended so far ahead was ended by a wrong clock, and tells nothing of the nights since.
"""


class State(StrEnum):
    """How a file of the schedule stands; ``schedule.is_<code>`` says it."""

    SAME = "same"
    MISSING = "missing"
    DIFFERS = "differs"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Tested:
    """What is there. `ended` = when a nightly run of the town last came to its end (UTC), None = never."""

    files: tuple[tuple[Path, State], ...]
    ended: datetime | None
    overdue: bool

    @property
    def good(self) -> bool:
        """True when all files are as they should be, switched on, and a night ended lately."""
        return not self.overdue and all(state is State.SAME for _, state in self.files)


def write(planned: Planned, scheduled: Scheduled) -> tuple[Path, ...]:
    """Write every file; those that are there must be ours.

    Raises:
        OutputError: a file is somebody else's, or cannot be written; then none was.
    """
    for file in scheduled.files:
        if file.path.exists() and not is_ours(planned, file.path):
            raise OutputError("schedule_foreign", path=str(file.path))
    for file in scheduled.files:
        _write(file)
    return tuple(file.path for file in scheduled.files)


def _write(file: Placed) -> None:
    write_durably(file.path, file.content)
    try:
        file.path.chmod(0o644)
    except OSError as error:
        raise OutputError("write", path=str(file.path), why=error.strerror or "") from error


def remove(planned: Planned, scheduled: Scheduled) -> tuple[Path, ...]:
    """Take away the files that are ours; those taken.

    Raises:
        OutputError: one cannot be taken away.
    """
    gone = []
    for file in scheduled.files:
        if not file.path.exists():
            continue
        if not is_ours(planned, file.path):
            raise OutputError("schedule_foreign", path=str(file.path))
        try:
            file.path.unlink()
        except OSError as error:
            raise OutputError("write", path=str(file.path), why=error.strerror or "") from error
        gone.append(file.path)
    return tuple(gone)


def is_ours(planned: Planned, path: Path) -> bool:
    """True when the file was written for this town by this program."""
    content = _content(path) or b""
    plain = content.decode("utf-16") if content.startswith(b"\xff\xfe") else content.decode(errors="replace")
    marks = (planned.mark, planned.mark.replace("%", "%%"), planned.mark.replace("--", "- -"))
    return any(mark in plain for mark in marks)


def tested(planned: Planned, scheduled: Scheduled, now: datetime) -> Tested:
    """Compare what is there with what would be written now, and look when a night last ended."""
    files = [(file.path, _state(file)) for file in scheduled.files]
    files += [(path, State.SAME if path.is_symlink() else State.OFF) for path in scheduled.wanted or ()]
    ended = read_journal(planned.folder).ended
    return Tested(tuple(files), ended, overdue=ended is None or abs(now - ended) > OVERDUE)


def _state(file: Placed) -> State:
    found = _content(file.path)
    if found is None:
        return State.MISSING
    return State.SAME if found == file.content else State.DIFFERS


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
