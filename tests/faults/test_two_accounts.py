"""Root at work in a town folder locks nobody out: neither the account of the nightly audit nor readers."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from auditor import attestkeep
from auditor.access.hostkeys import add_pins, parse_key
from auditor.arrivals.archive import examine, pack
from auditor.arrivals.aside import put_away
from auditor.arrivals.carry import unpack
from auditor.arrivals.counted import Seen
from auditor.attestforms import Form
from auditor.clauselist import written
from auditor.exceptionadd import Draft, append
from auditor.exceptions import Exceptions
from auditor.history import History
from auditor.keeping.care import back_up, restore
from auditor.lock import locked
from auditor.nightly.durable import write_durably
from auditor.run import Arrival, Standing
from auditor.wholefile import hand_over, make_folder, replaced
from tests.core.runs import audit_of
from tests.core.world import NOW, TOWN, model
from tests.faults.kit import NIGHT, ROOT, small_town
from tests.peers.process import need, need_root

SERVICE = 65534
READERS = 65533
KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIJ" + "A" * 42
DRAFT = Draft(
    number="A-1",
    control="EP-05",
    applicant="soumu",
    reason="r",
    measure="m",
    approver="総務課",
    start=date(2026, 4, 1),
    end=date(2026, 5, 1),
    targets=("MK-0001",),
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of the service's own."""
    need_root()
    base = Path(tempfile.mkdtemp())
    base.chmod(0o755)
    town = base / "town"
    town.mkdir(mode=0o700)
    os.chown(town, SERVICE, SERVICE)
    before = os.umask(0o077)
    yield town
    os.umask(before)
    shutil.rmtree(base)


def owners(folder: Path) -> set[tuple[int, int]]:
    return {(path.lstat().st_uid, path.lstat().st_gid) for path in folder.rglob("*") if not path.is_symlink()}


def as_service(*arguments: str) -> subprocess.CompletedProcess[str]:
    account = ["setpriv", f"--reuid={SERVICE}", f"--regid={SERVICE}", "--clear-groups"]
    return subprocess.run(
        [*account, sys.executable, "-m", "auditor", "--lang", "en", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def as_root(*arguments: str) -> None:
    command = [sys.executable, "-m", "auditor", "--lang", "en", *arguments]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 3, 4), (arguments, done.stdout, done.stderr)


def test_after_root_was_at_work_the_nightly_audit_goes_on(folder: Path) -> None:
    need("setpriv")
    small_town(folder)
    shutil.rmtree(folder / "out", ignore_errors=True)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, SERVICE, SERVICE)
    told = as_service("status", str(folder))
    if "ermission" in told.stderr:
        pytest.skip("the interpreter or this checkout cannot be read by others here")
    as_root("scan", str(folder))
    as_root("history", "backup", str(folder), "--out", str(folder / "copy.db"))
    as_root("history", "restore", str(folder), str(folder / "copy.db"), "--yes")
    as_root("history", "compact", str(folder))
    as_root("report", str(folder))
    assert owners(folder) == {(SERVICE, SERVICE)}
    for command in (NIGHT, ("report",)):
        done = as_service(command[0], str(folder), *command[1:])
        assert done.returncode in (0, 3, 4), (command, done.stdout, done.stderr)


def made_history(folder: Path) -> None:
    with History(folder / "auditor.db") as history:
        history.keep(audit_of())


def pinned(folder: Path) -> None:
    add_pins(folder / "known_hosts", [("pc1", 22, parse_key("ssh-ed25519", KEY))])


def excepted(folder: Path) -> None:
    append(folder, DRAFT, lambda _: Exceptions())


def journalled(folder: Path) -> None:
    write_durably(folder / "nightly" / "journal.json", b"{}")


def carried_in(folder: Path) -> None:
    pack([("one.json", b"{}")], folder.parent / "archive.zip")
    unpack(examine(folder.parent / "archive.zip"), folder)


def listed(folder: Path) -> None:
    written((), defaultdict(str), folder / "clauses.csv")


def locked_once(folder: Path) -> None:
    with locked(folder):
        pass


def put_in_order(folder: Path) -> None:
    path = folder / "one.json"
    replaced(path, b"{}")
    about = path.stat()
    seen = Seen(
        path,
        (about.st_ino, about.st_size, about.st_mtime_ns),
        Arrival(file=path.name, standing=Standing.ACCEPTED),
        "d",
    )
    assert put_away(folder, [seen], NOW) == ()


