"""A model may be made stricter freely, looser only with a reason, and wrong not at all."""

from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.control import Param
from auditor.errors import ConfigError, Problem
from auditor.model import SHIPPED, Model, load_model, looser
from tests.core.world import control

CONTROLS = (
    control(
        "EP-07",
        params={
            "lock_max_s": Param(value=600, low=60, high=900, strict="low", mark="S"),
            "length_min": Param(value=12, low=8, high=64, strict="high"),
            "ratio_max": Param(value=0.5, low=0.1, high=0.9, strict="low"),
            "open_ratio": Param(value=0.5, strict="low"),
            "mode": Param(value="tls"),
            "asks": Param(value=True),
            "names": Param(value=("a", "b")),
            "slots": Param(value=3, low=1, high=5),
        },
    ),
    control("EP-17"),
)
HEAD = 'id = "matsukaze"\ntitle = { ja = "松風町", en = "Matsukaze" }\nextends = "beta"\n'

Load = Callable[[str], Model]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def loaded(text: str, head: str = HEAD) -> Model:
        file = tmp_path / "model.toml"
        file.write_text(head + text, "utf-8")
        return load_model(CONTROLS, town_file=file)

    return loaded


@pytest.fixture
def problems(load: Load) -> Callable[[str], tuple[Problem, ...]]:
    def told(text: str) -> tuple[Problem, ...]:
        with pytest.raises(ConfigError) as caught:
            load(text)
        return caught.value.problems

    return told


Told = Callable[[str], tuple[Problem, ...]]


def value(model: Model, name: str) -> object:
    return model.controls["EP-07"].params[name].value


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_model_loads_and_ends_its_chain(name: str) -> None:
    found = load_model(CONTROLS, name)
    assert (found.id, found.chain[0], found.chain[-1]) == (name, "base", name)
    assert found.freshness_days >= 1


def test_a_model_inherits_along_its_whole_chain(load: Load) -> None:
    found = load("")
    assert found.chain == ("base", "beta", "matsukaze")
    assert found.freshness_days == load_model(CONTROLS, "beta").freshness_days
    assert found.card().based_on == ("base", "beta")


@pytest.mark.parametrize(
    ("line", "name", "expected"),
    [
        ("lock_max_s = 300", "lock_max_s", 300),
        ("lock_max_s = 60", "lock_max_s", 60),
        ("length_min = 64", "length_min", 64),
        ("ratio_max = 0.1", "ratio_max", 0.1),
    ],
)
def test_a_stricter_value_needs_no_reason(load: Load, line: str, name: str, expected: float) -> None:
    found = load(f"[params.EP-07]\n{line}\n")
    assert value(found, name) == expected
    assert found.controls["EP-07"].params[name].mark == "I"


@pytest.mark.parametrize(
    "line",
    [
        "lock_max_s = 601",
        "length_min = 11",
        "ratio_max = 0.6",
        'mode = "tcp"',
        "asks = false",
        'names = ["a"]',
        'names = ["a", "b", "c"]',
        "slots = 2",
    ],
)
def test_a_looser_or_unordered_change_needs_a_reason(load: Load, problems: Told, line: str) -> None:
    (one,) = problems(f"[params.EP-07]\n{line}\n")
    name = line.partition(" ")[0]
    assert (one.key, one.line, one.field) == ("reason_missing", 5, f"params.EP-07.{name}")
    assert one.values["name"] == f"EP-07.{name}"
    reasoned = load(f'[params.EP-07]\n{line}\n[reasons]\n"EP-07.{name}" = "理由"\n')
    assert reasoned.controls["EP-07"].params[name].reason == "理由"


@pytest.mark.parametrize("blank", ["", " ", "\u3000\t"])
def test_a_blank_reason_is_none(problems: Told, blank: str) -> None:
    text = f'[params.EP-07]\nlock_max_s = 900\n[reasons]\n"EP-07.lock_max_s" = "{blank}"\n'
    assert [one.key for one in problems(text)] == ["reason_missing"]


@pytest.mark.parametrize("line", ["lock_max_s = 59", "lock_max_s = -1", "length_min = 65", "slots = 6"])
def test_no_reason_excuses_a_value_beyond_the_strict_side(problems: Told, line: str) -> None:
    name = line.partition(" ")[0]
    text = f'[params.EP-07]\n{line}\n[reasons]\n"EP-07.{name}" = "理由"\n'
    assert [one.key for one in problems(text)] == ["param_bounds"]


@pytest.mark.parametrize("name", ["ratio_max", "open_ratio"])
@pytest.mark.parametrize("number", ["nan", "-nan", "-inf", "inf"])
def test_what_is_no_number_is_refused_since_every_check_would_pass(
    problems: Told, name: str, number: str
) -> None:
    text = f'[params.EP-07]\n{name} = {number}\n[reasons]\n"EP-07.{name}" = "理由"\n'
    assert [one.key for one in problems(text)] == ["param_bounds"]


def test_a_nan_is_neither_stricter_nor_equal() -> None:
    param = Param(value=0.5, strict="low")
    assert looser(0.6, param)
    assert not looser(0.4, param)
    assert not looser(0.5, param)


@pytest.mark.parametrize(
    "line", ['lock_max_s = "300"', "lock_max_s = 300.0", "lock_max_s = true", "asks = 1", 'names = "a"']
)
def test_another_type_is_refused(problems: Told, line: str) -> None:
    assert "param_type" in [one.key for one in problems(f"[params.EP-07]\n{line}\n")]


