"""Labelled clauses (a TSV), and how well a finder of clauses does on them: precision and recall with n."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

from auditor.control import Wording
from auditor.errors import ConfigError, Problem
from auditor.ledger import decoded
from auditor.problems import Told

COLUMNS = ("source", "expected", "category", "text", "town", "heading", "part")
NEEDED = 4
EXPECTED: Mapping[str, bool] = {"analog": True, "none": False}
PARTS = ("", "head", "main", "supplement", "table", "form")
MAX_BYTES = 16 * 1024 * 1024
MAX_LINES = 50_000
Z = 1.96
"""Standard deviations of a 95 % interval."""


@dataclass(frozen=True, slots=True)
class Label:
    """One clause and whether a reader would say that it demands what `category` names.

    `town` "" = not told; `heading` and `part` (a `PARTS`) "" = the sentence alone.
    """

    line: int
    expected: bool
    category: str
    text: str
    town: str = ""
    heading: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share `hits` of `n` with its Wilson 95 % interval; None = n is 0, so there is no share."""

    hits: int
    n: int

    @property
    def share(self) -> float | None:
        """Hits / n."""
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson 1927, without correction for continuity."""
        if not self.n:
            return None
        share, n = self.hits / self.n, self.n
        middle = share + Z * Z / (2 * n)
        spread = Z * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
        whole = 1 + Z * Z / n
        return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)


@dataclass(frozen=True, slots=True)
class Score:
    """How a finder did on `n` labelled clauses. `missed` and `wrong` = the lines of the file."""

    n: int
    found: int
    missed: tuple[int, ...]
    wrong: tuple[int, ...]

    @property
    def precision(self) -> Rate:
        """Of those it found, the share that demands it."""
        return Rate(self.found, self.found + len(self.wrong))

    @property
    def recall(self) -> Rate:
        """Of those that demand it, the share it found."""
        return Rate(self.found, self.found + len(self.missed))


def read_labels(path: Path, known: Sequence[Wording]) -> tuple[Label, ...]:
    """The labelled clauses; a line that begins with # is a remark, the first may hold the headings.

    Without headings the columns are source, expected, category, text and, if there are more, town, heading,
    part.

    Raises:
        ConfigError: everything wrong in the file, by line and column.
    """
    told = Told()
    names = {name: kind.ja for kind in known for name in (kind.ja, kind.en)}
    lines = [
        (number, line.split("\t"))
        for number, line in enumerate(_text(path).splitlines(), start=1)
        if line.strip() and not line.startswith("#")
    ]
    columns: Sequence[str] = COLUMNS
    if lines and "expected" in [cell.strip() for cell in lines[0][1]]:
        (number, heading), *lines = lines
        columns = [cell.strip() for cell in heading]
        for missing in [name for name in COLUMNS[1:NEEDED] if name not in columns]:
            told.problem(path, number, missing, "label_column")
        told.stop_if_wrong()
    if not lines or len(lines) > MAX_LINES:
        told.problem(path, None, "", "label_none" if not lines else "label_many", limit=MAX_LINES)
    labels = [_label(path, number, cells, columns, names, told) for number, cells in lines[:MAX_LINES]]
    told.stop_if_wrong()
    return tuple(label for label in labels if label is not None)


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            raise ConfigError([Problem(path, None, "", "label_missing")])
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise ConfigError([Problem(path, None, "", "file_unreadable", {"why": why})]) from None
    if len(content) > MAX_BYTES:
        raise ConfigError([Problem(path, None, "", "file_too_large", {"limit": MAX_BYTES})])
    text, wrong_at = decoded(content)
    if text is None:
        line = content.count(b"\n", 0, wrong_at) + 1
        raise ConfigError([Problem(path, line, "", "ledger_encoding")])
    return text


def _label(
    path: Path, number: int, cells: list[str], columns: Sequence[str], names: Mapping[str, str], told: Told
) -> Label | None:
    row = {name: cell.strip() for name, cell in zip(columns, cells, strict=False)}
    faults = len(told.problems)
    if len(cells) < NEEDED or len(cells) > len(columns):
        told.problem(path, number, "", "label_cells", seen=len(cells), most=len(columns))
        return None
    if row["expected"] not in EXPECTED:
        told.problem(path, number, "expected", "label_expected", seen=row["expected"][:40])
    if row["category"] not in names:
        told.problem(
            path, number, "category", "label_category", seen=row["category"][:40], known=", ".join(names)
        )
    if not row["text"]:
        told.problem(path, number, "text", "label_blank")
    if row.get("part", "") not in PARTS:
        told.problem(path, number, "part", "label_part", seen=row["part"][:40], known=", ".join(PARTS[1:]))
    if len(told.problems) > faults:
        return None
    more = (row.get(name, "") for name in ("town", "heading", "part"))
    return Label(number, EXPECTED[row["expected"]], names[row["category"]], row["text"], *more)


def score(
    labels: Iterable[Label], demanded: Callable[[str, str, str], Iterable[Wording]]
) -> tuple[tuple[Label, bool], ...]:
    """Each label with whether the finder takes its clause for a demand of that category."""
    return tuple(
        (label, label.category in {kind.ja for kind in demanded(label.text, label.heading, label.part)})
        for label in labels
    )


def summed(judged: Iterable[tuple[Label, bool]]) -> Score:
    """The counts over these clauses."""
    judged = tuple(judged)
    return Score(
        n=len(judged),
        found=sum(label.expected and said for label, said in judged),
        missed=tuple(label.line for label, said in judged if label.expected and not said),
        wrong=tuple(label.line for label, said in judged if said and not label.expected),
    )


def grouped(
    judged: Iterable[tuple[Label, bool]], by: Callable[[Label], str]
) -> Mapping[str, tuple[tuple[Label, bool], ...]]:
    """The judged clauses by kind or town, in the order in which these are first met."""
    groups: dict[str, list[tuple[Label, bool]]] = {}
    for label, said in judged:
        groups.setdefault(by(label), []).append((label, said))
    return {name: tuple(group) for name, group in groups.items()}
