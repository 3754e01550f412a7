"""Readiness is the worst of four legs, each with proof; unknown never makes anybody ready."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.control import Leg
from auditor.findings import Finding, Overlay, Reason, Verdict
from auditor.legs import elements, people_readiness, ready_of, section_readiness, worst
from auditor.readiness import RANK, PersonReadiness, Ready
from auditor.run import LEGS, TargetCard
from auditor.targets import Section, Town
from auditor.work import Documents
from tests.core.world import ENTRANCE, NOW, PC, SOUMU, TARO, control, finding

ROUTES = Documents(id="R-1", name="決裁経路", kind="routes", folder=Path("/nowhere"))
CONTROLS = {
    "D-01": control("D-01", leg=Leg.DEVICE),
    "D-02": control("D-02", leg=Leg.DEVICE),
    "P-01": control("P-01", leg=Leg.PATH),
    "W-01": control("W-01", leg=Leg.WORK),
    "H-01": control("H-01", leg=Leg.PERSON),
    "N-01": control("N-01", leg=Leg.NONE),
}
GOOD = (
    finding(Verdict.PASS, "D-01", "endpoint:PC-1"),
    finding(Verdict.PASS, "P-01", "gateway:GW-1"),
    finding(Verdict.PASS, "W-01", "routes:R-1"),
    finding(Verdict.PASS, "H-01", "person:0101"),
)
FULL = Town(
    name="松風町",
    sections=(SOUMU,),
    staff=(TARO,),
    endpoints=(PC,),
    gateways=(ENTRANCE,),
    documents=(ROUTES,),
)


def person(findings: Sequence[Finding] = GOOD, town: Town = FULL) -> PersonReadiness:
    (one,) = people_readiness(town, findings, CONTROLS)
    return one


def without(control_id: str) -> tuple[Finding, ...]:
    return tuple(row for row in GOOD if row.control != control_id)


def test_four_proven_legs_are_ready() -> None:
    one = person()
    assert (one.ready, one.causes) == (Ready.READY, ())
    assert dict(one.legs) == dict.fromkeys(LEGS, Ready.READY)


@pytest.mark.parametrize(("missing", "leg"), list(zip(("D-01", "P-01", "W-01", "H-01"), LEGS, strict=True)))
def test_a_leg_that_nobody_measured_is_check_first(missing: str, leg: Leg) -> None:
    one = person(without(missing))
    assert (one.ready, one.legs[leg]) == (Ready.CHECK_FIRST, Ready.CHECK_FIRST)
    assert [(cause.leg, cause.control) for cause in one.causes] == [(leg, "")]


@pytest.mark.parametrize(
    ("field", "leg"), [("endpoints", Leg.DEVICE), ("gateways", Leg.PATH), ("documents", Leg.WORK)]
)
def test_what_the_town_did_not_declare_is_check_first(field: str, leg: Leg) -> None:
    one = person(town=replace(FULL, **{field: ()}))  # type: ignore[arg-type]
    assert (one.ready, one.legs[leg]) == (Ready.CHECK_FIRST, Ready.CHECK_FIRST)
    assert [(cause.control, cause.target) for cause in one.causes] == [("", "")]


def test_a_route_of_another_section_proves_nothing() -> None:
    elsewhere = replace(ROUTES, sections=("zeimu",))
    assert person(town=replace(FULL, documents=(elsewhere,))).legs[Leg.WORK] is Ready.CHECK_FIRST


def test_ordinances_are_no_approval_route() -> None:
    folder = replace(ROUTES, kind="ordinances")
    rows = (*without("W-01"), finding(Verdict.PASS, "W-01", "ordinances:R-1"))
    assert person(rows, replace(FULL, documents=(folder,))).legs[Leg.WORK] is Ready.CHECK_FIRST


@pytest.mark.parametrize(
    "entrance", [replace(ENTRANCE, methods=("vdi",)), replace(ENTRANCE, sections=("zeimu",))]
)
def test_an_entrance_for_others_proves_nothing(entrance: object) -> None:
    town = replace(FULL, gateways=(entrance,))  # type: ignore[arg-type]
    assert person(town=town).legs[Leg.PATH] is Ready.CHECK_FIRST


def test_an_unregistered_method_is_check_first_although_every_entrance_is_open() -> None:
    town = replace(FULL, staff=(replace(TARO, method=""),))
    assert person(town=town).legs[Leg.PATH] is Ready.CHECK_FIRST


def test_only_standalone_needs_no_entrance() -> None:
    for method in ("vpn", "rdp", "vdi", "container", "browser", "cloud", "standalone"):
        town = replace(FULL, gateways=(), staff=(replace(TARO, method=method),))
        expected = Ready.READY if method == "standalone" else Ready.CHECK_FIRST
        assert person(without("P-01"), town).legs[Leg.PATH] is expected, method


def test_a_pc_of_somebody_else_proves_nothing() -> None:
    for user in ("0102", ""):
        town = replace(FULL, endpoints=(replace(PC, user=user),))
        assert person(town=town).legs[Leg.DEVICE] is Ready.CHECK_FIRST


def test_the_worse_of_two_pcs_counts() -> None:
    town = replace(FULL, endpoints=(PC, replace(PC, id="PC-2")))
    assert person(town=town).legs[Leg.DEVICE] is Ready.CHECK_FIRST
    bad = (*GOOD, finding(Verdict.FAIL, "D-01", "endpoint:PC-2"))
    assert person(bad, town).legs[Leg.DEVICE] is Ready.BLOCKED


def test_not_applicable_alone_is_no_proof() -> None:
    rows = (*without("D-01"), finding(Verdict.NOT_APPLICABLE, "D-01", "endpoint:PC-1"))
    assert person(rows).legs[Leg.DEVICE] is Ready.CHECK_FIRST


@pytest.mark.parametrize("overlay", [Overlay.GRACE, Overlay.EXCEPTION])
def test_a_fail_under_an_overlay_is_conditional(overlay: Overlay) -> None:
    one = person((*GOOD, finding(Verdict.FAIL, "D-02", overlay=overlay)))
    assert (one.ready, one.legs[Leg.DEVICE]) == (Ready.CONDITIONAL, Ready.CONDITIONAL)


def test_an_overlay_over_an_unknown_hides_nothing() -> None:
    assert ready_of(finding(Verdict.UNKNOWN, overlay=Overlay.EXCEPTION)) is Ready.CHECK_FIRST


def test_the_worst_cause_stands_first_and_the_worst_leg_decides() -> None:
    rows = (
        *GOOD,
        finding(Verdict.UNKNOWN, "D-02", "endpoint:PC-1"),
        finding(Verdict.FAIL, "H-01", "person:0101"),
    )
    one = person(rows)
    assert one.ready is Ready.BLOCKED
    assert [cause.ready for cause in one.causes] == [Ready.BLOCKED, Ready.CHECK_FIRST]


def test_a_control_of_no_leg_stops_nobody_and_proves_nothing() -> None:
    assert person((*GOOD, finding(Verdict.FAIL, "N-01", "endpoint:PC-1"))).ready is Ready.READY
    rows = (*without("D-01"), finding(Verdict.PASS, "N-01", "endpoint:PC-1"))
    assert person(rows).legs[Leg.DEVICE] is Ready.CHECK_FIRST


def test_a_control_of_another_leg_does_not_prove_this_one() -> None:
    rows = (*without("D-01"), finding(Verdict.PASS, "H-01", "endpoint:PC-1"))
    assert person(rows).legs[Leg.DEVICE] is Ready.CHECK_FIRST


@pytest.mark.parametrize(
    ("verdict", "ready"), [(Verdict.FAIL, Ready.BLOCKED), (Verdict.UNKNOWN, Ready.CHECK_FIRST)]
)
def test_what_the_own_pc_found_of_the_way_worsens_the_path_leg_only(verdict: Verdict, ready: Ready) -> None:
    one = person((*GOOD, finding(verdict, "P-01", "endpoint:PC-1")))
    assert (one.legs[Leg.PATH], one.legs[Leg.DEVICE]) == (ready, Ready.READY)
    assert [(cause.leg, cause.control, cause.target) for cause in one.causes] == [
        (Leg.PATH, "P-01", "endpoint:PC-1")
    ]


def test_a_way_seen_from_the_pc_proves_no_entrance_and_no_device() -> None:
    rows = (*without("P-01"), finding(Verdict.PASS, "P-01", "endpoint:PC-1"))
    assert person(rows).legs[Leg.PATH] is Ready.CHECK_FIRST
    rows = (*without("D-01"), finding(Verdict.PASS, "P-01", "endpoint:PC-1"))
    assert person(rows).legs[Leg.DEVICE] is Ready.CHECK_FIRST


def test_a_pc_that_says_nothing_of_the_way_leaves_the_path_leg_as_it_is() -> None:
    beside = finding(Verdict.NOT_APPLICABLE, "P-01", "endpoint:PC-1")
    assert person((*GOOD, beside)).ready is Ready.READY
    silent = replace(finding(Verdict.UNKNOWN, "P-01", "endpoint:PC-1"), whole_target=True)
    assert person((*GOOD, silent)).legs[Leg.PATH] is Ready.READY


def test_the_pc_of_somebody_else_says_nothing_of_this_persons_way() -> None:
    town = replace(FULL, endpoints=(PC, replace(PC, id="PC-2", user="0102")))
    rows = (*GOOD, finding(Verdict.FAIL, "P-01", "endpoint:PC-2"))
    assert person(rows, town).legs[Leg.PATH] is Ready.READY


def test_a_fail_of_the_way_under_an_exception_is_conditional() -> None:
    rows = (*GOOD, finding(Verdict.FAIL, "P-01", "endpoint:PC-1", overlay=Overlay.EXCEPTION))
    assert person(rows).legs[Leg.PATH] is Ready.CONDITIONAL


ACCOUNTS = Documents(id="A-1", name="職員アカウント", kind="accounts", folder=Path("/nowhere"))
LISTED = replace(FULL, documents=(ROUTES, ACCOUNTS))


def listed(verdict: Verdict, *concerns: str) -> Finding:
    return replace(finding(verdict, "H-01", "accounts:A-1"), concerns=concerns)


@pytest.mark.parametrize(
    ("verdict", "ready"), [(Verdict.FAIL, Ready.BLOCKED), (Verdict.UNKNOWN, Ready.CHECK_FIRST)]
)
def test_a_list_of_accounts_holds_back_those_it_names_and_nobody_else(verdict: Verdict, ready: Ready) -> None:
    mine = person((*GOOD, listed(verdict, "0101", "0999")), LISTED)
    assert (mine.ready, mine.legs[Leg.PERSON]) == (ready, ready)
    assert [(cause.control, cause.target) for cause in mine.causes] == [("H-01", "accounts:A-1")]
    assert person((*GOOD, listed(verdict, "0999")), LISTED).ready is Ready.READY


def test_who_is_missing_in_a_list_that_fails_for_others_is_not_ready() -> None:
    rows = (*GOOD, replace(listed(Verdict.FAIL, "0999"), doubts=("0101",)))
    mine = person(rows, LISTED)
    assert (mine.ready, mine.legs[Leg.PERSON]) == (Ready.CHECK_FIRST, Ready.CHECK_FIRST)
    assert [(cause.control, cause.ready) for cause in mine.causes] == [("H-01", Ready.CHECK_FIRST)]


def test_a_list_that_nobody_could_read_holds_everybody_back_and_a_good_one_proves_no_leg() -> None:
    assert person((*GOOD, listed(Verdict.UNKNOWN)), LISTED).ready is Ready.CHECK_FIRST
    without_own = (*without("H-01"), listed(Verdict.PASS))
    assert person(without_own, LISTED).legs[Leg.PERSON] is Ready.CHECK_FIRST


def test_who_is_not_in_the_trial_gets_no_readiness() -> None:
    assert people_readiness(replace(FULL, staff=(replace(TARO, trial=False),)), GOOD, CONTROLS) == ()


FINDINGS = st.builds(
    finding,
    st.sampled_from(Verdict),
    st.sampled_from(tuple(CONTROLS)),
    st.sampled_from(("endpoint:PC-1", "gateway:GW-1", "routes:R-1", "person:0101")),
    overlay=st.sampled_from(Overlay),
)


@given(st.lists(FINDINGS, max_size=12), FINDINGS)
def test_an_added_unknown_never_makes_anybody_readier(rows: list[Finding], extra: Finding) -> None:
    more = replace(extra, verdict=Verdict.UNKNOWN, reason=Reason.STALE)
    before, after = person(rows), person([*rows, more])
    assert RANK[after.ready] >= RANK[before.ready]
    assert all(RANK[after.legs[leg]] >= RANK[before.legs[leg]] for leg in LEGS)


@given(st.lists(FINDINGS, max_size=12))
def test_a_pass_that_turns_unknown_never_makes_anybody_readier(rows: list[Finding]) -> None:
    turned = [replace(row, verdict=Verdict.UNKNOWN) if row.verdict is Verdict.PASS else row for row in rows]
    before, after = person(rows), person(turned)
    assert all(RANK[after.legs[leg]] >= RANK[before.legs[leg]] for leg in LEGS)
    assert after.ready is not Ready.READY


@given(st.lists(FINDINGS, max_size=12))
def test_ready_means_four_legs_with_a_pass_and_nothing_else(rows: list[Finding]) -> None:
    one = person(rows)
    assert one.ready is worst(one.legs.values())
    if one.ready is Ready.READY:
        mine = [row for row in rows if CONTROLS[row.control].leg is not Leg.NONE]
        proof = {CONTROLS[row.control].leg for row in mine if row.verdict is Verdict.PASS}
        assert proof == set(LEGS)


def card(key: str = "endpoint:PC-1", **changes: object) -> TargetCard:
    made = TargetCard(
        key=key, kind=key.partition(":")[0], id="PC-1", name="", sections=("soumu",), collected_at=NOW
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_section_counts_its_people_and_is_heard_only_when_an_endpoint_answered() -> None:
    (one,) = section_readiness(FULL, [person()], GOOD, [card()])
    assert (one.people, one.by_ready[Ready.READY], one.heard, one.tally.passed) == (1, 1, True, 4)
    (silent,) = section_readiness(FULL, [person()], GOOD, [card(outcome=Reason.NO_ANSWER)])
    assert silent.heard is False
    (untouched,) = section_readiness(FULL, [person()], GOOD, [card(collected_at=None)])
    assert untouched.heard is False


def test_a_section_without_people_in_the_trial_has_no_readiness() -> None:
    town = replace(FULL, sections=(SOUMU, Section(id="zeimu", name="税務課")))
    zeimu = section_readiness(town, [person()], GOOD, [card()])[1]
    assert (zeimu.people, zeimu.ready, zeimu.heard) == (0, None, None)


def test_every_finding_counts_in_exactly_one_element() -> None:
    rows = (*GOOD, finding(Verdict.FAIL, "N-01", "endpoint:PC-1"))
    counted = elements(rows, CONTROLS)
    assert [one.element for one in counted] == [1, 2, 3, 4, 5, 6]
    assert sum(one.tally.total for one in counted) == len(rows)
