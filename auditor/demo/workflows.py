"""The sample town's approval routes with their groups, and one section's approval log and delegations."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from importlib.resources import files

from auditor.demo.cast import Cast

APPROVALS = "approvals"
LOGGED = "zeimu"
"""The section whose log is kept: half on paper, slow, and one deputy's approval that nobody looked at."""

_WEEKEND = 5
_CASES = 30
_GROUPS = {"kacho": (0,), "daiketsu": (1, 2), "kakaricho": (1, 2)}
"""Who of a section, in the order of its staff, is in a group."""

_LOG = ("案件番号", "所管課", "起案方法", "回付日時", "承認日時", "状態", "庁外", "代決", "後閲日")
_TABLE = ("専決区分", "専決権者", "経路")
_CLASSES = (
    ("10万円未満の支出", "課長", "起案から施行まで"),
    ("町税の減免", "課長", "減免申請の受付から通知まで"),
    ("職員の出張命令", "課長", "起案から施行まで"),
)


def route_files(cast: Cast, today: date) -> Iterator[tuple[str, bytes]]:
    """Every folder of routes, and the log."""
    here = files(__package__) / "routes"
    for kind in sorted({row.routes for row in cast.script.sections}):
        sections = [row.id for row in cast.script.sections if row.routes == kind]
        head = next(section.head for section in cast.sections if section.id in sections)
        model = (here / f"{kind}.bpmn").read_text("utf-8").replace("{head}", head)
        yield f"routes-{kind}/{kind}.bpmn", model.encode()
        yield f"routes-{kind}/groups.csv", _csv(("グループ", "職員番号"), _members(cast, sections))
    yield f"{APPROVALS}/kessai.csv", _csv(_LOG, _log(cast, today))
    yield f"{APPROVALS}/senketsu.csv", _csv(_TABLE, _CLASSES)


def _members(cast: Cast, sections: Sequence[str]) -> Iterator[tuple[str, str]]:
    for section in sections:
        staff = [person.id for person in cast.staff if person.section == section]
        for group, places in _GROUPS.items():
            yield from ((group, staff[place]) for place in places)


def _log(cast: Cast, today: date) -> Iterator[tuple[str, ...]]:
    """One approval a working day; paper ones wait a week longer."""
    name = next(section.name for section in cast.sections if section.id == LOGGED)
    days = [today - timedelta(days=ago) for ago in range(60, 0, -1)]
    open_days = [day for day in days if day.weekday() < _WEEKEND][:_CASES]
    for number, day in enumerate(open_days, start=1):
        paper = number % 2 == 0
        done = day + timedelta(days=9 if paper else 1)
        deputy = number in (3, 7)
        yield (
            *(f"税{number:03}", name, "紙" if paper else "電子", day.isoformat(), done.isoformat(), "決裁済"),
            *("○" if number == len(open_days) - 1 else "×", "○" if deputy else "×"),
            ("未" if number == 7 else done.isoformat()) if deputy else "",  # noqa: PLR2004 - the one
        )


def _csv(heading: Sequence[str], rows: Iterator[tuple[str, ...]] | Sequence[tuple[str, ...]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(heading)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")
