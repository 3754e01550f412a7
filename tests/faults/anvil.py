"""A process that has the whole program in memory and runs commands in copies of itself, to be struck down.

Started as ``python -m tests.faults.anvil``. One JSON object a line comes in (``arguments``, ``kill`` = the
act at which the copy is killed, 0 = never), one goes out (``code``, None = killed; ``acts`` = how many there
were; ``early`` = names that led to something that was not on the disk yet).

An act is what a power cut or a kill can come between: every file opened, written to the disk, renamed, linked
or removed, and every statement of a database.
"""

import json
import mmap
import os
import signal
import sqlite3
import stat
import struct
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from auditor import session
from auditor.cli import opening
from auditor.cli.app import run
from auditor.discover import report_renderers
from reports import html

ACTS = ("open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.symlink", "os.truncate", "os.chmod")
PAGES = ("town", "section", "technical", "zones")
WRITES = os.O_WRONLY | os.O_RDWR
LOADED = (
    "auditor.collect",
    "auditor.crew",
    "auditor.history",
    "auditor.nightly.morning",
    "psutil",
    "rich.live",
)


class Strike:
    """Counts the acts of this process in memory that its parent sees, and kills it at one of them."""

    def __init__(self, shared: mmap.mmap, at: int, below: str) -> None:
        self._shared, self._at, self._below = shared, at, below
        self._count = 0
        self._synced: set[int] = set()
        self.early: list[str] = []
        self._busy = False

    def act(self) -> None:
        """One more."""
        self._count += 1
        self._shared[:8] = struct.pack("q", self._count)
        if self._count == self._at:
            os.kill(os.getpid(), signal.SIGKILL)

    def seen(self, event: str, values: tuple[Any, ...]) -> None:
        """An audit event of the interpreter."""
        if event not in ACTS or self._busy or not any(self._mine(one) for one in values):
            return
        self._busy = True
        try:
            if event == "open" and isinstance(values[2], int) and values[2] & WRITES:
                self._written(str(values[0]))
            if event == "os.rename":
                self._named(Path(os.fsdecode(values[0])), Path(os.fsdecode(values[1])))
        finally:
            self._busy = False
        self.act()

    def _mine(self, value: Any) -> bool:
        return isinstance(value, str | bytes | os.PathLike) and self._below in os.fsdecode(value)

    def _written(self, path: str) -> None:
        try:
            self._synced.discard(Path(path).stat().st_ino)
        except OSError:
            return

    def _named(self, source: Path, name: Path) -> None:
        """What gets a name by which readers find it must be on the disk: every file and folder of it."""
        if name.name.startswith((".", "old")) or name.parent.name in ("read", "refused"):
            return
        parts = (source, *source.rglob("*")) if source.is_dir() and not source.is_symlink() else (source,)
        for part in parts:
            about = part.lstat()
            if not stat.S_ISLNK(about.st_mode) and about.st_ino not in self._synced:
                self.early.append(f"{name}: {part.name}")

    def synced(self, handle: int) -> None:
        """A file or folder is on the disk."""
        self._synced.add(os.fstat(handle).st_ino)
        self.act()


def _armed(strike: Strike) -> None:
    fsync = os.fsync
    connect = sqlite3.connect

    def watched_fsync(handle: int) -> None:
        fsync(handle)
        strike.synced(handle)

    def watched_connect(*values: Any, **named: Any) -> sqlite3.Connection:
        db: sqlite3.Connection = connect(*values, **named)
        db.set_trace_callback(lambda _: strike.act())
        return db

    vars(os)["fsync"] = watched_fsync
    vars(sqlite3)["connect"] = watched_connect
    sys.addaudithook(strike.seen)


def _struck(order: dict[str, Any]) -> dict[str, Any]:
    shared = mmap.mmap(-1, 65536)
    child = os.fork()
    if child == 0:
        try:
            _strike(order, shared)
        finally:
            os._exit(99)
    _, status = os.waitpid(child, 0)
    early = bytes(shared[8:]).rstrip(b"\0").decode(errors="replace")
    return {
        "code": None if os.WIFSIGNALED(status) else os.WEXITSTATUS(status),
        "acts": struct.unpack("q", shared[:8])[0],
        "early": early.splitlines(),
    }


def _strike(order: dict[str, Any], shared: mmap.mmap) -> None:
    said = Path(order["below"]).parent / "said"
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
    strike = Strike(shared, order["kill"], order["below"])
    _armed(strike)
    code = run(order["arguments"])
    early = "\n".join(strike.early).encode()[:65000]
    shared[8 : 8 + len(early)] = early
    os._exit(code)


def main() -> None:
    """Serve until nobody asks any more; what takes long to load is loaded once."""
    for name in LOADED:
        import_module(name)
    report_renderers()
    read = session.read_controls()
    for module in (session, opening):
        vars(module)["read_controls"] = lambda _=(): read
    for page in PAGES:
        html._environment().get_template(f"{page}.html.j2")
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_struck(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
