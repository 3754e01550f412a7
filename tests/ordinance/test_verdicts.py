"""A folder of ordinances becomes verdicts; nothing passes while something could not be read."""

import string
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.answers import Answer, Status
from auditor.api import Garbled, NotKnown, Reason, Unreached, Verdict
from auditor.catalogue import read_catalogue
from auditor.work import Documents
from checks.ordinance import corpus
from checks.ordinance.corpus import Ordinances
from tests.ordinance.conftest import CHECKS, CONTROLS, PLUGINS, collected, judged

Write = Callable[..., Ordinances]

CLEAN = "○甲町公園条例\n条例第1号\n第1条　公園を置く。\n附　則\nこの条例は、令和2年4月1日から施行する。\n"
SEAL = (
    "○甲町備品規則\n規則第2号\n第1条　申請書に押印する。\n"
    "２　次に掲げる書面を出す。\n(1)　届出は、窓口に提出する。\n"
)
RULE = (
    "○甲町押印の特例に関する規則\n規則第3号\n"
    "第1条　規則の規定により押印を求めるものについては、当該規定にかかわらず、押印を要しない。\n"
    "第2条　前条の規定は、契約書には適用しない。\n附　則\nこの規則は、令和4年4月1日から施行する。\n"
)


def test_a_collection_without_hits_passes_and_says_how_many_it_read(folder: Write) -> None:
    texts = folder({"a.txt": CLEAN, "sub/b.txt": CLEAN})
    for control in ("ORD-05", "ORD-09", "ORD-10"):
        judgement = judged(control, texts)
        assert (judgement.verdict, judgement.values["ordinances"]) == (Verdict.PASS, 2)


PASSING = tuple(sorted(set(CHECKS) - {"ORD-16", "ORD-17"}))
"""Controls that pass where nothing is found; the two others want something to be there."""


@pytest.mark.parametrize("control", PASSING)
def test_nothing_passes_on_a_collection_that_may_be_a_part_of_the_whole(folder: Write, control: str) -> None:
    texts = folder({"a.txt": CLEAN})
    assert judged(control, texts).verdict is Verdict.PASS
    untold, cut = (judged(control, replace(texts, declared=declared)) for declared in (None, 2))
    assert (untold.verdict, untold.reason) == (Verdict.UNKNOWN, Reason.NOT_DECLARED)
    assert (cut.verdict, cut.reason) == (Verdict.UNKNOWN, Reason.NOT_COLLECTED)


def test_a_copy_of_an_ordinance_fills_no_gap(folder: Write) -> None:
    texts = replace(folder({"a.txt": CLEAN, "b.txt": CLEAN}), declared=2)
    assert judged("ORD-09", texts).reason is Reason.NOT_COLLECTED


def test_a_hit_fails_with_its_place(folder: Write) -> None:
    texts = folder({"a.txt": CLEAN, "b.txt": SEAL})
    seal, paper = judged("ORD-09", texts), judged("ORD-10", texts)
    assert (seal.verdict, seal.places) == (Verdict.FAIL, ("甲町備品規則第1条第1項: 押印",))
    assert "甲町備品規則第1条第2項: 書面" in paper.places
    assert "甲町備品規則第1条第2項第1号: 窓口" in paper.places


def test_at_most_fifty_places_are_named_and_all_are_counted(folder: Write) -> None:
    many = "○甲町規則\n規則第1号\n" + "".join(f"第{n}条　申請書に押印する。\n" for n in range(1, 81))
    judgement = judged("ORD-09", folder({"a.txt": many}))
    assert (len(judgement.places), judgement.values["count"]) == (50, 80)


def test_hits_that_a_special_rule_lifts_pass_with_the_rule_named(folder: Write) -> None:
    texts = folder({"b.txt": "○甲町備品規則\n規則第2号\n第1条　申請書に押印する。", "r.txt": RULE})
    judgement = judged("ORD-09", texts)
    assert (judgement.verdict, judgement.key) == (Verdict.PASS, "lifted")
    assert judgement.values["rule"] == "甲町押印の特例に関する規則"
    assert judgement.places == ("甲町備品規則第1条: 押印(甲町押印の特例に関する規則)",)
    assert judged("ORD-09", texts, umbrella="ignore").verdict is Verdict.FAIL


