"""The register of people's decisions (decisions.csv) as rows, and every row that is no decision."""

import csv
import io
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from auditor.api import Garbled, decoded, folded, parse_day

FILE = "decisions.csv"
MAX_ROWS = 50_000
MAX_COLUMNS = 200
MAX_CELL = 4000
REQUIRED = ("hit", "decision", "office", "day")
NOT_APPLICABLE = "not-applicable"
GUARD = "'"
"""What the exported list sets before a cell that a spreadsheet would take for a formula."""

_ID = re.compile(r"h?([0-9a-f]{16})")
_PHASE = re.compile(r"(?:phase|段階|フェーズ)?([0-9])(?:段階)?")


@dataclass(frozen=True, slots=True)
class Words:
    """decisions.toml: headings by column, words by decision, names of faults, notes."""

    columns: Mapping[str, tuple[str, ...]]
    decisions: Mapping[str, tuple[str, ...]]
    faults: Mapping[str, str]
    notes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. `line` counts from 1; `cells` by column, plain and without the guard; missing ones are ""."""

    line: int
    cells: Mapping[str, str]

    @property
    def is_empty(self) -> bool:
        """Nobody has answered yet."""
        return not any(self.cells.get(key) for key in ("decision", "policy", "phase", "office", "day"))

    @property
    def hit(self) -> str:
        """The id of the hit, "" = it is none."""
        return _hash(self.cells.get("hit", ""))

    @property
    def context(self) -> str:
        """The digest of the whole paragraph that was decided on, "" = the row does not tell."""
        return _hash(self.cells.get("context", ""))


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row is no decision: its line, the column, and a code of decisions.toml."""

    line: int
    column: str
    code: str

    @property
    def place(self) -> str:
        """``decisions.csv:5: 判定日(先の日付)``."""
        names = words()
        return f"{FILE}:{self.line}: {names.columns[self.column][0]}({names.faults[self.code]})"


def _hash(cell: str) -> str:
    found = _ID.fullmatch(cell.casefold())
    return found[1] if found else ""


@cache
def words() -> Words:
    """decisions.toml."""
    told = tomllib.loads(files("checks.ordinance").joinpath("decisions.toml").read_text("utf-8"))
    columns = {key: tuple(names) for key, names in told["columns"].items()}
    decisions = {key: tuple(names) for key, names in told["decisions"].items()}
    return Words(columns, decisions, told["faults"], told["notes"])


def entries(content: bytes) -> tuple[tuple[Entry, ...], tuple[Fault, ...]]:
    """The rows of the file, and the faults of its shape.

    Raises:
        Garbled: it is no CSV of this kind; the note names the line and the column.
    """
    lines = _lines(content)
    if not lines:
        raise Garbled(f"{FILE}: empty")
    (first, heading), *body = lines
    at = _headings(first, heading)
    rows: list[Entry] = []
    faults: list[Fault] = []
    for line, cells in body:
        if any(cell.strip() for cell in cells[len(heading) :]):
            faults.append(Fault(line, "hit", "width"))
            continue
        rows.append(Entry(line, {key: _plain(cells[n]) for key, n in at.items() if n < len(cells)}))
    return tuple(rows), tuple(faults)


def _lines(content: bytes) -> list[tuple[int, list[str]]]:
    text, wrong_at = decoded(content)
    if text is None or "\0" in text:
        line = content.count(b"\n", 0, wrong_at) + 1
        raise Garbled(f"{FILE}:{line}: neither UTF-8 nor cp932")
    first = text.partition("\n")[0]
    tabs = "\t" in first and "," not in first
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if tabs else ",", strict=True)
    lines: list[tuple[int, list[str]]] = []
    begins = 1
    try:
        for cells in reader:
            if len(lines) > MAX_ROWS or len(cells) > MAX_COLUMNS:
                raise Garbled(f"{FILE}:{begins}: more than {MAX_ROWS} rows or {MAX_COLUMNS} columns")
            if any(cell.strip() for cell in cells):
                lines.append((begins, cells))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise Garbled(f"{FILE}:{begins}: {error}"[:200]) from None
    return lines


def _headings(line: int, heading: list[str]) -> dict[str, int]:
    names = {folded(name): key for key, known in words().columns.items() for name in (key, *known)}
    at: dict[str, int] = {}
    for index, cell in enumerate(heading):
        key = names.get(folded(cell))
        if key is None:
            continue
        if key in at:
            raise Garbled(f"{FILE}:{line}: two columns are headed {words().columns[key][0]}")
        at[key] = index
    missing = [words().columns[key][0] for key in REQUIRED if key not in at]
    if missing:
        raise Garbled(f"{FILE}:{line}: no column {', '.join(missing)}")
    return at


def _plain(cell: str) -> str:
    plain = unicodedata.normalize("NFKC", cell).strip()[:MAX_CELL]
    return plain[1:] if plain.startswith(GUARD) and len(plain) > 1 and not plain[1].isalnum() else plain


def twice(rows: Iterable[Entry]) -> frozenset[str]:
    """The ids that more than one answered row names."""
    count = Counter(row.hit for row in rows if row.hit and not row.is_empty)
    return frozenset(hit for hit, times in count.items() if times > 1)


def faults_of(row: Entry, doubled: frozenset[str]) -> tuple[Fault, ...]:
    """All that keeps an answered row from being a decision, beside what only the day tells."""
    wrong: dict[str, str] = {}
    if not row.hit:
        wrong["hit"] = "id"
    elif row.hit in doubled:
        wrong["hit"] = "twice"
    decision = decision_of(row)
    needed = ["decision", "office", "day"] + ([] if decision == NOT_APPLICABLE else ["policy", "phase"])
    wrong |= {key: "blank" for key in needed if not row.cells.get(key)}
    if row.cells.get("decision") and not decision:
        wrong["decision"] = "decision"
    if row.cells.get("phase") and not phase_of(row):
        wrong["phase"] = "phase"
    day, until = (parse_day(row.cells.get(key, "")) for key in ("day", "until"))
    wrong |= {
        key: "date" for key, found in (("day", day), ("until", until)) if row.cells.get(key) and found is None
    }
    if day and until and until < day:
        wrong["until"] = "order"
    return tuple(Fault(row.line, key, code) for key, code in wrong.items())


def decision_of(row: Entry) -> str:
    """The decision by its key in decisions.toml, "" = none of its words."""
    said = folded(row.cells.get("decision", ""))
    known = words().decisions.items()
    return next((key for key, names in known if said in {folded(name) for name in (key, *names)}), "")


def phase_of(row: Entry) -> str:
    """The phase as one digit, "" = not given or none."""
    found = _PHASE.fullmatch(folded(row.cells.get("phase", "")))
    return found[1] if found else ""


def day_of(row: Entry, column: str) -> date | None:
    """A day of the row, None = not given or none."""
    return parse_day(row.cells.get(column, ""))
