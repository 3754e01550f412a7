"""A bundle is read strictly: its form, its bounds, its frames, in the encodings Windows writes."""

import base64
import codecs
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.answers import Status
from auditor.arrivals.bundle import Sealed, evidence_of, is_bundle, read_bundle, read_payload, text_of
from auditor.errors import Garbled
from auditor.evidence import MAX_FILE_BYTES, decode, encode
from tests.inbox.kit import NONCE, framed, outer, payload


def read(body: bytes) -> Sealed:
    return read_bundle(text_of(body))


@pytest.mark.parametrize(
    "encoded",
    [
        lambda body: body,
        lambda body: codecs.BOM_UTF8 + body,
        lambda body: codecs.BOM_UTF16_LE + body.decode().encode("utf-16-le"),
    ],
)
def test_the_encodings_that_windows_writes_give_the_same_bundle(encoded: Any) -> None:
    body = outer(payload(), "sig")
    assert read(encoded(body)) == Sealed(payload(), "sig")
    assert is_bundle(text_of(encoded(body)))


@pytest.mark.parametrize(
    "body",
    [
        codecs.BOM_UTF16_BE + outer(payload()).decode().encode("utf-16-be"),
        codecs.BOM_UTF16_LE + b"\0\xd8",
        codecs.BOM_UTF16_LE + b"x",
        outer(payload())[:-1],
        outer(payload()).replace(b'"schema": 1', b'"schema": 1, "schema": 1'),
        outer(payload(), extra=1),
        outer(payload(), schema=2),
        outer(payload(), schema=1.5),
        outer(payload(), schema=True),
        outer(payload(), kind="telework-auditor-archive"),
        outer(payload(), payload="%%%"),
        outer(payload(), payload=None),
        outer(payload()).replace(b'"signature": ""', b'"signature": null'),
        outer(payload()).replace(b'"signature": ""', b'"signature": NaN'),
        outer(payload()).replace(b'"signature": ""', b'"signature": "\\ud800"'),
        b'{"kind":"telework-auditor-bundle"}',
        b"[" * 100_000,
        b'{"kind":' * 100_000,
        "証跡".encode("cp932"),
        b"",
        b"null",
        b" " * (MAX_FILE_BYTES + 1),
    ],
    ids=lambda body: repr(body[:24]),
)
def test_a_file_of_another_form_is_garbled(body: bytes) -> None:
    with pytest.raises(Garbled):
        read(body)


def test_a_payload_becomes_evidence_whose_every_answer_has_its_age_and_is_kept_whole() -> None:
    told = read_payload(payload(answers={"w.lock": "600", "w.disk": "yes"}, asset="PC-1", machine_id="AA"))
    found = evidence_of(told, "endpoint:PC-1", origin="a.json", signer="PC-1")
    assert [(one.id, one.status, one.body) for one in found.answers] == [
        ("w.lock", Status.OK, b"600"),
        ("w.disk", Status.OK, b"yes"),
    ]
    assert {one.collected_at for one in found.answers} == {told.collected_at} == {found.collected_at}
    assert (found.serial, found.system, found.sequence, found.machine_id) == ("SN1", "linux", 1, "aa")
    assert found.details["host_name"] == "pc-1"
    assert decode(encode(found), origin="a.json") == found


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": 2},
        {"asset": "../../etc/passwd"},
        {"asset": "PC 1"},
        {"asset": None},
        {"host": "a\x1b[2J"},
        {"host": "x" * 300},
        {"system": "Linux"},
        {"system": "ipados"},
        {"context": ""},
        {"context": "root"},
        {"machine_id": "a b"},
        {"serial": "x" * 81},
        {"serial": "\u202e"},
        {"sequence": 0},
        {"sequence": -1},
        {"sequence": 2**53 + 1},
        {"sequence": 1.5},
        {"sequence": "1"},
        {"sequence": True},
        {"collected_at": "2026-11-23T01:00:00"},
        {"collected_at": "9999-12-31T23:59:59-09:00"},
        {"collected_at": 1},
        {"collector": ""},
        {"collector": "C" * 64},
        {"version": "<script>"},
        {"nonce": "0" * 31},
        {"nonce": "G" * 32},
        {"output": "%"},
        {"output": b""},
        {"output": b"no frame at all"},
        {"output": framed({"w.lock": "1"}, nonce="f" * 32)},
        {"output": framed({"w.lock": "1"}, whole=False) * 2},
        {"extra": 1},
    ],
    ids=str,
)
def test_a_payload_outside_its_bounds_is_garbled(changes: dict[str, Any]) -> None:
    with pytest.raises(Garbled):
        read_payload(payload(**changes))


def test_an_output_cut_short_keeps_its_whole_answers_and_says_so() -> None:
    whole = framed({"w.lock": "600"}, whole=False)
    cut = whole + f"\n{NONCE} ask w.disk\nye".encode()
    (answer,) = read_payload(payload(output=cut)).answers
    assert (answer.id, answer.note) == ("w.lock", "the output is incomplete")


TEXT = st.text(max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(json.loads(payload()))), JSON)
def test_any_value_in_any_field_of_a_payload_is_read_or_garbled(field: str, value: object) -> None:
    try:
        told = read_payload(json.dumps({**json.loads(payload()), field: value}).encode())
    except Garbled:
        return
    found = evidence_of(told, "endpoint:PC-1", origin="", signer="")
    assert decode(encode(found)) == found


@given(st.binary(max_size=200))
def test_any_output_is_split_or_garbled(output: bytes) -> None:
    for body in (output, framed({"w.lock": "1"}, whole=False) + output):
        try:
            read_payload(payload(output=body))
        except Garbled:
            continue


@given(st.binary(max_size=300))
def test_any_file_is_read_or_garbled(body: bytes) -> None:
    for file in (body, outer(payload())[: len(body)] + body, outer(body, base64.b64encode(body).decode())):
        try:
            read_payload(read(file).payload)
        except Garbled:
            continue
