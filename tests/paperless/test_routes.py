"""Approval routes: what is on paper is found, what is not known is not passed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.folder import DirectFolder
from auditor.api import Answer, Documents, Garbled, Judgement, NotKnown, Params, Reason, Status, Verdict
from checks.paperless import approvers
from checks.paperless import routes as subject
from checks.paperless._bpmn import routes_in

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


def test_a_paper_step_fails_and_is_named(tmp_path: Path) -> None:
    result = judged(write(tmp_path, model(STEP.format(name="決裁書に押印", who=""))))
    assert (result.verdict, result.key, result.places) == (Verdict.FAIL, "paper", ("起案: 決裁書に押印",))


@pytest.mark.parametrize("name", ["税務課.xlsx", "税務課/v1.2/決裁.pdf", "税務課.vsdx"])
def test_a_route_drawn_in_another_program_is_not_passed_over(tmp_path: Path, name: str) -> None:
    folder = write(tmp_path, model(STEP.format(name="決裁", who="")), "v1.bpmn")
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"x")
    result = judged(folder)
    assert (result.reason, result.places) == (Reason.UNREADABLE, (f"{name}: no BPMN",))


def test_a_picture_of_a_route_beside_it_says_nothing_new(tmp_path: Path) -> None:
    folder = write(tmp_path, model(STEP.format(name="決裁", who="")), "a.bpmn20.xml")
    for name in ("a.png", "~$a.xlsx"):
        (folder / name).write_bytes(b"x")
    assert judged(folder).verdict is Verdict.PASS


@pytest.mark.parametrize(
    "more",
    [
        '<startEvent id="t" name="申請書を郵送で受け取る"/>',
        '<intermediateCatchEvent id="t" name="原本を持参"/>',
        '<exclusiveGateway id="t" name="押印はあるか"/>',
    ],
)
def test_paper_at_an_event_or_a_gateway_counts(tmp_path: Path, more: str) -> None:
    folder = write(tmp_path, model(STEP.format(name="入力", who="") + more))
    assert judged(folder).key == "paper"


def test_one_step_without_a_name_leaves_the_route_open_and_is_told(tmp_path: Path) -> None:
    nameless = '<userTask id="quiet"/>'
    result = judged(write(tmp_path, model(STEP.format(name="入力", who="") + nameless)))
    assert (result.reason, result.places) == (Reason.NOT_MEASURABLE, ("起案: quiet",))
    assert judged(write(tmp_path, model(STEP.format(name="押印", who="") + nameless))).key == "paper"


def test_a_nameless_frame_around_named_steps_hides_nothing(tmp_path: Path) -> None:
    frame = '<subProcess id="a"><userTask id="b" name="入力"/></subProcess>'
    assert judged(write(tmp_path, model(frame))).verdict is Verdict.PASS


@pytest.mark.parametrize(
    "text",
    [
        "原本を郵送する",
        "<p>send it by</p>\n  <p>post</p>",
        "<ul><li>check</li><li>print</li></ul>",
        "pri<!-- not the end of the word -->nt",
        "原本を<b>郵</b>送する",
    ],
)
def test_words_in_the_documentation_of_a_step_count(tmp_path: Path, text: str) -> None:
    step = f'<userTask id="a" name="確認"><documentation>{text}</documentation></userTask>'
    assert judged(write(tmp_path, model(step))).key == "paper"


@pytest.mark.parametrize(
    "beside",
    [
        "<textAnnotation id='n'><text>このあと印刷して押印</text></textAnnotation>",
        '<dataObjectReference id="n" name="紙の申請書"/>',
        '<laneSet><lane id="n" name="申請者（来庁）"/></laneSet>',
    ],
)
def test_paper_beside_the_steps_is_listed_and_not_failed(tmp_path: Path, beside: str) -> None:
    result = judged(write(tmp_path, model(STEP.format(name="入力", who=""), more=beside)))
    assert (result.verdict, result.key, len(result.places)) == (Verdict.PASS, "weak", 1)


@pytest.mark.parametrize(
    "step", ['<userTask id="a" name="領収書をスキャン"/>', '<manualTask id="a" name="確認"/>']
)
def test_weak_words_are_listed_and_not_failed(tmp_path: Path, step: str) -> None:
    result = judged(write(tmp_path, model(step)))
    assert (result.verdict, result.key, result.values["weak"]) == (Verdict.PASS, "weak", 1)


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
        ('camunda:assignee=" "', Verdict.UNKNOWN),
        ('camunda:assignee="a,b"', Verdict.FAIL),
        ('camunda:candidateUsers="${f(a, b, c)}"', Verdict.UNKNOWN),
        ('camunda:candidateUsers="a, ${f(b, c)}"', Verdict.UNKNOWN),
        ('camunda:candidateGroups="#{g(a, b)}"', Verdict.UNKNOWN),
        ('camunda:candidateUsers="a" camunda:candidateGroups="${g}"', Verdict.UNKNOWN),
        ('camunda:candidateUsers="a,b" camunda:candidateGroups="${g}"', Verdict.PASS),
        ('camunda:candidateUsers="${f(a, b)}" camunda:candidateGroups="kacho"', Verdict.PASS),
        ('camunda:assignee="a" camunda:candidateGroups="kacho"', Verdict.UNKNOWN),
        ('camunda:assignee="a" camunda:candidateUsers="b,c"', Verdict.UNKNOWN),
        ('camunda:assignee="${a}" camunda:candidateGroups="kacho"', Verdict.UNKNOWN),
        ('xmlns:x="http://example.com/drawing" x:candidateGroups="kacho"', Verdict.UNKNOWN),
    ],
)
def test_an_approval_needs_a_second_person(tmp_path: Path, who: str, verdict: Verdict) -> None:
    folder = write(tmp_path, model(STEP.format(name="課長の決裁", who=who)))
    assert judged(folder, approvers.deputies).verdict is verdict


@pytest.mark.parametrize(
    ("owner", "verdict"),
    [
        ("user(kacho)", Verdict.FAIL),
        ("user(a), user(b)", Verdict.PASS),
        ("group(kacho)", Verdict.PASS),
        ("user(a), accountancy", Verdict.UNKNOWN),  # Activiti reads the bare name as a group
        ("${boss}", Verdict.UNKNOWN),
    ],
)
def test_owners_in_plain_bpmn_are_read(tmp_path: Path, owner: str, verdict: Verdict) -> None:
    step = (
        '<userTask id="a" name="承認"><potentialOwner><resourceAssignmentExpression><formalExpression>'
        f"{owner}</formalExpression></resourceAssignmentExpression></potentialOwner></userTask>"
    )
    assert judged(write(tmp_path, model(step)), approvers.deputies).verdict is verdict


@pytest.mark.parametrize(
    ("assignment", "verdict"),
    [('assignee="kacho"', Verdict.FAIL), ('candidateUsers="=[boss, deputy]"', Verdict.UNKNOWN)],
)
def test_zeebe_s_assignments_are_read(tmp_path: Path, assignment: str, verdict: Verdict) -> None:
    step = (
        '<userTask id="a" name="承認"><extensionElements><z:assignmentDefinition '
        f'xmlns:z="http://camunda.org/schema/zeebe/1.0" {assignment}/></extensionElements></userTask>'
    )
    folder = write(tmp_path, model(step))
    assert judged(folder, approvers.deputies).verdict is verdict
    assert routes_in((folder / "a.bpmn").read_bytes(), "a")[0].signs == ("isExecutable", "zeebe")


def test_a_route_whose_approvals_nobody_recognises_is_open(tmp_path: Path) -> None:
    write(tmp_path, model(STEP.format(name="課長の決裁", who='camunda:candidateGroups="kacho"')))
    write(tmp_path, model(STEP.format(name="ほう・れん・そう", who="")).replace("起案", "別"), "b.bpmn")
    result = judged(tmp_path, approvers.deputies)
    assert (result.reason, result.places) == (Reason.NOT_MEASURABLE, ("別",))


def test_a_drawing_without_assignees_says_nothing_of_deputies(tmp_path: Path) -> None:
    folder = write(tmp_path, model(STEP.format(name="課長の決裁", who=""), head=""))
    assert judged(folder, approvers.deputies).reason is Reason.NOT_MEASURABLE


LOST = '<task id="lost" name="宙に浮く"/>'


@pytest.mark.parametrize(("head", "who"), [('isExecutable="true"', ""), ("", 'camunda:candidateGroups="g"')])
def test_a_dead_end_fails_where_an_engine_runs_it(tmp_path: Path, head: str, who: str) -> None:
    running = write(tmp_path, model(STEP.format(name="確認", who=who), head=head, more=LOST))
    result = judged(running, subject.whole)
    assert (result.verdict, result.places) == (Verdict.FAIL, ("起案: 宙に浮く",))


def test_a_drawing_tool_s_namespace_makes_no_running_route(tmp_path: Path) -> None:
    drawing = write(tmp_path, model(STEP.format(name="確認", who=""), head="", more=LOST))
    assert judged(drawing, subject.whole).verdict is Verdict.UNKNOWN


def test_kept_routes_of_another_shape_are_refused() -> None:
    kept = (b'{"routes": [{"id": "p", "steps": [{"name": "x"}]}]}', b"[]", b'{"routes": 1}', b"\xff", b"{}")
    for body in (*kept, b'{"routes": [], "more": 1}'):
        with pytest.raises(Garbled):
            subject.routes(Answer("routes.bpmn", Status.OK, body))


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
        routes_in(HOSTILE["entity"].encode("utf-16"), "x")


def test_an_empty_folder_is_unknown_not_paperless(tmp_path: Path) -> None:
    with pytest.raises(NotKnown) as caught:
        judged(tmp_path)
    assert caught.value.reason is Reason.NOT_COLLECTED


def test_nameless_steps_prove_nothing(tmp_path: Path) -> None:
    assert judged(write(tmp_path, model(STEP.format(name="", who="")))).verdict is Verdict.UNKNOWN


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_reader(body: bytes) -> None:
    with pytest.raises(Garbled):
        routes_in(body, "x")


def test_the_sample_town_s_routes_are_what_their_names_say(tmp_path: Path) -> None:
    source = Path(__file__).parents[2] / "auditor" / "demo" / "routes"
    checks = (subject.no_paper, approvers.deputies, subject.whole)
    for name, verdicts in (
        ("good", (Verdict.PASS, Verdict.PASS, Verdict.PASS)),
        ("trouble", (Verdict.FAIL, Verdict.FAIL, Verdict.PASS)),
    ):
        folder = tmp_path / name
        folder.mkdir()
        write(folder, (source / f"{name}.bpmn").read_text("utf-8"))
        assert tuple(judged(folder, check).verdict for check in checks) == verdicts
