"""systemd: a hardened service and its timer, for the whole machine or for one user."""

from pathlib import Path

from auditor.access.private import credential_name
from auditor.schedule.planned import Placed, Planned, Scheduled, one_line, rendered
from auditor.words import say

UNITS = Path("/etc/systemd/system")
HOMES = (Path("/home"), Path("/root"))
"""Folders that a hardened service does not see, unless something in them is bound into its view."""

LOOPBACK = "localhost"


def units(planned: Planned, *, folder: Path = UNITS) -> Scheduled:
    """The units as they belong into `folder`."""
    names: list[tuple[str, tuple[str, ...]]] = [(planned.name, ())]
    if planned.hours.catch_up_at is not None:
        names.append((f"{planned.name}-catch-up", ("--catch-up",)))
    failed = f"{planned.name}-failed.service"
    files = [Placed(folder / failed, _failed(planned))]
    timers = []
    for name, more in names:
        files.append(Placed(folder / f"{name}.service", _service(planned, failed, more)))
        files.append(Placed(folder / f"{name}.timer", _timer(planned, name, late=bool(more))))
        timers.append(f"{name}.timer")
    user = "" if planned.account else "--user "
    enable = " ".join(timers)
    return Scheduled(
        files=tuple(files),
        begin=(
            *_account(planned),
            f"systemctl {user}daemon-reload",
            f"systemctl {user}enable --now {enable}",
        ),
        end=(f"systemctl {user}disable --now {enable}",),
        wanted=tuple(folder / "timers.target.wants" / timer for timer in timers),
    )


def _account(planned: Planned) -> tuple[str, ...]:
    """The account is nobody's own: it cannot log in, and the town folder belongs to it."""
    if not planned.account:
        return ()
    make = f"useradd --system --no-create-home --shell /usr/sbin/nologin {planned.account}"
    folder = quoted(str(planned.folder), percent="%")
    return (f"id {planned.account} || {make}", f"chown -R {planned.account}: {folder}")


def _service(planned: Planned, failed: str, more: tuple[str, ...]) -> bytes:
    readable = [path for path in planned.installed if _at_home(path) and not _inside(path, planned.folder)]
    return rendered(
        "service.j2",
        {
            "mark": one_line(planned.mark).replace("%", "%%"),
            "description": _said(planned, "schedule.catch_up" if more else "schedule.nightly"),
            "failed": failed,
            "account": planned.account,
            "folder": quoted(str(planned.folder)),
            "folder_plain": one_line(str(planned.folder)).replace("%", "%%"),
            "command": " ".join(quoted(word, dollar="$$") for word in planned.command(*more)),
            "credentials": [
                (credential_name(path), one_line(str(path)).replace("%", "%%")) for path in planned.secrets
            ],
            "readable": [quoted(str(path)) for path in readable],
            "writable": [quoted(str(planned.folder))] if _at_home(planned.folder) else [],
            "networks": (LOOPBACK, *planned.networks) if planned.networks else (),
        },
    ).encode()


def _timer(planned: Planned, name: str, *, late: bool) -> bytes:
    at = planned.hours.catch_up_at if late else planned.hours.at
    return rendered(
        "timer.j2",
        {
            "mark": one_line(planned.mark).replace("%", "%%"),
            "description": _said(planned, "schedule.catch_up" if late else "schedule.nightly"),
            "at": f"{at:%H:%M}",
            "persistent": not late,
            "jitter_min": planned.hours.jitter_min,
            "unit": f"{name}.service",
        },
    ).encode()


def _failed(planned: Planned) -> bytes:
    text = say("en", "schedule.failed_line", name=planned.name)
    return rendered(
        "failed.j2",
        {
            "mark": one_line(planned.mark).replace("%", "%%"),
            "description": _said(planned, "schedule.failed"),
            "account": planned.account,
            "text": quoted(text, dollar="$$"),
        },
    ).encode()


def _said(planned: Planned, key: str) -> str:
    return one_line(say(planned.lang, key, folder=planned.folder.name)).replace("%", "%%")


def _at_home(path: Path) -> bool:
    return any(_inside(path, home) for home in HOMES)


def _inside(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents


def quoted(word: str, *, dollar: str = "$", percent: str = "%%") -> str:
    """A word as systemd reads it back: its own escapes, specifiers and variables are none."""
    text = one_line(word).replace("\\", "\\\\").replace('"', '\\"').replace("%", percent).replace("$", dollar)
    return f'"{text}"' if text != word or not word or any(sign in " '\t;#*?[]" for sign in text) else text
