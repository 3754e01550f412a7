"""Ends of support: edition and build decide, the last day counts, and an old table says so."""

import json
from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest

from auditor.answers import Answer, Status
from auditor.findings import Judgement, Verdict
from checks.endpoint._lifetimes import Lifetime, end_dates
from checks.endpoint.datatables import end_of_support, judged_by_age
from checks.endpoint.programmes import ESU_YEARS
from tests.endpoint.conftest import JUDGES, judged, params_of, pc

NOVEMBER_23 = date(2026, 11, 23)
YEARS = {proof: id_ for id_, proof in ESU_YEARS.items()}


def windows(
    control: str,
    build: str,
    edition: str,
    today: date,
    *years: str,
    consumer: int | None = None,
    kind: int = 1,
) -> Judgement:
    """The judgement of a Windows machine with these licensed years of the extension."""
    system = {"build": build, "ubr": 1, "edition": edition, "product_type": 1}
    licences = {"licences": [{"id": YEARS[year], "status": 1} for year in years], "consumer": consumer}
    answers = {
        id_: Answer(id_, Status.OK, json.dumps(body).encode())
        for id_, body in (("os.build", system), ("os.esu", licences))
    }
    return judged(control, answers, today=today)


def test_windows_11_24h2_pro_has_ended_on_2026_11_23_and_enterprise_has_not() -> None:
    pro = windows("EP-02", "26100", "Professional", NOVEMBER_23)
    assert (pro.verdict, pro.key, pro.values["end"]) == ("fail", "ended", "2026-10-13")
    enterprise = windows("EP-02", "26100", "Enterprise", NOVEMBER_23)
    assert (enterprise.verdict, enterprise.key) == ("pass", "ok")
    assert enterprise.until == date(2027, 10, 12)


@pytest.mark.parametrize(
    ("build", "edition", "last"),
    [
        ("26100", "Professional", date(2026, 10, 13)),
        ("26100", "Core", date(2026, 10, 13)),
        ("26100", "Education", date(2027, 10, 12)),
        ("22631", "Enterprise", date(2026, 11, 10)),
        ("26200", "Professional", date(2027, 10, 12)),
        ("19044", "EnterpriseS", date(2027, 1, 12)),
    ],
)
def test_the_last_day_still_counts_and_the_next_does_not(build: str, edition: str, last: date) -> None:
    assert windows("EP-02", build, edition, last).key == "soon"
    assert windows("EP-02", build, edition, last + timedelta(days=1)).key == "ended"


def test_the_warning_begins_with_the_margin() -> None:
    last = date(2027, 10, 12)
    keys = [
        windows("EP-02", "26200", "Professional", last - timedelta(days=days)).key for days in (121, 120, 0)
    ]
    assert keys == ["ok", "soon", "soon"]


@pytest.mark.parametrize("edition", ["Core", "Professional", "Enterprise", "EnterpriseS", "IoTEnterpriseS"])
@pytest.mark.parametrize("build", ["10240", "14393", "17763", "19041", "19044", "19045", "22631", "26100"])
def test_ep_02_and_ep_04_never_contradict_each_other(build: str, edition: str) -> None:
    days = (
        date(2025, 10, 14),
        date(2026, 11, 25),
        date(2027, 10, 13),
        date(2028, 10, 10),
        date(2028, 10, 11),
    )
    held = ((), ("esu-1",), ("esu-2",), ("esu-3",), ("esu-1", "esu-2", "esu-3"))
    for today, years, consumer in product(days, held, (None, 1)):
        support = windows("EP-02", build, edition, today, *years, consumer=consumer)
        extension = windows("EP-04", build, edition, today, *years, consumer=consumer)
        if extension.verdict is Verdict.NOT_APPLICABLE:
            assert extension.key == "newer" or support.verdict is Verdict.PASS
        else:
            assert extension.verdict == support.verdict, (today, years)
            assert extension.until == support.until


