"""The declared folder: everything inside can be read, whatever its name, and nothing outside."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.access import folder as module
from auditor.access.folder import DirectFolder
from auditor.errors import Unreached
from auditor.findings import Reason


@pytest.fixture
def root(tmp_path: Path) -> Path:
    inside = tmp_path / "declared"
    inside.mkdir()
    (tmp_path / "outside.bpmn").write_text("secret")
    return inside


def reason_of(folder: DirectFolder, name: str) -> Reason:
    with pytest.raises(Unreached) as caught:
        folder.read(name)
    return caught.value.reason


def reason_of_names(folder: DirectFolder) -> Reason:
    with pytest.raises(Unreached) as caught:
        folder.names(".bpmn")
    return caught.value.reason


def test_files_are_listed_by_ending_sorted_and_read(root: Path) -> None:
    (root / "sub").mkdir()
    for name in ("b.BPMN", "a.bpmn", "sub/c.xml", "d.txt"):
        (root / name).write_text(name)
    folder = DirectFolder(root)
    assert folder.names(".bpmn", ".xml") == ("a.bpmn", "b.BPMN", "sub/c.xml")
    assert folder.names() == ("a.bpmn", "b.BPMN", "d.txt", "sub/c.xml")
    assert DirectFolder(root).read("sub/c.xml") == b"sub/c.xml"


@pytest.mark.parametrize(
    "name", ["<script>.bpmn", "a\nb.bpmn", "経路 ①.bpmn", "..bpmn", "-rf.bpmn", "a;b$(c).bpmn"]
)
def test_hostile_names_are_only_names(name: str, root: Path) -> None:
    (root / name).write_text("x")
    folder = DirectFolder(root)
    assert folder.names(".bpmn") == (name,)
    assert folder.read(name) == b"x"


def test_a_name_that_is_not_utf_8_is_neither_lost_nor_a_crash(root: Path) -> None:
    raw = os.fsencode(root) + b"/" + "経路".encode("cp932") + b".bpmn"
    Path(os.fsdecode(raw)).write_text("x")
    folder = DirectFolder(root)
    (name,) = folder.names(".bpmn")
    name.encode("utf-8")
    assert folder.read(name) == b"x"


@pytest.mark.parametrize(
    "name", ["../outside.bpmn", "link.bpmn", "way/outside.bpmn", "", ".", "no.bpmn", "a\0b"]
)
def test_nothing_outside_is_listed_or_read(name: str, root: Path) -> None:
    (root / "link.bpmn").symlink_to(root.parent / "outside.bpmn")
    (root / "way").symlink_to(root.parent, target_is_directory=True)
    folder = DirectFolder(root)
    assert folder.names(".bpmn") == ()
    assert reason_of(folder, name) is Reason.UNREADABLE


def test_an_absolute_name_is_not_read(root: Path) -> None:
    assert reason_of(DirectFolder(root), str(root.parent / "outside.bpmn")) is Reason.UNREADABLE


def test_a_link_that_stays_inside_counts(root: Path) -> None:
    (root / "a.bpmn").write_text("x")
    (root / "b.bpmn").symlink_to("a.bpmn")
    (root / "broken.bpmn").symlink_to("nowhere")
    folder = DirectFolder(root)
    assert folder.names(".bpmn") == ("a.bpmn", "b.bpmn")
    assert folder.read("b.bpmn") == b"x"


def test_a_pipe_is_neither_listed_nor_waited_for(root: Path) -> None:
    os.mkfifo(root / "pipe.bpmn")
    folder = DirectFolder(root)
    assert folder.names(".bpmn") == ()
    assert reason_of(folder, "pipe.bpmn") is Reason.UNREADABLE


def test_a_missing_folder_was_not_collected(root: Path) -> None:
    assert reason_of_names(DirectFolder(root / "missing")) is Reason.NOT_COLLECTED


def test_a_file_that_vanished_or_is_too_large_is_unreadable(root: Path) -> None:
    folder = DirectFolder(root)
    (root / "a.bpmn").write_text("x")
    folder.names()
    (root / "a.bpmn").unlink()
    assert reason_of(folder, "a.bpmn") is Reason.UNREADABLE
    with (root / "big.bpmn").open("wb") as file:
        file.truncate(module.MAX_FILE_BYTES + 1)
    assert reason_of(folder, "big.bpmn") is Reason.UNREADABLE


def test_more_files_than_the_limit_cannot_be_measured(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FILES", 3)
    for number in range(4):
        (root / f"{number}.txt").touch()
    assert reason_of_names(DirectFolder(root)) is Reason.NOT_MEASURABLE


@pytest.mark.parametrize("place", ["", "sub"])
def test_a_folder_that_may_not_be_listed_is_said(
    place: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "sub").mkdir()
    real = os.scandir

    def refusing(path: str) -> object:  # root may list everything, so the refusal is played
        if Path(path) == root / place:
            raise PermissionError(13, "denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert reason_of_names(DirectFolder(root)) is Reason.NO_PERMISSION


def test_a_file_tells_when_it_was_written_and_nothing_outside_does(tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    (inside / "a.csv").write_text("x")
    os.utime(inside / "a.csv", (1_700_000_000, 1_700_000_000))
    (tmp_path / "b.csv").write_text("x")
    folder = DirectFolder(inside)
    assert folder.modified("a.csv") == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    for name in ("../b.csv", "gone.csv"):
        with pytest.raises(Unreached) as caught:
            folder.modified(name)
        assert caught.value.reason is Reason.UNREADABLE
