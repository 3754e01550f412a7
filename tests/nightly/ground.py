"""A small town to be audited at night: one machine that is asked here, and what a test wants to differ."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from auditor.cli.roads import roads_for
from auditor.history import History
from auditor.nightly.journal import Step
from auditor.nightly.steps import Ground
from auditor.run import Run
from auditor.session import Session, model_of, read_controls
from auditor.town import load_town
from tests.whole.test_faults import LOCAL, town

HERE = town
ROW = LOCAL
_controls = cache(read_controls)


@dataclass
class Night:
    """One start of the program: what was asked, done and told."""

    asked: list[str] = field(default_factory=list)
    did: list[tuple[str, int]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


class Ended(BaseException):
    """The program ends here, as by a power cut: nothing of it is caught."""


FULL = OSError(28, "No space left on device")


@contextmanager
def ground_of(
    folder: Path,
    night: Night,
    *,
    ends_at: str = "",
    fails_at: str = "",
    fault: Exception = FULL,
    hours: float = 0,
    closed: Callable[[], bool] = lambda: False,
) -> Iterator[Ground]:
    """The town's ground. `ends_at` = the telling at which it ends, `hours` = how late the clock is."""
    plugins, controls = _controls()
    loaded = load_town(folder)
    session = Session(
        town=loaded.town, model=model_of(loaded.town, controls), plugins=plugins, controls=controls
    )

    def tell(key: str, /, **values: Any) -> None:
        said = f"step {values['step']}" if key == "step" else key
        night.told.append(said)
        if said == ends_at:
            raise Ended

    def rest(step: Step) -> Callable[[Run], Mapping[str, object]]:
        def do(run: Run) -> Mapping[str, object]:
            if step == fails_at:
                raise fault
            night.did.append((str(step), run.number))
            return {}

        return do

    with History(folder / "auditor.db") as history:
        yield Ground(
            folder=folder,
            session=session,
            roads=roads_for(loaded, 100.0),
            history=history,
            rest={step: rest(step) for step in (Step.REPORTS, Step.NOTIFY, Step.RETENTION)},
            progress=lambda target, _: night.asked.append(target.id),
            closed=closed,
            now=lambda: datetime.now(UTC) + timedelta(hours=hours),
            tell=tell,
        )


def judged_on(run: Run) -> set[tuple[str, str]]:
    """What a run says anything about; what it says of this machine may change from minute to minute."""
    return {(row.target, row.control) for row in run.findings}
