import re
import string
from datetime import date

import pytest

from auditor.answers import Status
from auditor.control import Leg, Wording
from auditor.findings import Finding, Reason, Verdict
from auditor.readiness import Ready
from auditor.run import Run
from reports.section import STATES
from reports.shifts import WAYS
from reports.wording import Words, _table, plain, town_rule

JA, EN = _table("ja"), _table("en")
BY_CODE = (
    "verdict.",
    "mark.",
    "ready.",
    "reason.",
    "leg.",
    "element.",
    "severity.",
    "kind.",
    "way.",
    "road.",
    "explain.status_",
)


def _fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_both_languages_say_the_same_things() -> None:
    assert set(JA) == set(EN)
    only_one_names = {key for key in JA if _fields(JA[key]) != _fields(EN[key])}
    assert only_one_names == {"section.requests"}, "the English heading needs no title"


@pytest.mark.parametrize("table", [JA, EN])
def test_every_code_has_its_word(table: dict[str, str]) -> None:
    wanted = {f"verdict.{state}" for state in STATES} | {f"mark.{state}" for state in STATES}
    wanted |= {f"ready.{ready.value}" for ready in Ready} | {f"mark.{ready.value}" for ready in Ready}
    wanted |= {f"reason.{reason.value}" for reason in Reason} | {f"way.{way}" for way in WAYS}
    wanted |= {f"leg.{leg.value}" for leg in Leg if leg is not Leg.NONE} | {
        f"element.{n}" for n in range(1, 7)
    }
    kinds = ("town", "section", "person", "endpoint", "gateway", "print-server", "routes", "ordinances")
    wanted.add("kind.accounts")
    wanted |= {f"kind.{kind}" for kind in kinds}
    wanted |= {f"explain.status_{status.value}" for status in Status}
    assert wanted <= set(table)


def test_the_status_words_and_marks_are_the_six_of_the_vocabulary() -> None:
    said = {state: (JA[f"mark.{state}"], JA[f"verdict.{state}"]) for state in STATES}
    assert said == {
        "fail": ("×", "不適合"),
        "unknown": ("？", "未確認"),
        "grace": ("△", "期限内に改善"),
        "exception": ("◇", "例外承認"),
        "pass": ("○", "適合"),
        "not_applicable": ("－", "対象外"),
    }
    assert [JA[f"ready.{ready.value}"] for ready in Ready] == [
        "開始できます",
        "条件付き",
        "確認が先",
        "開始できません",
    ]


def test_every_sentence_is_used_somewhere() -> None:
    from importlib.resources import files

    folder = files("reports")
    texts = [entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".py")]
    texts += [entry.read_text("utf-8") for entry in folder.joinpath("templates").iterdir()]
    source = "\n".join(texts)
    by_parts = (
        *BY_CODE,
        "request.",
        "section.legend_",
        "section.beyond_",
        "section.doer_",
        "doer.",
        "unit.",
        "alone.",
        "rehearsal.",  # each is shown in test_rehearsal
        "season.",  # each is shown in seasons/test_pages
        "nightly.",  # each is shown in test_nights
        "aside.",  # each is shown in test_asides
    )
    idle = [
        key
        for key in JA
        if not re.search(f"[\"']{re.escape(key)}[\"']", source) and not key.startswith(by_parts)
    ]
    indirect = {f"section.{key}" for key in re.findall(r'key = "(\w+)"', source)}
    assert set(idle) <= indirect | {"page.head_unit", "page.head_other"}


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_no_field_of_a_control_s_sentence_is_missing(run: Run, lang: str) -> None:
    words = Words(lang)
    controls = {control.id: control for control in run.controls}
    for finding in run.findings:
        seen = words.seen(finding, controls[finding.control])
        assert "{" not in seen, finding


