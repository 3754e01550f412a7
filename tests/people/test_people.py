import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.api import Judgement, Params, Person, Reason, Section, Town, Verdict
from auditor.control import Control, Leg
from auditor.rosters import METHODS
from checks.people.methods import method_registered
from checks.people.place import place_attested
from checks.people.roster import roles_filled
from checks.people.training import months_later, trained_recently
from tests.people.conftest import MODULES, params_of

TODAY = date(2026, 11, 25)
TRAINED = Person(id="102", name="吉田", section="zeimu", trained_on=date(2026, 5, 1))
YEAR = Params({"max_months": 12})


def person(**fields: object) -> Person:
    given: dict[str, object] = {"id": "101", "name": "高橋", "section": "soumu", "trial": True, **fields}
    return Person(**given)  # type: ignore[arg-type]  # as the ledger's columns


def trained(on: date | None, *, today: date = TODAY, staff: tuple[Person, ...] = (TRAINED,)) -> Judgement:
    who = person(trained_on=on)
    return trained_recently(who, Town(name="松風町", staff=(who, *staff)), YEAR, today)


def roles(head: str, officer: str, staff: tuple[str, ...] = ("101", "102")) -> Judgement:
    section = Section(id="soumu", name="総務課", head=head, officer=officer)
    people = tuple(person(id=id_, trial=False) for id_ in staff)
    return roles_filled(section, Town(name="松風町", sections=(section,), staff=people))


def test_the_catalogue_of_the_area_is_whole(controls: dict[str, Control]) -> None:
    measured = {
        id_: control
        for id_, control in controls.items()
        if control.attest is None and control.targets != ("records",)
    }
    assert {id_: (control.targets[0], control.leg) for id_, control in measured.items()} == {
        "EP-23": ("person", Leg.NONE),
        "GOV-09": ("town", Leg.NONE),
        "GOV-06": ("section", Leg.NONE),
        "RA-01": ("person", Leg.PERSON),
        "SHR-03": ("person", Leg.PERSON),
    }


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
def test_every_sentence_a_check_may_say_stands_in_the_catalogue_and_no_other(
    module: object, controls: dict[str, Control]
) -> None:
    source = Path(str(module.__file__)).read_text("utf-8")  # type: ignore[attr-defined]  # a module
    (control,) = re.findall(r'@check\("([A-Z]+-\d+)"\)', source)
    assert set(re.findall(r'(?:passed|failed)\(\s*"(\w+)"', source)) == set(controls[control].says)


@pytest.mark.parametrize(
    ("on", "seen"),
    [
        (None, Reason.NOT_DECLARED),
        (date(2026, 11, 26), Reason.NOT_DECLARED),
        (date(2026, 11, 25), date(2027, 5, 25)),
        (date(2026, 5, 25), date(2026, 11, 25)),
        (date(2026, 5, 24), Reason.EXPIRED),
    ],
)
def test_a_declared_place_holds_for_its_months_and_is_unknown_after(
    on: date | None, seen: date | Reason, controls: dict[str, Control]
) -> None:
    judgement = place_attested(person(place_attested_on=on), params_of(controls["EP-23"]), TODAY)
    assert judgement.verdict is (Verdict.UNKNOWN if isinstance(seen, Reason) else Verdict.PASS)
    assert seen in (judgement.reason, judgement.until)


@pytest.mark.parametrize("method", METHODS)
def test_each_of_the_seven_methods_passes(method: str, controls: dict[str, Control]) -> None:
    judgement = method_registered(person(method=method), params_of(controls["RA-01"]))
    assert judgement.verdict is Verdict.PASS


def test_nobody_teleworks_without_a_registered_method(controls: dict[str, Control]) -> None:
    judgement = method_registered(person(), params_of(controls["RA-01"]))
    assert (judgement.verdict, judgement.key) == (Verdict.FAIL, "none")


def test_a_method_the_town_does_not_accept_fails_by_name() -> None:
    judgement = method_registered(person(method="rdp"), Params({"methods": ("vpn", "cloud")}))
    assert (judgement.key, judgement.values) == ("other", {"method": "rdp"})


def test_training_within_the_year_passes_until_the_anniversary() -> None:
    judgement = trained(date(2026, 5, 1))
    assert (judgement.verdict, judgement.until) == (Verdict.PASS, date(2027, 5, 1))


@pytest.mark.parametrize(
    ("on", "last"),
    [
        (date(2024, 2, 29), date(2025, 2, 28)),
        (date(2025, 12, 31), date(2026, 12, 31)),
        (date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_the_last_valid_day_passes_and_the_next_fails(on: date, last: date) -> None:
    assert trained(on, today=last).verdict is Verdict.PASS
    assert trained(on, today=last + timedelta(days=1)).key == "too_old"


def test_a_month_without_that_day_ends_on_its_last_one() -> None:
    assert months_later(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert months_later(date.max, 6) == date.max


def test_training_that_is_only_planned_fails() -> None:
    assert trained(TODAY + timedelta(days=1)).key == "planned"
    assert trained(TODAY).verdict is Verdict.PASS


def test_no_record_is_no_training() -> None:
    assert trained(None).key == "no_record"


def test_a_ledger_that_holds_nobodys_training_is_unknown() -> None:
    judgement = trained(None, staff=())
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_COLLECTED)


@given(
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.integers(6, 24),
)
def test_a_pass_covers_today_and_no_more_than_allowed(on: date, today: date, months: int) -> None:
    who = person(trained_on=on)
    judgement = trained_recently(
        who, Town(name="松風町", staff=(who,)), Params({"max_months": months}), today
    )
    if judgement.verdict is Verdict.PASS:
        assert judgement.until is not None
        assert on <= today <= judgement.until <= on + timedelta(days=31 * months)


@pytest.mark.parametrize(
    ("head", "officer", "key"),
    [
        ("101", "102", "ok"),
        ("101", "101", "ok"),
        ("", "", "nobody"),
        ("", "102", "no_head"),
        ("101", "", "no_officer"),
        ("999", "102", "gone"),
        ("101", "999", "gone"),
        ("", "999", "no_head"),
    ],
)
def test_roles_are_told_for_what_they_are(head: str, officer: str, key: str) -> None:
    assert roles(head, officer).key == key


def test_who_left_is_named_once() -> None:
    assert roles("999", "999").places == ("999",)


def test_without_a_staff_list_nobody_is_called_gone() -> None:
    assert roles("101", "102", staff=()).reason is Reason.NOT_DECLARED
