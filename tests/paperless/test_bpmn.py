"""BPMN files: hostile ones are refused, odd ones are read, and all sample models are understood."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from auditor.api import Garbled, Params, Town
from checks.paperless import approvers, routes
from checks.paperless._bpmn import routes_in
from checks.paperless._route import Routes
from tests.paperless.models import BPMN, LIMITS, arrow, model, one_step

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "bpmn"
CORPUS = "TELEWORK_AUDITOR_BPMN"
STEP = '<userTask id="a" name="確認"/>'

DOCTYPES = {
    "external entity": '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
    "bomb": '<!DOCTYPE d [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY x "&b;&b;&b;">]>',
    "external subset": '<!DOCTYPE d SYSTEM "http://127.0.0.1:9/d.dtd">',
    "harmless": "<!DOCTYPE definitions>",
    "small letters": "<!doctype definitions>",
}


@pytest.mark.parametrize("kind", DOCTYPES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-32"])
def test_any_doctype_is_refused_in_every_encoding(kind: str, encoding: str) -> None:
    text = DOCTYPES[kind] + one_step(STEP)
    with pytest.raises(Garbled):
        routes_in(text.encode(encoding), "x")


def test_the_parser_itself_is_told_to_resolve_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []
    make = etree.XMLParser

    def noted(**flags: Any) -> object:
        asked.append(flags)
        return make(**flags)

    monkeypatch.setattr(etree, "XMLParser", noted)
    routes_in(one_step(STEP).encode(), "x")
    refused = ("resolve_entities", "load_dtd", "dtd_validation", "huge_tree")
    assert [(flags["no_network"], *(flags[name] for name in refused)) for flags in asked] == [
        (True, False, False, False, False)
    ]


def test_a_doctype_that_hides_from_the_bytes_is_refused_after_parsing() -> None:
    hidden = '<?xml version="1.0" encoding="IBM037"?>' + DOCTYPES["harmless"] + one_step(STEP)
    with pytest.raises(Garbled):
        routes_in(hidden.replace("確認", "x").replace("起案", "y").encode("cp037"), "x")


def test_deep_nesting_stops() -> None:
    with pytest.raises(Garbled):
        routes_in(f'<definitions xmlns="{BPMN}">{"<process>" * 5000}'.encode(), "x")


def test_a_file_beyond_the_size_is_not_parsed() -> None:
    with pytest.raises(Garbled, match="larger"):
        routes_in(one_step(STEP).encode() + b" " * (8 * 1024 * 1024), "x")


def test_too_many_steps_are_refused() -> None:
    with pytest.raises(Garbled, match="steps"):
        routes_in(model("<task/>" * 5001).encode(), "x")


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        *((name, "cp932") for name in ("Windows-31J", "Shift_JIS", "MS932", "x-sjis")),
        *(("EUC-JP", "euc-jp"), ("UTF-16", "utf-16"), ("UTF-8", "utf-8-sig")),
    ],
)
def test_a_japanese_export_is_read_in_its_own_encoding(declared: str, encoding: str) -> None:
    name = "決裁書に押印" if encoding == "euc-jp" else "①決裁書に押印（髙）"
    text = f'<?xml version="1.0" encoding="{declared}"?>' + one_step(f'<userTask id="a" name="{name}"/>')
    assert routes_in(text.encode(encoding), "x")[0].steps[1].name == name


def test_bytes_that_are_not_in_the_declared_encoding_are_refused() -> None:
    with pytest.raises(Garbled):
        routes_in(b'<?xml version="1.0" encoding="Shift_JIS"?><a b="\x81\xff"/>', "x")


@pytest.mark.parametrize("body", [b"", b"{}", b"<html><body/></html>", b"PK\3\4", b"\0" * 64, b"<a"])
def test_what_is_no_model_is_refused(body: bytes) -> None:
    with pytest.raises(Garbled):
        routes_in(body, "x")


def judged(text: str) -> tuple[str, tuple[str, ...]]:
    result = routes.whole(Routes(routes=tuple(routes_in(text.encode(), "x"))), LIMITS)
    return result.verdict.value, result.places


@pytest.mark.parametrize(
    ("more", "place"),
    [
        (STEP, "起案: a ×2"),
        ('<sequenceFlow id="a" sourceRef="s" targetRef="a"/>', "起案: a ×2"),
        ('<sequenceFlow sourceRef="a" targetRef="gone"/>', "起案: a → gone"),
        ('<task id="lost" name="宙に浮く"/>', "起案: 宙に浮く"),
        ('<task id="own" name="自分へ"/><sequenceFlow sourceRef="own" targetRef="own"/>', "起案: 自分へ"),
    ],
)
def test_what_is_broken_in_a_running_route_is_named(more: str, place: str) -> None:
    assert judged(one_step(STEP, more=more)) == ("fail", (place,))


def test_an_id_used_in_two_processes_of_one_file_is_named() -> None:
    second = f'<process id="q" name="別"><startEvent id="s2"/>{STEP}{arrow("s2", "a")}</process>'
    inside = f'<startEvent id="s"/>{STEP}<endEvent id="e"/>{arrow("s", "a", "e")}'
    verdict, places = judged(model(inside, outside=second))
    assert (verdict, places) == ("fail", ("起案: a ×2",))


def test_a_jump_by_link_events_is_an_arrow() -> None:
    link = '<linkEventDefinition name="続き"/>'
    body = (
        f'<startEvent id="s"/>{STEP}<intermediateThrowEvent id="t">{link}</intermediateThrowEvent>'
        f'<intermediateCatchEvent id="c">{link}</intermediateCatchEvent><endEvent id="e"/>'
        f"{arrow('s', 'a', 't')}{arrow('c', 'e')}"
    )
    assert judged(model(body))[0] == "pass"
    assert judged(model(body.replace('name="続き"', 'name="別"', 1)))[0] == "fail"


def test_a_drawing_s_faults_are_listed_as_advice() -> None:
    verdict, places = judged(one_step(STEP, more='<task id="lost" name="宙に浮く"/>', head=""))
    assert (verdict, places) == ("unknown", ("起案: 宙に浮く",))


def test_a_route_without_steps_is_not_called_whole() -> None:
    bare = model(f'<startEvent id="s"/><endEvent id="e"/>{arrow("s", "e")}')
    assert judged(bare)[0] == "unknown"


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_name_is_read_or_the_file_refused(name: str, note: str) -> None:
    clean = [text.replace("&", "").replace("<", "").replace('"', "") for text in (name, note)]
    step = f'<userTask id="a" name="{clean[0]}"><documentation>{clean[1]}</documentation></userTask>'
    try:
        found = routes_in(one_step(step).encode("utf-8", "surrogatepass"), "x")
    except Garbled:
        return
    assert len(found[0].steps) == 3


def findings(name: str, body: bytes) -> Iterator[str]:
    """What is found in one model, by kind."""
    try:
        found = Routes(routes=tuple(routes_in(body, name)))
    except Garbled:
        yield "refused"
        return
    yield "read"
    town = Town(name="")
    for control, result in (
        ("PPL-03", routes.no_paper(found, LIMITS)),
        ("PPL-04", approvers.deputies(found, LIMITS)),
        ("PPL-13", approvers.nobody_gone(found, town)),
        ("PPL-14", approvers.in_time(found, LIMITS)),
        ("PPL-15", routes.whole(found, LIMITS)),
        ("PPL-16", approvers.few_at_once(found, LIMITS)),
    ):
        yield f"{control} {result.verdict.value} {result.key}".strip()


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared models are not here")
def test_every_shared_model_is_read_and_judged() -> None:
    files = sorted(SAMPLES.glob("*.bpmn"))
    kinds = Counter(kind for file in files for kind in findings(file.name, file.read_bytes()))
    assert kinds["read"] == len(files) >= 11
    assert kinds["PPL-03 fail paper"] == 0  # Western samples: none prints, none seals


@pytest.mark.skipif(not os.environ.get(CORPUS), reason=f"{CORPUS} names no folder of models")
def test_no_model_of_a_larger_corpus_crashes_the_reader(capsys: pytest.CaptureFixture[str]) -> None:
    files = [
        path for path in Path(os.environ[CORPUS]).rglob("*") if path.suffix in (".bpmn", ".bpmn2", ".xml")
    ]
    began = time.process_time()
    kinds = Counter(kind for file in files for kind in findings(file.name, file.read_bytes()))
    took_s = time.process_time() - began
    with capsys.disabled():
        print(f"\n{len(files)} files, {len(files) / took_s:.0f} files/s per core")  # noqa: T201
        for kind, count in sorted(kinds.items()):
            print(f"{count:6} {kind}")  # noqa: T201
    assert kinds["read"] + kinds["refused"] == len(files) > 0


def test_a_town_s_allowed_words_are_taken_out() -> None:
    found = Routes(routes=tuple(routes_in(one_step('<userTask id="a" name="公印を押印"/>').encode(), "x")))
    allowed = Params({"paper_steps": 0, "allow": ("公印を押印",)})
    assert routes.no_paper(found, allowed).verdict.value == "pass"
