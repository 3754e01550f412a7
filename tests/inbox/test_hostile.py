"""An inbox that anybody can write to: one bad entry costs only itself, and is told."""

import json
import os
import socket
import time
from pathlib import Path
from typing import Any, Self

import pytest

from auditor.arrivals import inbox as module
from auditor.arrivals.counted import counted
from auditor.evidence import MAX_FILE_BYTES
from auditor.findings import Reason
from auditor.run import MAX_ARRIVALS, Standing
from tests.core.world import NOW
from tests.inbox.kit import Inn, Key, at, inn, later, new_key, outer, payload, signed, town_of

OLD = NOW.timestamp() - 3600


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Key:
    return new_key(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def door(tmp_path: Path, host: Key) -> Inn:
    place = inn(tmp_path, f"PC-1 {host.public}", town=town_of(unsigned=True))
    place.put("good.json", signed(host))
    return place


def document(**changes: Any) -> bytes:
    """The older, unsigned form."""
    row = {
        "schema": 1,
        "target": "endpoint:PC-2",
        "serial": "SN2",
        "system": "linux",
        "collected_at": at(-30),
        "answers": [{"id": "w.lock", "status": "ok", "body": "600"}],
    }
    return json.dumps({**row, **changes}).encode()


CONTENTS = {
    "deep": b'{"kind":"telework-auditor-bundle","payload":' + b"[" * 100_000,
    "cp932": '{"schema":1,"target":"総務課"}'.encode("cp932"),
    "nan": document().replace(b'"600"', b"NaN"),
    "twice": document().replace(b'"serial"', b'"serial": "SN1", "serial"'),
    "surrogate": document(host="x").replace(b'"x"', b'"\\ud800"'),
    "signer": document(signer="officer:0105"),
    "empty": b"",
}


def spoil(folder: Path, what: str, outside: Path) -> None:
    bad = folder / "bad.json"
    match what:
        case "symlink":
            outside.write_bytes(document())
            bad.symlink_to(outside)
        case "dangling":
            bad.symlink_to(outside)
        case "loop":
            bad.symlink_to(bad)
        case "device":
            bad.symlink_to("/dev/zero")
        case "pipe":
            os.mkfifo(bad)
        case "folder":
            bad.mkdir()
        case "socket":
            with socket.socket(socket.AF_UNIX) as server:
                os.chdir(folder)
                server.bind("bad.json")
        case "200 MB":
            with bad.open("wb") as stream:
                stream.truncate(200 * 1024 * 1024)
        case _:
            bad.write_bytes(CONTENTS[what])
            os.utime(bad, (OLD, OLD))


@pytest.mark.skipif(os.name == "nt", reason="pipes and links of POSIX")
@pytest.mark.parametrize(
    ("what", "standing"),
    [
        ("symlink", Standing.NOT_A_FILE),
        ("dangling", Standing.NOT_A_FILE),
        ("loop", Standing.NOT_A_FILE),
        ("pipe", Standing.NOT_A_FILE),
        ("folder", Standing.NOT_A_FILE),
        ("device", Standing.NOT_A_FILE),
        ("socket", Standing.NOT_A_FILE),
        ("200 MB", Standing.TOO_LARGE),
        ("deep", Standing.GARBLED),
        ("cp932", Standing.GARBLED),
        ("nan", Standing.GARBLED),
        ("twice", Standing.GARBLED),
        ("surrogate", Standing.GARBLED),
        ("signer", Standing.GARBLED),
        ("empty", Standing.GARBLED),
    ],
)
def test_one_bad_entry_is_told_and_the_rest_is_read(
    door: Inn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, standing: Standing
) -> None:
    monkeypatch.chdir(tmp_path)
    spoil(door.folder, what, tmp_path / "outside.json")
    began = time.monotonic()
    inbox = door.read()
    assert {one.file: one.standing for one in inbox.arrivals} == {
        "bad.json": standing,
        "good.json": Standing.ACCEPTED,
    }
    assert set(inbox.evidence) == {"endpoint:PC-1"}
    assert time.monotonic() - began < 10


@pytest.mark.skipif(os.name == "nt", reason="names of POSIX")
def test_a_hostile_name_or_value_cannot_steer_a_terminal_or_lead_elsewhere(door: Inn) -> None:
    door.put("\x1b[2J\n\u202e.json", b"{}")
    door.put("..%2f..%2fetc%2fpasswd.json", b"{}")
    door.put("v.json", document(outcome="\x1b]0;x\x07"))
    os.close(os.open(bytes(door.folder) + b"/\xff\xfe.json", os.O_CREAT | os.O_WRONLY, 0o600))
    refused = [one for one in door.read().arrivals if one.standing is not Standing.ACCEPTED]
    assert len(refused) == 4
    for one in refused:
        assert (one.file + one.note).isprintable()
        assert (one.file + one.note).encode()


def test_too_many_files_are_refused_as_a_whole(door: Inn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the first ones by name would let a writer of many files choose what is seen."""
    monkeypatch.setattr(module, "MAX_INBOX_FILES", 1)
    door.put("a.json", document())
    inbox = door.read()
    assert (inbox.evidence, [one.standing for one in inbox.arrivals]) == ({}, [Standing.TOO_MANY])


def test_fifty_thousand_files_are_judged_in_bounded_memory_and_the_worst_are_named(
    tmp_path: Path, host: Key
) -> None:
    """A tenth of them here; nothing in it grows faster than the number of files."""
    place = inn(tmp_path, f"PC-1 {host.public}")
    good = signed(host)
    for number in range(5_000):
        place.put(f"{number:05}.json", good if number % 2 else b"x" * 40)
    inbox = later(place, 600).read()
    assert dict(inbox.arrived) == {
        Standing.ACCEPTED: 1,
        Standing.ALREADY_READ: 2_499,
        Standing.GARBLED: 2_500,
    }
    assert len(inbox.arrivals) == MAX_ARRIVALS


def test_a_missing_inbox_is_empty_and_one_that_cannot_be_listed_is_said(
    door: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = Inn(door.folder / "nowhere", door.door, door.known)
    assert nowhere.read().arrivals == ()

    def denied(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", denied)
    assert [one.standing for one in door.read().arrivals] == [Standing.NOT_A_FILE]


def test_a_capital_suffix_is_read_too_and_other_files_are_nobodys_evidence(door: Inn) -> None:
    door.put("PC-2.JSON", document())
    door.put("desktop.ini", b"[x]")
    door.put("half.json.part", b"{")
    assert set(door.read().evidence) == {"endpoint:PC-1", "endpoint:PC-2"}


def test_half_a_file_that_was_just_written_waits_and_one_that_stays_so_is_garbled(
    door: Inn, host: Key
) -> None:
    body = signed(host, sequence=2)
    half = door.put("half.json", body[: len(body) // 2])
    os.utime(half, (NOW.timestamp() - 5, NOW.timestamp() - 5))
    assert door.standings()["half.json"] is Standing.UNFINISHED
    assert later(door, 2).standings()["half.json"] is Standing.GARBLED
    os.utime(half, (NOW.timestamp() + 9999, NOW.timestamp() + 9999))
    assert door.standings()["half.json"] is Standing.GARBLED, "a date to come must not keep it waiting"


@pytest.mark.parametrize("more", [1, MAX_FILE_BYTES, 4 * MAX_FILE_BYTES])
def test_a_file_that_grows_while_it_is_read_is_left_for_the_next_time_and_never_read_without_end(
    door: Inn, monkeypatch: pytest.MonkeyPatch, more: int
) -> None:
    real = os.fdopen
    path = door.put("grows.json", document())
    taken: list[int] = []

    class Counting:
        """A stream that tells how much was read of it."""

        def __init__(self, stream: Any) -> None:
            self.stream = stream

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            self.stream.close()

        def read(self, limit: int) -> bytes:
            body: bytes = self.stream.read(limit)
            taken.append(len(body))
            return body

    def slow(handle: int, *given: Any, **named: Any) -> Any:
        if os.fstat(handle).st_ino != path.stat().st_ino:
            return real(handle, *given, **named)
        with path.open("ab") as stream:
            stream.write(b" " * more)
        return Counting(real(handle, *given, **named))

    monkeypatch.setattr(os, "fdopen", slow)
    assert door.standings()["grows.json"] is Standing.UNFINISHED
    assert max(taken) <= MAX_FILE_BYTES + 1


def test_a_bundle_exchanged_between_the_two_readings_is_not_judged(
    door: Inn, host: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exchanged(*given: Any) -> Any:
        (door.folder / "good.json").write_bytes(signed(host, sequence=1, answers={"w.lock": "1"}))
        return counted(*given)

    monkeypatch.setattr(module, "counted", exchanged)
    inbox = door.read()
    assert [one.standing for one in inbox.arrivals] == [Standing.UNFINISHED]
    assert (inbox.evidence, inbox.received.rows) == ({}, ())


def test_the_newest_unsigned_document_wins_whatever_its_file_is_called(door: Inn) -> None:
    older = document(collected_at=at(-90), answers=[])
    door.put("a.json", older)
    door.put("m.json", document())
    door.put("z.json", older)
    assert door.read().evidence["endpoint:PC-2"].origin == "m.json"


def test_unsigned_documents_are_unknown_in_a_town_that_did_not_accept_them(tmp_path: Path) -> None:
    place = inn(tmp_path)
    place.put("a.json", document())
    found = place.read()
    assert [one.standing for one in found.arrivals] == [Standing.UNSIGNED]
    assert found.evidence["endpoint:PC-2"].outcome is Reason.UNTRUSTED


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({"serial": "SN1"}, Standing.NOT_LEDGER),
        ({"serial": ""}, Standing.NOT_LEDGER),
        ({"system": "windows"}, Standing.NOT_LEDGER),
        ({"target": "endpoint:PC-77"}, Standing.NOT_OURS),
        ({"target": "gateway:GW-1"}, Standing.NOT_OURS),
        ({"target": "endpoint:PC-9", "serial": "SN9"}, Standing.RETIRED),
        ({"target": "endpoint:../../x"}, Standing.GARBLED),
        ({"collected_at": at(24 * 60)}, Standing.FUTURE),
        ({"context": "root"}, Standing.GARBLED),
    ],
    ids=str,
)
def test_an_unsigned_document_is_told_apart_too(
    door: Inn, changes: dict[str, Any], standing: Standing
) -> None:
    path = door.put("a.json", document(**changes))
    os.utime(path, (OLD, OLD))
    assert door.standings()["a.json"] is standing


def test_a_clock_that_differs_from_the_file_s_time_is_noted(door: Inn) -> None:
    path = door.put("a.json", outer(payload(asset="PC-2", serial="SN2", collected_at=at(-60))))
    os.utime(path, (NOW.timestamp() - 7200, NOW.timestamp() - 7200))
    (note,) = [one.note for one in door.read().arrivals if one.file == "a.json"]
    assert "-3600 s" in note
