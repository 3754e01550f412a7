"""A night is killed at any point: what was there stays whole, and the next start recovers by itself."""

import random
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.run import Run
from tests.faults.kit import Anvil, anvil, left_behind, runs, small_town, soundness

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills as POSIX does")
STRIKES = {"run-nightly": 10, "scan": 4}
FINE = (0, 4)
"""Done, or done with gaps (other than signed files lie in the inbox)."""


@pytest.fixture(scope="module")
def struck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anvil]:
    folder = small_town(tmp_path_factory.mktemp("struck") / "town")
    shutil.copytree(folder / "inbox", folder.with_name("inbox"))
    with anvil(folder) as one:
        one.run("run-nightly")
        yield one


def refill(one: Anvil) -> None:
    """The same files arrive again."""
    shutil.copytree(one.folder.with_name("inbox"), one.folder / "inbox", dirs_exist_ok=True)


def shape(run: Run) -> list[tuple[str, str, str, str]]:
    return [(row.target, row.control, row.verdict, row.key) for row in run.findings]


@pytest.mark.parametrize("command", STRIKES)
def test_whatever_is_killed_leaves_the_last_good_state_and_the_next_start_recovers(
    struck: Anvil, command: str
) -> None:
    more = ("--fail-on", "none", "--max-unknown", "-1") if command == "scan" else ()
    refill(struck)
    code, acts = struck.run(command, *more)
    assert code in FINE, struck.said
    whole = shape(runs(struck.folder)[-1])
    draw = random.Random(f"strikes {command}")
    for at in sorted(draw.sample(range(1, acts), STRIKES[command])):
        refill(struck)
        before = len(runs(struck.folder))
        code, _ = struck.run(command, *more, kill=at)
        assert soundness(struck.folder) == [], f"killed at {at} of {acts}"
        assert before <= len(runs(struck.folder)) <= before + 1
        after = len(runs(struck.folder))
        code, _ = struck.run(command, *more)
        assert code in FINE, f"killed at {at} of {acts}: {struck.said}"
        assert soundness(struck.folder) == []
        kept = runs(struck.folder)
        assert len(kept) <= after + 1
        assert len(kept) >= before + 1
        assert shape(kept[-1]) == whole, f"killed at {at} of {acts}"
        page = struck.folder / "out" / "latest" / "run.json"
        assert f'"number":{kept[-1].number},' in page.read_text("utf-8").replace(": ", ":")
    assert "Traceback" not in struck.said


def test_a_night_that_was_killed_says_so_in_its_report_and_asks_nobody_twice(struck: Anvil) -> None:
    _, acts = struck.run("run-nightly")
    told = []
    for part in (0.2, 0.4, 0.6, 0.9):
        before = len(runs(struck.folder))
        code, _ = struck.run("run-nightly", kill=int(acts * part))
        assert code is None
        struck.run("run-nightly")
        struck.run("run-nightly")  # what was told late is told in the run after
        for run in runs(struck.folder)[before:]:
            assert run.nightly is not None
            told += [*run.nightly.resumed, *(lapse.how for lapse in run.nightly.lapses)]
    assert told


def test_nothing_half_done_stays_once_it_is_old(struck: Anvil) -> None:
    import os
    import time

    out = struck.folder / "out"
    half = out / ".new-half"
    (half / "20990101-9999").mkdir(parents=True)
    (half / "20990101-9999" / "town.html").write_text("half")
    link = out / ".latest-1"
    link.symlink_to("20990101-9999")
    old = time.time() - 7200
    os.utime(half, (old, old))
    os.utime(link, (old, old), follow_symlinks=False)
    assert struck.run("run-nightly")[0] in FINE
    assert [name for name in left_behind(struck.folder) if name in (half.name, link.name)] == []
    assert not (out / "20990101-9999").exists()


def test_a_swap_that_was_killed_between_its_two_steps_is_finished(struck: Anvil) -> None:
    out = struck.folder / "out"
    name = (out / "latest").readlink().name
    half = out / ".new-swap"
    half.mkdir()
    (out / name).rename(half / "old")
    shutil.copytree(half / "old", half / name)
    assert not (out / "latest").exists()
    assert struck.run("run-nightly")[0] in FINE
    assert (out / name / "town.html").exists()
    assert soundness(struck.folder) == []


def test_every_name_leads_to_what_is_on_the_disk_already(struck: Anvil) -> None:
    """After a power cut a name leads to the whole thing it names: pages, journal, lists, databases."""
    struck.early.clear()
    refill(struck)
    assert struck.run("run-nightly")[0] in FINE
    assert struck.early == []


def test_the_databases_write_through(tmp_path: Path) -> None:
    from auditor.history import History
    from auditor.notify.outbox import Outbox

    with History(tmp_path / "auditor.db") as history:
        assert history.db.execute("PRAGMA synchronous").fetchone()[0] >= 2
        assert history.db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    with Outbox(tmp_path) as outbox:
        assert outbox._db.execute("PRAGMA synchronous").fetchone()[0] >= 2