def test_a_word_that_seems_to_demand_nothing_is_never_the_ground_of_a_pass(folder: Write) -> None:
    texts = folder({"a.txt": CLEAN, "b.txt": "○甲町印鑑規則\n規則第4号\n第1条　押印を省略することができる。"})
    judgement = judged("ORD-09", texts)
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)
    assert judgement.places
    assert judgement.places[0].startswith("甲町印鑑規則第1条")


def test_hits_that_a_special_rule_may_lift_are_unknown(folder: Write) -> None:
    form = "○甲町備品規則\n規則第2号\n第1条　甲とする。\n様式第1号\n備品借用申請書\n氏名　㊞\n"
    judgement = judged("ORD-09", folder({"b.txt": form, "r.txt": RULE}))
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)
    assert judgement.places == ("甲町備品規則様式第1号: ㊞(特例の対象か要確認: 甲町押印の特例に関する規則)",)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("scan.pdf", b"%PDF-1.7"),
        ("form.docx", b"PK"),
        ("page1.jpg", b"\xff\xd8"),
        ("broken.html", b"<p>\xe7\xac\xac1<!-- "),
        ("moji.txt", bytes(range(128, 256)) * 4),
        ("empty.html", b""),
        ("lost.html", "<p>第1条　申請書に&#65533;する。</p>".encode()),
        ("lost.txt", "第1条　申請書に\ufffdする。".encode()),
    ],
)
def test_a_file_that_cannot_be_read_makes_a_clean_collection_unknown(
    folder: Write, name: str, body: bytes
) -> None:
    texts = folder({"a.txt": CLEAN, name: body})
    assert texts.unread == (name,)
    for control in ("ORD-05", "ORD-09", "ORD-10", "ORD-16", "ORD-17", "ORD-19"):
        judgement = judged(control, texts)
        assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.UNREADABLE), control


def test_a_hit_fails_even_beside_a_file_that_cannot_be_read(folder: Write) -> None:
    assert judged("ORD-09", folder({"b.txt": SEAL, "scan.pdf": b"%PDF"})).verdict is Verdict.FAIL


def test_a_file_without_permission_is_unread() -> None:
    class Locked:
        def names(self, *_: str) -> tuple[str, ...]:
            return ("a.txt", "b.txt")

        def read(self, name: str) -> bytes:
            if name == "b.txt":
                raise Unreached(Reason.NO_PERMISSION)
            return CLEAN.encode()

    target = Documents(id="reiki", name="例規集", kind="ordinances", folder=Path())
    body = corpus.read_folder.collect(target, Locked())
    assert corpus.ordinances(Answer("ordinance.lines", Status.OK, body)).unread == ("b.txt",)


def test_an_empty_folder_is_not_collected(tmp_path: Path) -> None:
    with pytest.raises(NotKnown) as caught:
        collected(tmp_path)
    assert caught.value.reason is Reason.NOT_COLLECTED
    with pytest.raises(Unreached):
        collected(tmp_path / "missing")


def test_a_folder_without_any_ordinance_is_not_collected(folder: Write) -> None:
    judgement = judged("ORD-09", folder({"memo.txt": "ここに例規を置きます。\n"}))
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_COLLECTED)


def test_a_page_of_links_is_no_gap_and_no_ordinance(folder: Write) -> None:
    index = "<ul><li><a href='a.html'>甲町押印の特例に関する規則</a></ul>"
    texts = folder({"a.txt": CLEAN, "index.html": index, "style.css": "p{}"})
    assert (texts.count, texts.unread) == (1, ())
    assert judged("ORD-09", texts).verdict is Verdict.PASS


