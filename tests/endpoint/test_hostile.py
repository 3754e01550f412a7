"""No answer, however hostile, makes a parser or the frame splitter do anything but refuse or read it."""

import json
import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from auditor.answers import Answer, Status
from auditor.declare import Fact
from auditor.errors import Garbled, NotKnown, Unreached
from auditor.script import split
from tests.endpoint.conftest import CORPUS, FACTS, answer, judged, pc

NONCE = "0123456789abcdef0123456789abcdef"
REFUSALS = (Garbled, NotKnown, Unreached)
PARSERS = sorted(
    {(fact.id, system): fact for fact in FACTS for system in fact.scripts}.items(), key=lambda item: item[0]
)
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 4294967295, 2**63, 1e308, "", " ", "\u0000", "４２", "/Date(1700000000000)/", "=1+1",
    "../../etc/passwd", "<script>alert(1)</script>", "9" * 5000, [], [[]], {}, {"value": [], "Count": 0},
    {"value": [1], "Count": 9}, [None, None], {"a": {"b": {"c": []}}},
)  # fmt: skip
"""What a value of an answer may never be trusted not to be."""


EACH = pytest.mark.parametrize(("name", "fact"), PARSERS, ids=[" ".join(name) for name, _ in PARSERS])
BYTES = st.binary(max_size=400) | st.text(max_size=200).map(
    lambda text: text.encode("utf-8", "surrogatepass")
)


def texts(fact: Fact[Any], system: str) -> list[str]:
    """The recorded bodies of a fact on a system."""
    found = []
    for path in sorted((CORPUS / system / fact.id).glob("*.json")):
        body = json.loads(path.read_text(encoding="utf-8")).get("body", "")
        found.append(body if isinstance(body, str) else json.dumps(body, ensure_ascii=False))
    return [text for text in found if text]


def read(fact: Fact[Any], body: bytes) -> None:
    """Parse it; a value of the promised type, or one of our refusals."""
    try:
        value = fact.parse(Answer(fact.id, Status.OK, body))
    except REFUSALS:
        return
    assert isinstance(value, fact.type)


def swapped(value: Any) -> Iterator[Any]:
    """The same JSON with one value in it replaced by each odd one, or one name left out."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield {key: kept for key, kept in value.items() if key != name}
            yield from ({**value, name: odd} for odd in ODD)
            yield from ({**value, name: deeper} for deeper in swapped(inner))
    elif isinstance(value, list):
        for at, inner in enumerate(value[:3]):
            yield from ([*value[:at], odd, *value[at + 1 :]] for odd in ODD)
            yield from ([*value[:at], deeper, *value[at + 1 :]] for deeper in swapped(inner))


@pytest.mark.parametrize(
    ("name", "fact"), PARSERS, ids=lambda value: str(value) if isinstance(value, tuple) else ""
)
def test_a_json_answer_with_any_one_value_turned_odd_is_read_or_refused(
    name: tuple[str, str], fact: Fact[Any]
) -> None:
    for text in texts(fact, name[1]):
        try:
            value = json.loads(text)
        except ValueError:
            continue
        for changed in (*ODD, *swapped(value)):
            read(fact, json.dumps(changed).encode())


@pytest.mark.parametrize(
    ("name", "fact"), PARSERS, ids=lambda value: str(value) if isinstance(value, tuple) else ""
)
def test_a_recorded_answer_cut_doubled_reencoded_or_mutated_is_read_or_refused(
    name: tuple[str, str], fact: Fact[Any]
) -> None:
    chance = random.Random(repr(name))
    for text in texts(fact, name[1]):
        plain = text.encode()
        for encoding in ("cp932", "utf-16", "utf-16-le", "utf-8-sig"):
            read(fact, text.encode(encoding, "replace"))
        for cut in range(0, len(plain), max(1, len(plain) // 40)):
            read(fact, plain[:cut])
        read(fact, plain + plain)
        for _ in range(60):
            mutated = bytearray(plain)
            for _ in range(chance.randint(1, 4)):
                at = chance.randrange(len(mutated))
                mutated[at : at + chance.randint(0, 2)] = chance.choice(
                    (b"", b"\0", b"\t", b"\n", b'"', b"{", b"\xff", b"-1", b"NaN", b"\\ud800", b"9" * 400)
                )
                if not mutated:
                    break
            read(fact, bytes(mutated))


@pytest.mark.parametrize(
    ("name", "fact"), PARSERS, ids=lambda value: str(value) if isinstance(value, tuple) else ""
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=400)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
@example(body=b"[" * 100_000)
@example(body=b'{"a":1,"a":2}')
@example(body=b'{"serial":"\\ud800"}')
@example(body=b"NaN")
@example(body=b"1e999")
@example(body=b"\x00" * 300)
def test_any_bytes_are_read_or_refused(name: tuple[str, str], fact: Fact[Any], body: bytes) -> None:
    read(fact, body)


MARKS = st.sampled_from(
    [
        *(f"\n{NONCE} {line}\n" for line in ("ask a.b", "ask c.d", "got a.b 0", "got c.d 0", "end:true")),
        f"\n{NONCE} got a.b 11 Why:0x1\n",
        f"\n{'f' * 32} ask a.b\n",
        *("\n", "text", "\x00", "\r\n"),
    ]
)


@settings(max_examples=300, deadline=None)
@given(parts=st.lists(MARKS | st.text(max_size=20), max_size=20))
def test_frames_in_any_order_are_split_or_refused_and_never_mixed_up(parts: list[str]) -> None:
    output = "".join(parts).encode("utf-8", "surrogatepass")
    try:
        answers = split(output, NONCE, ["a.b", "c.d"])
    except REFUSALS:
        return
    assert [one.id for one in answers] == ["a.b", "c.d"]
    for one in answers:
        assert one.body == b"" or one.status is Status.OK


def without_one(value: Any) -> Iterator[Any]:
    """The same JSON with one name of an object left out; rows of lists may be ones the verdict needs not."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield {key: kept for key, kept in value.items() if key != name}
            yield from ({**value, name: less} for less in without_one(inner))


PASSES = [
    path
    for path in sorted(CORPUS.glob("*/*/*.json"))
    if (case := json.loads(path.read_text("utf-8"))).get("verdict") == "pass"
    and isinstance(case.get("body"), dict)
]


@pytest.mark.parametrize("path", PASSES, ids=lambda path: "/".join(path.parts[-3:]))
def test_a_passing_answer_from_which_anything_is_missing_passes_no_more(path: Path) -> None:
    case, system, id_ = json.loads(path.read_text("utf-8")), path.parts[-3], path.parts[-2]
    beside = {
        other: answer(other, {"status": "ok", "body": body}) for other, body in case.get("beside", {}).items()
    }
    for less in without_one(case["body"]):
        given = {**beside, id_: answer(id_, {"status": "ok", "body": less})}
        judgement = judged(case["control"], given, endpoint=pc(system))
        assert judgement.verdict != "pass", less


def test_the_odd_values_hold_what_powershell_and_attackers_send() -> None:
    assert 4294967295 in ODD
    assert any(isinstance(odd, dict) and "Count" in odd for odd in ODD)
    assert not any(isinstance(odd, float) and math.isnan(odd) for odd in ODD), "json.dumps would write NaN"
