"""``auditor explain``, as IT staff would call it: on a town's history, and on this machine."""

from pathlib import Path

import pytest

from tests.whole.command import auditor


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explained") / "town"
    assert auditor("demo", str(folder), cwd=folder.parent).returncode == 0
    assert auditor("scan", str(folder), cwd=folder.parent).returncode in (3, 4)
    return folder


def test_a_machine_of_the_town_is_explained_from_the_history(town: Path) -> None:
    said = auditor("explain", "EP-05", "MK-0001", str(town), cwd=town.parent)
    assert said.returncode == 0, said.stderr
    for part in ("EP-05 Disk encrypted", "What the model wants", "disk.encryption: answered", "manage-bde"):
        assert part in said.stdout
    here = auditor("explain", "EP-05", "MK-0001", cwd=town)
    assert here.stdout == said.stdout


def test_nearly_right_names_are_helped(town: Path) -> None:
    said = auditor("explain", "EP-5", "MK-0001", str(town), cwd=town.parent)
    assert said.returncode == 2
    assert "EP-05" in said.stderr
    said = auditor("explain", "EP-05", "MK-1", str(town), cwd=town.parent)
    assert said.returncode == 2
    assert "MK-" in said.stderr


def test_without_a_history_it_says_what_to_do(tmp_path: Path) -> None:
    said = auditor("explain", "EP-05", "PC-1", cwd=tmp_path)
    assert said.returncode == 2
    assert "Traceback" not in said.stderr


def test_this_machine_is_looked_at_for_that_control_alone(tmp_path: Path) -> None:
    said = auditor("explain", "EP-02", "--script", cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    assert "os.build: answered" in said.stdout
    assert "os-release" in said.stdout
    assert "lock.screen" not in said.stdout
    assert list(tmp_path.iterdir()) == []
