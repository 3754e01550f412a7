"""Old reports are removed: their runs stay in the history, from which they can be written again."""

import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from auditor.errors import OutputError
from auditor.history import History
from auditor.keeping.clock import first_within
from auditor.keeping.retain import ALWAYS_RUNS
from auditor.publish import ASIDE, LATEST, folder_name
from auditor.run import Run

_RUN = re.compile(r"\d{8}-(\d{4,9})(?:-[a-z]{2})?")


def remove_old_pages(out: Path, history: History, today: date, days: int) -> int:
    """Remove the folders of runs more than `days` days old; how many (each language has its own).

    What the history could not give again stays: of a damaged run, of an audit it did not keep, of another
    history's run of that number. So do the newest runs, and whatever ``latest`` leads to. What cannot be
    removed now is tried again the next night.
    """
    with history.faults():
        first = first_within(history.db, today, days)
    limit = min(first, max(history.numbers(), default=0) - ALWAYS_RUNS + 1)
    shown = {path.resolve() for path in out.glob(f"{LATEST}*")}
    return sum(_removed(folder) for folder in _old(out, history, limit) if folder.resolve() not in shown)


def _old(out: Path, history: History, limit: int) -> Iterator[Path]:
    """The folders of runs before `limit` that can be written again."""
    for folder in sorted(out.glob("*-*")):
        found = _RUN.fullmatch(folder.name)
        if found is None or int(found[1]) >= limit or folder.is_symlink() or not folder.is_dir():
            continue
        run = _kept(history, int(found[1]))
        if run is not None and folder.name.startswith(folder_name(run)):
            yield folder


def _kept(history: History, number: int) -> Run | None:
    """The run as the history would give it again, None = it cannot."""
    try:
        return history.run(number)
    except OutputError:
        return None


def _removed(folder: Path) -> bool:
    """Away under another name first: nobody reads half a report, and what is left of it is cleared up."""
    aside = folder.with_name(f"{ASIDE}{folder.name}")
    try:
        folder.rename(aside)
    except OSError:
        return False
    shutil.rmtree(aside, ignore_errors=True)
    return True