def test_a_misspelt_control_is_named_with_the_nearest(problems: Told) -> None:
    (one,) = problems("[params.EP-O7]\nlock_max_s = 300\n")
    assert (one.key, one.values["name"]) == ("no_control", "EP-O7")
    assert "EP-07" in str(one.values["near"])


def test_a_misspelt_parameter_is_named_with_what_there_is(problems: Told) -> None:
    (one,) = problems("[params.EP-07]\nlock_max = 300\n")
    assert (one.key, one.values["name"]) == ("no_param", "lock_max")
    assert "lock_max_s" in str(one.values["near"])


@pytest.mark.parametrize(
    "text",
    [
        "[EP-07]\nlock_max_s = 300\n",
        "[params]\nlock_max_s = 300\n",
        "[params.EP-07.lock_max_s]\nvalue = 300\n",
        "lock_max_s = 300\n",
        '[[exclude]]\ncontrols = "EP-17"\nreason = "x"\n',
        '[[exclude]]\ncontrol = "EP-17"\n',
        'reasons = "because"\n',
    ],
)
def test_a_mis_nested_key_is_an_error_with_its_line(problems: Told, text: str) -> None:
    told = problems(text)
    assert told
    assert all(one.line is not None and one.line >= 4 for one in told)


def test_a_duplicate_key_is_an_error(problems: Told) -> None:
    told = problems("[params.EP-07]\nlock_max_s = 300\nlock_max_s = 400\n")
    assert [one.key for one in told] == ["toml_syntax"]


def test_all_mistakes_are_told_at_once(problems: Told) -> None:
    text = '[params.EP-07]\nlock_max_s = 900\nx = 1\n[params.EP-99]\ny = 1\n[reasons]\n"EP-17.z" = "r"\n'
    assert {one.key for one in problems(text)} == {
        "reason_missing",
        "no_param",
        "no_control",
        "reason_unused",
    }


def test_an_exclusion_needs_a_reason_and_a_known_control(load: Load, problems: Told) -> None:
    found = load('[[exclude]]\ncontrol = "EP-17"\nreason = "使わない"\n')
    assert (set(found.controls), found.excluded) == ({"EP-07"}, {"EP-17": "使わない"})
    assert problems('[[exclude]]\ncontrol = "EP-17"\nreason = " "\n')[0].key == "reason_missing"
    assert problems('[[exclude]]\ncontrol = "EP-18"\nreason = "x"\n')[0].key == "no_control"


def test_older_evidence_needs_a_reason_and_newer_does_not(load: Load, problems: Told) -> None:
    assert load("freshness_days = 1\n").freshness_days == 1
    (one,) = problems("freshness_days = 8\n")
    assert (one.key, one.field) == ("reason_missing", "freshness_days")
    assert load('freshness_days = 8\n[reasons]\nfreshness_days = "隔週"\n').freshness_days == 8


@pytest.mark.parametrize("days", [0, -1, 401])
def test_freshness_has_bounds_that_no_reason_excuses(problems: Told, days: int) -> None:
    text = f'freshness_days = {days}\n[reasons]\nfreshness_days = "理由"\n'
    assert [one.key for one in problems(text)] == ["param_bounds"]


def test_a_reason_for_nothing_is_an_error(problems: Told) -> None:
    assert problems('[reasons]\n"EP-07.lock_max_s" = "r"\n')[0].key == "reason_unused"
    assert problems('[reasons]\nfreshness_days = "r"\n')[0].key == "reason_unused"


@pytest.mark.parametrize("name", [*SHIPPED, "", " "])
def test_a_town_may_not_call_its_model_like_a_shipped_one(tmp_path: Path, name: str) -> None:
    """The shipped id in the chain decides which controls apply."""
    file = tmp_path / "model.toml"
    file.write_text(HEAD.replace("matsukaze", name), "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_model(CONTROLS, town_file=file)
    assert [(one.key, one.line) for one in caught.value.problems] == [("model_id", 1)]


@pytest.mark.parametrize(
    ("head", "key"),
    [
        (HEAD.replace('extends = "beta"\n', ""), "extends_missing"),
        (HEAD.replace("beta", "gamma"), "no_model"),
        (HEAD.replace("beta", "matsukaze"), "no_model"),
        (HEAD.replace("title", "titel"), "unknown_key"),
    ],
)
def test_a_chain_that_leads_nowhere_is_an_error(tmp_path: Path, head: str, key: str) -> None:
    file = tmp_path / "model.toml"
    file.write_text(head, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_model(CONTROLS, town_file=file)
    assert key in [one.key for one in caught.value.problems]


def test_an_unknown_shipped_model_is_an_error() -> None:
    with pytest.raises(ConfigError) as caught:
        load_model(CONTROLS, "bata")
    assert caught.value.problems[0].key == "no_model"


def test_a_missing_model_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_model(CONTROLS, town_file=tmp_path / "model.toml")
    assert caught.value.problems[0].key == "file_missing"


def test_the_digest_changes_with_everything_that_is_demanded(load: Load) -> None:
    texts = [
        "",
        "[params.EP-07]\nlock_max_s = 300\n",
        "[params.EP-07]\nlock_max_s = 301\n",
        'freshness_days = 8\n[reasons]\nfreshness_days = "r"\n',
        '[[exclude]]\ncontrol = "EP-17"\nreason = "r"\n',
    ]
    digests = [load(text).card().digest for text in texts]
    assert len(set(digests)) == len(texts)
    assert load(texts[1]).card().digest == digests[1]


def test_the_check_gets_the_values_in_force(load: Load) -> None:
    found = load("[params.EP-07]\nlock_max_s = 300\n")
    assert found.params("EP-07").integer("lock_max_s") == 300
    assert found.params("EP-07").texts("names") == ("a", "b")
