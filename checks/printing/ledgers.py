"""FAX and paper ledgers of the town: whether less is sent, received, bought and copied than a year ago."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from auditor.api import (
    Answer,
    Documents,
    Folder,
    Garbled,
    Judgement,
    NotKnown,
    Params,
    Reason,
    Unknown,
    Verdict,
    check,
    fact,
    failed,
    passed,
    probe,
    unknown,
)
from checks._ledgers._table import Table, csv_table, unread_books
from checks.printing._faxlog import LOG, months_of
from checks.printing._ledger import Columns, Faults, cells_of, count_of, is_total, month_of
from checks.printing._monthly import Change, Month, change_of
from checks.printing._readings import READINGS

_WHEN = {
    "month": ("年月", "月", "対象月"),
    "section": ("課", "課名", "所属", "部署", "担当課"),
}
LEDGERS = {
    "fax": Columns(
        {
            **_WHEN,
            "sent": ("送信", "送信件数", "送信数", "FAX送信"),
            "received": ("受信", "受信件数", "受信数", "FAX受信"),
        },
        needed=("month", "sent", "received"),
    ),
    "paper": Columns(
        {**_WHEN, "sheets": ("用紙購入枚数", "用紙購入", "購入枚数", "用紙枚数")}, needed=("month", "sheets")
    ),
    "charge": Columns(
        {**_WHEN, "yen": ("コピー料金", "カウンタ料金", "カウンター料金", "複合機料金", "charge")},
        needed=("month", "yen"),
    ),
}
"""What each ledger is known by; one file may be two of them."""


@dataclass(frozen=True, slots=True)
class FaxLedger:
    """Faxes sent and received together, by section and month; `faults` = places that could not be read."""

    rows: tuple[Month, ...]
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PaperLedger:
    """Sheets bought and yen paid for copies; `faults` = places that could not be read."""

    sheets: tuple[Month, ...]
    yen: tuple[Month, ...]
    faults: tuple[str, ...]


@probe("printing.ledgers", kind="printing")
def read_ledgers(documents: Documents, folder: Folder) -> bytes:
    """The months of every FAX and paper ledger or fax log; another CSV, but for a meter sheet, is a fault."""
    faults = Faults(unread_books(folder))
    rows: dict[str, list[list[object]]] = {kind: [] for kind in LEDGERS}
    for name in folder.names(".csv"):
        content = folder.read(name)
        try:
            table = csv_table(content, name)
            heading = table.rows[0][1] if table.rows else ()
            found = {kind: at for kind, one in LEDGERS.items() if (at := one.found(heading)) is not None}
            log = LOG.found(heading)
        except Garbled:
            faults.add(name, 1)
            continue
        if not found and log is None and READINGS.found(heading) is None:
            faults.add(name, 1)
        if log is not None:
            rows["fax"] += months_of(table, log, faults)
        for kind, at in found.items():
            rows[kind] += _rows(table, at, faults)
    if not any(rows.values()) and not faults.places:
        raise NotKnown(Reason.NOT_COLLECTED, f"no ledger (CSV) in the folder of {documents.id}")
    return json.dumps({**rows, "faults": faults.places}, ensure_ascii=False).encode()


def _rows(table: Table, at: dict[str, int], faults: Faults) -> Iterator[list[object]]:
    """Place, section, month and the figures of each row that is no total."""
    for row, cells in cells_of(table, at, faults):
        if is_total(cells.get("section", "")) or is_total(cells["month"]):
            continue
        if "section" in at and not cells["section"]:
            faults.add(table.name, row, "section")
            continue
        told: list[object] = [f"{table.name}:{row}", cells.get("section", "")]
        for key, read in (("month", month_of), *((key, count_of) for key in at if key not in _WHEN)):
            try:
                told.append(read(cells[key]))
            except ValueError:
                faults.add(table.name, row, key)
                break
        else:
            yield told


@fact("printing.fax-ledger", probe=read_ledgers)
def fax_ledger(answer: Answer) -> FaxLedger:
    """Sent and received added up; a blank in either leaves the month open."""
    rows, faults = _months(answer, "fax")
    if not rows and not faults:
        raise NotKnown(Reason.NOT_COLLECTED, "no FAX ledger (CSV)")
    return FaxLedger(rows, faults)


@fact("printing.paper-ledger", probe=read_ledgers)
def paper_ledger(answer: Answer) -> PaperLedger:
    """Sheets bought and the charge for copies, each from its own ledger or from one."""
    sheets, faults = _months(answer, "paper")
    yen, _ = _months(answer, "charge")
    if not sheets and not yen and not faults:
        raise NotKnown(Reason.NOT_COLLECTED, "no ledger of paper or copies (CSV)")
    return PaperLedger(sheets, yen, faults)


def _months(answer: Answer, kind: str) -> tuple[tuple[Month, ...], tuple[str, ...]]:
    body = answer.json()
    try:
        rows = tuple(_month(*row) for row in body[kind])
        return rows, tuple(map(str, body["faults"]))
    except (KeyError, TypeError, ValueError) as error:
        raise Garbled(f"printing.ledgers: {error}"[:200]) from None


def _month(place: str, section: str, month: int, *figures: int | None) -> Month:
    told = [_whole(figure) for figure in figures if figure is not None]
    return Month(section, _whole(month), sum(told) if len(told) == len(figures) else None, place)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is no count")
    return value


@check("PRT-09")
def fax_falls(ledger: FaxLedger, params: Params, today: date) -> Judgement:
    """Faxes sent and received together fell as far as the town wants."""
    if ledger.faults:
        return unknown(Reason.UNREADABLE, "cells that cannot be read", places=ledger.faults)
    found = change_of(ledger.rows, params.integer("months"), today, params.integer("max_age_days"))
    if isinstance(found, Unknown):
        return unknown(found.reason, found.note)
    return _judged("more", found, params.number("yoy"))


@check("PRT-10")
def paper_falls(ledger: PaperLedger, params: Params, today: date) -> Judgement:
    """Both the paper bought and what copies cost fell; one that did not is enough to fail."""
    if ledger.faults:
        return unknown(Reason.UNREADABLE, "cells that cannot be read", places=ledger.faults)
    months, age = params.integer("months"), params.integer("attest_days")
    found = {
        "paper": change_of(ledger.sheets, months, today, age),
        "charge": change_of(ledger.yen, months, today, age),
    }
    known = {key: change for key, change in found.items() if isinstance(change, Change)}
    judged = [_judged(key, change, params.number("yoy")) for key, change in known.items()]
    if bad := [one for one in judged if one.verdict is Verdict.FAIL]:
        return bad[0]
    for gap in found.values():
        if isinstance(gap, Unknown):
            return unknown(gap.reason, gap.note)
    paper, charge = known["paper"], known["charge"]
    return passed("ok", places=paper.places, paper=paper.percent or 0.0, charge=charge.percent or 0.0)


def _judged(key: str, change: Change, wanted: float) -> Judgement:
    if change.percent is None:
        return failed("anew", places=change.places, now=change.now)
    if change.meets(wanted):
        return passed("ok", places=change.places, change=change.percent)
    return failed(key, places=change.places, change=change.percent)
