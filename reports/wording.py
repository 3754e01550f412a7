"""The sentences of the pages, from ``words.{ja,en}.toml`` and from the controls a run carries."""

import re
import string
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from auditor.control import Control
from auditor.findings import Finding, Reason, Verdict
from reports.era import day, moment

TOWN_MARKS = ("I", "M")
"""Evidence marks of what is the town's (or this project's) own choice, shown as 「町の基準」."""

_LINE = re.compile(r"([^\s:()]+\.(?:csv|tsv|txt|xlsx|xlsm|toml)|page_log):([0-9]+)(?![0-9.:/])")
"""A line of a file, as checks name it; a host and its port look alike and are none."""

NAME_LENGTH = 24
"""Longer names are cut in lists; the tables and the technical page show them whole."""

SPACES = (*range(0x20), 0x7F, 0x85, 0x2028, 0x2029)
HIDDEN = (
    *range(0x80, 0x85),
    *range(0x86, 0xA0),
    0x061C,
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    0xFEFF,
)
SHOWN = str.maketrans(dict.fromkeys(SPACES, " ") | {code: f"[U+{code:04X}]" for code in HIDDEN})
"""What would turn a line around or hide in it: controls, direction marks, zero-width characters."""


def plain(text: str) -> str:
    """Foreign text made visible: breaks become spaces, hidden and unwritable characters show their code."""
    if text.isprintable():
        return text
    return text.translate(SHOWN).encode("utf-8", "backslashreplace").decode("utf-8")


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

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec == "date":
            return day(date.fromisoformat(str(value)), self._lang)
        return str(super().format_field(value, format_spec))


@cache
def _fields(sentence: str) -> frozenset[str]:
    """The names a sentence asks for; none where it cannot be read."""
    try:
        return frozenset(name for _, name, _, _ in string.Formatter().parse(sentence) if name)
    except ValueError:
        return frozenset()


@dataclass(frozen=True, slots=True)
class Words:
    """All that the pages say in one language; `alone` = to the user of one machine, not to a town."""

    lang: str
    alone: bool = False

    def __call__(self, key: str, /, **values: object) -> str:
        """The sentence `key`.

        Raises:
            KeyError: there is none, or a value is missing (every page is rendered in tests).
        """
        table = _table(self.lang)
        sentence = table.get(f"alone.{key}", table[key]) if self.alone else table[key]
        return sentence.format(**values)

    def day(self, value: date) -> str:
        """A date for people."""
        return day(value, self.lang)

    def moment(self, value: datetime) -> str:
        """A UTC moment as day and minute in Japan, for people."""
        return moment(value, self.lang)

    def head(self, section: str) -> str:
        """How the head of a section is addressed: 総務課長, 議会事務局長."""
        units = tuple(self("page.units").split())
        return self("page.head_unit" if section.endswith(units) else "page.head_other", section=section)

    def place(self, place: str) -> str:
        """A place for people: a file and its line are not written as programmers do."""
        return _LINE.sub(lambda found: self("page.line", file=found[1], line=found[2]), place)

    def listed(self, names: Sequence[str], limit: int = 6, unit: str = "unit.items") -> str:
        """The first names, and how many more there are in the words of `unit`."""
        cut = [name if len(name) <= NAME_LENGTH else f"{name[:NAME_LENGTH]}…" for name in names[:limit]]
        shown = self("page.comma").join(cut)
        more = len(names) - limit
        return shown if more <= 0 else shown + self("page.and_more", count=self(unit, count=more))

    def seen(self, finding: Finding, control: Control) -> str:
        """What was found, as the control's own sentence; for `unknown` the reason's.

        A plug-in's slip must not lose a page: the key and the values stand where no sentence can.
        """
        if finding.verdict is Verdict.UNKNOWN and finding.reason is not None:
            days = finding.values.get("age_days")
            if finding.reason is Reason.STALE and days is not None and finding.whole_target:
                return self("quiet.stale", days=days)
            return self(f"reason.{finding.reason.value}")
        wording = control.says.get(finding.key)
        raw = f"{finding.key} {dict(finding.values)}"
        if wording is None:
            return raw
        try:
            return _Dated(self.lang).format(wording.in_(self.lang), **finding.values)
        except (LookupError, ValueError, TypeError, AttributeError):
            return raw

    def whose(self, finding: Finding) -> str:
        """Who attested it, when, and until when it counts; "" where nobody did."""
        said = finding.attested
        if said is None or said.on is None or said.until is None:
            return ""
        return self("attested.whose", post=said.post, on=self.day(said.on), until=self.day(said.until))


def town_rule(finding: Finding, control: Control) -> bool:
    """True when what this finding was held against is the town's own rule, not a ministry's demand.

    That is: the requirement itself, or a parameter that the shown sentence names.
    """
    if control.requirement_mark in TOWN_MARKS:
        return True
    wording = control.says.get(finding.key)
    named = _fields(wording.ja) if wording is not None else frozenset()
    return any(param.mark in TOWN_MARKS and name in named for name, param in control.params.items())
