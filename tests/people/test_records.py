"""Governance ledgers: what they say counts, what they leave out is unknown, and nothing is guessed."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.folder import DirectFolder
from auditor.api import (
    Answer,
    Check,
    Documents,
    Garbled,
    Judgement,
    Params,
    Reason,
    Section,
    Status,
    Town,
    Verdict,
)
from auditor.control import Control
from checks.people import offices, records
from checks.people._records import Records, read_records
from tests.people.conftest import params_of

TODAY = date(2026, 11, 26)
TOWN = Town(
    name="松風町",
    model="town",
    sections=(Section(id="soumu", name="総務課"), Section(id="zeimu", name="税務課")),
)
CHECKS: Mapping[str, Check] = {
    check.control: check
    for check in (
        records.policies,
        records.deviations,
        records.purchases,
        offices.meetings,
        offices.e_approval,
        offices.tasks,
    )
}
POLICIES = "機関,制定日,公開URL,最終見直し日\n"
BODIES = "".join(f"機関{number},令和8年4月1日,https://www.example.lg.jp/p{number},\n" for number in range(7))
DEVIATIONS = "差異,代わりの対策,残る危険,承認者の職,承認日,期限,確認日\n"
PURCHASES = "件名,契約日,選定基準の対象,選定基準の適用,確認日\n"
TASKS = "業務,情報の区分,許可方式\n"
STATUSES = "課,更新日\n"
USERS = "課,電子決裁\n"
MET = "開催日\n2026/11/5\n"
PLANNED = "開催日\n2026/12/5\n"


def states(soumu: str, zeimu: str) -> str:
    """The ledger of the sections' states."""
    return f"課,更新日\n総務課,{soumu}\n税務課,{zeimu}\n"


def linked(link: str) -> str:
    """The ledger of policies with another cell for one body's page."""
    return POLICIES + BODIES.replace("https://www.example.lg.jp/p3", link)


def reviewed(day: str) -> str:
    return POLICIES + BODIES.replace("令和8年4月1日", "令和2年4月1日", 1).replace("p0,", f"p0,{day}")


def seen(folder: Path, **files: str) -> Records:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, "utf-8-sig")
    documents = Documents(id="k", name="町の記録", kind="records", folder=folder)
    body = read_records.collect(documents, DirectFolder(folder))
    return records.records(Answer("records.ledgers", Status.OK, body))


def judged(
    control: str,
    found: Records,
    controls: Mapping[str, Control],
    *,
    today: date = TODAY,
    town: Town = TOWN,
    **changed: object,
) -> Judgement:
    values = {name: param.value for name, param in controls[control].params.items()} | changed
    given = {Records: found, Params: Params(values), date: today, Town: town}  # type: ignore[arg-type]
    check = CHECKS[control]
    result = check(**{need.name: given[need.type] for need in check.needs})
    assert isinstance(result, Judgement)
    if result.verdict is not Verdict.UNKNOWN:
        assert result.key in controls[control].says
        controls[control].says[result.key].ja.replace(":date", "").format(**{**values, **result.values})
    return result


