"""The run as one JSON file: the source of every other output, with a published schema."""

from pathlib import Path
from typing import Any

import msgspec

from auditor.run import Run

NAME = "run.json"


def render(run: Run, out: Path, lang: str) -> tuple[Path, ...]:  # noqa: ARG001 - both languages are inside
    """Write the run document.

    Raises:
        OSError: it cannot be written.
    """
    path = out / NAME
    path.write_bytes(msgspec.json.format(msgspec.json.encode(run), indent=1))
    return (path,)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a run document."""
    return msgspec.json.schema(Run)
