"""Meter against log: two readings of one machine are compared, over days that the log really covers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.dial import DirectDial
from auditor.access.folder import DirectFolder
from auditor.access.keys import Keys
from auditor.api import (
    Answer,
    Garbled,
    Judgement,
    NotKnown,
    Params,
    Place,
    PrintServer,
    Reason,
    Status,
    Unknown,
    Verdict,
)
from auditor.work import Device
from checks.printing import _meters, _readings, metered
from checks.printing._meters import Meter, Meters
from checks.printing._queues import RAW_MODEL, Job, Printing, Queue
from checks.printing._readings import Reading, Readings
from tests.peers.snmpd import COMMUNITY, snmpd

PARAMS = Params({"gap": 20, "min_days": 7})
TODAY = date(2026, 11, 26)
DAY = 86400
NOW = int(datetime(2026, 11, 26, 3, 0, tzinfo=UTC).timestamp())  # noon in Japan
DEVICE = Device(serial="MFP-0001", queues=("mfp",))
SERVER = PrintServer(id="p", name="p", url="http://x/", devices=(DEVICE,))
NONE = Unknown(Reason.NOT_DECLARED)


def job(number: int, days_ago: float, sides: int | None, queue: str = "mfp") -> Job:
    sheets = None if sides is None else (sides + 1) // 2
    return Job(number, NOW - int(days_ago * DAY), queue, sheets, sides, sides)


def history(*jobs: Job, queue: Queue | None = None) -> Printing:
    old = job(1, 60, 5)
    return Printing((queue or Queue("mfp", "", "m", (), (), ()),), (old, *jobs), frozenset(), NOW, cut=False)


def sheet(*rows: tuple[int, int | None], unit: str = "impressions") -> Readings:
    """Readings so many days ago."""
    told = [Reading("MFP-0001", TODAY - timedelta(days=ago), count, unit) for ago, count in rows]
    return Readings(tuple(sorted(told, key=lambda row: row.day)), ())


def live(count: int, **changes: object) -> Meters:
    return Meters((replace(Meter("MFP-0001", "MFP-0001", "impressions", count), **changes),))  # type: ignore[arg-type]


def judged(seen: Printing, told: Meters | Unknown, sheets: Readings | Unknown) -> Judgement:
    return metered.meter_and_log_agree(seen, SERVER, PARAMS, TODAY, told, sheets)


HALF = history(job(2, 15, 50), job(3, 5, 40))


@pytest.mark.parametrize(
    ("first", "last", "verdict", "key"),
    [
        (1000, 1100, Verdict.PASS, "ok"),  # 90 of 100
        (1000, 1112, Verdict.PASS, "ok"),  # 90 of 112 = 19.6 % missing
        (1000, 1200, Verdict.FAIL, "more"),
        (1000, 1076, Verdict.PASS, "ok"),  # 18.4 % more in the log
        (1000, 1050, Verdict.FAIL, "less"),
        (1000, 1000, Verdict.FAIL, "less"),  # the meter stood still, the log did not
    ],
)
def test_the_gap_between_meter_and_log_is_judged_by_the_limit(
    first: int, last: int, verdict: Verdict, key: str
) -> None:
    for told, sheets in ((live(last), sheet((20, first))), (NONE, sheet((20, first), (1, last)))):
        result = judged(HALF, told, sheets)
        assert (result.verdict, result.key) == (verdict, key)


def test_a_pass_tells_log_and_meter() -> None:
    assert judged(HALF, live(1100), sheet((20, 1000))).places == ("MFP-0001: 90 / 100",)


def test_a_meter_that_counts_sheets_is_held_against_sheets() -> None:
    result = judged(HALF, NONE, sheet((20, 1000), (1, 1045), unit="sheets"))
    assert result.places == ("MFP-0001: 45 / 45",)


def test_two_idle_readings_and_an_idle_log_agree() -> None:
    assert judged(history(job(2, 50, 1)), live(1000), sheet((20, 1000))).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("told", "sheets", "reason"),
    [
        (NONE, NONE, Reason.NOT_COLLECTED),
        (live(1100), NONE, Reason.NOT_COLLECTED),  # one reading
        (NONE, sheet((20, 1000)), Reason.NOT_COLLECTED),
        (live(1100), sheet((3, 1000)), Reason.WINDOW_SHORT),
        (live(1100), sheet((90, 1000)), Reason.WINDOW_SHORT),  # before the log begins
        (live(900), sheet((20, 1000)), Reason.NOT_MEASURABLE),  # reset, or another board
        (live(5), sheet((20, 2**32 - 90)), Reason.NOT_MEASURABLE),  # run over its end
        (NONE, sheet((20, 1000), (10, 3), (1, 1200)), Reason.NOT_MEASURABLE),
        (live(1100, unit="sheets"), sheet((20, 1000)), Reason.NOT_MEASURABLE),
        (NONE, sheet((20, 1000), (1, 1100), (1, 1101)), Reason.NOT_MEASURABLE),
        (live(1100), sheet((20, None)), Reason.UNREADABLE),
        (live(1100), sheet((20, 1000), unit=""), Reason.UNREADABLE),
        (live(1100), sheet((20, 1000), (-1, 1200)), Reason.UNREADABLE),  # a day to come
        (live(1100), replace(sheet((20, 1000)), faults=("a.csv:3 count",)), Reason.UNREADABLE),
        (live(0, reason=Reason.NO_ANSWER), sheet((20, 1000), (1, 1100)), Reason.NO_ANSWER),
        (Unknown(Reason.NO_PERMISSION), sheet((20, 1000), (1, 1100)), Reason.NO_PERMISSION),
        (live(1100), Unknown(Reason.NO_PERMISSION), Reason.NO_PERMISSION),
    ],
)
def test_readings_that_are_no_measure_are_unknown(
    told: Meters | Unknown, sheets: Readings | Unknown, reason: Reason
) -> None:
    result = judged(HALF, told, sheets)
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, reason)


@pytest.mark.parametrize(
    "seen",
    [
        history(job(2, 15, 50), job(3, 5, None)),
        history(job(2, 15, 50), job(3, 5, 40, "")),
        history(job(2, 15, 50), job(4, 5, 40)),
        history(job(2, 15, 50), queue=Queue("mfp", "", RAW_MODEL, (), (), ())),
        history(job(2, 15, 50), queue=Queue("mfp", "", "", (), (), ())),
        history(job(2, 15, 50), queue=Queue("other", "", "m", (), (), ())),
    ],
)
def test_a_raw_queue_or_an_uncounted_job_is_not_held_against_the_meter(seen: Printing) -> None:
    result = judged(seen, live(1100), sheet((20, 1000)))
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)


def test_jobs_on_the_days_of_the_readings_may_lie_on_either_side_of_them() -> None:
    """A meter sheet tells the day, not the hour: 50 sides on the day of the first reading are in or out."""
    seen = history(job(2, 20, 50), job(3, 5, 50))
    result = judged(seen, live(1100), sheet((20, 1000)))
    assert (result.verdict, result.places) == (Verdict.UNKNOWN, ("MFP-0001: 50-100 / 100",))
    assert judged(seen, live(1300), sheet((20, 1000))).key == "more"


def test_a_reading_of_today_waits_until_the_log_reaches_past_it() -> None:
    assert judged(HALF, NONE, sheet((20, 1000), (0, 5000))).reason is Reason.NOT_COLLECTED


def test_an_old_reset_does_no_harm_to_newer_readings() -> None:
    assert judged(HALF, live(1100), sheet((40, 90_000), (30, 900), (20, 1000))).verdict is Verdict.PASS


def test_another_machine_in_the_ledger_is_not_taken_for_this_one() -> None:
    other = Readings((Reading("MFP-0002", TODAY - timedelta(days=20), 1000, "impressions"),), ())
    assert judged(HALF, live(1100), other).reason is Reason.NOT_COLLECTED


def test_no_declared_device_is_a_gap() -> None:
    result = metered.meter_and_log_agree(
        HALF, replace(SERVER, devices=()), PARAMS, TODAY, live(1), sheet((20, 1))
    )
    assert result.reason is Reason.NOT_DECLARED


def test_a_device_that_is_known_to_differ_fails_whatever_the_others_hide() -> None:
    two = replace(SERVER, devices=(Device(serial="X", queues=("mfp",)), DEVICE))
    result = metered.meter_and_log_agree(HALF, two, PARAMS, TODAY, live(1300), sheet((20, 1000)))
    assert result.key == "more"
    result = metered.meter_and_log_agree(HALF, two, PARAMS, TODAY, live(1100), sheet((20, 1000)))
    assert result.verdict is Verdict.UNKNOWN


def test_a_real_agent_and_a_meter_sheet_make_two_readings(tmp_path: Path) -> None:
    key = tmp_path / "community"
    key.write_text(COMMUNITY)
    key.chmod(0o600)
    folder = tmp_path / "records"
    folder.mkdir()
    day = TODAY - timedelta(days=20)
    (folder / "検針票.csv").write_text(
        f"検針日,機番,総カウンタ,単位\n{day},MFP-0001,1000,面\n", encoding="cp932"
    )
    with snmpd(tmp_path, count=1100) as agent:
        device = replace(DEVICE, snmp=Place("127.0.0.1", agent.port))
        server = replace(SERVER, devices=(device,), community_file=key)
        body = _meters.ask_meters.collect(
            server, DirectDial(server.meters, 20, lambda _: None, Keys(server.keys))
        )
    told = metered.meters(Answer("printing.meters", Status.OK, body))
    sheets = read(folder)
    result = metered.meter_and_log_agree(HALF, server, PARAMS, TODAY, told, sheets)
    assert (result.verdict, result.places) == (Verdict.PASS, ("MFP-0001: 90 / 100",))


def read(folder: Path) -> Readings:
    body = _readings.read_sheets.collect(SERVER, DirectFolder(folder))
    return metered.readings(Answer("printing.readings", Status.OK, body))


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (
            'serial,date,count,unit\nA,2026-11-01,"1,234",sheets\n',
            [Reading("A", date(2026, 11, 1), 1234, "sheets")],
        ),
        (
            "単位,検針値,日付,製造番号\n面,１２３,令和8年11月1日,A\n",
            [Reading("A", date(2026, 11, 1), 123, "impressions")],
        ),
        ("機番,検針日,カウンタ値\nA,R8.11.1,\n", [Reading("A", date(2026, 11, 1), None, "")]),
    ],
)
def test_meter_sheets_are_read_as_towns_write_them(
    tmp_path: Path, content: str, rows: Sequence[Reading]
) -> None:
    (tmp_path / "a.csv").write_text(content, encoding="utf-8-sig")
    assert read(tmp_path) == Readings(tuple(rows), ())


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ("A,2026-11-01,-5,面", "a.csv:2 count"),
        ("A,2026-11-01,=1+1,面", "a.csv:2 count"),
        ("A,2026-11-01,1e3,面", "a.csv:2 count"),
        ("A,2026-13-01,5,面", "a.csv:2 date"),
        ("A,11/1,5,面", "a.csv:2 date"),
        ("A,2026-11-01,5,箱", "a.csv:2 unit"),
        (",2026-11-01,5,面", "a.csv:2 serial"),
        ("A,2026-11-01,5,面,x", "a.csv:2"),
        ('A,"2026', "a.csv:1"),
    ],
)
def test_a_bad_row_is_told_with_its_place(tmp_path: Path, row: str, place: str) -> None:
    (tmp_path / "a.csv").write_text(f"serial,date,count,unit\n{row}\n")
    assert read(tmp_path) == Readings((), (place,))


def test_a_folder_without_a_meter_sheet_is_a_gap(tmp_path: Path) -> None:
    (tmp_path / "fax.csv").write_text("年月,送信,受信\n")
    with pytest.raises(NotKnown) as caught:
        read(tmp_path)
    assert caught.value.reason is Reason.NOT_COLLECTED


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_sheet_reader(content: bytes) -> None:
    class Held:
        def names(self, *_: str) -> tuple[str, ...]:
            return ("a.csv",)

        def read(self, _: str) -> bytes:
            return b"serial,date,count,unit\n" + content

    try:
        _readings.read_sheets.collect(SERVER, Held())
    except NotKnown:
        return


@pytest.mark.parametrize(
    "body", [b"[]", b'{"rows":[["A","2026-11-01",-1,""]],"faults":[]}', b'{"rows":[[1]]}']
)
def test_a_kept_answer_of_another_shape_is_garbled(body: bytes) -> None:
    with pytest.raises(Garbled):
        metered.readings(Answer("printing.readings", Status.OK, body))
