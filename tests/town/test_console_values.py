"""Cells of an export: every way consoles write a moment is read, whatever is doubtful is not."""

import time
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.consoles.values import (
    JAPAN,
    MAX_CELL,
    folded_serial,
    parse_last_day,
    parse_moment,
    parse_serial,
)
from checks.endpoint.host import folded

NOON = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T03:00:00.000Z",
        "2026-11-20T03:00:00Z",
        "2026-11-20T12:00:00+09:00",
        "2026-11-19 22:00:00 -0500",
        "2026-11-20 03:00:00.0000000 UTC",
        "2026-11-20 12:00",
        "2026/11/20 12:00:00",
        "2026.11.20 12:00",
        "２０２６／１１／２０　１２：００",
        "2026年11月20日 12:00",
        "2026年11月20日 12時00分",
        "2026年11月20日 午後 0:00",
        "11/20/2026 12:00 PM",
        "11/20/2026, 12:00:00 PM",
        "Nov 20, 2026 12:00 PM",
        "Friday, November 20 2026 at 12:00 PM",
        "20 Nov 2026 12:00:00",
        "1795143600000",
    ],
)
def test_every_way_a_console_writes_a_moment_gives_the_same_one(text: str) -> None:
    moment = parse_moment(text)
    assert moment is not None
    assert moment.astimezone(UTC) == NOON


@pytest.mark.parametrize("text", ["2026-11-20", "2026/11/20", "11/20/2026", "令和8年11月20日", "R8.11.20"])
def test_a_day_alone_begins_at_midnight_in_japan(text: str) -> None:
    assert parse_moment(text) == datetime(2026, 11, 20, tzinfo=JAPAN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "never",
        "20/11/2026",  # no month is the 20th
        "2026-13-01",
        "2026-02-30",
        "2026-11-20 25:00",
        "2026-11-20 13:00 PM",
        "2026-11-20T03:00:00+99:99",
        "1626-11-20",
        "9999-12-31T23:59:59Z",
        "20261120",
        "2026-W47-5",
        "46346.5",  # Excel's own number
        "=NOW()",
        "2026-11-20; rm -rf",
        "2026-11-20" + " " * MAX_CELL,
        "1" * 13_000,
    ],
)
def test_what_is_no_moment_or_a_doubtful_one_is_none(text: str) -> None:
    assert parse_moment(text) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2030-06-30", date(2030, 6, 30)),
        ("2030-06-30T23:59:59Z", date(2030, 6, 30)),
        ("Jun 2030", date(2030, 6, 1)),
        ("June 2030", date(2030, 6, 1)),
        ("2030-06", date(2030, 6, 1)),
        ("2030年6月", date(2030, 6, 1)),
        ("2030-13", None),
        ("Foo 2030", None),
        ("soon", None),
    ],
)
def test_a_promise_ends_on_its_day_and_a_mere_month_at_its_beginning(text: str, day: date | None) -> None:
    assert parse_last_day(text) == day


@pytest.mark.parametrize(
    ("text", "serial"),
    [
        (" 5CD1234ABC ", "5CD1234ABC"),
        ("５ＣＤ１", "5CD1"),
        ('="0012345"', "0012345"),
        ("=cmd|' /C calc'!A0", None),
        ("+1+1", None),
        ("@SUM(A1)", None),
        ("製造番号", None),
        ("SN\x00", None),
        ("", None),
        ('=""', None),
        ("A" * 81, None),
        ("A" * 100_000, None),
    ],
)
def test_a_serial_number_is_plain_ascii_and_never_a_formula(text: str, serial: str | None) -> None:
    assert parse_serial(text) == serial


@given(st.text(max_size=40))
def test_serial_numbers_are_compared_as_the_checks_compare_them(text: str) -> None:
    assert folded_serial(text) == folded(text)


@given(st.datetimes(min_value=datetime(2000, 1, 2), max_value=datetime(2099, 12, 30)), st.integers(-12, 14))  # noqa: DTZ001
def test_iso_moments_survive(moment: datetime, hours: int) -> None:
    aware = moment.replace(microsecond=0, tzinfo=UTC) + timedelta(hours=hours)
    assert parse_moment(aware.isoformat()) == aware


@given(st.text(alphabet="0123456789/-:. TZAPM年月日時分令和RNovjun+", max_size=30))
def test_any_cell_is_a_moment_with_a_zone_or_none(text: str) -> None:
    moment = parse_moment(text)
    assert moment is None or moment.tzinfo is not None
    assert parse_last_day(text) is None or parse_last_day(text)


@pytest.mark.parametrize("start", ["2026-01-01", "2026-01-01 at", "2026-01-01 10:00", "Nov"])
def test_fifty_thousand_cells_full_of_blanks_do_not_hold_the_audit(start: str) -> None:
    cell = start.ljust(199) + "x"
    began = time.process_time()
    assert [parse_moment(cell) for _ in range(1000)] == [None] * 1000
    assert time.process_time() - began < 0.15
