"""What the command line says, and where: results on stdout, everything else on stderr."""

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.errors import AuditorError, ConfigError
from auditor.problems import in_order, worded
from auditor.words import LANGUAGES, say

if TYPE_CHECKING:
    from rich.console import Console


_STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What could steer a terminal, turn a line around, or cannot be written: names and servers' words hold it."""

SHOWN = 200
"""So many problems are listed; a ledger wrong in every row would scroll the reason away."""


@dataclass(frozen=True, slots=True)
class Speech:
    """The language of this invocation."""

    lang: str

    def __call__(self, key: str, /, **values: object) -> str:
        """The sentence `key` in this language."""
        return say(self.lang, key, **values)

    def out(self, text: str) -> None:
        """Print a line of the result; what could steer a terminal shows its code."""
        sys.stdout.write(f"{_visible(text)}\n")

    def document(self, text: str) -> None:
        """Print a document for programs, unchanged."""
        sys.stdout.write(f"{text}\n")

    def note(self, text: str) -> None:
        """Print a line that is not the result; what could steer a terminal shows its code."""
        sys.stderr.write(f"{_visible(text)}\n")

    def console(self) -> "Console":
        """A Rich console on stdout."""
        from rich.console import Console  # noqa: PLC0415 - start-up time

        return Console()

    def error(self, error: AuditorError) -> str:
        """An error with all its problems, each on a line of its own."""
        sentence = self(f"error.{error.key}", **error.values)
        if isinstance(error, ConfigError):
            problems = in_order(list(error.problems))
            lines = [worded(problem, self.lang) for problem in problems[:SHOWN]]
            if len(problems) > SHOWN:
                lines.append(self("error.more", count=len(problems) - SHOWN))
            return "\n".join([*lines, sentence])
        return sentence


def _visible(text: str) -> str:
    return _STEERS.sub(lambda sign: f"[U+{ord(sign[0]):04X}]", text)


def language_of(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """The language, and the arguments without ``--lang``, which may stand anywhere.

    ``--lang`` wins over ``AUDITOR_LANG``, then Japanese. A language we do not speak is returned as it is.
    """
    lang = os.environ.get("AUDITOR_LANG", "")
    lang = lang if lang in LANGUAGES else LANGUAGES[0]
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--lang":
            lang = next(waiting, "")
        elif argument.startswith("--lang="):
            lang = argument.partition("=")[2]
        else:
            rest.append(argument)
    return lang, rest
