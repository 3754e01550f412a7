"""The Task Scheduler of Windows: a task as XML that ``schtasks`` imports (not verified on Windows).

Schema: [MS-TSCH] 2.5; the elements of a trigger are a sequence, those of the settings come in any order.
"""

import subprocess
from datetime import time
from pathlib import Path

from auditor.schedule.planned import Placed, Planned, Scheduled, one_line, rendered
from auditor.words import say


def tasks(planned: Planned, *, folder: Path) -> Scheduled:
    """The tasks' files in `folder`; the scheduler keeps a copy of its own, which nobody sees from here."""
    passes: list[tuple[str, time, str, tuple[str, ...]]]
    passes = [(planned.name, planned.hours.at, "schedule.nightly", ())]
    if planned.hours.catch_up_at is not None:
        late = (f"{planned.name}-catch-up", planned.hours.catch_up_at, "schedule.catch_up", ("--catch-up",))
        passes.append(late)
    files, begin, end = [], [], []
    for name, at, key, more in passes:
        words = planned.command(*more)
        text = rendered(
            "task.j2",
            {
                "mark": one_line(planned.mark).replace("--", "- -"),
                "description": one_line(say(planned.lang, key, folder=planned.folder.name)),
                "at": f"{at:%H:%M}",
                "jitter_min": planned.hours.jitter_min,
                "persistent": not more,
                "account": planned.account,
                "program": words[0],
                "arguments": subprocess.list2cmdline(words[1:]),
                "folder": str(planned.folder),
            },
        )
        path = folder / f"{name}.xml"
        files.append(Placed(path, encoded(text)))
        created = ("schtasks", "/Create", "/TN", name, "/XML", str(path), "/RU", planned.account, "/RP", "*")
        begin.append(subprocess.list2cmdline(created))
        end.append(subprocess.list2cmdline(("schtasks", "/Delete", "/TN", name, "/F")))
    return Scheduled(tuple(files), tuple(begin), tuple(end))


def encoded(text: str) -> bytes:
    """UTF-16, little-endian with its mark, CRLF: what the declaration says and the importer expects."""
    return b"\xff\xfe" + text.replace("\n", "\r\n").encode("utf-16-le")
