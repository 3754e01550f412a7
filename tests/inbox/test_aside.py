"""Files are put away once the run is kept: whole, under harmless names, refused ones with the reason."""

import json
import os
from pathlib import Path

import pytest

from auditor.arrivals.aside import put_away, safe_name
from auditor.run import Standing
from tests.core.world import NOW
from tests.inbox.kit import Inn, Key, inn, new_key, outer, payload, signed, town_of


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Key:
    return new_key(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def door(tmp_path: Path, host: Key) -> Inn:
    place = inn(tmp_path, f"PC-1 {host.public}")
    place.put("good.json", signed(host))
    return place


UNSIGNED = {"schema": 1, "target": "endpoint:PC-1", "serial": "SN1", "system": "linux", "answers": []}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_a_used_bundle_goes_to_read_and_a_refused_one_to_refused_with_its_reason(
    door: Inn, tmp_path: Path
) -> None:
    body = signed(new_key(tmp_path), sequence=2)
    door.put("stranger.json", body)
    assert put_away(door.folder, door.read().files, NOW) == ()
    assert names(door.folder) == ["read", "refused"]
    assert names(door.folder / "read") == ["20261123T030000Z-good.json"]
    kept, why = sorted((door.folder / "refused").iterdir())
    assert (kept.name, kept.read_bytes()) == ("20261123T030000Z-stranger.json", body)
    told = json.loads(why.read_text("utf-8"))
    assert why.name == f"{kept.name}.why.json"
    assert (told["standing"], told["target"], told["sequence"]) == ("unknown_signer", "endpoint:PC-1", 2)
    assert "登録していない鍵" in told["why"]["ja"]
    assert "registered" in told["why"]["en"]


def test_an_unsigned_document_stays_as_long_as_it_counts(tmp_path: Path) -> None:
    place = inn(tmp_path, town=town_of(unsigned=True))
    row = {"schema": 1, "target": "endpoint:PC-1", "serial": "SN1", "system": "linux", "answers": []}
    place.put("a.json", json.dumps({**row, "collected_at": "2026-11-23T02:00:00Z"}).encode())
    place.put("b.json", outer(payload()))
    put_away(place.folder, place.read().files, NOW)
    assert names(place.folder) == ["a.json", "read"]


def test_a_file_that_changed_since_it_was_read_stays_and_is_read_again(door: Inn, host: Key) -> None:
    files = door.read().files
    (door.folder / "good.json").write_bytes(signed(host, sequence=2))
    assert put_away(door.folder, files, NOW) == ("good.json",)
    assert names(door.folder) == ["good.json", "read"]


@pytest.mark.skipif(os.name == "nt", reason="links of POSIX")
def test_a_link_in_the_place_of_our_folder_leads_nothing_away(door: Inn, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (door.folder / "read").symlink_to(elsewhere)
    assert put_away(door.folder, door.read().files, NOW) == ("good.json",)
    assert names(elsewhere) == []


@pytest.mark.skipif(os.name == "nt", reason="links of POSIX")
def test_what_is_no_file_is_put_aside_itself_and_not_what_it_leads_to(door: Inn, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"{}")
    (door.folder / "link.json").symlink_to(outside)
    os.mkfifo(door.folder / "pipe.json")
    (door.folder / "folder.json").mkdir()
    put_away(door.folder, door.read().files, NOW)
    assert names(door.folder) == ["read", "refused"]
    assert outside.read_bytes() == b"{}"
    assert (door.folder / "refused" / "20261123T030000Z-link.json").is_symlink()


@pytest.mark.skipif(os.name == "nt", reason="links of POSIX")
def test_a_link_planted_where_the_reason_will_stand_overwrites_nothing(door: Inn, tmp_path: Path) -> None:
    """The name is foreseeable, and whoever may write to the share may have made the folder before us."""
    victim = tmp_path / "victim"
    victim.write_text("precious", "utf-8")
    (door.folder / "refused").mkdir()
    (door.folder / "refused" / "20261123T030000Z-bad.json.why.json").symlink_to(victim)
    door.put("bad.json", b"{}")
    put_away(door.folder, door.read().files, NOW)
    assert victim.read_text("utf-8") == "precious"
    assert "20261123T030000Z-bad~2.json" in names(door.folder / "refused")


def test_two_files_of_one_name_never_replace_each_other(door: Inn, host: Key) -> None:
    put_away(door.folder, door.read().files, NOW)
    door.put("good.json", signed(host))
    put_away(door.folder, door.read().files, NOW)
    assert len(names(door.folder / "read")) == 2


@pytest.mark.parametrize(
    "name", ["../x.json", "a/b.json", "総務課.json", "\x1b[2J.json", ".hidden.json", "x" * 300, "", ".", ".."]
)
def test_a_name_never_becomes_a_path(name: str) -> None:
    safe = safe_name(name)
    assert safe == Path(safe).name
    assert safe.isascii()
    assert not safe.startswith(".")
    assert 0 < len(safe) <= 120


def test_names_that_would_become_the_same_stay_apart() -> None:
    assert (
        len({safe_name(name) for name in ("総務.json", "税務.json", "__.json", "a b.json", "a_b.json")}) == 5
    )


def test_nothing_is_moved_by_reading(door: Inn) -> None:
    assert [one.standing for one in door.read().arrivals] == [Standing.ACCEPTED]
    assert names(door.folder) == ["good.json"]


@pytest.mark.parametrize(
    "when", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00"]
)
def test_a_date_at_the_edge_of_the_calendar_is_garbled_and_reaches_no_page(
    door: Inn, tmp_path: Path, when: str
) -> None:
    """Nobody has to sign such a file: once shown on Japan's clock, it would stop every report."""
    body = payload(collected_at=when)
    door.put("stranger.json", outer(body, new_key(tmp_path).sign(body)))
    door.put("document.json", json.dumps(UNSIGNED | {"collected_at": when}).encode())
    for path in door.folder.iterdir():
        os.utime(path, (1, 1))
    shown = {one.file: one for one in door.read().arrivals}
    assert shown["document.json"].standing is Standing.GARBLED
    assert shown["stranger.json"].standing is Standing.UNKNOWN_SIGNER
    assert [one.collected_at for one in shown.values() if one.standing.refused] == [None, None]
