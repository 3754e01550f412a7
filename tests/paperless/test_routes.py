"""Approval routes: what is on paper is found, what is not known is not passed."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.folder import DirectFolder
from auditor.api import Answer, Documents, Garbled, Judgement, NotKnown, Params, Reason, Status, Verdict
from checks.paperless import routes as subject
from checks.paperless._bpmn import processes
from checks.paperless._steps import paper_kinds

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
STEP = '<userTask id="a" name="{name}" {who}/>'


def model(step: str, *, head: str = 'isExecutable="true"', more: str = "") -> str:
    return (
        f'<definitions xmlns="{BPMN}" xmlns:camunda="http://camunda.org/schema/1.0/bpmn">'
        f'<process id="p" name="起案" {head}><startEvent id="s"/>{step}<endEvent id="e"/>'
        f'<sequenceFlow sourceRef="s" targetRef="a"/><sequenceFlow sourceRef="a" targetRef="e"/>{more}'
        "</process></definitions>"
    )


def judged(folder: Path, check: object = subject.no_paper, **params: object) -> Judgement:
    documents = Documents(id="r", name="r", kind="routes", folder=folder)
    body = subject.read_routes.collect(documents, DirectFolder(folder))
    seen = subject.routes(Answer("routes.bpmn", Status.OK, body))
    values = {"paper_steps": 0, "allow": (), "min_candidates": 2, "broken": 0, **params}
    result = check(seen, Params(values))  # type: ignore[operator,arg-type]
    assert isinstance(result, Judgement)
    return result


def write(folder: Path, text: str, name: str = "a.bpmn") -> Path:
    (folder / name).write_text(text, "utf-8")
    return folder


@pytest.mark.parametrize(
    "name",
    [
        *(
            "決裁書に押印",
            "公印の\n押印",
            "紙で回覧",
            "持 ち 回 り",
            "申請者が窓口で受領",
            "ＦＡＸ送信",
            "Print form",
        ),
        *("簿冊に綴る", "郵送", "Stamp the letter", "公印を捺印(電子メールで通知)", "立会いのもと開札"),
    ],
)
def test_a_paper_step_fails_and_is_named(tmp_path: Path, name: str) -> None:
    result = judged(write(tmp_path, model(STEP.format(name=name, who=""))))
    assert (result.verdict, result.key) == (Verdict.FAIL, "paper")
    assert result.places[0].startswith("起案: ")


@pytest.mark.parametrize(
    "name",
    [
        *(
            "電子印の付与",
            "押印不要の確認",
            "印鑑登録証明の審査",
            "電子決裁",
            "課長の承認",
            "Record the timestamp",
        ),
        *("blueprint review", "オンラインで立会", "paperless filing", "印刷不要", "出力データの保存"),
    ],
)
def test_a_step_that_only_sounds_like_paper_passes(tmp_path: Path, name: str) -> None:
    assert judged(write(tmp_path, model(STEP.format(name=name, who="")))).verdict is Verdict.PASS


def test_a_denied_seal_beside_a_demanded_print_is_found() -> None:
    assert paper_kinds("押印不要だが印刷して持参") == ("print", "carry")


def test_words_in_the_documentation_of_a_step_count(tmp_path: Path) -> None:
    step = '<userTask id="a" name="確認"><documentation>原本を郵送する</documentation></userTask>'
    assert judged(write(tmp_path, model(step))).key == "paper"


@pytest.mark.parametrize(
    ("who", "verdict"),
    [
        ('camunda:assignee="kacho01"', Verdict.FAIL),
        ('camunda:candidateUsers="a"', Verdict.FAIL),
        ('camunda:candidateUsers="a,a"', Verdict.FAIL),
        ('camunda:candidateUsers="a,b"', Verdict.PASS),
        ('camunda:candidateGroups="kacho"', Verdict.PASS),
        ('camunda:assignee="${boss}"', Verdict.UNKNOWN),
        ("", Verdict.UNKNOWN),
    ],
)
def test_an_approval_needs_a_second_person(tmp_path: Path, who: str, verdict: Verdict) -> None:
    folder = write(tmp_path, model(STEP.format(name="課長の決裁", who=who)))
    assert judged(folder, subject.deputies).verdict is verdict


@pytest.mark.parametrize(
    ("owner", "verdict"),
    [("user(kacho)", Verdict.FAIL), ("user(a), user(b)", Verdict.PASS), ("group(kacho)", Verdict.PASS)],
)
def test_owners_in_plain_bpmn_are_read(tmp_path: Path, owner: str, verdict: Verdict) -> None:
    step = (
        '<userTask id="a" name="承認"><potentialOwner><resourceAssignmentExpression><formalExpression>'
        f"{owner}</formalExpression></resourceAssignmentExpression></potentialOwner></userTask>"
    )
    assert judged(write(tmp_path, model(step)), subject.deputies).verdict is verdict


def test_a_drawing_without_assignees_says_nothing_of_deputies(tmp_path: Path) -> None:
    folder = write(tmp_path, model(STEP.format(name="課長の決裁", who=""), head=""))
    assert judged(folder, subject.deputies).reason is Reason.NOT_MEASURABLE


def test_a_dead_end_fails_where_an_engine_runs_it_and_is_open_on_a_drawing(tmp_path: Path) -> None:
    more = '<task id="lost" name="宙に浮く"/>'
    running = write(tmp_path, model(STEP.format(name="確認", who=""), more=more))
    result = judged(running, subject.whole)
    assert (result.verdict, result.places) == (Verdict.FAIL, ("起案: 宙に浮く",))
    drawing = write(
        tmp_path, model(STEP.format(name="確認", who="").replace("camunda", "x"), head="", more=more)
    )
    text = (
        (drawing / "a.bpmn")
        .read_text("utf-8")
        .replace('xmlns:camunda="http://camunda.org/schema/1.0/bpmn"', "")
    )
    (drawing / "a.bpmn").write_text(text, "utf-8")
    assert judged(drawing, subject.whole).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "more",
    [
        '<sequenceFlow sourceRef="a" targetRef="nowhere"/>',
        '<userTask id="a" name="同じ番号"/>',
        '<sequenceFlow targetRef="e"/>',
    ],
)
def test_a_loose_flow_and_a_double_id_are_faults(tmp_path: Path, more: str) -> None:
    folder = write(tmp_path, model(STEP.format(name="確認", who=""), more=more))
    assert judged(folder, subject.whole).verdict is Verdict.FAIL


HOSTILE = {
    "entity": (
        f'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><definitions xmlns="{BPMN}">&x;</definitions>'
    ),
    "html": "<html><body>決裁</body></html>",
    "json": "{}",
    "empty": "",
    "no process": f'<definitions xmlns="{BPMN}"/>',
    "deep": "<a>" * 5000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_file_that_is_no_route_makes_the_verdict_unknown_and_is_named(tmp_path: Path, kind: str) -> None:
    write(tmp_path, model(STEP.format(name="確認", who="")))
    write(tmp_path, HOSTILE[kind], "b.bpmn")
    result = judged(tmp_path)
    assert result.verdict is Verdict.UNKNOWN
    assert result.places[0].startswith("b.bpmn: ")


def test_a_fail_stays_a_fail_beside_an_unreadable_file(tmp_path: Path) -> None:
    write(tmp_path, model(STEP.format(name="押印", who="")))
    write(tmp_path, "{}", "b.bpmn")
    result = judged(tmp_path)
    assert result.verdict is Verdict.FAIL
    assert len(result.places) == 2


def test_a_doctype_in_utf_16_is_refused() -> None:
    with pytest.raises(Garbled, match="DOCTYPE"):
        processes(HOSTILE["entity"].encode("utf-16"), "x")


def test_an_empty_folder_is_unknown_not_paperless(tmp_path: Path) -> None:
    with pytest.raises(NotKnown) as caught:
        judged(tmp_path)
    assert caught.value.reason is Reason.NOT_COLLECTED


def test_nameless_steps_prove_nothing(tmp_path: Path) -> None:
    assert judged(write(tmp_path, model(STEP.format(name="", who="")))).verdict is Verdict.UNKNOWN


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_reader(body: bytes) -> None:
    with pytest.raises(Garbled):
        processes(body, "x")


@given(st.text(max_size=200))
def test_any_text_is_judged(text: str) -> None:
    assert isinstance(paper_kinds(text), tuple)


def test_the_sample_town_s_routes_are_what_their_names_say(tmp_path: Path) -> None:
    source = Path(__file__).parents[2] / "auditor" / "demo" / "routes"
    checks = (subject.no_paper, subject.deputies, subject.whole)
    for name, verdicts in (
        ("good", (Verdict.PASS, Verdict.PASS, Verdict.PASS)),
        ("trouble", (Verdict.FAIL, Verdict.FAIL, Verdict.PASS)),
    ):
        folder = tmp_path / name
        folder.mkdir()
        write(folder, (source / f"{name}.bpmn").read_text("utf-8"))
        assert tuple(judged(folder, check).verdict for check in checks) == verdicts


SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "bpmn"


@pytest.mark.parametrize("folder", [SAMPLES] if SAMPLES.is_dir() else [])
def test_public_models_of_many_tools_are_read(folder: Path) -> None:
    documents = Documents(id="r", name="r", kind="routes", folder=folder)
    body = json.loads(subject.read_routes.collect(documents, DirectFolder(folder)))
    assert body["unread"] == []
    assert len(body["processes"]) >= 10
