"""The one error tree; the class is the category a report or an exit code shows.

::

    AuditorError                 anything we say to the town's IT staff
    ├── ConfigError              exit 2: something declared is wrong, nothing ran (carries Problems)
    ├── PluginError              exit 2: a check module does not import, or two things share an id
    ├── LockedError              exit 2: another run holds the town folder
    ├── CarryError               exit 2: an archive of evidence cannot be made or taken in; nothing was done
    ├── OutputError              exit 1: a report or the history could not be written
    ├── Unreached                a target did not answer: becomes `unknown` with its reason, never a crash
    ├── NotKnown                 a parser understood the answer, and it does not hold the fact
    └── Garbled                  a parser refuses what it does not know

Messages are keys of ``auditor/words/*.toml`` with values, so that the CLI says them in either language.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as default
from pathlib import Path

from auditor.findings import Reason, Scalar


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in what the town declared: where, and (as a wording key) what to do about it.

    `line` counts from 1; None = the whole file. `field` is a column heading or a dotted TOML key.
    `key` names a sentence ``problem.<key>`` in ``auditor/words/*.toml`` that may use `values`.
    """

    file: Path
    line: int | None
    field: str
    key: str
    values: dict[str, Scalar] = default(default_factory=dict)


class AuditorError(Exception):
    """Something the town's IT staff must read; `key` names the sentence ``error.<key>``."""

    def __init__(self, key: str, **values: Scalar) -> None:
        super().__init__(key, values)
        self.key = key
        self.values = values

    def __str__(self) -> str:
        return f"{self.key} {self.values}" if self.values else self.key


class ConfigError(AuditorError):
    """What the town declared cannot be used; `problems` names every place at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("config", count=len(problems))
        self.problems = tuple(problems)


class PluginError(AuditorError):
    """A check module cannot be used: import failure, duplicate id, unknown control, unusable parameter."""


class LockedError(AuditorError):
    """Another run holds this town folder."""


class NotFound(AuditorError):  # noqa: N818 - said as it is
    """What was asked for is not there: no such control, target or finding."""


class CarryError(AuditorError):
    """An archive of evidence files cannot be made, or is not what it should be; nothing was brought in."""


class OutputError(AuditorError):
    """A page, a bundle or the history could not be written."""


class Unreached(AuditorError):  # noqa: N818 - an outcome more than an error; the report's own word
    """A target gave no usable answer; `reason` goes into the finding, `note` to the technical page."""

    def __init__(self, reason: Reason, note: str = "") -> None:
        super().__init__("unreached", reason=reason.value, note=note)
        self.reason = reason
        self.note = note


class NotKnown(AuditorError):  # noqa: N818 - same
    """The answer was understood and does not tell the fact (raised by parsers)."""

    def __init__(self, reason: Reason, note: str = "") -> None:
        super().__init__("not_known", reason=reason.value, note=note)
        self.reason = reason
        self.note = note


class Garbled(AuditorError):  # noqa: N818 - same
    """A parser met what it does not know; it never guesses (becomes `unknown: unreadable`)."""

    def __init__(self, note: str = "") -> None:
        super().__init__("garbled", note=note)
        self.note = note