def test_the_consumers_extension_never_passes_and_is_named() -> None:
    today = date(2026, 11, 25)
    assert windows("EP-04", "19045", "Professional", today, consumer=1).key == "consumer"
    assert windows("EP-02", "19045", "Professional", today, consumer=1).key == "ended"
    loose = params_of("EP-04", accept_consumer_esu=True)
    answers = {
        "os.build": Answer(
            "os.build",
            Status.OK,
            b'{"build": "19045", "ubr": 1, "edition": "Professional", "product_type": 1}',
        ),
        "os.esu": Answer("os.esu", Status.OK, b'{"licences": [], "consumer": 1}'),
    }
    assert judged("EP-04", answers, params=loose, today=today).verdict == "unknown"


def test_a_denied_licence_leaves_windows_10_unknown_and_windows_11_not_concerned() -> None:
    def on(build: str) -> Judgement:
        body = json.dumps({"build": build, "ubr": 1, "edition": "Enterprise", "product_type": 1}).encode()
        denied = Answer("os.esu", Status.DENIED)
        return judged("EP-04", {"os.build": Answer("os.build", Status.OK, body), "os.esu": denied})

    assert (on("19045").verdict, on("19045").reason) == ("unknown", "no_permission")
    assert on("26100").verdict == "not_applicable"


def table_of(*rows: Lifetime, as_of: date) -> Judgement:
    """AUD-01 on a table gone through on `as_of`, judged on 25 November 2026 with the shipped limit."""
    found = replace(end_dates(), as_of=as_of, rows=rows)
    limit = params_of("AUD-01").integer("stale_after_days")
    return judged_by_age(found, limit, date(2026, 11, 25))


ROW = Lifetime(product="x", release="1", edition="-", build="-", end=date(2030, 1, 1))


@pytest.mark.parametrize(("age", "key"), [(0, "ok"), (45, "ok"), (46, "old"), (400, "old")])
def test_the_table_is_old_after_the_limit_and_not_on_its_day(age: int, key: str) -> None:
    as_of = date(2026, 11, 25) - timedelta(days=age)
    found = table_of(ROW, as_of=as_of)
    assert found.key == key
    assert found.values["as_of"] == as_of.isoformat()
    assert found.until == (as_of + timedelta(days=45) if key == "ok" else None)


@pytest.mark.parametrize(("age", "key"), [(45, "ok"), (46, "part")])
def test_a_part_that_moves_by_itself_makes_a_fresh_table_old(age: int, key: str) -> None:
    seen = date(2026, 11, 25) - timedelta(days=age)
    found = table_of(ROW, replace(ROW, release="2", as_of=seen), as_of=date(2026, 11, 23))
    assert found.key == key
    if key == "part":
        assert found.places == (f"x 2 ({seen.isoformat()})",)
        assert found.values["days"] == age


def test_a_past_day_is_judged_by_the_table_that_came_later() -> None:
    found = replace(end_dates(), rows=(ROW,))
    assert judged_by_age(found, 45, date(2026, 1, 1)).values["days"] == 0


def test_the_shipped_table_says_of_itself_that_its_browsers_are_old() -> None:
    shipped = JUDGES["AUD-01"](params_of("AUD-01"), date(2026, 11, 25))
    assert (shipped.key, shipped.values["seen"]) == ("part", "2026-08-22")
    assert all(place.startswith("chrome ") for place in shipped.places)
    assert end_dates().stale_after_days == params_of("AUD-01").integer("stale_after_days")


def test_every_row_of_the_table_offers_its_mark_and_a_source_that_is_spelled_out() -> None:
    content = end_of_support.read()
    assert {row.mark for row in content.rows} <= {"S", "S2", "M", "I"}
    assert {row.source for row in content.rows} <= set(content.sources)
    assert all(source.title.ja and source.title.en for source in content.sources.values())
    assert len(content.rows) == len(end_dates().rows)


@pytest.mark.parametrize(
    ("version", "expected"),
    [("26.1", "pass"), ("18.7.1", "unknown"), ("17.7", "fail"), ("15.8", "unknown")],
)
def test_an_ipads_export_is_judged_by_its_release(version: str, expected: str) -> None:
    told = Answer("os.build", Status.OK, json.dumps({"os_version": version}).encode())
    assert judged("EP-02", {"os.build": told}, endpoint=pc("ipados")).verdict == expected
