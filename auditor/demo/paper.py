"""The sample town's ledgers of faxes, paper and copy charges, as its sections fill them in month by month."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date

from auditor.demo.cast import Cast

FOLDER = "printing"
MONTHS, YEAR = 24, 12
FAX_SENT, FAX_RECEIVED, SHEETS, YEN = 2, 3, 400, 900
"""A person's share of a month, before it grew or fell."""
GROWN = "zeimu"
"""The section whose faxes grew since last year; those of all others fell."""


def paper_files(cast: Cast, today: date) -> Iterator[tuple[str, bytes]]:
    """Two ledgers in cp932 up to last month: faxes fell too little, paper and charges as the town wants."""
    last = today.year * YEAR + today.month - 2
    months = range(last - MONTHS + 1, last + 1)
    fax = [
        (
            _written(month),
            row.name,
            row.staff * FAX_SENT * part // 100,
            row.staff * FAX_RECEIVED * part // 100,
        )
        for month in months
        for row in cast.script.sections
        for part in [_part(month, last, 130 if row.id == GROWN else 94)]
    ]
    paper = [
        (_written(month), row.name, *(row.staff * one * part // 100 for one in (SHEETS, YEN)))
        for month in months
        for row in cast.script.sections
        for part in [_part(month, last, 82)]
    ]
    yield f"{FOLDER}/fax.csv", _csv(("年月", "課", "送信件数", "受信件数"), fax)
    yield f"{FOLDER}/paper.csv", _csv(("年月", "課", "用紙購入枚数", "コピー料金"), paper)


def _part(month: int, last: int, percent: int) -> int:
    """This year's share of last year's figure, in percent."""
    return percent if month > last - YEAR else 100


def _written(month: int) -> str:
    return f"{month // YEAR}年{month % YEAR + 1}月"


def _csv(heading: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([heading, *rows])
    return text.getvalue().encode("cp932")
