"""An archive is taken in whole after every byte of it was verified, or not at all."""

import hashlib
import io
import json
import os
import stat
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import archive as module
from auditor.archive import MANIFEST, code_of, examine, pack, same_code
from auditor.aside import put_away
from auditor.carry import luggage, unpack
from auditor.errors import CarryError
from auditor.run import Standing
from tests.core.disks import small_disk
from tests.core.world import NOW
from tests.inbox.kit import inn, new_key, outer, payload, signed

FILES = (("a.json", b'{"a": 1}'), ("総務.json", b'{"b": 2}'), ("../../etc/passwd.json", b'{"c": 3}'))
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


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


def test_what_was_packed_comes_out_whole_under_harmless_names(tmp_path: Path, inbox: Path) -> None:
    fresh, twice = unpack(examine(packed(tmp_path)), inbox)
    assert (len(fresh), twice, sorted(fresh)) == (3, (), names(inbox))
    assert {path.read_bytes() for path in inbox.iterdir()} == {body for _, body in FILES}
    assert all(name.isascii() and "/" not in name and name.endswith(".json") for name in fresh)


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


def test_an_archive_taken_in_twice_brings_nothing_new_not_even_after_a_run(tmp_path: Path) -> None:
    key = new_key(tmp_path)
    place = inn(tmp_path, f"PC-1 {key.public}")
    path = packed(tmp_path, (("m.json", signed(key)),))
    fresh, _ = unpack(examine(path), place.folder)
    assert unpack(examine(path), place.folder) == ((), fresh)
    put_away(place.folder, place.read().files, NOW)
    assert unpack(examine(path), place.folder) == ((), fresh)


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.7, 0.99])
def test_half_an_archive_leaves_nothing(tmp_path: Path, inbox: Path, keep: float) -> None:
    path = packed(tmp_path)
    body = path.read_bytes()
    path.write_bytes(body[: int(len(body) * keep)])
    with pytest.raises(CarryError) as caught:
        unpack(examine(path), inbox)
    assert caught.value.key == "archive_bad"
    assert names(inbox) == []


def test_an_archive_that_changed_after_it_was_examined_leaves_nothing(tmp_path: Path, inbox: Path) -> None:
    path = packed(tmp_path)
    archive = examine(path)
    path.unlink()
    pack((*FILES[:2], ("x.json", b'{"evil": 1}')), path)
    with pytest.raises(CarryError):
        unpack(archive, inbox)
    assert names(inbox) == []


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    path = packed(tmp_path, tuple((f"{number}.json", os.urandom(90_000)) for number in range(8)))
    with small_disk(tmp_path / "disk", "400k") as disk:
        with pytest.raises(CarryError) as caught:
            unpack(examine(path), disk)
        assert caught.value.key == "archive_write"
        assert names(disk) == []


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


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path)
    body = bytearray(path.read_bytes())
    body[6] |= 1
    at = body.rindex(b"PK\x01\x02")
    body[at + 8] |= 1
    path.write_bytes(bytes(body))
    with pytest.raises(CarryError):
        examine(path)


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


def test_an_inbox_is_packed_with_its_bundles_and_what_is_none_is_named(tmp_path: Path) -> None:
    key = new_key(tmp_path)
    place = inn(tmp_path, f"PC-1 {key.public}")
    place.put("read.json", signed(key))
    put_away(place.folder, place.read().files, NOW)
    place.put("new.json", signed(key, sequence=2))
    place.put("unsigned.json", outer(payload(sequence=3)))
    place.put("notes.json", b"{}")
    place.put("desktop.ini", b"")
    (place.folder / "link.json").symlink_to("/etc/passwd")
    found = luggage(place.folder, LONG_AGO)
    assert [name for name, _ in found.files] == ["new.json", "read.json", "unsigned.json"]
    assert found.skipped == ("link.json", "notes.json")
    late = luggage(place.folder, datetime.now(UTC) + timedelta(days=1))
    assert [name for name, _ in late.files] == ["new.json", "unsigned.json"]


def test_an_archive_of_a_segment_is_judged_at_the_town_like_any_other_file(tmp_path: Path) -> None:
    key = new_key(tmp_path)
    (tmp_path / "segment").mkdir()
    (tmp_path / "town").mkdir()
    segment = inn(tmp_path / "segment")
    segment.put("m.json", signed(key))
    path = packed(tmp_path, luggage(segment.folder, LONG_AGO).files)
    town = inn(tmp_path / "town", f"PC-1 {key.public}")
    unpack(examine(path), town.folder)
    assert list(town.standings().values()) == [Standing.ACCEPTED]


def test_there_is_nothing_to_carry_without_an_inbox(tmp_path: Path) -> None:
    with pytest.raises(CarryError) as caught:
        luggage(tmp_path / "nowhere", LONG_AGO)
    assert caught.value.key == "no_inbox"


def test_the_manifest_comes_first_and_names_what_was_carried(tmp_path: Path) -> None:
    with zipfile.ZipFile(packed(tmp_path)) as opened:
        assert opened.namelist()[0] == MANIFEST
        rows = json.loads(opened.read(MANIFEST))["files"]
    assert [row["member"] for row in rows] == ["000001.json", "000002.json", "000003.json"]
