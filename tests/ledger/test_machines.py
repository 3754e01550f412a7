"""The ledger is part of the audit: every way in which it and the machines can differ is told apart."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from auditor.api import Endpoint, Person, Reason, Section, Sighting, Sightings, Town, Verdict
from checks.ledger.machines import nobody_is_unlisted, rows_are_true

HEARD = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
SOUMU, ZEIMU = Section(id="soumu", name="総務課"), Section(id="zeimu", name="税務課")
TARO = Person(id="101", name="髙橋 一郎", section="soumu")
ONE = Endpoint(id="PC-1", serial="SN1", name="端末1", os="windows", section="soumu", user="101")
TWO = replace(ONE, id="PC-2", serial="SN2", name="端末2", user="")
TOWN = Town(name="松風町", root=Path("/town"), sections=(SOUMU, ZEIMU), staff=(TARO,), endpoints=(ONE, TWO))


def heard(row: Endpoint | None, serial: str = "", machine_id: str = "", host: str = "NOTE-9") -> Sighting:
    target = f"endpoint:{row.id}" if row is not None else ""
    serial = serial or (row.serial if row is not None else "")
    return Sighting(
        target=target, serial=serial, machine_id=machine_id, system="windows", host=host, heard_at=HEARD
    )


BOTH = Sightings((heard(ONE, machine_id="a1"), heard(TWO, machine_id="b2")))


def test_a_section_whose_machines_were_all_heard_passes() -> None:
    judgement = rows_are_true(SOUMU, TOWN, BOTH)
    assert (judgement.verdict, judgement.key, judgement.values) == (Verdict.PASS, "ok", {"count": 2})


def test_a_machine_that_was_never_heard_is_unknown_and_named() -> None:
    judgement = rows_are_true(SOUMU, TOWN, Sightings((heard(ONE),)))
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_COLLECTED)
    assert judgement.places == ("PC-2 端末2",)


def test_a_user_who_moved_to_another_section_is_found() -> None:
    town = replace(TOWN, staff=(replace(TARO, section="zeimu"),))
    judgement = rows_are_true(SOUMU, town, BOTH)
    assert (judgement.verdict, judgement.key, judgement.places) == (
        Verdict.FAIL,
        "differs",
        ("PC-1 端末1",),
    )
    assert judgement.values == {"count": 1, "moved": 1, "twice": 0}


@pytest.mark.parametrize(
    "second", [heard(TWO, serial="sn1", machine_id="b2"), heard(TWO, machine_id="A1")], ids=["serial", "id"]
)
def test_two_rows_that_share_a_number_are_both_named(second: Sighting) -> None:
    judgement = rows_are_true(SOUMU, TOWN, Sightings((heard(ONE, machine_id="a1"), second)))
    assert judgement.verdict is Verdict.FAIL
    assert judgement.values == {"count": 2, "moved": 0, "twice": 2}


@pytest.mark.parametrize("word", ["Default string", "To be filled by O.E.M.", "0", "00000000", "None"])
def test_a_word_that_many_firmwares_tell_instead_of_a_number_makes_no_pair(word: str) -> None:
    both = Sightings((heard(ONE, serial=word, machine_id="a1"), heard(TWO, serial=word, machine_id="b2")))
    assert rows_are_true(SOUMU, TOWN, both).verdict is Verdict.PASS


def test_machines_that_tell_no_number_are_not_taken_for_one() -> None:
    town = replace(TOWN, endpoints=(replace(ONE, serial=""), replace(TWO, serial="")))
    quiet = Sightings(tuple(heard(row) for row in town.endpoints))
    assert rows_are_true(SOUMU, town, quiet).verdict is Verdict.PASS


def test_a_section_without_machines_has_nothing_to_compare() -> None:
    assert rows_are_true(ZEIMU, TOWN, BOTH).verdict is Verdict.NOT_APPLICABLE


def test_a_machine_without_a_row_fails_the_town_and_is_named() -> None:
    seen = Sightings((*BOTH.heard, heard(None, serial="SN9")))
    judgement = nobody_is_unlisted(TOWN, seen)
    assert (judgement.verdict, judgement.key, judgement.places) == (Verdict.FAIL, "unlisted", ("SN9 NOTE-9",))


def test_a_retired_machine_that_still_reports_is_told_apart_from_a_stray_one() -> None:
    town = replace(TOWN, retired=(replace(ONE, id="PC-0", serial="SN0", retired_on=date(2026, 3, 31)),))
    back = heard(None, serial="sn0")
    judgement = nobody_is_unlisted(town, Sightings((*BOTH.heard, back)))
    assert (judgement.key, judgement.places) == ("retired", ("PC-0 端末1",))
    both = nobody_is_unlisted(town, Sightings((*BOTH.heard, back, heard(None, serial="SN9"))))
    assert (both.key, both.values) == ("unlisted", {"count": 1, "retired": 1})


def test_nothing_heard_proves_nothing() -> None:
    assert nobody_is_unlisted(TOWN, Sightings()).verdict is Verdict.UNKNOWN
    assert nobody_is_unlisted(replace(TOWN, root=None), BOTH).verdict is Verdict.NOT_APPLICABLE


def test_all_heard_machines_listed_passes_with_their_number() -> None:
    judgement = nobody_is_unlisted(TOWN, BOTH)
    assert (judgement.verdict, judgement.values) == (Verdict.PASS, {"count": 2})
