"""Strict TOML: every mistake names its file, line and field, and all mistakes are told at once."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from auditor.errors import ConfigError, Problem
from auditor.findings import Scalar
from auditor.tomllines import lines_of

MAX_TOML_BYTES = 1024 * 1024
_AT_LINE = re.compile(r"\(at line (\d+)")
_WIDE = re.compile("[\u3000＝＂“”‘’［］｛｝，．＃]")  # what a Japanese keyboard types by mistake
_EXPECTED = re.compile(r"Expected `([^`]+)`, got")

T = TypeVar("T")
Place = Sequence[str]


@dataclass(frozen=True, slots=True)
class TomlFile:
    """A TOML document and where its keys stand. `lines` maps a key's path to its line, counting from 1."""

    path: Path
    document: Mapping[str, Any]
    lines: Mapping[tuple[str, ...], int]

    def line_of(self, place: Place) -> int | None:
        """The line of the key at `place` or of the nearest table around it; None = the whole file.

        A place is a path of keys; the n-th element of an array is written as "n", counting from 0.
        """
        for length in range(len(place), 0, -1):
            if line := self.lines.get(tuple(place[:length])):
                return line
        return None

    def problem(self, place: Place, key: str, **values: Scalar) -> Problem:
        """A problem at `place`; its field leaves positions in arrays out, since the line tells them."""
        named = ".".join(part for part in place if not part.isdigit())
        return Problem(self.path, self.line_of(place), named, key, values)


def read_toml(path: Path) -> TomlFile:
    """The TOML document in a file, UTF-8 with or without BOM.

    Raises:
        ConfigError: missing, no plain file, unreadable, larger than `MAX_TOML_BYTES`, not UTF-8, or not TOML
            (with line).
    """
    return toml_of(path, _text(path))


def toml_of(path: Path, text: str) -> TomlFile:
    """A text as the TOML document that the file of this name would be.

    Raises:
        ConfigError: not TOML (with line).
    """
    try:
        return TomlFile(path, tomllib.loads(text), lines_of(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_syntax(path, text, str(error))]) from None
    except RecursionError:
        raise ConfigError([Problem(path, None, "", "toml_deep")]) from None


def _text(path: Path) -> str:
    try:
        if not path.is_file():  # a pipe would make us wait
            there = path.is_symlink() or path.exists()
            raise ConfigError([Problem(path, None, "", "file_not_plain" if there else "file_missing")])
        with path.open("rb") as stream:
            content = stream.read(MAX_TOML_BYTES + 1)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise ConfigError([Problem(path, None, "", "file_unreadable", {"why": why})]) from None
    if len(content) > MAX_TOML_BYTES:
        raise ConfigError([Problem(path, None, "", "file_too_large", {"limit": MAX_TOML_BYTES})])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError([Problem(path, line, "", "not_utf8")]) from None


def _syntax(path: Path, text: str, why: str) -> Problem:
    lines = text.split("\n")
    found = _AT_LINE.search(why)
    line = int(found[1]) if found else len(lines)
    if 0 < line <= len(lines) and (wide := _WIDE.search(lines[line - 1])):
        return Problem(path, line, "", "toml_wide", {"character": wide[0], "why": why})
    return Problem(path, line, "", "toml_syntax", {"why": why})


def convert(toml: TomlFile, type_: type[T]) -> T:
    """The document as `type_`, a `msgspec.Struct` or a dict of them.

    Raises:
        ConfigError: every unknown, missing or wrongly typed key at once.
    """
    problems = list(_problems(toml, toml.document, type_, ()))
    if problems:
        raise ConfigError(problems)
    try:
        return msgspec.convert(toml.document, type_)
    except msgspec.ValidationError as error:
        raise ConfigError([Problem(toml.path, None, "", "not_fitting", {"why": str(error)})]) from None


def _problems(toml: TomlFile, value: Any, type_: Any, place: tuple[str, ...]) -> Iterator[Problem]:
    """What is wrong below `place`; msgspec alone would stop at the first."""
    type_ = _written(type_)
    if isinstance(value, dict) and isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        yield from _in_struct(toml, value, type_, place)
    elif isinstance(value, dict) and get_origin(type_) is dict:
        for key, entry in value.items():
            yield from _problems(toml, entry, get_args(type_)[1], (*place, key))
    elif isinstance(value, list) and get_origin(type_) is list:
        for index, entry in enumerate(value):
            yield from _problems(toml, entry, get_args(type_)[0], (*place, str(index)))
    else:
        try:
            msgspec.convert(value, type_)
        except msgspec.ValidationError as error:
            key, values = _fault(str(error))
            yield toml.problem(place, key, **values)


def _written(type_: Any) -> Any:
    """The one type that can stand there where nothing may: TOML has no null."""
    members = [member for member in get_args(type_) if member is not NoneType]
    return members[0] if isinstance(type_, UnionType) and len(members) == 1 else type_


def _in_struct(
    toml: TomlFile, value: dict[str, Any], struct: type[msgspec.Struct], place: tuple[str, ...]
) -> Iterator[Problem]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    for key, entry in value.items():
        if key in fields:
            yield from _problems(toml, entry, fields[key].type, (*place, key))
        else:
            near = ", ".join(get_close_matches(key, fields, n=2, cutoff=0.6)) or "-"
            known = ", ".join(fields)
            yield toml.problem((*place, key), "unknown_key", name=key, near=near, known=known)
    for name, field in fields.items():
        if field.required and name not in value:
            yield toml.problem((*place, name), "missing_key", name=name)


_KINDS = {
    "str": "not_text",
    "int": "not_whole",
    "float": "not_number",
    "bool": "not_boolean",
    "array": "not_list",
    "object": "not_table",
    "date": "not_date",
}


def _fault(why: str) -> tuple[str, dict[str, Scalar]]:
    """The wording key of what msgspec said of one value; what is not foreseen is shown as it is."""
    found = _EXPECTED.search(why)
    key = _KINDS.get(found[1], "not_fitting") if found else "not_fitting"
    return key, {"why": why} if key == "not_fitting" else {}
