"""An archive is taken in whole after every byte of it was verified, or not at all."""

import hashlib
import io
import json
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.arrivals import archive as module
from auditor.arrivals.archive import MANIFEST, code_of, examine, pack, same_code
from auditor.arrivals.carry import unpack
from auditor.errors import CarryError

FILES = (("a.json", b'{"a": 1}'), ("総務.json", b'{"b": 2}'), ("../../etc/passwd.json", b'{"c": 3}'))


def packed(folder: Path, files: tuple[tuple[str, bytes], ...] = FILES) -> Path:
    path = folder / "carried.zip"
    pack(files, path)
    return path


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    path = tmp_path / "town" / "inbox"
    path.mkdir(parents=True)
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_same_files_give_the_same_archive_and_code_in_any_order(tmp_path: Path) -> None:
    first, second = tmp_path / "1.zip", tmp_path / "2.zip"
    assert pack(FILES, first) == pack(tuple(reversed(FILES)), second) == examine(first).code
    assert first.read_bytes() == second.read_bytes()


def test_the_code_is_of_the_whole_archive(tmp_path: Path) -> None:
    path = packed(tmp_path)
    code = examine(path).code
    assert code == code_of(hashlib.sha256(path.read_bytes()).digest())
    other = tmp_path / "other.zip"
    assert pack(FILES[:2], other) != code


@pytest.mark.parametrize(
    ("digest", "code"),
    [
        (bytes(32), "0000-0000-0000-0000"),
        (b"\xff" * 32, "ZZZZ-ZZZZ-ZZZZ-ZZZZ"),
        (bytes.fromhex("00443214c74254b635cf"), "0123-4567-89AB-CDEF"),
    ],
)
def test_the_code_is_crockford_s_base32_of_eighty_bits(digest: bytes, code: str) -> None:
    assert code_of(digest) == code


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("1A2B-3C4D-5E6F-7G0H", True),
        ("1a2b3c4d5e6f7goh", True),
        ("IA2B 3C4D 5E6F 7GOH", True),
        ("lA2B-3C4D-5E6F-7G0H", True),
        ("1A2B-3C4D-5E6F-7G0J", False),
    ],
)
def test_a_code_is_compared_as_people_read_it(written: str, *, same: bool) -> None:
    assert same_code(written, "1A2B-3C4D-5E6F-7G0H") is same


@pytest.mark.parametrize("written", ["1A2B", "1A2B-3C4D-5E6F-7G0U", "1A2B-3C4D-5E6F-7G0H-0", "照合"])
def test_half_a_code_is_no_code(written: str) -> None:
    with pytest.raises(CarryError) as caught:
        same_code(written, "1A2B-3C4D-5E6F-7G0H")
    assert caught.value.key == "archive_code_shape"


Change = Callable[[list[tuple[zipfile.ZipInfo, bytes]]], None]


def rebuilt(path: Path, change: Change) -> Path:
    """The archive with its members changed by somebody who knows zip files."""
    with zipfile.ZipFile(path) as old:
        members = [(info, old.read(info)) for info in old.infolist()]
    change(members)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as new:
        for info, body in members:
            new.writestr(info, body)
    path.write_bytes(held.getvalue())
    return path


def add(name: str, body: bytes = b"{}", mode: int = 0) -> Change:
    def change(members: list[tuple[zipfile.ZipInfo, bytes]]) -> None:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        members.append((info, body))

    return change


def manifest(**changes: Any) -> Change:
    def change(members: list[tuple[zipfile.ZipInfo, bytes]]) -> None:
        info, body = members[0]
        members[0] = (info, json.dumps({**json.loads(body), **changes}).encode())

    return change


def listing(**changes: Any) -> Change:
    """One row of the manifest changed."""

    def change(members: list[tuple[zipfile.ZipInfo, bytes]]) -> None:
        info, body = members[0]
        row = json.loads(body)
        row["files"][0] |= changes
        members[0] = (info, json.dumps(row).encode())

    return change


def replaced(members: list[tuple[zipfile.ZipInfo, bytes]]) -> None:
    members[1] = (members[1][0], b'{"a": 7}')


def without_manifest(members: list[tuple[zipfile.ZipInfo, bytes]]) -> None:
    del members[0]


def link(members: list[tuple[zipfile.ZipInfo, bytes]]) -> None:
    members[1][0].external_attr = (stat.S_IFLNK | 0o777) << 16