CASES: list[tuple[str, dict[str, str], str | Reason]] = [
    ("GOV-01", {"方針一覧": POLICIES + BODIES}, "ok"),
    ("GOV-01", {"方針一覧": POLICIES + BODIES.replace("令和8年4月1日", "未制定", 1)}, "missing"),
    ("GOV-01", {"方針一覧": linked("未公開")}, "missing"),
    ("GOV-01", {"方針一覧": POLICIES + BODIES.replace("令和8年4月1日", "令和6年4月1日", 1)}, "missing"),
    ("GOV-01", {"方針一覧": POLICIES + BODIES.replace("令和8年4月1日", "令和9年4月1日", 1)}, "missing"),
    ("GOV-01", {"方針一覧": POLICIES + BODIES.replace("令和8年4月1日", "", 1)}, Reason.NOT_DECLARED),
    ("GOV-01", {"方針一覧": linked("公開済")}, Reason.UNREADABLE),
    ("GOV-01", {"方針一覧": POLICIES + "".join(BODIES.splitlines(keepends=True)[:6])}, Reason.NOT_DECLARED),
    ("GOV-01", {"方針一覧": POLICIES}, Reason.NOT_DECLARED),
    ("GOV-01", {"方針一覧": reviewed("2062/10/1")}, "missing"),
    ("GOV-01", {"方針一覧": POLICIES + BODIES.replace("機関1", "機 関０")}, Reason.NOT_DECLARED),
    ("GOV-01", {}, Reason.NOT_COLLECTED),
    ("GOV-04", {"差異台帳": DEVIATIONS + "a,b,c,CISO,2026/4/1,2027/3/31,\n"}, "ok"),
    ("GOV-04", {"差異台帳": DEVIATIONS + "a,b,c,CISO,2026/4/1,2026/11/25,\n"}, "over"),
    ("GOV-04", {"差異台帳": DEVIATIONS + "a,b,c,CISO,2026/4/1,2028/3/31,\n"}, "over"),
    ("GOV-04", {"差異台帳": DEVIATIONS + "a,b,c,CISO,2026/4/1,無期限,\n"}, "over"),
    ("GOV-04", {"差異台帳": DEVIATIONS + "a,,c,CISO,2026/4/1,2027/3/31,\n"}, Reason.NOT_DECLARED),
    ("GOV-04", {"差異台帳": DEVIATIONS + "a,b,c,CISO,2026/4/1,,\n"}, Reason.NOT_DECLARED),
    ("GOV-04", {"差異台帳": DEVIATIONS + "a,なし,c,CISO,2026/4/1,2027/3/31,\n"}, Reason.NOT_DECLARED),
    ("GOV-04", {"差異台帳": DEVIATIONS + "a,b,c,なし,2026/4/1,2027/3/31,\n"}, Reason.NOT_DECLARED),
    ("GOV-04", {"差異台帳": DEVIATIONS + "a,b,なし,CISO,2026/4/1,2027/3/31,\n"}, "ok"),
    ("GOV-04", {"差異台帳": DEVIATIONS + "a,b,c,CISO,2026/12/1,2027/3/31,\n"}, Reason.NOT_DECLARED),
    ("GOV-04", {"差異台帳": DEVIATIONS + "該当なし,,,,,,2026/11/1\n"}, "nothing"),
    ("GOV-04", {"差異台帳": DEVIATIONS}, Reason.NOT_DECLARED),
    ("GOV-07", {"業務一覧": TASKS + "起案,2,VPN接続、クラウド\n住基,3A,不可\n"}, "ok"),
    ("GOV-07", {"業務一覧": TASKS + "住基,3A,仮想デスクトップ\n"}, "denied"),
    ("GOV-07", {"業務一覧": TASKS + "台帳,3B,スタンドアロン\n"}, "denied"),
    ("GOV-07", {"業務一覧": TASKS + "台帳,3B,VPN\n"}, Reason.NOT_MEASURABLE),
    ("GOV-07", {"業務一覧": TASKS + "起案,2,\n"}, Reason.NOT_DECLARED),
    ("GOV-07", {"業務一覧": TASKS + "起案,,VPN\n"}, Reason.NOT_DECLARED),
    ("GOV-07", {"業務一覧": TASKS + "起案,秘,VPN\n"}, Reason.UNREADABLE),
    ("GOV-07", {"業務一覧": TASKS + "起案,2,VPN、電話\n"}, Reason.UNREADABLE),
    ("GOV-07", {"業務一覧": TASKS}, Reason.NOT_DECLARED),
    ("GOV-10", {"調達一覧": PURCHASES + "a,2027/8/1,対象,×,\n"}, "before"),
    ("SHR-04", {"定例会": MET, "課の状況": states("2026/11/5", "R8.11.1")}, "ok"),
    ("SHR-04", {"定例会": "開催日\n2026/9/1\n", "課の状況": STATUSES}, "no_meeting"),
    ("SHR-04", {"定例会": MET, "課の状況": states("2026/9/1", "2026/11/1")}, "old"),
    ("SHR-04", {"定例会": PLANNED, "課の状況": states("2026/11/5", "2026/11/1")}, Reason.NOT_DECLARED),
    ("SHR-04", {"定例会": MET, "課の状況": states("2026/12/5", "2026/11/1")}, Reason.NOT_DECLARED),
    ("SHR-04", {"定例会": MET, "課の状況": STATUSES + "総務課,2026/11/5\n"}, Reason.NOT_DECLARED),
    ("SHR-04", {"定例会": MET, "課の状況": states("2026/11/5", "")}, Reason.NOT_DECLARED),
    ("SHR-04", {"定例会": MET}, Reason.NOT_COLLECTED),
    ("SHR-04", {"定例会": "開催日\n先月\n", "課の状況": states("2026/11/5", "2026/11/1")}, Reason.UNREADABLE),
    ("PPL-01", {"電子決裁の利用": USERS + "総務課,○\nzeimu,可\n"}, "ok"),
    ("PPL-01", {"電子決裁の利用": USERS + "総務課,○\n税務課,不可\n"}, "off"),
    ("PPL-01", {"電子決裁の利用": USERS + "総務課,○\n税務課,\n"}, Reason.NOT_DECLARED),
    ("PPL-01", {"電子決裁の利用": USERS + "総務課,○\n税務課,-\n"}, Reason.NOT_DECLARED),
    ("PPL-01", {"電子決裁の利用": USERS + "総務課,○\n税務課,一部\n"}, Reason.UNREADABLE),
    ("PPL-01", {"電子決裁の利用": USERS + "総務課,○\n"}, Reason.NOT_DECLARED),
    ("PPL-01", {"電子決裁の利用": USERS + "総務課,○\n収納課,○\n"}, Reason.UNREADABLE),
    ("PPL-01", {"電子決裁の利用": USERS + "総務課,○\n総務課,○\n税務課,○\n"}, Reason.UNREADABLE),
    ("PPL-01", {"電子決裁の利用": USERS}, Reason.NOT_DECLARED),
]  # fmt: skip


