"""Evidence files come into an inbox all or none, each once, and are then judged like any other."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

from auditor.arrivals.archive import examine, pack
from auditor.arrivals.aside import put_away
from auditor.arrivals.carry import Luggage, luggage, unpack
from auditor.errors import CarryError
from auditor.run import Standing
from tests.core.disks import small_disk
from tests.core.world import NOW
from tests.inbox.kit import inn, new_key, outer, payload, signed
from tests.inbox.test_archive import FILES, names, packed

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    path = tmp_path / "town" / "inbox"
    path.mkdir(parents=True)
    return path


def test_what_was_packed_comes_out_whole_under_harmless_names(tmp_path: Path, inbox: Path) -> None:
    fresh, twice = unpack(examine(packed(tmp_path)), inbox)
    assert (len(fresh), twice, sorted(fresh)) == (3, (), names(inbox))
    assert {path.read_bytes() for path in inbox.iterdir()} == {body for _, body in FILES}
    assert all(name.isascii() and "/" not in name and name.endswith(".json") for name in fresh)


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


def test_what_a_killed_import_left_is_cleared_by_the_next_and_no_link_is_followed(
    tmp_path: Path, inbox: Path
) -> None:
    (inbox / ".import-x").mkdir()
    (inbox / ".import-x" / "a.json").write_bytes(b"half")
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "b.json").write_bytes(b"whole")
    (inbox / ".import-y").symlink_to(kept)
    fresh, _ = unpack(examine(packed(tmp_path)), inbox)
    assert {*names(inbox)} == {*fresh, ".import-y"}
    assert names(kept) == ["b.json"]


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    path = packed(tmp_path, tuple((f"{number}.json", os.urandom(90_000)) for number in range(8)))
    with small_disk(tmp_path / "disk", "400k") as disk:
        with pytest.raises(CarryError) as caught:
            unpack(examine(path), disk)
        assert caught.value.key == "archive_write"
        assert names(disk) == []


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


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
def test_a_pipe_exchanged_for_a_file_under_our_eyes_makes_nobody_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = inn(tmp_path)
    place.put("a.json", outer(payload()))
    look = Path.lstat

    def looked(path: Path) -> os.stat_result:
        seen = look(path)
        if path.name == "a.json":
            path.unlink()
            os.mkfifo(path)
        return seen

    monkeypatch.setattr(Path, "lstat", looked)
    found: list[object] = []
    packing = Thread(target=lambda: found.append(luggage(place.folder, LONG_AGO)), daemon=True)
    packing.start()
    packing.join(10)
    assert found == [Luggage((), ("a.json",))]


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
