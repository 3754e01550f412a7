"""Whatever arrives, a parser returns its type or says why not; nothing else escapes it."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.answers import Answer, Status
from auditor.errors import Garbled, NotKnown
from auditor.findings import Unknown
from checks.endpoint._read import columns, listed, truth, whole
from tests.endpoint.conftest import CORPUS, FACTS, answer, fact_on, value_of

SETTINGS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
PARSERS = {f"{fact.id}/{'+'.join(fact.scripts)}": fact for fact in FACTS}
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.floats(allow_nan=False)


def good(name: str) -> Answer:
    fact = PARSERS[name]
    path = CORPUS / next(iter(fact.scripts)) / fact.id / "good.json"
    return answer(fact.id, json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", PARSERS)
@SETTINGS
@given(body=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_give_the_type_or_a_reason(name: str, body: bytes) -> None:
    value = value_of(PARSERS[name], Answer(PARSERS[name].id, Status.OK, body))
    assert isinstance(value, PARSERS[name].type | Unknown)


@pytest.mark.parametrize("name", PARSERS)
@SETTINGS
@given(data=st.data())
def test_a_good_answer_with_one_value_replaced_gives_the_type_or_a_reason(name: str, data: Any) -> None:
    body = good(name).body
    try:
        value = json.loads(body)
    except ValueError:
        place = data.draw(st.integers(0, len(body)))
        text = body[:place] + data.draw(st.binary(max_size=5)) + body[place:]
    else:
        text = json.dumps(_replaced(value, data)).encode()
    result = value_of(PARSERS[name], Answer(PARSERS[name].id, Status.OK, text))
    assert isinstance(result, PARSERS[name].type | Unknown)


def _replaced(value: Any, data: Any) -> Any:
    """One random place of a JSON document replaced by something else."""
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(value)))
        return {**value, key: _replaced(value[key], data)}
    if isinstance(value, list) and value and data.draw(st.booleans()):
        place = data.draw(st.integers(0, len(value) - 1))
        return [*value[:place], _replaced(value[place], data), *value[place + 1 :]]
    return data.draw(LEAVES | st.lists(LEAVES, max_size=2) | st.dictionaries(st.text(max_size=5), LEAVES))


@pytest.mark.parametrize("name", [name for name, fact in PARSERS.items() if "windows" in fact.scripts])
def test_a_missing_key_is_garbled_and_never_unset(name: str) -> None:
    whole_answer = json.loads(good(name).body)
    for key in whole_answer:
        cut = {other: value for other, value in whole_answer.items() if other != key}
        with pytest.raises(Garbled):
            PARSERS[name](Answer(PARSERS[name].id, Status.OK, json.dumps(cut).encode()))


@pytest.mark.parametrize("name", [name for name, fact in PARSERS.items() if "windows" in fact.scripts])
def test_a_byte_order_mark_and_escapes_do_not_matter(name: str) -> None:
    fact, plain = PARSERS[name], good(name)
    marked = Answer(fact.id, Status.OK, b"\xef\xbb\xbf" + plain.body)
    assert fact(marked) == fact(plain)


def test_lists_of_5_1_are_lists_again() -> None:
    assert listed(None) == ()
    assert listed({"value": [], "Count": 0}) == ()
    assert listed({"value": [1, 2], "Count": 2}) == (1, 2)
    assert listed({"name": "one"}) == ({"name": "one"},)
    with pytest.raises(Garbled):
        listed({"value": [1], "Count": 2})


@pytest.mark.parametrize("value", [True, 1.0, "1.0", "x", [], "1" * 5000, "--1", "1-1"])
def test_what_is_not_a_whole_number_is_refused(value: object) -> None:
    with pytest.raises(Garbled):
        whole(value, "x")


@pytest.mark.parametrize("value", [2, "true", 1.0, []])
def test_what_is_neither_true_nor_false_is_refused(value: object) -> None:
    with pytest.raises(Garbled):
        truth(value, "x")


@pytest.mark.parametrize("text", ["x\t1\n", "a\n", "a\t1\nb\n"])
def test_a_line_nobody_knows_is_refused(text: str) -> None:
    with pytest.raises(Garbled):
        columns(Answer("x", Status.OK, text.encode()), {"a": 2})


def test_a_word_that_stands_alone_is_refused_with_anything_behind_it() -> None:
    with pytest.raises(Garbled):
        columns(Answer("x", Status.OK, b"end\tmore\n"), {"end": 1})


def test_a_parser_that_knows_nothing_says_so() -> None:
    fact = next(fact for fact in FACTS if fact.id == "patch.last" and "windows" in fact.scripts)
    with pytest.raises(NotKnown):
        fact(Answer("patch.last", Status.OK, b'{"rollups": [], "fixes": []}'))


@pytest.mark.parametrize("id_", ["patch.last", "pw.policy"])
def test_a_property_list_in_an_encoding_nobody_knows_is_garbled(id_: str) -> None:
    body = b'<?xml version="1.0" encoding="UTF-p"?>\n<plist version="1.0"><array/></plist>'
    with pytest.raises(Garbled):
        fact_on(id_, "macos")(Answer(id_, Status.OK, body))