def test_a_form_on_a_page_of_its_own_is_searched(folder: Write) -> None:
    texts = folder({"a.txt": CLEAN, "form.html": "<title>申込書</title><p>申込書</p><p>氏名 &#12958;</p>"})
    assert judged("ORD-09", texts).places == ("申込書: ㊞",)


PICTURE = (
    "<div id=primary><p>○甲町表彰規程</p><p>規程第1号</p><p>第1条　調書(別記様式)による。</p>"
    "<p><a onclick=\"get('word/f1.rtf')\">別記様式(第1条関係)</a></p><p><img src='word/f1.png'></p></div>"
)


def test_a_form_that_is_a_picture_is_unknown_and_never_free_of_seals(folder: Write) -> None:
    texts = folder({"a.html": PICTURE, "word/f1.png": b"png", "word/f1.rtf": b"{rtf"})
    assert texts.unread == ()
    for control in ("ORD-09", "ORD-19"):
        judgement = judged(control, texts)
        assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.IMAGE_ONLY), control
        assert judgement.places == ("甲町表彰規程別記様式",)
    assert judged("ORD-19", texts, image_only=1).values == {"forms": 1, "hidden": 1}


def test_a_picture_that_no_page_shows_may_be_a_scanned_ordinance(folder: Write) -> None:
    assert folder({"a.txt": CLEAN, "scan.tif": b"II*"}).unread == ("scan.tif",)


def test_the_enabling_rules_are_looked_for(folder: Write) -> None:
    without, with_rule = folder({"a.txt": CLEAN}), folder({"r.txt": RULE})
    assert (judged("ORD-17", without).verdict, judged("ORD-17", without).key) == (Verdict.FAIL, "missing")
    assert judged("ORD-16", without).key == "missing"
    found = judged("ORD-17", with_rule)
    assert (found.verdict, found.places) == (Verdict.PASS, ("甲町押印の特例に関する規則第2条",))
    assert judged("ORD-17", without, required=False).verdict is Verdict.NOT_APPLICABLE


def test_an_enabling_rule_of_the_future_or_without_a_day_is_no_pass(folder: Write, tmp_path: Path) -> None:
    later = judged("ORD-17", folder({"r.txt": RULE.replace("令和4年", "令和9年")}))
    assert (later.key, later.values["start"]) == ("later", "2027-04-01")
    undated = judged("ORD-17", folder({"r.txt": RULE.partition("附")[0]}))
    assert (undated.verdict, undated.reason) == (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)
    bare = judged(
        "ORD-17", folder({"r.txt": RULE.replace("第2条　前条の規定は、契約書には適用しない。\n", "")})
    )
    assert (bare.verdict, bare.key) == (Verdict.FAIL, "no_exclusion")


def test_the_towns_own_words_are_candidates(folder: Write) -> None:
    texts = folder({"a.txt": CLEAN.replace("公園を置く。", "回覧板で知らせる。")})
    assert judged("ORD-10", texts).verdict is Verdict.PASS
    assert judged("ORD-10", texts, words=("回覧板",)).verdict is Verdict.FAIL


@pytest.mark.parametrize("body", [b"", b"{}", b"x\x9c", b"\x78\x9c" + b"\x00" * 40])
def test_evidence_that_the_probe_did_not_write_is_refused(body: bytes) -> None:
    with pytest.raises(Garbled):
        corpus.ordinances(Answer("ordinance.lines", Status.OK, body))


def test_every_sentence_can_be_said_with_what_the_checks_give() -> None:
    given = {"ordinances", "count", "lifted", "rule", "start", "forms", "hidden"}
    controls = [each for each in read_catalogue(PLUGINS) if each.id in CHECKS]
    assert {control.id for control in controls} == set(CHECKS)
    for control in controls:
        assert control.leg == "none", control.id
        for words in control.says.values():
            names = {name.partition(":")[0] for _, name, _, _ in string.Formatter().parse(words.ja) if name}
            assert names <= given | set(control.params), control.id
    assert CONTROLS.exists()
