"""The sentences of the pages, from ``words.{ja,en}.toml`` and from the controls a run carries."""

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from auditor.control import Control
from auditor.findings import Finding, Verdict
from reports.era import day


@cache
def _table(lang: str) -> Mapping[str, str]:
    source = files("reports").joinpath(f"words.{lang}.toml").read_text("utf-8")
    return {
        f"{table}.{key}": sentence
        for table, entries in tomllib.loads(source).items()
        for key, sentence in entries.items()
    }


class _Dated(string.Formatter):
    """``{end:date}`` renders ISO text as a date for people."""

    def __init__(self, lang: str) -> None:
        super().__init__()
        self._lang = lang

    def format_field(self, value: Any, spec: str) -> str:
        if spec == "date":
            return day(date.fromisoformat(str(value)), self._lang)
        return str(super().format_field(value, spec))


@dataclass(frozen=True, slots=True)
class Words:
    """All that the pages say in one language."""

    lang: str

    def __call__(self, key: str, /, **values: object) -> str:
        """The sentence `key`.

        Raises:
            KeyError: there is none, or a value is missing (every page is rendered in tests).
        """
        return _table(self.lang)[key].format(**values)

    def day(self, value: date) -> str:
        """A date for people."""
        return day(value, self.lang)

    def seen(self, finding: Finding, control: Control) -> str:
        """What was found, as the control's own sentence; for `unknown` the reason's."""
        if finding.verdict is Verdict.UNKNOWN and finding.reason is not None:
            return self(f"reason.{finding.reason.value}")
        wording = control.says.get(finding.key)
        if wording is None:
            return f"{finding.key} {dict(finding.values)}"
        try:
            return _Dated(self.lang).format(wording.in_(self.lang), **finding.values)
        except (KeyError, IndexError, ValueError, TypeError):
            return f"{wording.in_(self.lang)} {dict(finding.values)}"  # a plug-in's slip must not lose a page