def attested(folder: Path) -> None:
    form = Form(section="soumu", quarter="2026-Q1", on=date(2026, 4, 1), post="課長", answers=())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(attestkeep, "read", lambda *_: form)
        attestkeep.take([folder.parent / "form.xlsx"], folder, TOWN, model())


MAKERS = [
    made_history,
    pinned,
    excepted,
    journalled,
    carried_in,
    listed,
    locked_once,
    put_in_order,
    attested,
]


@pytest.mark.parametrize("make", MAKERS)
def test_what_root_makes_belongs_to_whom_the_folder_belongs(
    folder: Path, make: Callable[[Path], None]
) -> None:
    make(folder)
    assert owners(folder) == {(SERVICE, SERVICE)}
    assert {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()} == {0o600}


@pytest.mark.parametrize(
    ("name", "make"),
    [("known_hosts", pinned), ("exceptions.toml", excepted), ("nightly/journal.json", journalled)],
)
def test_what_root_replaces_keeps_owner_group_and_mode(
    folder: Path, name: str, make: Callable[[Path], None]
) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
    os.chown(path, SERVICE, READERS)
    path.chmod(0o640)
    make(folder)
    about = path.stat()
    assert about.st_size
    assert (about.st_uid, about.st_gid, about.st_mode & 0o777) == (SERVICE, READERS, 0o640)


def test_a_restored_history_keeps_its_readers_and_the_one_before_its_owner(folder: Path) -> None:
    made_history(folder)
    path = folder / "auditor.db"
    os.chown(path, SERVICE, READERS)
    path.chmod(0o640)
    back_up(path, folder / "copy.db")
    _, aside = restore(path, folder / "copy.db", datetime.now(UTC))
    assert aside is not None
    stood = {
        one.name: (one.stat().st_uid, one.stat().st_gid, one.stat().st_mode & 0o777)
        for one in (path, aside, folder / "copy.db")
    }
    assert stood == {
        path.name: (SERVICE, READERS, 0o640),
        aside.name: (SERVICE, SERVICE, 0o600),
        "copy.db": (SERVICE, SERVICE, 0o600),
    }


def test_through_a_link_root_gives_nothing_away(folder: Path) -> None:
    theirs = folder.parent / "theirs"
    theirs.write_text("secret")
    (folder / f".journal.json-{os.getpid()}").symlink_to(theirs)
    write_durably(folder / "journal.json", b"{}")
    assert (theirs.read_text(), theirs.stat().st_uid) == ("secret", 0)
    (folder / "out").symlink_to(folder.parent)
    make_folder(folder / "out")
    assert folder.parent.stat().st_uid == 0


def unprivileged(act: Callable[[], None], uid: int) -> str:
    """What the act raised in a process of that account."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        said = ""
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            act()
        except Exception as error:  # noqa: BLE001 - told to the parent
            said = f"{type(error).__name__}: {error}"
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        said = told.read()
    os.waitpid(child, 0)
    return said


def test_who_may_not_give_files_away_works_on_in_a_folder_of_ones_own(folder: Path) -> None:
    path = folder / "exceptions.toml"
    path.write_text("")
    os.chown(path, 0, READERS)
    path.chmod(0o664)
    assert unprivileged(lambda: replaced(path, b"mine"), SERVICE) == ""
    about = path.stat()
    assert (about.st_uid, about.st_gid) == (SERVICE, SERVICE)
    assert about.st_mode & 0o777 == 0o604, "a group that could not be kept gets no rights"


def test_who_would_lock_the_owner_out_is_refused_and_the_file_stays(folder: Path) -> None:
    path = folder / "exceptions.toml"
    path.write_text("theirs")
    os.chown(path, SERVICE, SERVICE)
    folder.chmod(0o777)
    assert "its owner cannot be kept" in unprivileged(lambda: replaced(path, b"mine"), READERS)
    assert (path.read_text(), [one.name for one in folder.iterdir()]) == ("theirs", [path.name])
    assert unprivileged(lambda: replaced(folder / "new", b"mine"), READERS) == ""


def test_where_the_file_is_ours_nothing_is_asked_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    path = tmp_path / "file"
    path.write_text("")
    path.chmod(0o640)
    monkeypatch.setattr(os, "fchown", refused)
    with (tmp_path / "fresh").open("wb") as fresh:
        hand_over(fresh.fileno(), path)
    assert (tmp_path / "fresh").stat().st_mode & 0o777 == 0o640
