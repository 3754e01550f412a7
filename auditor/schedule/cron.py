"""cron: a table of its own in ``/etc/cron.d``, with ``flock`` in front besides the audit's own lock."""

import shlex
from pathlib import Path

from auditor.schedule.planned import Placed, Planned, Scheduled, rendered

TABLES = Path("/etc/cron.d")
FLOCK = "/usr/bin/flock"


def table(planned: Planned, *, folder: Path = TABLES) -> Scheduled:
    """The table; it needs no command to begin."""
    path = folder / planned.name
    text = rendered("cron.j2", {"mark": planned.mark, "lines": _lines(planned)})
    return Scheduled((Placed(path, text.encode()),), (), (), wanted=())


def _lines(planned: Planned) -> list[str]:
    found = [_line(planned, planned.hours.at.strftime("%M %H"))]
    if planned.hours.catch_up_at is not None:
        found.append(_line(planned, planned.hours.catch_up_at.strftime("%M %H"), "--catch-up"))
    return found


def _line(planned: Planned, at: str, *more: str) -> str:
    jitter = ("--jitter", str(planned.hours.jitter_min)) if planned.hours.jitter_min else ()
    words = (FLOCK, "-n", str(planned.folder / "nightly.lock"), *planned.command(*jitter, *more))
    command = shlex.join(words).replace("%", r"\%")  # cron ends a command at a bare one
    account = f"{planned.account} " if planned.account else ""
    return f"{at} * * * {account}{command}"
