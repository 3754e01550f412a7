"""Judging the sample town against rendering its pages: judging must not be the slow part of a night."""

from datetime import UTC, datetime
from pathlib import Path

from auditor.arrivals.received import Known
from auditor.demo import write_demo
from auditor.engine import japan_day
from auditor.plan import plan
from auditor.session import Session, judged, model_of, read_arrivals, read_controls
from auditor.town import load_town
from benchmarks.timing import Result, interleaved, own_cpu_s
from reports import html


def town_night(folder: Path) -> Result:
    """The sample town, judged from kept evidence."""
    now = datetime.now(UTC)
    town_folder = folder / "town"
    write_demo(town_folder, japan_day(now).date(), now)
    plugins, controls = read_controls()
    town = load_town(town_folder).town
    session = Session(town=town, model=model_of(town, controls), plugins=plugins, controls=controls)
    evidence = dict(read_arrivals(session, now, Known()).evidence)
    tasks = plan(town, session.model, plugins)
    run = judged(session, tasks, evidence, started=now, now=now)
    pages = folder / "pages"
    pages.mkdir()
    return interleaved(
        f"judge {len(run.findings)} findings : render the pages",
        lambda: own_cpu_s(lambda: judged(session, tasks, evidence, started=now, now=now)),
        lambda: own_cpu_s(lambda: html.render(run, pages, "ja")),
        1,
    )
