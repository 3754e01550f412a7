"""The exceptions that the sample town has on record: one that ends soon, one for the fiscal year's rest."""

from datetime import date, timedelta

from auditor.demo.cast import Cast
from auditor.exceptionadd import Draft
from auditor.targets import target_key

ENDS_IN_DAYS = 12
LASTS_DAYS = 120
APPROVED_DAYS_AGO = 45

CASES = (
    (
        "zaisei",
        "EP-07",
        "予算の説明に使う画面が途中で閉じるため",
        "施錠できる会議室だけで使い、席を離れるときは電源を切る",
        ENDS_IN_DAYS,
    ),
    (
        "nourin",
        "EP-13",
        "農地の台帳のソフトが管理者の権限でしか動かないため",
        "このソフト専用の端末とし、メールと閲覧には使わない",
        LASTS_DAYS,
    ),
)
HEAD = """\
# 例外措置の登録簿(見本)。auditor except add で書き足し、auditor except list で一覧にできます。

"""


def exceptions_toml(cast: Cast, today: date) -> bytes:
    """The file as it would be on `today`."""
    tables = [
        Draft(
            number=f"{today.year}-{number:02}",
            control=control,
            targets=(_machine(cast, section, control),),
            applicant=section,
            reason=reason,
            measure=measure,
            approver="総務課",
            start=today - timedelta(days=APPROVED_DAYS_AGO),
            end=today + timedelta(days=days),
        ).toml()
        for number, (section, control, reason, measure, days) in enumerate(CASES, start=1)
    ]
    return (HEAD + "\n".join(tables)).encode()


def _machine(cast: Cast, section: str, flaw: str) -> str:
    """The machine of the section on which the control fails."""
    row = next(row for row in cast.script.sections if row.id == section)
    at = next(number for number, what in row.flaws if what == flaw)
    people = [person.id for person in cast.staff if person.section == section and person.trial]
    return next(target_key(one.endpoint) for one in cast.machines if one.endpoint.user == people[at - 1])
