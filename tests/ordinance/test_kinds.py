"""Each kind of clause: what demands it, what only names it, and what a decision does to the verdict."""

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from auditor.api import Reason, Verdict
from checks.ordinance._hits import DEMANDING, Klass, classify, hits_of
from checks.ordinance._rules import rules
from checks.ordinance._standing import Decided, Decisions
from checks.ordinance.corpus import Ordinances
from tests.ordinance.conftest import TODAY, judged

Write = Callable[..., Ordinances]

LINES = Path(__file__).parents[1] / "corpus" / "ordinance" / "kinds.tsv"
ROWS = [
    row
    for row in csv.reader(LINES.read_text("utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    if not row[0].startswith("#")
]
HEAD = "○甲町施設管理規則\n規則第7号\n第1条　"
DEMANDS = {
    "ORD-01": "職員は、施設を目視により確認する。",
    "ORD-02": "監査委員は、実地に監査を行う。",
    "ORD-03": "設備は、毎月1回点検する。",
    "ORD-04": "専任の管理人を置く。",
    "ORD-05": "利用者は、講習を受けなければならない。",
    "ORD-06": "公告は、掲示場に掲示して行う。",
    "ORD-07": "計画の案を公衆の縦覧に供する。",
    "ORD-08": "報告は、フロッピーディスクにより行う。",
    "ORD-09": "申請書に押印する。",
    "ORD-10": "書面により申請する。",
    "ORD-15": "手数料は、収入証紙により納付する。",
}
MENTIONS = {
    "ORD-01": "職員は、カメラの映像により目視する。",
    "ORD-02": "池に立ち入って魚の検査をしてはならない。",
    "ORD-03": "定期点検に要する費用は、町が負担する。",
    "ORD-04": "管理人は、専任であることを要しない。",
    "ORD-05": "講習は、オンラインにより受けることができる。",
    "ORD-06": "公告は、電子掲示板に掲示して行う。",
    "ORD-07": "計画の案をインターネットにより閲覧に供する。",
    "ORD-08": "USBメモリを使用してはならない。",
    "ORD-09": "押印を要しない。",
    "ORD-10": "書面又は電子メールにより申請する。",
    "ORD-15": "手数料は、現金で納付し、又は口座振替により納付する。",
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[4][:20])
def test_a_clause_of_our_own_corpus_is_judged_as_labelled(row: list[str]) -> None:
    _, kind, expected, heading, text = row
    klass = dict(classify(text, heading).classes).get(kind)
    assert (klass not in DEMANDING) if expected == "free" else (klass == expected)


def test_every_kind_of_clause_has_lines_of_both_sorts() -> None:
    assert len(ROWS) == 443
    new = {kind.id for kind in rules().kinds.values() if kind.control not in ("ORD-05", "ORD-09", "ORD-10")}
    assert all({row[2] == "free" for row in ROWS if row[1] == kind} == {True, False} for kind in new)


@pytest.mark.parametrize("control", DEMANDS)
def test_an_undecided_clause_fails_and_its_decision_lets_it_pass(folder: Write, control: str) -> None:
    texts = folder({"a.txt": HEAD + DEMANDS[control]})
    before = judged(control, texts)
    assert (before.verdict, before.key, before.values["count"]) == (Verdict.FAIL, "undecided", 1)
    after = judged(control, texts, register=_decided(texts))
    assert (after.verdict, after.key) == (Verdict.PASS, "decided")


@pytest.mark.parametrize("control", DEMANDS)
def test_a_decision_on_another_sentence_decides_nothing(folder: Write, control: str) -> None:
    register = _decided(folder({"a.txt": HEAD + DEMANDS[control]}))
    edited = folder({"a.txt": HEAD + DEMANDS[control].replace("。", "ものとする。")})
    assert judged(control, edited, register=register).verdict is Verdict.FAIL


@pytest.mark.parametrize("control", MENTIONS)
def test_a_mention_is_unknown_until_a_person_has_read_it(folder: Write, control: str) -> None:
    texts = folder({"a.txt": HEAD + MENTIONS[control]})
    before = judged(control, texts)
    assert (before.verdict, before.reason) == (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)
    assert judged(control, texts, register=_decided(texts)).verdict is Verdict.PASS


@pytest.mark.parametrize("control", DEMANDS)
def test_a_collection_without_the_words_passes_and_an_unread_file_does_not(
    folder: Write, control: str
) -> None:
    clean = {"a.txt": HEAD + "公園を置く。"}
    assert judged(control, folder(clean)).verdict is Verdict.PASS
    hidden = judged(control, folder(clean | {"scan.pdf": b"%PDF"}))
    assert (hidden.verdict, hidden.reason) == (Verdict.UNKNOWN, Reason.UNREADABLE)


def test_a_form_that_a_person_looked_at_is_decided_and_one_that_nobody_saw_is_not(folder: Write) -> None:
    page = "<p>○甲町規程</p><p>規程第1号</p><p>第1条　甲とする。</p><p>別記様式</p><p><img src='f.png'></p>"
    texts = folder({"a.html": page, "f.png": b"png"})
    (form,) = hits_of(texts.documents, TODAY).all
    assert (form.klass, form.place, form.digest) == (Klass.UNKNOWN, "別記様式", "")
    assert judged("ORD-09", texts).reason is Reason.IMAGE_ONLY
    assert judged("ORD-09", texts, register=_decided(texts)).verdict is Verdict.PASS
    assert judged("ORD-19", texts, register=_decided(texts)).reason is Reason.IMAGE_ONLY


def test_an_id_stays_when_the_file_moves_and_changes_with_place_sentence_and_number(folder: Write) -> None:
    def only(name: str, text: str) -> str:
        texts = folder({name: text})
        (tmp,) = (one for one in texts.documents if one.file == name)
        (hit,) = hits_of((tmp,), TODAY).all
        return hit.id

    first = only("a.txt", HEAD + "申請書に押印する。")
    assert only("b.txt", HEAD + "申請書に押 印\nする。") == first
    others = (
        HEAD.replace("第1条", "第2条") + "申請書に押印する。",
        HEAD.replace("第7号", "第8号") + "申請書に押印する。",
        HEAD + "届出書に押印する。",
    )
    assert len({first, *(only(f"c{at}.txt", text) for at, text in enumerate(others))}) == 4


def test_a_sentence_with_two_words_of_a_kind_is_one_hit(folder: Write) -> None:
    texts = folder({"a.txt": HEAD + "申請書に署名し、契印する。"})
    (hit,) = hits_of(texts.documents, TODAY).all
    assert hit.words == ("署名", "割印・契印")


def test_the_heading_decides_definitions_but_a_duty_in_one_stays() -> None:
    assert classify("文書 職員が作成した書類、書面その他の記録をいう。", "定義").klass not in DEMANDING
    assert classify("受付 文書に受付印を押印することをいう。", "用語の意義").klass is Klass.ANALOG


def test_the_heaviest_class_of_a_sentence_is_told_first() -> None:
    reading = classify("押印を要しないが、書面により申請する。")
    assert (reading.klass, reading.kinds) == (Klass.ANALOG, ("paper",))
    assert dict(reading.classes)["seal"] is Klass.RELAXING
    assert classify("公園を置く。").klass is None


def _decided(texts: Ordinances) -> Decisions:
    """A decision on every hit of these texts."""
    hits = hits_of(texts.documents, TODAY).all
    day = date(2026, 11, 1)
    rows = tuple(Decided(at, hit.id, "", "", "", "keep", "1", day, None) for at, hit in enumerate(hits, 2))
    return Decisions(kept=True, rows=rows)
