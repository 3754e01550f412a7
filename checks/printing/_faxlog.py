"""A fax machine's own log, one row per transmission, as figures by section and month.

A machine keeps its newest rows only, and a copy ends on the day it was made: the first and the last month of
a log are never whole, and are left out. A month without any row may be one in which the machine was away.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from auditor.api import folded
from checks._ledgers._table import Table
from checks.printing._ledger import Columns, Faults, cells_of, month_of_day

LOG = Columns(
    {
        "at": ("日時", "送受信日時", "通信日時", "開始日時", "date and time"),
        "section": ("課", "課名", "所属", "部署", "担当課"),
        "direction": ("送受信", "送受信区分", "通信種別", "方向"),
    },
    needed=("at", "direction"),
)
SENT, RECEIVED = "sent", "received"
_WORDS = {SENT: ("送信", "send", "sent", "tx"), RECEIVED: ("受信", "receive", "received", "rx")}
DIRECTIONS = {folded(word): way for way, words in _WORDS.items() for word in words}


def months_of(table: Table, at: Mapping[str, int], faults: Faults) -> Iterator[list[object]]:
    """Place, section, month, sent and received of every whole month; a bad row leaves its log out."""
    counts: Counter[tuple[str, int, str]] = Counter()
    before = len(faults.places)
    for row, cells in cells_of(table, at, faults):
        way = DIRECTIONS.get(folded(cells["direction"]))
        if way is None or ("section" in at and not cells["section"]):
            faults.add(table.name, row, "section" if way else "direction")
            continue
        try:
            counts[cells.get("section", ""), month_of_day(cells["at"]), way] += 1
        except ValueError:
            faults.add(table.name, row, "at")
    if len(faults.places) > before or not counts:
        return
    told = {month for _, month, _ in counts}
    for section in sorted({section for section, _, _ in counts}):
        for month in range(min(told) + 1, max(told)):
            both = [counts[section, month, way] if month in told else None for way in (SENT, RECEIVED)]
            yield [table.name, section, month, *both]
