"""Runs the real command in a process of its own, as a user would."""

import os
import subprocess
import sys
from pathlib import Path


def auditor(
    *arguments: str, cwd: Path, lang: str = "en", timeout_s: float = 120
) -> subprocess.CompletedProcess[str]:
    """``auditor ARGUMENTS`` run in `cwd`; output as text."""
    environment = {**os.environ, "AUDITOR_LANG": lang, "NO_COLOR": "1", "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-m", "auditor", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
