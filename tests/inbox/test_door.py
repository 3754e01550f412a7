"""At the door each kind of wrong file is told from the others, and none of them is used."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auditor.arrivals.received import Known
from auditor.findings import Reason
from auditor.run import Arrival, Standing
from tests.inbox.kit import FILED, OTHER, Inn, Key, at, inn, new_key, outer, payload, signed, town_of
from tests.peers.process import need


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def host(folder: Path) -> Key:
    return new_key(folder, name="host")


@pytest.fixture(scope="module")
def second(folder: Path) -> Key:
    return new_key(folder, name="second")


@pytest.fixture(scope="module")
def user(folder: Path) -> Key:
    return new_key(folder, name="user")


@pytest.fixture(scope="module")
def officer(folder: Path) -> Key:
    return new_key(folder, name="officer")


@pytest.fixture
def door(tmp_path: Path, host: Key, second: Key, user: Key, officer: Key) -> Inn:
    lines = (
        f"PC-1 {host.public}",
        f"PC-2 {second.public}",
        f"user:PC-1 {user.public}",
        f"officer:0105 {officer.public}",
    )
    return inn(tmp_path, *lines)


def one(door: Inn, body: bytes) -> Arrival:
    door.put("a.json", body)
    (arrival,) = door.read().arrivals
    return arrival


def test_a_bundle_of_a_host_key_is_accepted_and_its_answers_are_judged(door: Inn, host: Key) -> None:
    arrival = one(door, signed(host, sequence=7))
    assert (arrival.standing, arrival.target, arrival.signer) == (Standing.ACCEPTED, "endpoint:PC-1", "PC-1")
    assert (arrival.sequence, arrival.file) == (7, "a.json")
    found = door.read().evidence["endpoint:PC-1"]
    assert (found.outcome, found.signer, [answer.body for answer in found.answers]) == (
        None,
        "PC-1",
        [b"600"],
    )


def tampered(body: bytes, old: bytes = b"600", new: bytes = b"601") -> bytes:
    """The same signature around a changed answer."""
    import base64

    row = json.loads(body)
    inner = json.loads(base64.b64decode(row["payload"]))
    inner["output"] = base64.b64encode(base64.b64decode(inner["output"]).replace(old, new)).decode()
    row["payload"] = base64.b64encode(json.dumps(inner).encode()).decode()
    return json.dumps(row).encode()


def test_a_changed_answer_is_tampering_and_the_machine_is_unknown_with_the_reason(
    door: Inn, host: Key
) -> None:
    arrival = one(door, tampered(signed(host)))
    assert (arrival.standing, arrival.target) == (Standing.BAD_SIGNATURE, "endpoint:PC-1")
    found = door.read().evidence["endpoint:PC-1"]
    assert (found.outcome, found.answers) == (Reason.UNTRUSTED, ())
    assert "bad_signature: a.json" in found.note


def test_a_changed_frame_or_an_output_that_is_none_still_names_the_machine(door: Inn, host: Key) -> None:
    arrival = one(door, tampered(signed(host), b"ask", b"axe"))
    assert (arrival.standing, arrival.target) == (Standing.BAD_SIGNATURE, "endpoint:PC-1")
    arrival = one(door, signed(host, output=b"the shell said no"))
    assert (arrival.standing, arrival.target) == (Standing.GARBLED, "endpoint:PC-1")
    assert door.read().evidence["endpoint:PC-1"].outcome is Reason.UNTRUSTED


@pytest.mark.parametrize("kind", ["missing armor", "another namespace", "other message"])
def test_a_signature_that_signs_something_else_is_bad(door: Inn, host: Key, kind: str) -> None:
    body = payload()
    signature = {
        "missing armor": "x",
        "another namespace": host.sign(body, "file"),
        "other message": host.sign(payload(sequence=2)),
    }[kind]
    assert one(door, outer(body, signature)).standing is Standing.BAD_SIGNATURE


def test_a_strangers_signature_is_named_by_its_fingerprint(door: Inn, tmp_path: Path) -> None:
    stranger = new_key(tmp_path)
    arrival = one(door, signed(stranger))
    assert arrival.standing is Standing.UNKNOWN_SIGNER
    assert arrival.signer.startswith("SHA256:")
    assert arrival.target == "endpoint:PC-1"


def test_a_key_whose_time_is_over_signs_nothing(tmp_path: Path, host: Key) -> None:
    before = inn(tmp_path, f'PC-1 valid-before="20261123" {host.public}')
    arrival = one(before, signed(host))
    assert arrival.standing is Standing.UNKNOWN_SIGNER
    after = inn(tmp_path, f'PC-1 valid-after="202611231159" {host.public}')
    assert one(after, signed(host, collected_at=at(-60))).standing is Standing.UNKNOWN_SIGNER
    assert one(after, signed(host, collected_at=at(0))).standing is Standing.ACCEPTED


@pytest.mark.parametrize(
    "changes",
    [
        {"asset": "PC-2", "serial": "SN2"},
        {"asset": "PC-2"},
        {"serial": "SN2"},
    ],
    ids=str,
)
def test_a_machine_never_speaks_for_another(door: Inn, host: Key, changes: dict[str, Any]) -> None:
    arrival = one(door, signed(host, **changes))
    assert (arrival.standing, arrival.target) == (Standing.WRONG_MACHINE, "endpoint:PC-2")
    assert door.read().evidence["endpoint:PC-2"].outcome is Reason.UNTRUSTED


def test_a_users_key_signs_the_users_document_and_never_the_machines(door: Inn, user: Key) -> None:
    assert one(door, signed(user)).standing is Standing.WRONG_MACHINE
    arrival = one(door, signed(user, context="user", answers={"w.saver": "300"}))
    assert (arrival.standing, arrival.signer) == (Standing.ACCEPTED, "user:PC-1")


def test_an_officer_signs_for_every_machine_and_is_shown_as_such(door: Inn, officer: Key) -> None:
    for changes in ({}, {"asset": "PC-2", "serial": "SN2"}):
        arrival = one(door, signed(officer, **changes))
        assert (arrival.standing, arrival.signer) == (Standing.ACCEPTED, "officer:0105")
    assert door.read().evidence["endpoint:PC-2"].details["signer"] == "officer:0105"


@pytest.mark.parametrize(
    "changes", [{"serial": "SN7"}, {"serial": ""}, {"serial": "sn1"}, {"system": "windows"}], ids=str
)
def test_a_serial_or_system_that_is_not_the_ledgers_is_refused_though_signed(
    door: Inn, host: Key, changes: dict[str, Any]
) -> None:
    assert one(door, signed(host, asset="PC-1", **changes)).standing is Standing.NOT_LEDGER


def test_a_cloned_disk_with_the_same_key_is_found_by_its_serial(door: Inn, host: Key) -> None:
    assert one(door, signed(host, serial="SN7")).standing is Standing.NOT_LEDGER


def test_a_user_who_may_not_read_the_serial_still_counts(door: Inn, host: Key) -> None:
    body = signed(host, context="user", serial="", answers={"w.saver": "300"})
    assert one(door, body).standing is Standing.ACCEPTED
    wrong = signed(host, context="user", serial="SN7", answers={"w.saver": "300"})
    assert one(door, wrong).standing is Standing.NOT_LEDGER


def test_what_stands_in_no_ledger_is_not_this_towns_and_still_a_sighting(door: Inn, officer: Key) -> None:
    arrival = one(door, signed(officer, asset="PC-77", serial="SN77"))
    assert (arrival.standing, arrival.target) == (Standing.NOT_OURS, "")
    stranger = door.read().strangers["endpoint:PC-77"]
    assert (stranger.serial, stranger.answers, stranger.outcome) == ("SN77", (), None)


def test_a_retired_machine_that_still_reports_is_told(door: Inn, officer: Key) -> None:
    arrival = one(door, signed(officer, serial="SN9"))
    assert (arrival.standing, arrival.target) == (Standing.RETIRED, "endpoint:PC-9")
    assert set(door.read().strangers) == {"endpoint:PC-9"}


def test_no_machine_can_accuse_a_retired_one_of_still_reporting(door: Inn, host: Key) -> None:
    assert one(door, signed(host, asset="PC-9", serial="SN9")).standing is Standing.RETIRED
    assert door.read().strangers == {}


def test_a_serial_that_stands_twice_in_the_ledger_names_nobody(tmp_path: Path, officer: Key) -> None:
    twin = replace(OTHER, serial="SN1")
    double = inn(tmp_path, f"officer:0105 {officer.public}", town=town_of(FILED, twin))
    assert one(double, signed(officer)).standing is Standing.NOT_OURS
    assert one(double, signed(officer, asset="PC-2")).standing is Standing.ACCEPTED


@pytest.mark.parametrize(
    ("minutes", "standing"),
    [(0, Standing.ACCEPTED), (10, Standing.ACCEPTED), (11, Standing.FUTURE), (24 * 60, Standing.FUTURE)],
)
def test_a_clock_may_be_ten_minutes_ahead_and_not_a_day(
    door: Inn, host: Key, minutes: int, standing: Standing
) -> None:
    assert one(door, signed(host, collected_at=at(minutes))).standing is standing


def test_a_file_from_tomorrow_is_unknown_and_does_not_hide_todays(door: Inn, host: Key) -> None:
    door.put("today.json", signed(host, sequence=1))
    door.put("tomorrow.json", signed(host, sequence=2, collected_at=at(24 * 60)))
    assert door.standings() == {"today.json": Standing.ACCEPTED, "tomorrow.json": Standing.FUTURE}
    assert door.read().evidence["endpoint:PC-1"].sequence == 1


def test_what_is_too_old_says_how_long_the_machine_was_not_heard(door: Inn, host: Key) -> None:
    arrival = one(door, signed(host, collected_at=at(-15 * 24 * 60)))
    assert (arrival.standing, arrival.standing.refused) == (Standing.TOO_OLD, False)
    found = door.read().evidence["endpoint:PC-1"]
    assert (found.outcome, found.collected_at.day) == (None, 8)  # judging finds it stale by itself


@pytest.mark.parametrize("unsigned", [False, True])
def test_an_unsigned_bundle_counts_only_where_the_town_said_so_in_writing(
    tmp_path: Path, *, unsigned: bool
) -> None:
    place = inn(tmp_path, town=town_of(unsigned=unsigned))
    arrival = one(place, outer(payload()))
    assert arrival.standing is (Standing.ADMITTED if unsigned else Standing.UNSIGNED)
    outcome = place.read().evidence["endpoint:PC-1"].outcome if unsigned else None
    assert outcome is None


def test_stripping_the_signature_does_not_help_where_the_machine_has_a_key(tmp_path: Path, host: Key) -> None:
    place = inn(tmp_path, f"PC-1 {host.public}", town=town_of(unsigned=True))
    assert one(place, outer(payload())).standing is Standing.UNSIGNED
    assert one(place, tampered(signed(host))).standing is Standing.BAD_SIGNATURE
    document = {
        "schema": 1,
        "target": "endpoint:PC-1",
        "serial": "SN1",
        "system": "linux",
        "collected_at": at(-1),
        "answers": [{"id": "w.lock", "status": "ok", "body": "600"}],
    }
    assert one(place, json.dumps(document).encode()).standing is Standing.UNSIGNED


def test_stripping_the_signature_does_not_help_where_only_the_user_has_a_key(
    tmp_path: Path, user: Key
) -> None:
    place = inn(tmp_path, f"user:PC-1 {user.public}", town=town_of(unsigned=True))
    assert one(place, signed(user, context="user")).standing is Standing.ACCEPTED
    assert one(place, outer(payload(context="user"))).standing is Standing.UNSIGNED
    assert one(place, outer(payload())).standing is Standing.ADMITTED


def test_a_refused_file_never_silences_a_machine_that_spoke(door: Inn, host: Key, tmp_path: Path) -> None:
    """Whoever can write to the share could otherwise make any machine unknown."""
    door.put("good.json", signed(host))
    door.put("bad.json", tampered(signed(host, sequence=2)))
    door.put("stranger.json", signed(new_key(tmp_path), sequence=3))
    inbox = door.read()
    assert inbox.evidence["endpoint:PC-1"].outcome is None
    assert inbox.received.refusals == {}
    assert [one.file for one in inbox.arrivals if one.standing.refused] == ["bad.json", "stranger.json"]


def test_nothing_of_a_payload_is_opened_before_a_trusted_key_signed_it(
    door: Inn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from auditor.arrivals import door as module

    opened: list[object] = []

    def watched(*given: object) -> bool:
        opened.append(given)
        return False

    monkeypatch.setattr(module, "is_true", watched)
    assert one(door, signed(new_key(tmp_path))).standing is Standing.UNKNOWN_SIGNER
    assert opened == []  # a key nobody trusts is not even tried


def test_the_same_verdicts_with_every_kind_of_key(tmp_path: Path) -> None:
    need("ssh-keygen")
    for kind in ("nistp256", "nistp521", "rsa3072"):
        key = new_key(tmp_path, kind)
        place = inn(tmp_path, f"PC-1 {key.public}", known=Known())
        assert one(place, signed(key)).standing is Standing.ACCEPTED
        assert one(place, tampered(signed(key))).standing is Standing.BAD_SIGNATURE
