"""``auditor --version`` against an interpreter that does nothing (goal P11)."""

import sys
from pathlib import Path

from benchmarks.timing import Result, child_cpu_s, interleaved


def version(_: Path) -> Result:
    """Start-up without loading what the command does not use."""
    ours = [sys.executable, "-m", "auditor", "--version"]
    peer = [sys.executable, "-c", "pass"]
    return interleaved(
        "auditor --version : python -c pass",
        lambda: child_cpu_s(ours),
        lambda: child_cpu_s(peer),
        3,
        rounds=7,
    )
