"""``heartbeat.json``: that a night's audit ended, for programs that watch over others."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from auditor.errors import OutputError
from auditor.nightly.durable import write_durably
from auditor.notify.notice import State
from auditor.run import Run

FILE = "heartbeat.json"
SCHEMA = 1


def write(out: Path, run: Run, notices: Sequence[State], now: datetime) -> Path:
    """Replace the file in one step; counts only.

    Raises:
        OutputError: it cannot be written; the one before stays.
    """
    document = {
        "schema": SCHEMA,
        "at": now.isoformat(),
        "run": run.number,
        "day": run.today.isoformat(),
        "started": run.started.isoformat(),
        "ended": run.ended.isoformat(),
        "version": run.version,
        "model": run.model.id,
        "fail": run.tally.fail,
        "unknown": run.tally.unknown,
        "pass": run.tally.passed,
        "silences": [one.code for one in run.silences],
        "notices": {state.value: notices.count(state) for state in State if state is not State.SENT},
    }
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    path = out / FILE
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_durably(path, text.encode())
        path.chmod(0o644)  # who watches over it is somebody else
    except OSError as error:
        raise OutputError("write", path=str(path), why=error.strerror or str(error)) from error
    return path
