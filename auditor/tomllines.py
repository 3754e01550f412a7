"""On which line each key of a TOML document stands. Only for documents that `tomllib` has accepted."""

import re
import tomllib
from collections.abc import Mapping

_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|\n"
    r"|[\[\]{}=,.]"
    r"|[^\s\[\]{}=,.#\"']+",
    re.DOTALL,
)
_VALUE_ENDS = (",", "]", "}", "\n", "")

Place = tuple[str, ...]


def lines_of(text: str) -> Mapping[Place, int]:
    """The line, counting from 1, of every key, table and array element, by its path.

    The n-th element of an array (of tables or of values) has "n" in its path, counting from 0.

    Raises:
        RecursionError: arrays nested too deeply.
    """
    return _Reader(text.replace("\r\n", "\n")).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, int]] = []
        line = 1
        for found in _TOKEN.finditer(text):
            token = found[0]
            start = line
            line += token.count("\n")
            if not token.startswith("#"):
                self._tokens.append((token, start))
        self._at = 0
        self._lines: dict[Place, int] = {}
        self._last: dict[Place, int] = {}  # array of tables → index of its newest table

    def read(self) -> Mapping[Place, int]:
        table: Place = ()
        while self._peek():
            if self._peek() == "\n":
                self._at += 1
            elif self._peek() == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._lines

    def _peek(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def _line(self) -> int:
        return self._tokens[min(self._at, len(self._tokens) - 1)][1]

    def _take(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def _header(self) -> Place:
        line = self._line()
        brackets = 0
        while self._peek() == "[":
            self._take()
            brackets += 1
        keys = self._keys()
        while self._peek() == "]":
            self._take()
        place: Place = ()
        for key in keys[:-1]:
            place = self._newest((*place, key))
            self._lines.setdefault(place, line)
        place = (*place, keys[-1])
        if brackets > 1:
            self._last[place] = self._last.get(place, -1) + 1
            self._lines.setdefault(place, line)
            place = (*place, str(self._last[place]))
        self._lines.setdefault(place, line)
        return place

    def _newest(self, place: Place) -> Place:
        return (*place, str(self._last[place])) if place in self._last else place

    def _keys(self) -> list[str]:
        keys = [_unquoted(self._take())]
        while self._peek() == ".":
            self._take()
            keys.append(_unquoted(self._take()))
        return keys

    def _pair(self, table: Place) -> None:
        line = self._line()
        place = (*table, *self._keys())
        for length in range(len(table) + 1, len(place) + 1):
            self._lines.setdefault(place[:length], line)
        self._take()  # the equals sign
        self._value(place)

    def _value(self, place: Place) -> None:
        if self._peek() == "[":
            self._take()
            self._elements(place)
        elif self._peek() == "{":
            self._take()
            while self._peek() not in ("}", ""):
                if self._peek() in (",", "\n"):
                    self._take()
                else:
                    self._pair(place)
            self._take()
        else:
            while self._peek() not in _VALUE_ENDS:
                self._take()

    def _elements(self, place: Place) -> None:
        index = 0
        while self._peek() not in ("]", ""):
            if self._peek() in (",", "\n"):
                self._take()
                continue
            self._lines[(*place, str(index))] = self._line()
            self._value((*place, str(index)))
            index += 1
        self._take()


def _unquoted(key: str) -> str:
    if key[:1] in ("'", '"'):
        return str(tomllib.loads(f"k = {key}")["k"])
    return key
