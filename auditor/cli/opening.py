"""A town folder opened for an audit: all that can be wrong is found before anything is contacted or made."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from auditor.cli.excepting import tell_exceptions
from auditor.cli.speech import Speech
from auditor.errors import LockedError
from auditor.session import (
    RoadsMaker,
    Session,
    exceptions_of,
    model_of,
    narrowed,
    read_controls,
    signers_of,
)
from auditor.town import Loaded


@dataclass(frozen=True, slots=True)
class Opening:
    """What the town declared, and the ways to its targets."""

    loaded: Loaded
    session: Session
    roads: RoadsMaker


def opening(
    folder: Path, sections: Sequence[str], checks_dirs: Sequence[Path], deadline_s: float, speech: Speech
) -> Opening:
    """Read and check a town folder, its model, keys and exceptions.

    Raises:
        ConfigError: something in it is wrong.
        PluginError: a check module cannot be used.
    """
    from auditor.cli.roads import roads_for  # noqa: PLC0415 - start-up time
    from auditor.town import load_town  # noqa: PLC0415 - start-up time

    plugins, controls = read_controls(checks_dirs)
    loaded = load_town(folder)
    session = Session(
        town=narrowed(loaded.town, sections),
        whole=loaded.town,
        model=model_of(loaded.town, controls),
        plugins=plugins,
        controls=controls,
    )
    roads = roads_for(loaded, deadline_s)
    signers_of(loaded.town)
    tell_exceptions(exceptions_of(session), speech)
    return Opening(loaded, session, roads)


@contextmanager
def held(folder: Path, wait_s: float, speech: Speech) -> Iterator[None]:
    """Hold the town folder; says whom it waits for, and what an earlier run left behind.

    Raises:
        LockedError: another run holds it still.
    """
    from auditor.lock import locked  # noqa: PLC0415 - start-up time

    with locked(folder, wait_s, _waiting(wait_s, speech)) as stale:
        if stale is not None:
            since = stale.since.astimezone().strftime("%Y-%m-%d %H:%M")
            speech.note(speech("nightly.stale", pid=stale.pid, host=stale.host, since=since))
        yield


def _waiting(wait_s: float, speech: Speech) -> Callable[[LockedError], None]:
    def told(error: LockedError) -> None:
        known = {name: error.values.get(name, "?") for name in ("host", "pid", "since")}
        speech.note(speech("nightly.waiting", seconds=int(wait_s), **known))

    return told
