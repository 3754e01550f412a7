"""What ends soon is told at each step once, to those whom it concerns."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from auditor.exceptions import Excepted
from auditor.findings import Verdict
from auditor.history import History
from auditor.notify.reminders import Ends, Reminder, lasting, news, reminders
from auditor.run import Run
from tests.core.runs import run_of
from tests.notify.nights import IT, SOUMU, ZEIMU, kept, loaded, mail_to, told, town
from tests.notify.sink import Sink, serving, text_of

ENDING = "期限のある適合"
ROW = Excepted(
    number="E-1",
    control="W-01",
    applicant="soumu",
    reason="r",
    measure="m",
    approver="町長",
    start=date(2026, 11, 1),
    end=date(2026, 12, 24),
    sections=("soumu",),
)


@pytest.mark.parametrize("missed", [(), (14, 15, 16, 17)])
def test_an_end_is_told_at_thirty_fourteen_and_seven_days(tmp_path: Path, missed: tuple[int, ...]) -> None:
    """Also where the very night did not run: the next one tells."""
    sink, told_on = Sink(), []
    with serving(sink) as port, History(tmp_path / "auditor.db") as history:
        where = loaded(tmp_path, mail_to(port))
        for night in range(31):
            if night in missed:
                continue
            run = replace(kept(tmp_path, history, night), exceptions=(ROW,))
            before = len(sink.mails(SOUMU))
            told(where, history, run)
            new = sink.mails(SOUMU)[before:]
            told_on += [night for mail in new if "例外承認 1件（" in text_of(mail)]
    assert told_on == ([1, 17, 24] if not missed else [1, 18, 24])
    assert all("例外承認 1件（" not in text_of(mail) for mail in sink.mails(ZEIMU))


def test_a_clock_that_was_ahead_for_a_night_takes_away_no_reminder(tmp_path: Path) -> None:
    """It told that the exception was over; at its true end nobody would have been told at all."""
    known: dict[str, int] = {}
    steps = []
    for day in (5, 60, *range(6, 35)):
        run = replace(run_of(day=day, town=town(tmp_path)), exceptions=(ROW,))
        fresh, remembered = news(reminders(run, {}), known, lasting(run, {}))
        known |= {subject: step for subject, step in remembered.items() if step is not None}
        steps += [one.step for one in fresh if one.ends is Ends.EXCEPTION]
    assert steps == [30, 0, 30, 14, 7, 0]


def test_a_product_that_a_table_names_twice_is_not_told_every_night() -> None:
    found = [
        Reminder(ends=Ends.SUPPORT, subject="s", left=left, step=step) for left, step in ((5, 7), (25, 30))
    ]
    fresh, remembered = news(found, {}, ())
    assert ([one.left for one in fresh], remembered) == ([5], {"s": 7})
    assert news(found, {"s": 7}, ()) == ((), {})


def holding(run: Run, until: date, verdict: Verdict = Verdict.PASS) -> Run:
    """The run with everything that passes good until a day, or not known at all."""
    rows = (
        replace(row, until=until if verdict is Verdict.PASS else None, verdict=verdict)
        if row.verdict is Verdict.PASS
        else row
        for row in run.findings
    )
    return replace(run, findings=tuple(rows))


def test_an_end_is_not_told_again_because_the_machine_was_off(tmp_path: Path) -> None:
    sink = Sink()
    with serving(sink) as port, History(tmp_path / "auditor.db") as history:
        where = loaded(tmp_path, replace(mail_to(port), sections={}))
        for night in range(6):
            verdict = Verdict.UNKNOWN if night % 2 else Verdict.PASS
            told(where, history, holding(kept(tmp_path, history, night), date(2026, 12, 20), verdict))
    assert sum(ENDING in text_of(mail) for mail in sink.mails(IT)) == 1


def test_an_end_first_seen_in_the_morning_is_told_to_everybody_the_next_night(tmp_path: Path) -> None:
    sink = Sink()
    with serving(sink) as port, History(tmp_path / "auditor.db") as history:
        where = loaded(tmp_path, mail_to(port))
        told(where, history, kept(tmp_path, history, 0))
        told(where, history, kept(tmp_path, history, 1, 900))
        told(where, history, holding(kept(tmp_path, history, 1), date(2026, 12, 1)))
        before = len(sink.mails(IT))
        told(where, history, holding(kept(tmp_path, history, 2), date(2026, 12, 1)))
    assert any(ENDING in text_of(mail) for mail in sink.mails(IT)[before:])


def test_a_pass_that_is_renewed_every_few_days_does_not_flood(tmp_path: Path) -> None:
    sink = Sink()
    with serving(sink) as port, History(tmp_path / "auditor.db") as history:
        where = loaded(tmp_path, replace(mail_to(port), sections={}))
        for night in range(20):
            run = kept(tmp_path, history, night)
            until = date.fromordinal(run.today.toordinal() + 3 + night % 4)
            rows = tuple(
                replace(row, until=until) if row.verdict is Verdict.PASS else row for row in run.findings
            )
            told(where, history, replace(run, findings=rows))
    assert sum("期限のある適合" in text_of(mail) for mail in sink.mails()) == 1
