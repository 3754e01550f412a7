"""Results of ScubaGear and ScubaGoggles (own small files in their shape), and what is shared."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.declare import Check
from auditor.errors import Garbled, NotKnown
from auditor.findings import Judgement, Reason, Unknown, Verdict
from checks.sharing import cloud as subject
from checks.sharing._scuba import policies, read_result
from tests.sharing.conftest import TODAY, answered, documents, params, placed, says, sheet

CHECKS: Mapping[str, Check] = {
    "DAT-07": subject.no_mail_leaves,
    "CLD-02": subject.apps_are_chosen,
    "CLD-03": subject.devices_count,
    "COM-02": subject.meetings_have_a_door,
    "SHR-02": subject.calendars_are_seen,
}
ALL = {
    suite: sorted({id_ for row in policies()["controls"].values() for id_ in row[suite]["all"]})
    for suite in ("google", "microsoft")
}
TOOLS = {"google": ("ScubaGoggles", "1.0.0"), "microsoft": ("ScubaGear", "1.6.0")}
SAID = """
[settings]
on = 2026-11-24
source = "管理コンソールの画面"
chat_history = true
calendar_inside = true
pop_imap = true
[sharing]
items = 3
allowed_domains = ["pref.example"]
"""


def result(suite: str = "google", changed: Mapping[str, str] | None = None, **about: Any) -> dict[str, Any]:
    """A result file in which everything is met, but for what is `changed`."""
    tool, version = TOOLS[suite]
    told = dict.fromkeys(ALL[suite], "Pass") | dict(changed or {})
    controls = [
        {"Control ID": id_, "Requirement": "x", "Result": text, "Criticality": "Shall", "Details": "田中"}
        for id_, text in told.items()
    ]
    meta = {
        "Tool": tool,
        "ToolVersion": version,
        "TimestampZulu": "2026-11-23T19:43:08.863Z",
        "TenantId": "T-1",
        "DisplayName": "松風町役場",
    }
    groups = [{"GroupName": "g", "GroupNumber": "1", "Controls": controls}]
    return {
        "MetaData": meta | about,
        "Summary": {},
        "Results": {"product": groups},
        "Raw": {"users": ["田中"]},
    }


def collected(folder: Path, *results: object, said: str = SAID) -> subject.Suite:
    files: dict[str, str | bytes] = {
        f"r{at}.json": one if isinstance(one, str | bytes) else json.dumps(one, ensure_ascii=False)
        for at, one in enumerate(results)
    }
    files |= {"cloud.toml": said} if said else {}
    body = subject.read_results.collect(documents(folder, "cloud"), placed(folder, files))
    assert "田中".encode() not in body
    assert "松風町".encode() not in body
    return subject.suite(answered(body))


def judged(control: str, seen: subject.Suite, **changed: int) -> Judgement:
    found: Judgement = CHECKS[control](seen, params(control, **changed), TODAY)
    assert says(control, found)
    return found


@pytest.mark.parametrize("suite", TOOLS)
@pytest.mark.parametrize("control", CHECKS)
def test_policies_that_are_met_pass_until_the_result_is_old(tmp_path: Path, control: str, suite: str) -> None:
    found = judged(control, collected(tmp_path, result(suite)))
    assert (found.verdict, found.values["on"], found.until) == (
        Verdict.PASS,
        "2026-11-24",
        date(2026, 12, 25),
    )


@pytest.mark.parametrize("suite", TOOLS)
@pytest.mark.parametrize("control", CHECKS)
@pytest.mark.parametrize("text", ["Fail", "Warning"])
def test_each_unmet_policy_fails_and_is_named(tmp_path: Path, control: str, suite: str, text: str) -> None:
    for id_ in policies()["controls"][control][suite]["all"]:
        found = judged(control, collected(tmp_path, result(suite, {id_: text})))
        tool, version = TOOLS[suite]
        assert (found.key, found.places) == ("unmet", (f"{id_} ({tool} {version})",))


@pytest.mark.parametrize(
    "text", ["N/A", "No events found", "Error", "Omitted", "Incorrect result", "Passed", "pass", ""]
)
@pytest.mark.parametrize("suite", TOOLS)
@pytest.mark.parametrize("control", CHECKS)
def test_a_result_that_is_neither_never_passes(tmp_path: Path, control: str, suite: str, text: str) -> None:
    for id_ in policies()["controls"][control][suite]["all"]:
        found = judged(control, collected(tmp_path, result(suite, {id_: text})))
        assert (found.verdict, found.reason) == (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)
        assert id_ in found.places[0]


@pytest.mark.parametrize("suite", TOOLS)
def test_another_version_of_a_policy_is_not_the_one_we_know(tmp_path: Path, suite: str) -> None:
    other = result(suite)
    for row in other["Results"]["product"][0]["Controls"]:
        row["Control ID"] += "1"
    for control in CHECKS:
        assert judged(control, collected(tmp_path, other)).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("control", "suite"), [("DAT-07", "microsoft"), ("SHR-02", "google"), ("SHR-02", "microsoft")]
)
def test_what_the_tool_does_not_look_at_has_to_be_said(tmp_path: Path, control: str, suite: str) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    assert judged(control, collected(tmp_path / "a", result(suite), said="")).verdict is Verdict.UNKNOWN
    old = SAID.replace("2026-11-24", "2026-01-24")
    assert judged(control, collected(tmp_path / "b", result(suite), said=old)).verdict is Verdict.UNKNOWN
    wrong = SAID.replace("= true", "= false")
    assert judged(control, collected(tmp_path / "c", result(suite), said=wrong)).verdict is Verdict.FAIL


def test_a_result_older_than_allowed_is_stale(tmp_path: Path) -> None:
    seen = collected(tmp_path, result(TimestampZulu="2026-10-01T00:00:00Z"))
    assert judged("CLD-02", seen).reason is Reason.STALE
    assert judged("CLD-02", seen, export_days=93).verdict is Verdict.PASS


def test_a_result_of_tomorrow_is_not_believed(tmp_path: Path) -> None:
    seen = collected(tmp_path, result(TimestampZulu="2027-01-01T00:00:00Z"))
    assert judged("CLD-02", seen).reason is Reason.UNREADABLE


def test_the_last_result_of_a_tenant_counts_and_every_tenant_does(tmp_path: Path) -> None:
    bad = {"MS.AAD.3.7v1": "Warning"}
    old = result("microsoft", bad, TimestampZulu="2026-10-30T00:00:00Z")
    other = result("microsoft", bad, TenantId="T-2")
    assert judged("CLD-03", collected(tmp_path, old, result("microsoft"))).verdict is Verdict.PASS
    assert judged("CLD-03", collected(tmp_path, other, result("microsoft"))).verdict is Verdict.FAIL


def test_an_unreadable_file_beside_a_good_one_keeps_from_passing(tmp_path: Path) -> None:
    seen = collected(tmp_path, result(), "{}")
    assert judged("CLD-02", seen).reason is Reason.UNREADABLE
    assert judged("CLD-02", seen).places[0].startswith("r1.json")


def test_one_group_that_powershell_wrote_without_its_list_is_read(tmp_path: Path) -> None:
    bare = result("microsoft")
    bare["Results"]["product"] = bare["Results"]["product"][0]
    seen = collected(tmp_path, b"\xef\xbb\xbf" + json.dumps(bare, ensure_ascii=False).encode())
    assert judged("CLD-03", seen).verdict is Verdict.PASS


HOSTILE = {
    "empty": "",
    "html": "<html>login</html>",
    "list": "[]",
    "other tool": json.dumps(result(Tool="Prowler")),
    "no time": json.dumps(result(TimestampZulu="yesterday")),
    "no results": json.dumps({**result(), "Results": {}}),
    "nan": '{"MetaData": NaN}',
    "twice": json.dumps(result()).replace('"Summary"', '"MetaData"'),
    "deep": "[" * 5000,
    "number": json.dumps(result()).replace('"Pass"', "1"),
    "policy twice": json.dumps(
        {**result(), "Results": {"a": result()["Results"]["product"], "b": result()["Results"]["product"]}}
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_no_result_is_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(Garbled):
        read_result(HOSTILE[kind].encode(), "x")
    with pytest.raises(NotKnown) as caught:
        collected(tmp_path, HOSTILE[kind])
    assert caught.value.reason is Reason.UNREADABLE


def test_an_empty_folder_is_not_a_safe_suite(tmp_path: Path) -> None:
    with pytest.raises(NotKnown) as caught:
        collected(tmp_path)
    assert caught.value.reason is Reason.NOT_COLLECTED


@pytest.mark.parametrize(
    "said", ["x", "[settings]\non = 2026-11-24\nsource = ' '\n", "[other]\n", "[sharing]\nitems = 'x'"]
)
def test_what_people_say_is_read_strictly(tmp_path: Path, said: str) -> None:
    with pytest.raises(Garbled):
        collected(tmp_path, result(), said=said)


def test_every_policy_says_where_its_number_was_seen() -> None:
    rows = [row for suites in policies()["controls"].values() for row in suites.values()]
    assert all(row["seen"] for row in rows)
    assert all(set(suites) == set(TOOLS) for suites in policies()["controls"].values())


HEADINGS = ("項目", "公開範囲", "共有先ドメイン")
CLEAN = (("総務", "課内のみ", ""), ("税務", "非公開", ""), ("県との会議", "許可先", "PREF.example"))


def shared(folder: Path, *rows: tuple[str, ...], said: str = SAID) -> subject.Links:
    files: dict[str, str | bytes] = {"links.csv": sheet(HEADINGS, *rows)}
    files |= {"cloud.toml": said} if said else {}
    body = subject.read_links.collect(documents(folder, "cloud"), placed(folder, files))
    assert "会議".encode() not in body
    return subject.links(answered(body))


def both(seen: subject.Suite | Unknown, links: subject.Links | Unknown) -> Judgement:
    found: Judgement = subject.shared_with_partners_only(seen, links, params("DAT-02"), TODAY)
    assert says("DAT-02", found)
    return found


GAP = Unknown(Reason.NOT_COLLECTED)


def test_only_settings_and_list_together_pass(tmp_path: Path) -> None:
    seen, links = collected(tmp_path, result()), shared(tmp_path, *CLEAN)
    assert both(seen, links).verdict is Verdict.PASS
    assert both(seen, GAP).verdict is Verdict.UNKNOWN
    assert both(GAP, links).verdict is Verdict.UNKNOWN
    assert both(GAP, GAP).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("row", "key"),
    [
        (("x", "リンクを知っている全員", ""), "public"),
        (("x", "anyone with the link", "pref.example"), "public"),
        (("x", "許可先", "pref.example; evil.example"), "stranger"),
    ],
)
def test_a_public_link_or_a_stranger_fails_whatever_the_settings(
    tmp_path: Path, row: tuple[str, ...], key: str
) -> None:
    links = shared(tmp_path, *CLEAN[:2], row)
    for seen in (GAP, collected(tmp_path, result())):
        assert (both(seen, links).key, both(seen, links).places) == (key, ("links.csv:4",))


def test_open_settings_fail_although_nothing_is_shared_yet(tmp_path: Path) -> None:
    seen = collected(tmp_path, result("google", {"GWS.DRIVEDOCS.1.5v1": "Warning"}))
    assert both(seen, shared(tmp_path, *CLEAN)).key == "unmet"
    assert both(seen, GAP).key == "unmet"


@pytest.mark.parametrize(
    "row", [("x", "", ""), ("x", "許可先", ""), ("x", "課内のみ", "pref.example"), ("x", "たぶん町内", "")]
)
def test_a_row_that_does_not_say_with_whom_is_unknown(tmp_path: Path, row: tuple[str, ...]) -> None:
    found = both(collected(tmp_path, result()), shared(tmp_path, *CLEAN[:2], row))
    assert (found.reason, found.places[0][:11]) == (Reason.UNREADABLE, "links.csv:4")


def test_a_list_nobody_counted_may_be_cut_off(tmp_path: Path) -> None:
    seen = collected(tmp_path, result())
    assert both(seen, shared(tmp_path, *CLEAN[:2])).reason is Reason.NOT_MEASURABLE
    (tmp_path / "other").mkdir()
    assert both(seen, shared(tmp_path / "other", *CLEAN[:2], said="")).verdict is Verdict.UNKNOWN


def test_without_a_list_of_partners_a_partner_is_no_stranger(tmp_path: Path) -> None:
    assert shared(tmp_path, *CLEAN, said="").strangers == []


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(body: bytes) -> None:
    with pytest.raises(Garbled):
        read_result(body, "x")
