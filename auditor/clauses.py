"""Clauses of ordinances as people decide on them, and how a plug-in that can find them is asked.

The plug-in is the entry point ``ordinances`` of the group ``telework_auditor.clauses``: a class whose
instances are `ClauseFinder`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol

from auditor.control import Wording
from auditor.seams import Folder
from auditor.work import Documents


class State(StrEnum):
    """Whether a person's decision counts today. `CHANGED` = it was made on another wording."""

    OPEN = "open"
    DECIDED = "decided"
    CHANGED = "changed"
    EXPIRED = "expired"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One sentence that waits for a decision or has one.

    `klass` is a code worded under ``ordinances.class_<code>``. `words` = what was found in it, `rule` = the
    special rule that may lift it, "" = none. `context` = a digest of the whole paragraph. `answers` = the
    cells of its row in the register, as they stand.
    """

    id: str
    document: str
    place: str
    kind: Wording
    klass: str
    sentence: str
    context: str = ""
    words: tuple[str, ...] = ()
    rule: str = ""
    state: State = State.OPEN
    answers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The clauses of one document set. `unread` = not searched, `remarks` = rows that do not count."""

    clauses: tuple[Clause, ...]
    unread: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


class ClauseFinder(Protocol):
    """Finds the clauses that demand paper, a seal or a person's presence."""

    def headings(self) -> Mapping[str, str]:
        """The register's headings by column: hit, document, place, kind, sentence, and the answers'."""

    def kinds(self) -> tuple[Wording, ...]:
        """The kinds of demand that are told apart."""

    def listed(self, documents: Documents, folder: Folder, today: date) -> Listing:
        """The clauses of a document set with what the register says of each.

        Raises:
            Unreached: the folder cannot be read.
            NotKnown: it holds no file.
            Garbled: the register is no CSV of its kind.
        """

    def demanded(self, sentence: str, heading: str, part: str) -> tuple[Wording, ...]:
        """The kinds of demand that a sentence would be listed for, () = for none."""
