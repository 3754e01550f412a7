"""Controls are data: complete in both languages, bounded, and each judged by exactly one check."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.catalogue import fields_of, read_catalogue
from auditor.discover import Plugins
from auditor.errors import ConfigError, Problem
from auditor.session import read_controls
from tests.core.world import CONTROLS_TOML, lock, locks, offer, plugins

WORDING = ("title", "plain", "why", "fix", "effort", "verify")
GOOD = CONTROLS_TOML.format(id="W-01", target="endpoint")

Told = Callable[..., tuple[Problem, ...]]


def found(folder: Path, text: str, declared: Plugins | None = None, *more: str) -> Plugins:
    """Plug-ins whose controls are these files."""
    files = []
    for number, content in enumerate((text, *more)):
        file = folder / f"controls{number}.toml"
        file.write_text(content, "utf-8")
        files.append(file)
    base = declared or plugins(lock, locks)
    return Plugins(base.facts, base.checks, tuple(files), {}, ())


@pytest.fixture
def told(tmp_path: Path) -> Told:
    def problems(text: str, declared: Plugins | None = None, *more: str) -> tuple[Problem, ...]:
        with pytest.raises(ConfigError) as caught:
            read_catalogue(found(tmp_path, text, declared, *more))
        return caught.value.problems

    return problems


def test_a_good_file_is_read_with_all_it_says(tmp_path: Path) -> None:
    (one,) = read_catalogue(found(tmp_path, GOOD))
    assert (one.id, one.area, one.targets[0], one.title.ja, one.says["ok"].en) == (
        "W-01",
        "W",
        "endpoint",
        "題",
        "{seen}",
    )
    assert (one.params["limit"].value, one.params["limit"].strict) == (10, "low")


@pytest.mark.parametrize(
    ("before", "after", "field", "key"),
    [
        ('target = "endpoint"', 'target = "endpiont"', "W-01.target", "not_one_of"),
        ('severity = "high"', 'severity = "hihg"', "W-01.severity", "not_one_of"),
        ('doer = "it"', 'doer = "me"', "W-01.doer", "not_one_of"),
        ('leg = "device"', 'leg = "divice"', "W-01.leg", "not_fitting"),
        ('requirement_mark = "I"', 'requirement_mark = "X"', "W-01.requirement_mark", "not_one_of"),
        ("element = 1", "element = 7", "W-01.element", "not_one_of"),
        ("element = 1", "element = 0", "W-01.element", "not_one_of"),
        ("due_days = 14", "due_days = -1", "W-01.due_days", "param_bounds"),
        ("due_days = 14", 'due_days = "14"', "W-01.due_days", "not_whole"),
        ("article_items = []", 'applies = { models = ["bata"] }', "W-01.applies.models", "not_one_of"),
        ("article_items = []", 'applies = { zones = ["lgwann"] }', "W-01.applies.zones", "not_one_of"),
        ("article_items = []", 'applies = { methods = ["vpm"] }', "W-01.applies.methods", "not_one_of"),
        ("article_items = []", 'applies = { os = ["Windows"] }', "W-01.applies.os", "not_one_of"),
        ("article_items = []", 'applys = { os = ["windows"] }', "W-01.applys", "unknown_key"),
        ('doer = "it"\n', "", "W-01.doer", "missing_key"),
        ('why = { ja = "題", en = "title" }\n', "", "W-01.why", "missing_key"),
        (
            'why = { ja = "題", en = "title" }',
            'why = { ja = "\u3000", en = "title" }',
            "W-01.why",
            "blank",
        ),
        ('fix = { ja = "題", en = "title" }', 'fix = { ja = "題" }', "W-01.fix.en", "missing_key"),
        ("value = 10", "value = 21", "W-01.params.limit", "param_bounds"),
        ("value = 10", "value = nan", "W-01.params.limit", "param_bounds"),
        ("value = 10\nlow = 5\nhigh = 20", "value = inf", "W-01.params.limit", "param_bounds"),
        ('strict = "low"', 'strict = "lower"', "W-01.params.limit", "param_shape"),
        ('mark = "I"\n[', 'mark = "Z"\n[', "W-01.params.limit", "param_shape"),
        ('unit = "s"', 'units = "s"', "W-01.params.limit.units", "unknown_key"),
        ("[W-01.params.limit]", "[W-01.param.limit]", "W-01.param", "unknown_key"),
        ('en = "{seen}"', 'en = "{saw}"', "W-01.says.ok", "says_differ"),
        ('en = "{seen}"', 'en = "{seen"', "W-01.says.ok", "says_shape"),
        ('en = "{seen}"', 'en = "{}"', "W-01.says.ok", "says_shape"),
        ('en = "{seen}"', 'en = "{seen.__class__}"', "W-01.says.ok", "says_shape"),
        ('en = "{seen}"', 'en = "{seen[0]}"', "W-01.says.ok", "says_shape"),
        ('ok = { ja = "{seen}", en = "{seen}" }', 'ok = { ja = "", en = "" }', "W-01.says.ok", "blank"),
    ],
)
def test_a_mistake_is_named_with_its_field_and_line(
    told: Told, before: str, after: str, field: str, key: str
) -> None:
    assert before in GOOD
    problems = told(GOOD.replace(before, after))
    assert (field, key) in [(one.field, one.key) for one in problems]
    assert all(one.line is not None for one in problems if one.field == field)


def test_a_control_twice_in_one_file_is_an_error(told: Told) -> None:
    assert [one.key for one in told(GOOD + GOOD)] == ["toml_syntax"]


def test_a_control_twice_in_two_files_is_an_error_that_names_both(told: Told) -> None:
    (one,) = told(GOOD, None, GOOD)
    assert (one.key, one.file.name, one.line) == ("control_twice", "controls1.toml", 1)
    assert "controls0.toml:1" in str(one.values["first"])


def test_a_control_that_no_check_judges_is_an_error(told: Told) -> None:
    assert [(one.key, one.field) for one in told(GOOD.replace("W-01", "W-10"))] == [
        ("control_unjudged", "W-10"),
        ("control_missing", "W-01"),
    ]


def test_a_check_whose_targets_cannot_give_its_fact_is_an_error(told: Told) -> None:
    """Otherwise the control would be unknown for ever, or hang on a fact of something else."""
    (one,) = told(GOOD.replace('"endpoint"', '"gateway"'))
    assert (one.key, one.values["name"]) == ("fact_elsewhere", "Lock")


def test_a_fact_of_a_probe_belongs_to_its_kind_only() -> None:
    assert offer.probe is not None
    assert offer.probe.kind == "gateway"


def test_all_mistakes_of_all_files_are_told_at_once(told: Told) -> None:
    text = GOOD.replace("high", "hihg", 1).replace("element = 1", "element = 9")
    assert {one.key for one in told(text, None, GOOD)} == {"not_one_of", "control_twice"}


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    base = plugins(lock, locks)
    with pytest.raises(ConfigError) as caught:
        read_catalogue(Plugins(base.facts, base.checks, (tmp_path / "controls.toml",), {}, ()))
    assert caught.value.problems[0].key == "file_missing"


def test_every_built_in_control_is_complete_in_both_languages() -> None:
    _, controls = read_controls()
    assert controls
    for one in controls:
        for name in WORDING:
            words = getattr(one, name)
            assert words.ja.strip(), (one.id, name)
            assert words.en.strip(), (one.id, name)
            assert words.ja != words.en, (one.id, name)
        assert one.says, one.id
        assert one.source.strip(), one.id
        assert one.due_days > 0, one.id


def test_every_built_in_control_can_say_a_pass_and_a_fail() -> None:
    plugins_found, controls = read_controls()
    assert {check.control for check in plugins_found.checks} == {one.id for one in controls}
    # the catalogue's word: a form that is a picture is unknown, and so is a declaration that ran out
    never_fails = {"ORD-19", "EP-23"}
    assert [one.id for one in controls if len(one.says) < 2 and one.id not in never_fails] == []


def test_japanese_sentences_keep_to_japanese_punctuation() -> None:
    _, controls = read_controls()
    for one in controls:
        sentences = [getattr(one, name).ja for name in WORDING] + [words.ja for words in one.says.values()]
        for sentence in sentences:
            assert "，" not in sentence, (one.id, sentence)  # 公用文: 「、」


def test_built_in_numbers_have_a_strict_side_with_a_bound() -> None:
    """A number without an order or a bound could be loosened or tightened beyond all sense."""
    _, controls = read_controls()
    for one in controls:
        for name, param in one.params.items():
            if isinstance(param.value, int | float) and not isinstance(param.value, bool):
                assert param.low is not None, (one.id, name)
                assert param.high is not None, (one.id, name)


AGREED = Path(__file__).parents[3] / "shared" / "domain" / "controls.tsv"


@pytest.mark.samples
def test_the_built_in_titles_are_those_agreed_with_the_town() -> None:
    assert differences(AGREED) == []


def differences(table: Path) -> list[tuple[str, str]]:
    """Control id and column of every built-in wording that is not the table's."""
    with table.open(encoding="utf-8", newline="") as stream:
        agreed = {row["id"]: row for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)}
    _, controls = read_controls()
    return [
        (one.id, name)
        for one in controls
        if (row := agreed.get(one.id))
        for name, mine in (
            ("title_ja", one.title.ja),
            ("title_en", one.title.en),
            ("severity", one.severity),
            ("element", str(one.element)),
        )
        if row[name] != mine
    ]


def test_the_fields_of_a_sentence_are_its_plain_names() -> None:
    assert fields_of("{a}と{b:date}と{{c}}") == {"a", "b"}
    for wrong in ("{", "}", "{}", "{0}", "{a.b}", "{a[0]}", "{a b}"):
        with pytest.raises(ValueError, match=r".+"):
            fields_of(wrong)
