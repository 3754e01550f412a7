"""The run as one JSON file: the source of every other output, with a published schema beside this module."""

from inspect import cleandoc
from pathlib import Path
from typing import Any

import msgspec

from auditor.run import SCHEMA, Run
from reports.files import write

NAME = "run.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def render(run: Run, out: Path, lang: str) -> tuple[Path, ...]:  # noqa: ARG001 - both languages are inside
    """Write the run document.

    Raises:
        OutputError: it cannot be written.
    """
    return (write(out / NAME, document(run)),)


def document(run: Run) -> bytes:
    """The run as indented JSON in UTF-8."""
    return msgspec.json.format(msgspec.json.encode(run), indent=1) + b"\n"


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a run document; ``run.schema.json`` is this, kept current by a test."""
    return {
        "$schema": DIALECT,
        "title": f"telework-auditor run {SCHEMA}",
        **_unindented(msgspec.json.schema(Run)),
    }


def _unindented(part: Any) -> Any:
    """The same on every Python: from 3.13 on, docstrings come without their indentation."""
    if isinstance(part, dict):
        return {
            key: cleandoc(value) if key == "description" and isinstance(value, str) else _unindented(value)
            for key, value in part.items()
        }
    return [_unindented(value) for value in part] if isinstance(part, list | tuple) else part


def schema_text() -> str:
    """The schema as it stands in ``run.schema.json``."""
    return msgspec.json.format(msgspec.json.encode(schema()), indent=1).decode("utf-8") + "\n"
