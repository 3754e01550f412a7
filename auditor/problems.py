"""Collects all that is wrong before anything runs, and words it: file, line, field, what to do."""

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from auditor.errors import ConfigError, Problem
from auditor.findings import Scalar
from auditor.words import say

PROPOSALS = 10
"""Searching what was meant takes long in a large ledger that is wrong in every row."""

Note = Problem
"""Worth knowing, stops nothing; its sentence stands under ``note.<key>``."""


@dataclass(slots=True)
class Told:
    """What a reading met so far: `problems` stop the run, `notes` do not."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def note(self, path: Path, line: int | None, field_: str, key: str, /, **values: Scalar) -> None:
        """Add a note."""
        self.notes.append(Note(path, line, field_, key, values))

    def problem(self, path: Path, line: int | None, field_: str, key: str, /, **values: Scalar) -> None:
        """Add a problem."""
        self.problems.append(Problem(path, line, field_, key, values))

    @property
    def many(self) -> bool:
        """True when so much is wrong that proposals would only cost time."""
        return len(self.problems) >= PROPOSALS

    def near(self, text: str, known: Collection[str]) -> str:
        """What may have been meant, "-" = nothing near; not searched for any more after many problems."""
        from difflib import get_close_matches  # noqa: PLC0415 - only where something is misspelt

        found = [] if self.many else get_close_matches(text, known, n=2, cutoff=0.5)
        return ", ".join(found) or "-"

    def stop_if_wrong(self) -> None:
        """Raise everything collected, file by file and from top to bottom.

        Raises:
            ConfigError: there is at least one problem.
        """
        if self.problems:
            raise ConfigError(in_order(self.problems))


def in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    """File by file and from top to bottom, each once."""
    unique = {(one.file, one.line or 0, one.field, one.key, str(one.values)): one for one in problems}
    return tuple(sorted(unique.values(), key=lambda one: (str(one.file), one.line or 0, one.field, one.key)))


def worded(problem: Problem, lang: str, *, root: Path | None = None, table: str = "problem") -> str:
    """The problem (or with ``table="note"`` the note) as one line: ``file:line: field: sentence``.

    `root` = the town folder, so that files in it are shown without the way there.
    """
    shown = problem.file
    if root is not None and shown != root and shown.is_relative_to(root):
        shown = shown.relative_to(root)
    parts = [str(shown) if problem.line is None else f"{shown}:{problem.line}"]
    if problem.field:
        parts.append(problem.field)
    return ": ".join([*parts, say(lang, f"{table}.{problem.key}", **problem.values)])
