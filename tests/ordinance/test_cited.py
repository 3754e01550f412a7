"""Clauses that a ledger cites for a seal: there, and about a seal; an ordinance not found is unknown."""

from pathlib import Path

import pytest

from auditor.api import Reason, Verdict
from checks.ordinance._cited import clauses_in
from tests.counter.kit import HEAD, judged, put, sheet

RULE = """○松風町利用規則

令和元年5月20日
規則第31号

（申込み）
第１条　利用しようとする者は、利用申込書（様式第１号）を町長に提出するものとする。
（届出）
第２条　利用を終えた者は、届書に記名押印の上、町長に届け出なければならない。
２　町長は、届出を受けたときは、記録する。
（省略）
第３条　町長は、前条の押印を省略させることができる。
（定め）
第４条　承継した者は、届書に署名しなければならない。
第５条　届書には、次に掲げる書類を添えなければならない。
（１）　押印した誓約書
（２）　記録の写し
第十二条の二　代理人は、委任状に押印しなければならない。
{last}
附　則
この規則は、公布の日から施行する。
{form}
"""
SEALED = (
    "様式第１号（第１条関係）\n　利用申込書\n　松風町長　様\n　申込者　住所\n　　　　　氏名　　　　　㊞\n"
)
CLEAN = SEALED.replace("㊞", "")


def town(
    tmp_path: Path, clause: str, rule: str = "松風町利用規則", form: str = SEALED, seal: str = "要"
) -> dict[str, list[Path]]:
    counter, ordinances = tmp_path / "counter", tmp_path / "ordinances"
    put(counter, {"様式一覧.csv": sheet(HEAD, ("1", "利用届", "福祉課", rule, clause, seal))})
    put(ordinances, {"a.txt": RULE.format(form=form, last="").encode()})
    return {"ordinances": [ordinances]}


@pytest.mark.parametrize(
    ("clause", "verdict"),
    [
        ("第2条第1項", Verdict.PASS),
        ("第２条", Verdict.PASS),
        ("第二条第一項", Verdict.PASS),
        ("第12条の2", Verdict.PASS),
        ("第1条", Verdict.PASS),
        ("第2条第2項", Verdict.FAIL),
        ("第4条", Verdict.FAIL),
        ("第5条第1号", Verdict.PASS),
        ("第5条第1項第2号", Verdict.FAIL),
        ("第9条", Verdict.FAIL),
        ("第12条", Verdict.FAIL),
        ("第12条の3", Verdict.FAIL),
        ("第3条", Verdict.UNKNOWN),
        ("規則による", Verdict.UNKNOWN),
        ("", Verdict.UNKNOWN),
    ],
)
def test_a_cited_clause_must_be_there_and_demand_a_seal(
    tmp_path: Path, clause: str, verdict: Verdict
) -> None:
    result = judged("ONL-07", tmp_path / "counter", town(tmp_path, clause))
    assert result.verdict is verdict
    assert verdict is not Verdict.FAIL or result.places == (f"利用届(福祉課) 松風町利用規則{clause}",)


def test_the_town_s_own_name_may_be_left_out(tmp_path: Path) -> None:
    assert judged("ONL-07", tmp_path / "counter", town(tmp_path, "第2条", "利用規則")).verdict is Verdict.PASS


@pytest.mark.parametrize("rule", ["戸籍法", "松風町別の規則", "規則"])
def test_an_ordinance_that_is_not_in_the_collection_is_unknown(tmp_path: Path, rule: str) -> None:
    result = judged("ONL-07", tmp_path / "counter", town(tmp_path, "第2条", rule))
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.NOT_COLLECTED)


def test_a_clause_whose_form_has_no_seal_fails_and_one_without_its_form_is_unknown(tmp_path: Path) -> None:
    assert judged("ONL-07", tmp_path / "counter", town(tmp_path, "第1条", form=CLEAN)).verdict is Verdict.FAIL
    assert judged("ONL-07", tmp_path / "counter", town(tmp_path, "第1条", form="")).verdict is Verdict.UNKNOWN


def test_without_a_collection_nothing_is_known(tmp_path: Path) -> None:
    town(tmp_path, "第2条")
    assert judged("ONL-07", tmp_path / "counter", {}).verdict is Verdict.UNKNOWN


def test_two_ordinances_of_one_name_are_unknown(tmp_path: Path) -> None:
    others = town(tmp_path, "第9条")
    put(tmp_path / "ordinances", {"b.txt": RULE.format(form="", last="").encode()})
    assert judged("ONL-07", tmp_path / "counter", others).verdict is Verdict.UNKNOWN


def test_an_ordinance_with_lost_characters_is_not_said_to_lack_a_clause(tmp_path: Path) -> None:
    others = town(tmp_path, "第9条")
    text = RULE.format(form=SEALED, last="第九条　\ufffd\ufffdを\ufffdす。")
    put(tmp_path / "ordinances", {"a.txt": text.replace("第九条", "第\ufffd条").encode()})
    assert judged("ONL-07", tmp_path / "counter", others).verdict is Verdict.UNKNOWN
    put(
        tmp_path / "counter", {"様式一覧.csv": sheet(HEAD, ("1", "届", "課", "利用規則", "第2条第2項", "要"))}
    )
    assert judged("ONL-07", tmp_path / "counter", others).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(("seal", "verdict"), [("不要", Verdict.NOT_APPLICABLE), ("", Verdict.UNKNOWN)])
def test_a_row_without_a_seal_cites_nothing_and_a_blank_one_is_open(
    tmp_path: Path, seal: str, verdict: Verdict
) -> None:
    assert judged("ONL-07", tmp_path / "counter", town(tmp_path, "第9条", seal=seal)).verdict is verdict


def test_every_clause_a_cell_names_is_read() -> None:
    assert clauses_in("第2条第1項第3号の2、第十二条の二") == (("2", "1", "3の2"), ("12の2", "", ""))
    assert clauses_in("別に定める") == ()
