"""A mistake in a TOML file is told with its line, and all mistakes are told at once."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import ConfigError, Problem
from auditor.problems import worded
from auditor.tomlfile import MAX_TOML_BYTES, convert, read_toml
from auditor.tomllines import lines_of
from auditor.words import LANGUAGES


class Door(msgspec.Struct, forbid_unknown_fields=True):
    port: int
    name: str = ""
    since: date | None = None


class House(msgspec.Struct, forbid_unknown_fields=True):
    title: str
    open: bool = False
    doors: list[Door] = []
    extra: dict[str, Door] = {}


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "house.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def problems(path: Path) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as caught:
        convert(read_toml(path), House)
    assert all(worded(problem, lang) for problem in caught.value.problems for lang in LANGUAGES)
    return caught.value.problems


def test_a_good_file_becomes_its_type(tmp_path: Path) -> None:
    house = convert(read_toml(written(tmp_path, 'title="家"\n[[doors]]\nport=1\n')), House)
    assert house == House(title="家", doors=[Door(port=1)])


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    toml = read_toml(written(tmp_path, b'\xef\xbb\xbftitle = "x"\r\n\r\nopen = true\r\n'))
    assert convert(toml, House) == House(title="x", open=True)
    assert toml.line_of(("open",)) == 3


def test_all_mistakes_are_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    text = "open = 1\n[[doors]]\nport = 1\n\n[[doors]]\nnmae = 'x'\nsince = 3\n[extra.back]\nport = 'x'\n"
    told = [(one.line, one.field, one.key) for one in problems(written(tmp_path, text))]
    assert told == [
        (1, "open", "not_boolean"),
        (6, "doors.nmae", "unknown_key"),
        (7, "doors.since", "not_date"),
        (5, "doors.port", "missing_key"),
        (9, "extra.back.port", "not_whole"),
        (None, "title", "missing_key"),
    ]


def test_a_misspelt_key_gets_the_nearest_known_one(tmp_path: Path) -> None:
    (problem,) = problems(written(tmp_path, "title = 'x'\nopne = true\n"))
    assert problem.values["near"] == "open"


def test_a_table_where_a_list_belongs_is_told(tmp_path: Path) -> None:
    (problem,) = problems(written(tmp_path, "title = 'x'\n[doors]\nport = 1\n"))
    assert (problem.line, problem.key) == (2, "not_list")


@pytest.mark.parametrize(
    ("content", "key", "line"),
    [
        (b"title = \n", "toml_syntax", 1),
        ("title = “家”\n".encode(), "toml_wide", 1),
        ("a = 1\ntitle　= 'x'\n".encode(), "toml_wide", 2),
        (b"a = [1,\n", "toml_syntax", 2),
        ('a = 1\ntitle = "肝"\n'.encode("cp932"), "not_utf8", 2),
        ("title = 'x'".encode("utf-16"), "not_utf8", 1),
        (b"a = 1\na = 2\n", "toml_syntax", 2),
        (b"a = " + b"[" * 5000, "toml_deep", None),
        (b"#" * (MAX_TOML_BYTES + 1), "file_too_large", None),
    ],
)
def test_a_file_that_is_not_toml_names_the_line(
    tmp_path: Path, content: bytes, key: str, line: int | None
) -> None:
    (problem,) = problems(written(tmp_path, content))
    assert (problem.key, problem.line) == (key, line)


def test_a_missing_file_is_told_apart_from_one_that_is_no_file(tmp_path: Path) -> None:
    assert problems(tmp_path / "none.toml")[0].key == "file_missing"
    assert problems(tmp_path)[0].key == "file_not_plain"


LINES = """\
top = 1 # ] [x]
[a.b]
"quoted.key" = '''
c = 1
'''
x.y = [ # comment
  1,
  { deep = "}", other = [2,
    3] },
]
[[list]]
k = "[[list]]"
[[list.sub]]
[[list.sub]]
k = 2024-01-01T00:00:00Z
[[list]]
[list.sub.one]
k = 1.5
"""


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("top",), 1),
        (("a", "b", "quoted.key"), 3),
        (("a", "b", "x", "y"), 6),
        (("a", "b", "x", "y", "0"), 7),
        (("a", "b", "x", "y", "1", "deep"), 8),
        (("a", "b", "x", "y", "1", "other", "1"), 9),
        (("list", "0", "k"), 12),
        (("list", "0", "sub", "1"), 14),
        (("list", "0", "sub", "1", "k"), 15),
        (("list", "1"), 16),
        (("list", "1", "sub", "one", "k"), 18),
        (("list", "1", "sub", "missing"), 17),
        (("nowhere",), None),
        ((), None),
    ],
)
def test_every_key_has_its_line(tmp_path: Path, place: tuple[str, ...], line: int | None) -> None:
    assert read_toml(written(tmp_path, LINES)).line_of(place) == line


def paths(value: Any, place: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    entries: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        entries = list(value.items())
    elif isinstance(value, list):
        entries = [(str(index), entry) for index, entry in enumerate(value)]
    return [found for key, entry in entries for found in [(*place, key), *paths(entry, (*place, key))]]


@given(st.text(alphabet="a.=[]{}\"'\\\n,#1 tru", max_size=60))
def test_whatever_tomllib_accepts_has_a_line_for_every_key(text: str) -> None:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    lines = lines_of(text)
    last = text.count("\n") + 1
    assert all(place in lines for place in paths(document))
    assert all(1 <= line <= last for line in lines.values())
