"""What the sample town's sections attested this quarter, and its governance ledgers; all invented."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

import msgspec

from auditor.attested import FOLDER, TOWN, days_of, digest_of, last_day, name_of, quarter_of
from auditor.attestforms import Entry, Form
from auditor.control import Control
from auditor.demo.cast import Cast

RECORDS = "records"
SILENT = "kensetsu"
"""The section that handed in no form."""

SAID: Mapping[str, Mapping[str, str]] = {
    "zeimu": {"COM-04": "no", "COM-07": "no"},
    "jumin": {"PPL-07": "no"},
    "fukushi": {"COM-04": "unsure"},
    "kodomo": {"DAT-03": "none"},
    "nourin": {"COM-03": ""},
    TOWN: {"DAT-06": "none", "GOV-05": "unsure", "PPL-10": "no"},
}
"""Answers that are not "yes"; "" = left blank."""

BODIES = ("町長", "教育委員会", "選挙管理委員会", "監査委員", "農業委員会", "固定資産評価審査委員会", "議会")
ANSWERED_DAYS_AGO = 6


def attestation_files(cast: Cast, controls: Sequence[Control], today: date) -> Iterator[tuple[str, bytes]]:
    """The forms of this quarter as `auditor attest read` keeps them."""
    quarter = quarter_of(today)
    first, _ = days_of(quarter) or (today, today)
    on = max(first, today - timedelta(days=ANSWERED_DAYS_AGO))
    offices = [(section.id, "section") for section in cast.sections if section.id != SILENT]
    for office, kind in (*offices, (TOWN, "town")):
        said = SAID.get(office, {})
        entries = tuple(
            Entry(control.id, answer, last_day(on, asked), digest_of(asked))
            for control in controls
            if (asked := control.attest) is not None and asked.kind == kind
            if (answer := said.get(control.id, "yes"))
        )
        post = "所属長" if kind == "section" else "CISO"
        form = Form(section=office, quarter=quarter, on=on, post=post, answers=entries)
        yield f"{FOLDER}/{name_of(office, quarter)}", msgspec.json.encode(form)


def record_files(cast: Cast, today: date) -> Iterator[tuple[str, bytes]]:
    """The ledgers of the digital section: one section's state is old."""

    def ago(days: int) -> str:
        return f"{today - timedelta(days=days):%Y/%m/%d}"

    sections = [section.name for section in cast.sections]
    pages = f"https://www.{cast.script.town.domain}/policy"
    ledgers: Mapping[str, Sequence[Sequence[str]]] = {
        "セキュリティ方針": (
            ("機関", "制定日", "公開URL", "最終見直し日"),
            *((body, ago(300), f"{pages}/{at}", ago(100)) for at, body in enumerate(BODIES)),
        ),
        "差異台帳": (
            ("差異", "代わりの対策", "残る危険", "承認者の職", "承認日", "期限", "確認日"),
            (
                "Linuxの端末4台のソフトの一覧",
                "配布元の署名の確認",
                "更新の遅れ",
                "CISO",
                ago(60),
                ago(-200),
                "",
            ),
        ),
        "テレワーク業務一覧": (
            ("業務", "情報の区分", "許可方式"),
            ("起案と決裁", "2", "VPN、画面転送"),
            ("例規の改正案づくり", "1", "VPN、クラウド"),
            ("住民記録の照会", "3A", "不可"),
        ),
        "定例会": (("開催日",), (ago(50),), (ago(15),)),
        "課の状況": (
            ("課", "更新日"),
            *((name, ago(70 if at == len(sections) - 1 else 15)) for at, name in enumerate(sections)),
        ),
        "電子決裁の利用": (("課", "電子決裁"), *((name, "○") for name in sections)),
    }
    for name, rows in ledgers.items():
        text = io.StringIO()
        csv.writer(text, lineterminator="\r\n").writerows(rows)
        yield f"{RECORDS}/{name}.csv", text.getvalue().encode("cp932")