def test_dates_in_sentences_are_said_in_the_era(run: Run) -> None:
    control = run.control("RA-04")
    finding = Finding(
        control="RA-04", target="gateway:x", verdict=Verdict.FAIL, key="expired", values={"end": "2019-05-01"}
    )
    assert Words("ja").seen(finding, control) == "証明書の期限は令和元年5月1日に切れています。"
    assert Words("en").seen(finding, control) == "The certificate expired on 1 May 2019."


@pytest.mark.parametrize(
    ("sentence", "values"),
    [
        ("{gone}", {"a": 1}),
        ("{a:date}", {"a": "no date"}),
        ("{a:>>>}", {"a": 1}),
        ("{a.b}", {"a": 1}),
        ("{", {"a": 1}),
        ("{0}", {"a": 1}),
    ],
)
def test_a_plug_in_s_slip_shows_key_and_values_and_loses_no_page(
    run: Run, sentence: str, values: dict[str, int | str]
) -> None:
    from dataclasses import replace

    control = replace(run.control("EP-07"), says={"odd": Wording(sentence, sentence)})
    finding = Finding(control="EP-07", target="endpoint:x", verdict=Verdict.FAIL, key="odd", values=values)
    assert Words("ja").seen(finding, control) == f"odd {values}"
    assert not town_rule(finding, control) or sentence == "{gone}"


@pytest.mark.parametrize(
    ("section", "head"),
    [
        ("総務課", "総務課長"),
        ("議会事務局", "議会事務局長"),
        ("給食センター", "給食センター長"),
        ("この端末", "この端末の責任者"),
        ("", "の責任者"),
    ],
)
def test_the_head_is_addressed_by_the_office(section: str, head: str) -> None:
    assert Words("ja").head(section) == head


def test_a_value_is_marked_as_the_town_s_rule_only_where_it_is(run: Run) -> None:
    def found(control: str, key: str) -> bool:
        finding = Finding(control=control, target="x", verdict=Verdict.FAIL, key=key)
        return town_rule(finding, run.control(control))

    assert found("EP-07", "slow"), "its sentence names a parameter that is the town's own"
    assert not found("EP-07", "ok"), "its sentence names none"
    assert found("EP-03", "late"), "the requirement itself is the town's own"
    assert not found("EP-05", "off")


def test_hidden_characters_are_shown_and_rare_kanji_survive() -> None:
    assert plain("髙﨑 𠮷子") == "髙﨑 𠮷子"
    assert plain("a\nb\r\nc\td") == "a b  c d"
    assert plain("\u202egnp.exe") == "[U+202E]gnp.exe"
    assert plain("\ud800x") == "\\ud800x"
    assert plain("a\u200bb\x9b") == "a[U+200B]b[U+009B]"


def test_long_lists_name_how_many_are_left_out() -> None:
    assert Words("ja").listed(["甲", "乙", "丙"], 2, "unit.people") == "甲、乙　ほか1人"
    assert Words("ja").listed(["長" * 200]) == "長" * 24 + "…"


def test_days_are_said_in_both_languages() -> None:
    assert Words("ja").day(date(2026, 11, 23)) == "令和8年11月23日"


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("kessai.csv:8", "kessai.csvの8行目"),
        ("/srv/share/zeimu (acl.csv:36)", "/srv/share/zeimu (acl.csvの36行目)"),
        ("page_log:34", "page_logの34行目"),
        ("課の状況.csv:18 総務課", "課の状況.csvの18行目 総務課"),
        ("vpn.example.lg.jp:443", "vpn.example.lg.jp:443"),
        ("192.0.2.1:3389", "192.0.2.1:3389"),
        ("nas.log:445", "nas.log:445"),
        ("app.txt:10:22:33", "app.txt:10:22:33"),
        ("税務課: 15/30", "税務課: 15/30"),
        ("経路.csv: 課長の承認", "経路.csv: 課長の承認"),
    ],
)
def test_a_line_of_a_file_is_named_as_people_do_and_a_port_is_none(place: str, shown: str) -> None:
    assert Words("ja").place(place) == shown
    assert Words("en").place(place) == re.sub("の([0-9]+)行目", r" line \1", shown)
