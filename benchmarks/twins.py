"""400 nights of a section of the sample town, one in ten killed at a random point, beside a twin in peace."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

from auditor.discover import report_renderers
from auditor.history import open_read_only
from auditor.publish import publish
from benchmarks.timing import Result
from tests.faults.kit import small_town
from tests.whole.nights import FIRST, Nights
from tests.whole.twins import Twin, pages_in

COUNT, BACK = 400, 200


def twins(folder: Path) -> Iterator[Result]:
    """What differs between the two histories, and between a past night's report and the same made today."""
    nights = Nights(small_town(folder / "calm", at=FIRST), count=COUNT)
    shutil.copytree(nights.folder, folder / "struck")
    calm = Twin(nights, nights.folder)
    struck = Twin(nights, folder / "struck", random.Random("twin"))
    shown = COUNT - BACK
    calm.live([shown])
    struck.live()
    ours, theirs = struck.tables(), calm.tables()
    differing = sum(ours.get(name) != theirs.get(name) for name in {*ours, *theirs})
    name = f"{COUNT} nights, {len(struck.killed)} killed : undisturbed"
    yield Result(f"{name}, tables that differ", differing, len(theirs), 0.0, "")
    with open_read_only(struck.path) as history:
        run = history.run(history.number_on(nights.day(shown)))
    assert run is not None
    publish(run, folder / "again", "ja", report_renderers())
    again, then = pages_in(folder / "again"), pages_in(nights.folder / "made" / str(shown))
    pages = sum(again.get(page) != then.get(page) for page in {*again, *then})
    yield Result(
        f"the report of {BACK} nights ago : that night's, files that differ", pages, len(then), 0.0, ""
    )
