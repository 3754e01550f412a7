"""How each kind of console writes its export: headings and words, as data of ``layouts.toml``."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from auditor.ledger import Column, folded
from auditor.targets import Console

SIGNALS = (
    "serial",
    "system",
    "os_version",
    "last_sync",
    "state_at",
    "last_activity",
    "updated_at",
    "enrolled",
    "auto_update_until",
    "boot_mode",
    "guest",
    "auto_update",
    "encrypted",
    "passcode",
    "data_protection",
    "firewall",
    "lock_s",
    "lock_min",
    "lock_password",
    "usb_blocked",
    "usb_read_only",
    "edr_seen",
)
"""Everything that is understood of an export; the keys of ``columns`` in town.toml."""

TIMES = ("last_sync", "state_at")
"""The signals that tell how old a row is: when the machine last checked in, and last told its state."""

ACTIVITY = "last_activity"
"""Tells it where neither does."""

_PREFIX = "signal."
"""Keeps a signal's own name from counting as a heading that the export happens to use."""

Words = Mapping[str, bool | None]
"""What a cell's word means, folded: yes, no, or nothing certain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One kind of export. `columns` = spellings by signal; `words` = those of one signal, before `common`."""

    kind: str
    system: str
    columns: Mapping[str, tuple[str, ...]]
    words: Mapping[str, Words] = field(default_factory=dict)
    common: Words = field(default_factory=dict)
    systems: Mapping[str, str] = field(default_factory=dict)

    def headings(self) -> tuple[Column, ...]:
        """The columns to look for, for `auditor.ledger`; only the serial number is indispensable."""
        return tuple(
            Column(_PREFIX + signal, names[0], names[1:], required=signal == "serial")
            for signal, names in self.columns.items()
        )

    def meaning(self, signal: str, word: str) -> bool | None:
        """What a cell says: yes, no, None = nothing certain.

        Raises:
            KeyError: a word nobody knows.
        """
        plain = folded(word)
        own = self.words.get(signal, {})
        return own[plain] if plain in own else self.common[plain]

    def system_of(self, word: str) -> str:
        """The system as ledgers write it; the cell's own word where it is not known, "" where it is empty."""
        plain = folded(word).rstrip("0123456789.")
        return self.systems.get(folded(word)) or self.systems.get(plain) or word.strip()


def signal_of(key: str) -> str:
    """The signal behind a key of `Layout.headings`."""
    return key.removeprefix(_PREFIX)


def kinds() -> tuple[str, ...]:
    """The kinds of console that have a layout."""
    return tuple(name for name, table in _data().items() if "columns" in table)


def layout_of(console: Console) -> Layout:
    """The layout of a declared console; the town's own headings and words come before the built-in ones."""
    data = _data()
    table = data[console.kind]
    own = {folded(heading) for heading in console.columns.values()}
    built_in = {
        signal: tuple(name for name in names if folded(name) not in own)
        for signal, names in table["columns"].items()
    }
    columns = {signal: names for signal, names in built_in.items() if names}
    columns |= {signal: (heading,) for signal, heading in console.columns.items()}
    common = _meanings(data["words"])
    common |= _meanings({"yes": console.yes, "no": console.no, "unclear": console.unclear})
    return Layout(
        kind=console.kind,
        system=console.system or table["system"],
        columns={signal: columns[signal] for signal in SIGNALS if signal in columns},
        words={signal: _meanings(words) for signal, words in table.get("words", {}).items()},
        common=common,
        systems={folded(word): name for name, words in data["systems"].items() for word in words},
    )


@cache
def _data() -> Mapping[str, Any]:
    return tomllib.loads(files(__package__).joinpath("layouts.toml").read_text("utf-8"))


def _meanings(table: Mapping[str, Sequence[str]]) -> dict[str, bool | None]:
    means = {"yes": True, "no": False, "unclear": None}
    return {folded(word): meaning for name, meaning in means.items() for word in table.get(name, ())}