@pytest.mark.parametrize(("control", "files", "told"), CASES)
def test_a_ledger_says_what_it_says(
    control: str,
    files: dict[str, str],
    told: str | Reason,
    tmp_path: Path,
    controls: dict[str, Control],
) -> None:
    result = judged(control, seen(tmp_path, **files), controls)
    if isinstance(told, Reason):
        assert (result.verdict, result.reason) == (Verdict.UNKNOWN, told)
    else:
        assert result.key == told
        wanted = {"ok": Verdict.PASS, "nothing": Verdict.PASS, "before": Verdict.NOT_APPLICABLE}
        assert result.verdict is wanted.get(told, Verdict.FAIL)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("a,2027/8/1,対象,○,", "ok"),
        ("a,2027/8/1,対象,×,", "without"),
        ("a,2027/8/1,対象外,,", "ok"),
        ("a,2027/8/1,対象,,", Reason.NOT_DECLARED),
        ("a,2027/8/1,,○,", Reason.NOT_DECLARED),
        ("a,,対象,○,", Reason.NOT_DECLARED),
        ("a,,対象,×,", Reason.NOT_DECLARED),
        ("a,2027/6/30,対象,×,", Reason.NOT_DECLARED),
        ("該当なし,2027/8/31,,,2027/8/31", "nothing"),
        ("", Reason.NOT_DECLARED),
    ],
)
def test_purchases_count_from_the_effective_day(
    row: str, told: str | Reason, tmp_path: Path, controls: dict[str, Control]
) -> None:
    found = seen(tmp_path, 調達一覧=f"{PURCHASES}{row}\n")
    result = judged("GOV-10", found, controls, today=date(2027, 9, 1))
    assert told in (result.key, result.reason)


