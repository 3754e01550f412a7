"""Judging a night of 205 endpoints against writing the run as JSON: judging must not be the slow part."""

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from auditor.demo import write_demo
from auditor.engine import japan_day
from auditor.evidence import read_inbox
from auditor.plan import plan
from auditor.session import Session, judged, model_of, read_controls
from auditor.town import load_town
from benchmarks.timing import Result, interleaved, own_cpu_s


def town_night(folder: Path) -> Result:
    """The sample town, judged from kept evidence."""
    now = datetime.now(UTC)
    town_folder = folder / "town"
    write_demo(town_folder, japan_day(now).date(), now)
    plugins, controls = read_controls()
    town = load_town(town_folder).town
    session = Session(town=town, model=model_of(town, controls), plugins=plugins, controls=controls)
    evidence, _ = read_inbox(town_folder / "inbox", now)
    tasks = plan(town, session.model, plugins)
    run = judged(session, tasks, evidence, started=now)
    return interleaved(
        f"judge {len(run.findings)} findings : json.dumps of the run",
        lambda: own_cpu_s(lambda: judged(session, tasks, evidence, started=now)),
        lambda: own_cpu_s(lambda: json.dumps(json.loads(msgspec.json.encode(run)))),
        3,
    )
