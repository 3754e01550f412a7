"""Nightly runs as they are planned for an invented town."""

from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import Any

from auditor.nightly.hours import Hours
from auditor.schedule.planned import Planned

PLANNED = Planned(
    folder=Path("/srv/matsukaze"),
    program=("/opt/auditor/bin/python", "-I", "-m", "auditor"),
    hours=Hours(at=time(1, 30), jitter_min=15, catch_up_at=time(9, 30)),
    account="telework-auditor",
)

ODD = '/srv/松風町 50% "x" $HOME \\e'
"""A folder whose name holds everything that means something in a unit, a table or a task."""


def planned(**changes: Any) -> Planned:
    """The town's, with changes."""
    return replace(PLANNED, **changes)
