"""What the sample town's welfare section keeps of its counter: ledgers, forms and a log, all invented."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from importlib.resources import files

FOLDER = "counter"
FAMILIES = (("子育て", "こども課", 15), ("介護", "福祉課", 11))
"""Groups, who owns them, how many invented procedures each has: together as many as the national list."""

PORTAL = "マイナポータル"
HEADINGS = (
    "様式番号", "名称", "所管課", "根拠例規", "根拠条文", "押印要否", "押印根拠", "対面要否", "書面要否",
    "手数料要否", "オンライン申請可否", "受付システム", "年間件数", "31手続区分", "59手続区分",
    "LGWAN受信後の印刷有無", "確認日", "様式ファイル",
)  # fmt: skip
LISTED = "手続の一覧(見本).txt"
CONFIRMED_DAYS_AGO = 40
LOG_DAYS = 200
EVERY_DAYS = 10
FORMS = {"houmon.docx": "声かけ訪問利用申込書.docx", "kiroku.xlsx": "声かけ訪問記録報告書.xlsx",
         "chushi.pdf": "声かけ訪問中止届.pdf"}  # fmt: skip


def counter_files(today: date) -> Iterable[tuple[str, bytes]]:
    """The files of the document set, as they would be on `today`."""
    here = files(__package__) / "forms"
    forms = (here / "ledger.csv").read_text(encoding="utf-8")
    yield f"{FOLDER}/様式一覧.csv", forms.replace("\n", "\r\n").encode("cp932")
    yield f"{FOLDER}/手続一覧.csv", _csv(_procedures(today)).encode("utf-8-sig")
    yield f"{FOLDER}/申請記録.csv", _csv(_log(today)).encode("utf-8-sig")
    yield f"{FOLDER}/forms/{LISTED}", "この町の手続の様式は、マイナポータルの画面で入力します。\r\n".encode()
    for name, title in FORMS.items():
        yield f"{FOLDER}/forms/{title}", (here / name).read_bytes()


def _procedures(today: date) -> Iterator[tuple[str, ...]]:
    """The families' procedures, the disaster certificate and moving; one is printed after it arrives."""
    confirmed = f"{today - timedelta(days=CONFIRMED_DAYS_AGO):%Y/%m/%d}"
    yield HEADINGS
    rows = [
        (f"{group}の手続{at:02}(見本)", owner, f"{group}{at:02}")
        for group, owner, most in FAMILIES
        for at in range(1, most + 1)
    ]
    rows += [
        ("罹災証明の申請", "総務課", "罹災証明"),
        ("転出届", "住民課", "-"),
        ("転入の来庁予約", "住民課", "-"),
    ]
    for number, (name, owner, group) in enumerate(rows, 1):
        printed = "有" if name.startswith("介護の手続03") else "無"
        yield (
            f"手-{number:02}", name, owner, "", "", "不要", "", "不要", "不要", "不要", "可", PORTAL, "12",
            group, "○", printed, confirmed, LISTED,
        )  # fmt: skip


def _log(today: date) -> Iterator[tuple[str, ...]]:
    """One application per procedure every few days; one form was never filed online."""
    yield ("受付日", "様式番号", "手続名", "受付方法", "件数")
    titles = [(row[0], row[1]) for row in _procedures(today)][1:]
    for ago in range(LOG_DAYS, 0, -EVERY_DAYS):
        day = f"{today - timedelta(days=ago):%Y/%m/%d}"
        for number, name in (*titles, ("福-01", "声かけ訪問利用申込書")):
            yield day, number, name, "オンライン", "1"
        yield day, "福-03", "声かけ訪問中止届", "窓口", "1"


def _csv(rows: Iterable[tuple[str, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()