def test_every_control_of_the_ledgers_passes_fails_and_is_unknown_somewhere() -> None:
    for control in set(CHECKS) - {"GOV-10"}:
        told = [one for id_, _, one in CASES if id_ == control]
        assert any(isinstance(one, Reason) for one in told)
        assert len({one for one in told if not isinstance(one, Reason)}) > 1, control


def test_a_shipped_model_has_no_deviations_to_list(tmp_path: Path, controls: dict[str, Control]) -> None:
    result = judged("GOV-04", seen(tmp_path), controls, town=Town(name="x", model="beta"))
    assert result.key == "shipped"


def test_a_narrowed_town_is_not_compared_with_the_ledger_of_all(
    tmp_path: Path, controls: dict[str, Control]
) -> None:
    found = seen(tmp_path, 電子決裁の利用=USERS + "総務課,○\n税務課,○\n")
    part = Town(name="x", sections=TOWN.sections[:1], partial=True)
    assert judged("PPL-01", found, controls, town=part).reason is Reason.NOT_MEASURABLE


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_ledgers_are_read_in_the_encodings_of_a_town_in_any_order_of_columns(
    tmp_path: Path, controls: dict[str, Control], encoding: str
) -> None:
    text = "電子決裁,備考,課名\n○,高橋,総務課\n○,,税務課\n"
    (tmp_path / "電子決裁利用課.CSV").write_text(text, encoding)
    found = seen(tmp_path)
    assert judged("PPL-01", found, controls).key == "ok"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "課\n総務課\n",
        "課,電子決裁,利用\n総務課,○,×\n",
        "課,電子決裁\n総務課,○,×\n",
        "課,電子決裁\n総務課,=1\n",
        '課,電子決裁\n"総務課,○\n',
        "課,電子決裁\n総務課,○\0\n",
    ],
)
def test_a_ledger_that_is_not_understood_is_unknown_with_its_place(
    tmp_path: Path, controls: dict[str, Control], text: str
) -> None:
    result = judged("PPL-01", seen(tmp_path, 電子決裁の利用=text), controls)
    assert result.reason is Reason.UNREADABLE
    assert result.places[0].startswith("電子決裁の利用.csv")


def test_a_fail_stands_beside_a_file_that_cannot_be_read(
    tmp_path: Path, controls: dict[str, Control]
) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "approval-users.csv").write_bytes(b"\xff\xff\xff")
    found = seen(tmp_path, 電子決裁の利用=USERS + "税務課,×\n")
    assert judged("PPL-01", found, controls).places == ("電子決裁の利用.csv:2",)


def test_evidence_holds_no_text_of_a_ledger_but_sections(tmp_path: Path) -> None:
    seen(tmp_path, 差異台帳=DEVIATIONS + "高橋花子の私物端末,b,c,CISO,2026/10/1,2026/12/31,\n")
    documents = Documents(id="k", name="k", kind="records", folder=tmp_path)
    body = read_records.collect(documents, DirectFolder(tmp_path)).decode()
    assert "高橋" not in body
    assert json.loads(body)["ledgers"]["deviations"]["rows"][0]["cells"]["title"] == "filled"


@given(st.binary(max_size=300))
def test_any_ledger_ends_in_a_judgement_that_is_no_pass(
    tmp_path_factory: pytest.TempPathFactory, controls: dict[str, Control], body: bytes
) -> None:
    folder = tmp_path_factory.mktemp("ledger")
    (folder / "定例会.csv").write_bytes(body)
    assert judged("SHR-04", seen(folder), controls).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b'{"ledgers":{}}', b"\xff"])
def test_an_answer_of_another_shape_is_garbled(body: bytes) -> None:
    with pytest.raises(Garbled):
        records.records(Answer("records.ledgers", Status.OK, body))


def test_params_have_the_bounds_of_the_catalogue(controls: dict[str, Control]) -> None:
    assert params_of(controls["GOV-04"]).integer("deviation_max_days") > 0