@pytest.mark.parametrize(
    "change",
    [
        add("../evil.json"),
        add("/etc/cron.d/evil"),
        add("a/000009.json"),
        add("C:\\evil.json"),
        add("000009.json"),
        add("000009.json\0.txt"),
        add("folder/"),
        add("evil.sh"),
        add("000009.json", mode=stat.S_IFLNK | 0o777),
        add("000009.json", mode=stat.S_IFIFO | 0o600),
        link,
        replaced,
        without_manifest,
        manifest(schema=2),
        manifest(kind="x"),
        manifest(extra=1),
        manifest(files=[]),
        listing(size=7),
        listing(sha256="0" * 64),
        listing(member="000002.json"),
        listing(member="../x.json"),
        listing(name=7),
    ],
)
def test_a_member_that_is_not_as_listed_refuses_the_whole(
    tmp_path: Path, inbox: Path, change: Change
) -> None:
    path = rebuilt(packed(tmp_path), change)
    with pytest.raises(CarryError) as caught:
        unpack(examine(path), inbox)
    assert caught.value.key == "archive_bad"
    assert names(inbox) == []


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_stands_twice_refuses_the_whole(tmp_path: Path) -> None:
    with pytest.raises(CarryError):
        examine(rebuilt(packed(tmp_path), add("000001.json")))


def test_a_bomb_is_refused_by_what_it_declares_and_by_what_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = packed(tmp_path, (("zeros.json", bytes(20_000_000)),))
    with pytest.raises(CarryError) as caught:
        examine(path)
    assert "larger than" in str(caught.value.values["why"])
    lying = path.read_bytes().replace((20_000_000).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    path.write_bytes(lying)
    with pytest.raises(CarryError):
        examine(path)
    small = tmp_path / "many.zip"
    pack(tuple((f"{number}.json", bytes(100_000) + bytes([number])) for number in range(9)), small)
    monkeypatch.setattr(module, "MAX_PLAIN_BYTES", 500_000)
    with pytest.raises(CarryError):
        examine(small)


def test_more_files_than_an_inbox_may_hold_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_FILES", 2)
    with pytest.raises(CarryError):
        examine(packed(tmp_path))


def test_no_archive_is_written_that_its_receiver_would_refuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("MAX_FILES", "MAX_MANIFEST_BYTES"):
        with monkeypatch.context() as patch:
            patch.setattr(module, limit, 1)
            with pytest.raises(CarryError) as caught:
                pack(FILES, tmp_path / "out.zip")
        assert caught.value.key == "archive_write"
        assert names(tmp_path) == []


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path)
    body = bytearray(path.read_bytes())
    body[6] |= 1
    at = body.rindex(b"PK\x01\x02")
    body[at + 8] |= 1
    path.write_bytes(bytes(body))
    with pytest.raises(CarryError):
        examine(path)


def test_a_stick_whose_file_system_knows_no_links_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    assert len(examine(packed(tmp_path)).files) == 3
    assert names(tmp_path) == ["carried.zip"]


def test_what_is_no_archive_is_said(tmp_path: Path) -> None:
    for body in (b"", b"PK\x03\x04", b"hello" * 100):
        (tmp_path / "x.zip").write_bytes(body)
        with pytest.raises(CarryError) as caught:
            examine(tmp_path / "x.zip")
        assert caught.value.key == "archive_bad"
    for path in (tmp_path / "nowhere.zip", tmp_path):
        with pytest.raises(CarryError) as caught:
            examine(path)
        assert caught.value.key == "archive_unreadable"


def test_an_existing_file_is_never_overwritten_and_a_failed_one_not_left(tmp_path: Path) -> None:
    path = packed(tmp_path)
    before = path.read_bytes()
    with pytest.raises(CarryError) as caught:
        pack(FILES[:1], path)
    assert (caught.value.key, path.read_bytes()) == ("archive_exists", before)
    with pytest.raises(CarryError) as caught:
        pack(FILES, tmp_path / "nowhere" / "x.zip")
    assert caught.value.key == "archive_write"
    assert names(tmp_path) == ["carried.zip"]


@given(place=st.integers(0, 2_000), value=st.integers(0, 255))
def test_no_changed_byte_of_an_archive_passes_with_the_same_code(
    tmp_path_factory: pytest.TempPathFactory, place: int, value: int
) -> None:
    folder = tmp_path_factory.mktemp("any")
    path = packed(folder)
    body = bytearray(path.read_bytes())
    code = examine(path).code
    if body[place % len(body)] == value:
        return
    body[place % len(body)] = value
    path.write_bytes(bytes(body))
    try:
        found = examine(path)
    except CarryError:
        return
    assert found.code != code


def test_the_manifest_comes_first_and_names_what_was_carried(tmp_path: Path) -> None:
    with zipfile.ZipFile(packed(tmp_path)) as opened:
        assert opened.namelist()[0] == MANIFEST
        rows = json.loads(opened.read(MANIFEST))["files"]
    assert [row["member"] for row in rows] == ["000001.json", "000002.json", "000003.json"]
