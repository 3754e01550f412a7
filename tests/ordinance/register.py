"""What the tests of decisions share: an ordinance, its hits, and a register of answers about them."""

import csv
import io
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from auditor.access.folder import DirectFolder
from auditor.api import Answer, Judgement, Status
from auditor.work import Documents
from checks.ordinance._hits import Hit, hits_of
from checks.ordinance._standing import Decisions
from checks.ordinance.corpus import Ordinances
from checks.ordinance.decisions import decisions, read_decisions
from tests.ordinance.support import TODAY, judge, rule, texts

SEAL = "第1条　利用者は、申請書に記名押印しなければならない。"
PAPER = "第2条　利用者は、書面により町長に届け出なければならない。"
TITLE = "小船町集会所規則"
GOOD = {
    "判定": "改める",
    "方針": "電子申請に改める",
    "段階": "2",
    "判定した所属": "総務課",
    "判定日": "2026-10-01",
}


def collection(*lines: str, title: str = TITLE) -> Ordinances:
    return texts(rule(title, *(lines or (SEAL, PAPER))))


def hits(given_: Ordinances) -> tuple[Hit, ...]:
    return tuple(hit for hit in hits_of(given_.documents, TODAY).all if hit.open)


def row(hit: Hit, **cells: str) -> dict[str, str]:
    """An answered row as the exported list has it, `cells` laid over it."""
    given_ = {"番号": f"h{hit.id}", "例規名": hit.document, "条項号": hit.place, "条文": hit.sentence}
    return {**given_, **GOOD, **cells}


def written(*rows: Mapping[str, str], encoding: str = "utf-8-sig") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(key for each in rows for key in each)), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def register(content: bytes | None, tmp_path: Path) -> Decisions:
    """decisions.csv as the probe keeps it and the parser understands it."""
    folder = tmp_path / "reiki"
    folder.mkdir(exist_ok=True)
    if content is not None:
        (tmp_path / "decisions.csv").write_bytes(content)
    target = Documents(id="reiki", name="例規集", kind="ordinances", folder=folder, count=1)
    body = read_decisions.collect(target, DirectFolder(folder, kept_in=tmp_path))
    return decisions(Answer("ordinance.decisions", Status.OK, body))


def eleven(given_: Ordinances, kept: Decisions, today: date = TODAY) -> Judgement:
    return judge("ORD-11", given_, kept, today=today)
