"""The list of clauses as a CSV that sections fill in, and that is read back as ``decisions.csv``."""

import csv
import io
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from auditor.clauses import Clause
from auditor.errors import ConfigError, OutputError, Problem
from auditor.wholefile import created
from auditor.words import say

FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r")
"""A cell that begins so would be run by a spreadsheet."""
ID = "h"
"""Before an id: a spreadsheet would take 12e4567890123456 for a number and write another one back."""
_GIVEN = ("hit", "document", "place", "kind", "sentence", "context")
_ADDED = ("class", "found", "rule", "state")


def written(clauses: Iterable[Clause], headings: Mapping[str, str], path: Path) -> Path:
    """Write the list, UTF-8 with BOM as Excel wants it; its headings are Japanese, the register's language.

    Raises:
        ConfigError: there is a file already; somebody may have filled it in.
        OutputError: it cannot be written.
    """
    content = table(clauses, headings).encode("utf-8-sig", "replace")
    try:
        with os.fdopen(created(path, 0o666), "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except FileExistsError:
        raise ConfigError([Problem(path, None, "", "list_exists")]) from None
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise OutputError("write", path=str(path), why=why) from None
    return path


def table(clauses: Iterable[Clause], headings: Mapping[str, str]) -> str:
    """One line per clause: what was found, then the cells that the section in charge fills in."""
    answers = [key for key in headings if key not in _GIVEN]
    text = io.StringIO()
    rows = csv.writer(text)
    added = [say("ja", f"ordinances.column_{key}") for key in _ADDED]
    rows.writerow([*(headings[key] for key in _GIVEN), *added, *(headings[key] for key in answers)])
    for clause in clauses:
        context = ID + clause.context if clause.context else ""
        given = (ID + clause.id, clause.document, clause.place, clause.kind.ja, clause.sentence, context)
        about = (
            say("ja", f"ordinances.class_{clause.klass.replace('-', '_')}"),
            "・".join(clause.words),
            clause.rule,
            say("ja", f"ordinances.state_{clause.state.value}"),
        )
        told = (clause.answers.get(key, "") for key in answers)
        rows.writerow([_safe(cell) for cell in (*given, *about, *told)])
    return text.getvalue()


def _safe(cell: str) -> str:
    """The cell as text that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
