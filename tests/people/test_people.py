"""What a register, a training record and a roster must say before somebody counts as ready."""

import string
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.findings import Reason, Verdict
from checks.people.methods import registered
from checks.people.roster import roles_are_filled
from checks.people.training import months_after, trained
from tests.people.conftest import CONTROLS, TODAY, params_of, somebody, town_of

METHODS = ("vpn", "rdp", "vdi", "container", "browser", "cloud", "standalone")


@pytest.mark.parametrize("method", METHODS)
def test_each_of_the_seven_methods_counts_as_registered(method: str) -> None:
    assert registered(somebody(method=method), params_of("RA-01")).verdict is Verdict.PASS


def test_a_blank_method_fails() -> None:
    judgement = registered(somebody(method=""), params_of("RA-01"))
    assert (judgement.verdict, judgement.key) == (Verdict.FAIL, "none")


def test_a_method_the_model_dropped_fails_and_is_named() -> None:
    judgement = registered(somebody(method="rdp"), params_of("RA-01", methods=("vpn",)))
    assert (judgement.verdict, judgement.key) == (Verdict.FAIL, "other")
    assert judgement.values["method"] == "rdp"


def test_a_training_holds_until_the_same_day_so_many_months_later() -> None:
    person = somebody(trained_on=date(2025, 11, 25))
    judgement = trained(person, town_of(person), params_of("SHR-03"), TODAY)
    assert (judgement.verdict, judgement.until) == (Verdict.PASS, TODAY)
    tomorrow = trained(person, town_of(person), params_of("SHR-03"), TODAY + timedelta(days=1))
    assert (tomorrow.verdict, tomorrow.key) == (Verdict.FAIL, "old")


def test_no_record_fails_where_others_have_one() -> None:
    person, other = somebody(), somebody("0106", trained_on=TODAY)
    judgement = trained(person, town_of(person, other), params_of("SHR-03"), TODAY)
    assert (judgement.verdict, judgement.key) == (Verdict.FAIL, "no_record")


def test_where_nobody_has_a_record_the_records_are_missing_and_nobody_is_blamed() -> None:
    person = somebody()
    judgement = trained(person, town_of(person, somebody("0106")), params_of("SHR-03"), TODAY)
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_DECLARED)


def test_a_training_that_lies_ahead_is_not_completed() -> None:
    person = somebody(trained_on=TODAY + timedelta(days=1))
    judgement = trained(person, town_of(person), params_of("SHR-03"), TODAY)
    assert (judgement.verdict, judgement.key) == (Verdict.FAIL, "ahead")


def test_a_month_without_that_day_ends_on_its_last_day() -> None:
    assert months_after(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert months_after(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert months_after(date(9999, 12, 31), 6) == date.max


@given(
    on=st.dates(date(1990, 1, 1), date(2200, 1, 1)),
    today=st.dates(date(1990, 1, 1), date(2200, 1, 1)),
    months=st.integers(6, 24),
)
def test_a_pass_never_ends_before_today_and_never_outlasts_the_limit(
    on: date, today: date, months: int
) -> None:
    person = somebody(trained_on=on)
    judgement = trained(person, town_of(person), params_of("SHR-03", max_months=months), today)
    if judgement.verdict is Verdict.PASS:
        assert judgement.until is not None
        assert on <= today <= judgement.until <= on + timedelta(days=31 * months)
    else:
        assert judgement.verdict is Verdict.FAIL


def test_a_head_and_an_officer_on_the_staff_list_pass() -> None:
    town = town_of(somebody("0101"), somebody("0105"), head="0101", officer="0105")
    judgement = roles_are_filled(town.sections[0], town)
    assert judgement.verdict is Verdict.PASS
    assert judgement.values == {"head": "person 0101", "officer": "person 0105"}


@pytest.mark.parametrize(
    ("head", "officer", "key"),
    [
        ("", "0105", "no_head"),
        ("0101", "", "no_officer"),
        ("0999", "0105", "head_gone"),
        ("0101", "0999", "officer_gone"),
        ("", "", "neither"),
        ("0998", "0999", "neither"),
        ("", "0999", "neither"),
    ],
)
def test_a_vacant_role_or_somebody_who_left_fails(head: str, officer: str, key: str) -> None:
    town = town_of(somebody("0101"), somebody("0105"), head=head, officer=officer)
    judgement = roles_are_filled(town.sections[0], town)
    assert (judgement.verdict, judgement.key) == (Verdict.FAIL, key)


def test_without_a_staff_list_nobody_can_tell() -> None:
    town = town_of(head="0101", officer="0105")
    judgement = roles_are_filled(town.sections[0], town)
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_DECLARED)


@pytest.mark.parametrize("control", ["GOV-06", "RA-01", "SHR-03"])
def test_both_languages_use_the_same_fields(control: str) -> None:
    for words in CONTROLS[control]["says"].values():
        ja, en = (
            {name for _, name, _, _ in string.Formatter().parse(words[lang]) if name} for lang in ("ja", "en")
        )
        assert ja == en
        assert words["ja"].endswith("。")


def test_every_sentence_is_one_a_check_returns() -> None:
    keys = {id_: set(row["says"]) for id_, row in CONTROLS.items()}
    assert keys == {
        "RA-01": {"ok", "none", "other"},
        "SHR-03": {"ok", "no_record", "ahead", "old"},
        "GOV-06": {"ok", "no_head", "no_officer", "head_gone", "officer_gone", "neither"},
    }
