"""Nights killed at random points leave the history of an undisturbed twin; a past report is that night's."""

import random
import shutil
import signal
from pathlib import Path

import pytest

from tests.faults.kit import small_town
from tests.whole.command import auditor
from tests.whole.nights import FIRST, Nights
from tests.whole.twins import EVERY, Twin, pages_in

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills as POSIX does")
COUNT = 40
SHOWN = (3, 21)


def test_forty_nights_of_which_some_are_killed_are_those_of_an_undisturbed_twin(tmp_path: Path) -> None:
    folder = small_town(tmp_path / "town", at=FIRST)
    other = tmp_path / "twin"
    shutil.copytree(folder, other)
    nights = Nights(folder, seed=6, count=COUNT)
    calm = Twin(nights, folder)
    struck = Twin(nights, other, random.Random("twin"))
    calm.live(SHOWN)
    struck.live()
    assert len(struck.killed) == COUNT // EVERY
    assert calm.killed == calm.kept == []
    assert calm.tables() == struck.tables()
    assert calm.tables()["run"], "something was compared"
    for night in SHOWN:
        out = tmp_path / f"again-{night}"
        day = nights.day(night).isoformat()
        done = auditor("report", str(other), "--at", day, "--out", str(out), cwd=tmp_path, lang="ja")
        assert done.returncode == 0, done.stderr
        assert pages_in(out) == pages_in(folder / "made" / str(night))
