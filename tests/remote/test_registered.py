"""What the town's own word proves about an entrance, and when it proves nothing."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.api import Check, Gateway, Judgement, Params, Person, Reason, Register, Town, Verdict
from checks.remote import _versions
from checks.remote._versions import versions
from checks.remote.capacity import seats_are_enough
from checks.remote.registered import (
    gateway_versions,
    idle_sessions_end,
    no_removed_feature,
    only_registered_devices,
    version_in_support,
)

DAY = date(2026, 11, 25)
YEAR = {"register_max_days": 365}
SUPPORT = Params({"warn_days": 180, "no_end_days": 180, **YEAR})
IDLE = Params({"idle_min": 15, **YEAR})
GATE = Params({"device_gate": ("mac", "cert", "device_signal"), **YEAR})
SEATS = Params({"concurrency": 0.5, **YEAR})
ALL = [
    (version_in_support, SUPPORT),
    (no_removed_feature, Params(YEAR)),
    (idle_sessions_end, IDLE),
    (only_registered_devices, GATE),
]


def gateway(as_of: date = DAY, **told: object) -> Gateway:
    register = Register(as_of=as_of, source="契約書", **told)  # type: ignore[arg-type]  # as in town.toml
    return Gateway(id="g", name="g", host="g.example.jp", port=443, register=register)


def running(version: str, software: str = "fortios", day: date = DAY) -> Judgement:
    return version_in_support(gateway(software=software, version=version), SUPPORT, day)


@pytest.mark.parametrize(("judge", "params"), ALL)
def test_without_a_register_nothing_is_known(judge: Check, params: Params) -> None:
    found = judge(replace(gateway(), register=None), params, DAY)
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, Reason.NOT_DECLARED)


@pytest.mark.parametrize(("judge", "params"), ALL)
def test_what_the_register_does_not_tell_is_unknown(judge: Check, params: Params) -> None:
    found = judge(gateway(), params, DAY)
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, Reason.NOT_DECLARED)


def full(as_of: date) -> Gateway:
    """An entrance whose register tells everything, and all of it good."""
    return gateway(as_of, software="fortios", version="7.6.2", features=(), idle_min=10, device_gate="cert")


@pytest.mark.parametrize(("judge", "params"), ALL)
@pytest.mark.parametrize(
    ("days", "reason"), [(366, Reason.EXPIRED), (-1, Reason.NOT_DECLARED)], ids=["older", "still to come"]
)
def test_a_register_of_another_year_or_of_tomorrow_proves_nothing(
    judge: Check, params: Params, days: int, reason: Reason
) -> None:
    found = judge(full(DAY - timedelta(days=days)), params, DAY)
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, reason)


@pytest.mark.parametrize(("judge", "params"), ALL)
def test_a_full_register_passes_and_says_until_when(judge: Check, params: Params) -> None:
    found = judge(full(DAY), params, DAY)
    assert found.verdict is Verdict.PASS
    assert found.until is not None
    assert DAY <= found.until <= DAY + timedelta(days=365)


@pytest.mark.parametrize(("judge", "params"), ALL)
def test_a_year_old_register_still_passes_on_its_last_day(judge: Check, params: Params) -> None:
    assert judge(full(DAY - timedelta(days=365)), params, DAY).verdict is Verdict.PASS


def test_a_version_counts_up_to_and_on_its_last_day() -> None:
    last = date(2028, 11, 11)
    late = gateway(last, software="fortios", version="7.4.8")
    assert version_in_support(late, SUPPORT, last).key == "soon"
    after = last + timedelta(days=1)
    found = version_in_support(replace(late, register=replace(late.register, as_of=after)), SUPPORT, after)  # type: ignore[type-var]  # it has one
    assert (found.verdict, found.key) == (Verdict.FAIL, "ended")
    assert running("7.2.11").key == "ended"


@pytest.mark.parametrize("version", ["7.40", "7", "9.0.1", "74"])
def test_a_version_that_is_not_listed_is_unknown_and_no_neighbour_s(version: str) -> None:
    assert running(version).verdict is Verdict.UNKNOWN


def test_software_that_is_not_listed_is_unknown() -> None:
    assert running("1.0", "homemade").reason is Reason.NOT_MEASURABLE


def test_a_release_without_a_published_end_counts_for_a_while() -> None:
    assert running("2.7.1", "openvpn").key == "no_end"
    late = date(2027, 3, 1)
    old = version_in_support(gateway(late, software="openvpn", version="2.7"), SUPPORT, late)
    assert old.reason is Reason.TABLE_OLD


def test_a_relay_s_version_is_its_operator_s_matter() -> None:
    relay = replace(gateway(), protocol="relay")
    assert version_in_support(relay, SUPPORT, DAY).verdict is Verdict.NOT_APPLICABLE
    assert no_removed_feature(relay, Params(YEAR), DAY).verdict is Verdict.NOT_APPLICABLE


def used(*features: str, software: str = "fortios", day: date = DAY) -> Judgement:
    told = gateway(day, software=software, version="7.4.8", features=features)
    return no_removed_feature(told, Params(YEAR), day)


def test_a_removed_feature_fails_even_on_a_version_that_still_has_it() -> None:
    found = used("ssl-vpn-tunnel", "ipsec")
    assert (found.verdict, found.key, found.values["since"]) == (Verdict.FAIL, "relies", "7.6.3")


def test_other_features_pass_only_where_the_list_knows_the_software_and_is_recent() -> None:
    assert used("ipsec").verdict is Verdict.PASS
    assert used("ssl-vpn-tunnel", software="homemade").verdict is Verdict.UNKNOWN
    late = versions().as_of + timedelta(days=versions().stale_after_days + 1)
    assert used("ipsec", day=late).reason is Reason.TABLE_OLD
    assert used("ssl-vpn-tunnel", day=late).verdict is Verdict.FAIL, "what is gone stays gone"


@pytest.mark.parametrize(("minutes", "key"), [(1, "ok"), (15, "ok"), (16, "long"), (0, "never")], ids=str)
def test_the_idle_limit_is_set_and_short_enough_and_zero_is_never(minutes: int, key: str) -> None:
    assert idle_sessions_end(gateway(idle_min=minutes), IDLE, DAY).key == key


@pytest.mark.parametrize(("gate", "key"), [("cert", "ok"), ("mac", "ok"), ("none", "open")])
def test_devices_are_told_apart_by_one_of_the_ways(gate: str, key: str) -> None:
    assert only_registered_devices(gateway(device_gate=gate), GATE, DAY).key == key


def test_a_gate_that_the_model_does_not_accept_fails() -> None:
    params = Params({"device_gate": ("cert",), **YEAR})
    assert only_registered_devices(gateway(device_gate="mac"), params, DAY).key == "weak"


def people(count: int, method: str = "vpn", first: int = 0) -> tuple[Person, ...]:
    return tuple(
        Person(id=f"{first + n:04}", name="職員", section="s", method=method, trial=True)
        for n in range(count)
    )


def seats(number: int | None, *staff: Person, **town: bool) -> Judgement:
    told = replace(gateway(seats=number), methods=("vpn",))
    return seats_are_enough(told, Town(name="町", staff=staff, **town), SEATS, DAY)  # type: ignore[arg-type]  # a flag


def test_eighty_people_at_a_ratio_of_a_half_want_forty_seats() -> None:
    assert seats(40, *people(80)).verdict is Verdict.PASS
    found = seats(39, *people(80))
    assert (found.key, found.values["wanted"]) == ("short", 40)


def test_only_people_of_the_trial_whose_method_passes_here_are_counted() -> None:
    others = (*people(50, "cloud", 100), *(replace(row, trial=False) for row in people(50, "vpn", 200)))
    assert seats(2, *people(4), *others).values["users"] == 4
    assert seats(1, *others).verdict is Verdict.NOT_APPLICABLE


def test_undeclared_seats_are_unknown_and_no_seats_are_too_few() -> None:
    assert seats(None, *people(1)).verdict is Verdict.UNKNOWN
    assert seats(0, *people(1)).key == "short"


def test_a_part_of_the_town_never_shows_that_seats_are_enough() -> None:
    assert seats(40, *people(2), partial=True).verdict is Verdict.UNKNOWN
    assert seats(0, *people(2), partial=True).verdict is Verdict.FAIL


def test_people_without_a_method_make_it_unknown_where_they_would_not_fit() -> None:
    assert seats(2, *people(4), *people(1, "", 50)).verdict is Verdict.UNKNOWN
    assert seats(3, *people(4), *people(1, "", 50)).verdict is Verdict.PASS


@given(st.integers(1, 300), st.integers(0, 300))
def test_seats_pass_exactly_where_half_of_the_people_fit(count: int, number: int) -> None:
    passes = seats(number, *people(count)).verdict is Verdict.PASS
    assert passes == (2 * number >= count)


def test_the_table_is_whole_and_every_row_names_a_source() -> None:
    content = gateway_versions.read()
    assert {row.source for row in content.rows} <= set(content.sources)
    assert all(row.end is not None or row.seen_on is not None for row in content.rows)
    assert len({(row.product, row.release) for row in content.rows}) == len(content.rows)
    assert {row.software for row in _versions.versions().removed} <= {row.product for row in content.rows}
