"""Two histories of the same nights: one undisturbed, one whose nights are killed at random points."""

import os
import random
import signal
import sqlite3
import warnings
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from auditor.discover import report_renderers
from auditor.history import History
from auditor.publish import publish
from tests.whole.nights import Nights

EVERY = 10
"""So many nights hold one that is killed."""


@dataclass
class Twin:
    """One of the two: the history in `folder`. `draw` None = it is left in peace.

    `killed` = the nights that were, `kept` = those of them whose run was on the disk already.
    """

    nights: Nights
    folder: Path
    draw: random.Random | None = None
    killed: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    _statements: int = 100

    @property
    def path(self) -> Path:
        """The history."""
        return self.folder / "auditor.db"

    def live(self, shown: Collection[int] = ()) -> None:
        """All nights; of those `shown` the pages are made that night."""
        fated = self._fated()
        for night in range(self.nights.count):
            if night in fated:
                self._struck(night)
            self._night(night)
            if night in shown:
                self._pages(night)

    def _fated(self) -> set[int]:
        if self.draw is None:
            return set()
        return {first + self.draw.randrange(EVERY) for first in range(0, self.nights.count, EVERY)}

    def _night(self, night: int) -> None:
        """What the next start does: the run is kept, unless the killed one had kept it."""
        with History(self.path) as history:
            if len(history.numbers()) > night:
                self.kept.append(night)
                return
            audit = self.nights.audit(night, history)
            statements: list[str] = []
            history.db.set_trace_callback(statements.append)
            history.keep(audit)
            self._statements = len(statements)

    def _struck(self, night: int) -> None:
        """The night in a process that is killed at one of its statements, or just after the last."""
        assert self.draw is not None
        left = self.draw.randint(1, self._statements + 5)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # no thread is at work here
            child = os.fork()
        if child == 0:
            self._until_killed(night, left)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), "the night was killed"
        self.killed.append(night)

    def _until_killed(self, night: int, left: int) -> None:
        def seen(_: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            with History(self.path) as history:
                audit = self.nights.audit(night, history)
                history.db.set_trace_callback(seen)
                history.keep(audit)
                os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)

    def _pages(self, night: int) -> None:
        with History(self.path) as history:
            run = history.run()
        assert run is not None
        publish(run, self.folder / "made" / str(night), "ja", report_renderers())

    def tables(self) -> dict[str, list[tuple[object, ...]]]:
        """Everything the history holds, table by table."""
        with closing(sqlite3.connect(self.path)) as db:
            names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: sorted(db.execute(f'SELECT * FROM "{name}"'), key=repr) for name in sorted(names)}


def pages_in(folder: Path) -> dict[str, bytes]:
    """The files of the only report in a folder."""
    (report,) = (path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
    return {str(path.relative_to(report)): path.read_bytes() for path in report.rglob("*") if path.is_file()}
