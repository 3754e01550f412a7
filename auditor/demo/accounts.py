"""The sample town's accounts as its groupware exports them: one has no second factor, one is a leaver's."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from auditor.demo.cast import Cast

FOLDER = "accounts"
NO_FACTOR = "nomfa"
"""The flaw (``cast.toml``) of somebody whose account asks for a password only."""
LEAVER = "0299"
"""A staff number that nobody has any more."""
ADMINISTRATORS = ("kanri1", "kanri2")
SPREAD_DAYS = 20
_USERS = (
    "First Name [Required]",
    "Last Name [Required]",
    "Email Address [Required]",
    "Status [READ ONLY]",
    "Last Sign In [READ ONLY]",
    "Employee ID",
    "2sv Enrolled [READ ONLY]",
    "2sv Enforced [READ ONLY]",
    "Advanced Protection Program enrollment",
)
_REPORT = ("User", "User account status", "Admin status", "2-Step Verification enrollment")
_SAID = """\
# 書き出しの説明。書き出した日を変えずにファイルだけ入れ替えると、古い一覧として扱われます。
system = "google"
exported_at = {exported}

[people]
by = "staff_id"   # 「Employee ID」の列に職員番号が入っている

[not_people]      # 職員個人のものでないアカウントと、その理由
{nobody}

[policy]          # 管理コンソールの画面で読んだ設定
on = {exported}
source = "管理コンソールの「セッションの制御」と「2段階認証プロセス」の画面(デジタル推進課が印刷して保管)"
session_h = 12
sms_voice_allowed = false
"""


def account_files(cast: Cast, today: date) -> Iterator[tuple[str, bytes]]:
    """The files of the folder: users, their report, and the town's explanation, all of yesterday."""
    exported = today - timedelta(days=1)
    people = _people(cast)
    domain = cast.script.town.domain
    users: list[Sequence[str]] = []
    report: list[Sequence[str]] = []
    for at, (id_, staff, name, factor) in enumerate(people):
        top = id_ in ADMINISTRATORS
        seen = exported - timedelta(days=at % SPREAD_DAYS)
        last, _, first = name.partition(" ")
        address = f"{id_}@{domain}"
        told = "True" if factor else "False"
        users.append(
            (first, last, address, "Active", f"{seen:%Y/%m/%d} 08:31:12", staff, told, told, str(top))
        )
        enrolled = "Enrolled" if factor else "Not enrolled"
        report.append((address, "Active", "Super admin" if top else "None", enrolled))
    yield f"{FOLDER}/users.csv", _csv(_USERS, users)
    yield f"{FOLDER}/report.csv", _csv(_REPORT, report)
    nobody = "\n".join(f'"{id_}@{domain}" = "管理だけに使う"' for id_ in ADMINISTRATORS)
    yield f"{FOLDER}/columns.toml", _SAID.format(exported=exported.isoformat(), nobody=nobody).encode()


def _people(cast: Cast) -> list[tuple[str, str, str, bool]]:
    """Every account: its id, staff number, holder and whether it asks for a second factor."""
    bare = set()
    for row in cast.script.sections:
        trial = [person for person in cast.staff if person.section == row.id and person.trial]
        bare |= {trial[member - 1].id for member, what in row.flaws if what == NO_FACTOR}
    rows = [(f"s{person.id}", person.id, person.name, person.id not in bare) for person in cast.staff]
    rows += [(id_, "", "管理 担当", True) for id_ in ADMINISTRATORS]
    return [*rows, (f"s{LEAVER}", LEAVER, "前任 者", True)]


def _csv(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([headings, *rows])
    return text.getvalue().encode()
