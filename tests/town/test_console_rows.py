"""Rows of exports: whose they are, which of several counts, how old they are, and files that are none."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.consoles.layouts import kinds
from auditor.findings import Reason
from tests.town.exports import GOOD, GOOGLE, LIST, MADE, NOW, PAD, SET, Exports, body, google


@pytest.fixture
def exports(tmp_path: Path) -> Exports:
    return Exports(tmp_path)


@pytest.mark.parametrize("word", ["5CD1", "5cd1", "５ＣＤ１", " 5CD 1 ", '="5CD1"'])
def test_serial_numbers_match_whatever_width_case_and_blanks(exports: Exports, word: str) -> None:
    exports.add([GOOGLE, google(serialNumber=word)])
    assert set(exports.read().evidence) == {"endpoint:CB-1"}


def test_a_serial_no_ledger_names_comes_back_as_unlisted(exports: Exports) -> None:
    hostile = ("../../etc/passwd", "A" * 60, "a b;c", "<script>", "A" * 60 + "x")
    exports.add([GOOGLE, GOOD, *(google(serialNumber=serial) for serial in hostile)])
    news = exports.read()
    keys = [found.target for found in news.unlisted]
    assert len(set(keys)) == len(hostile)
    assert all(key.startswith("endpoint:unlisted-") for key in keys)
    assert {found.serial for found in news.unlisted} == set(hostile)
    assert set(news.evidence) == {"endpoint:CB-1"}


def test_a_part_of_a_town_calls_nothing_unlisted(exports: Exports) -> None:
    exports.add([GOOGLE, GOOD])
    assert exports.read(PAD, partial=True).unlisted == ()
    assert len(exports.read(PAD).unlisted) == 1


def test_of_two_rows_the_newest_sync_counts_and_a_note_says_so(exports: Exports) -> None:
    old = google(lastPolicySync="2026-11-20", provisionStatus="DEPROVISIONED")
    for rows in ([old, GOOD], [GOOD, old]):
        exports.consoles = []
        exports.add([GOOGLE, *rows])
        news = exports.read()
        assert body(news.evidence["endpoint:CB-1"], "mdm.console")["enrolled"] is True
        assert [(note.key, note.line, note.values["first"]) for note in news.notes] == [
            ("console_twice", 3, 2)
        ]


def test_two_rows_of_one_time_that_differ_tell_nothing(exports: Exports) -> None:
    exports.add([GOOGLE, GOOD, google(provisionStatus="DEPROVISIONED")])
    found = exports.read().evidence["endpoint:CB-1"]
    assert (found.outcome, found.answers) == (Reason.UNREADABLE, ())
    assert found.note == "lines 2 and 3 contradict each other"


@pytest.mark.parametrize("rows", [(GOOD, "bad"), ("bad", GOOD)])
def test_a_row_whose_age_is_unreadable_may_be_the_newest(exports: Exports, rows: tuple[Any, Any]) -> None:
    lines = [google(lastPolicySync="the other day") if row == "bad" else row for row in rows]
    exports.add([GOOGLE, *lines])
    assert exports.read().evidence["endpoint:CB-1"].outcome is Reason.UNREADABLE


@pytest.mark.parametrize(
    ("sync", "outcome"),
    [
        ("", Reason.NOT_MEASURABLE),
        ("soon", Reason.UNREADABLE),
        ("2026-11-26T00:00:00Z", Reason.UNREADABLE),  # a day and more after the export
        ("2036-11-20", Reason.UNREADABLE),
        ("x" * 5000, Reason.UNREADABLE),
    ],
)
def test_without_a_believable_time_of_the_last_sync_nothing_counts(
    exports: Exports, sync: str, outcome: Reason
) -> None:
    exports.add([GOOGLE, google(lastPolicySync=sync)])
    found = exports.read().evidence["endpoint:CB-1"]
    assert (found.outcome, found.answers) == (outcome, ())


def test_without_a_column_of_times_the_day_of_the_export_counts_and_a_note_says_so(exports: Exports) -> None:
    exports.add([tuple(LIST.values()), SET], "generic", columns=LIST)
    news = exports.read()
    assert news.evidence["endpoint:CB-1"].collected_at == MADE
    assert [note.key for note in news.notes] == ["console_no_times"]


def test_without_a_declared_time_the_files_own_counts_and_a_note_says_so(exports: Exports) -> None:
    exports.add([GOOGLE, google(lastPolicySync="2026-11-22")], exported_at=None)
    os.utime(exports.consoles[0].file, (MADE.timestamp(), MADE.timestamp()))
    news = exports.read()
    assert [note.key for note in news.notes] == ["console_file_time"]
    assert news.evidence["endpoint:CB-1"].details["exported_at"] == MADE.isoformat()


@pytest.mark.parametrize("exported_at", [NOW + timedelta(hours=1), None])
def test_an_export_of_tomorrow_is_refused_as_it_would_never_age(
    exports: Exports, exported_at: datetime | None
) -> None:
    exports.add([GOOGLE, GOOD], exported_at=exported_at)
    later = (NOW + timedelta(days=2)).timestamp()
    os.utime(exports.consoles[0].file, (later, later))
    news = exports.read()
    assert [problem.key for problem in news.problems] == ["console_future"]
    assert (news.evidence, news.unlisted) == ({}, ())


def test_a_bad_file_costs_only_itself(exports: Exports) -> None:
    exports.add([("model", "osVersion"), ("x", "1")])  # no serial numbers
    exports.add(b"\x00\x01\x02")
    exports.add(b'"serialNumber\n')
    exports.add(
        b"serialNumber,x\r\n" + b'5CD1,"' + b"a" * 200_000 + b'"\r\n'
    )  # a cell beyond csv's own limit
    exports.add([("serialNumber", "Serial number"), ("5CD1", "5CD2")])
    exports.add([GOOGLE, GOOD])
    exports.add([GOOGLE, GOOD])
    exports.consoles[-1].file.unlink()
    news = exports.read()
    assert {problem.key for problem in news.problems} == {
        "column_missing",
        "ledger_nul",
        "ledger_quotes",
        "column_twice",
        "console_missing",
    }
    assert set(news.evidence) == {"endpoint:CB-1"}


def test_rows_without_a_serial_number_are_named_and_left_out(exports: Exports) -> None:
    exports.add([GOOGLE, google(serialNumber=""), google(serialNumber="=1+1"), GOOD])
    news = exports.read()
    assert [(note.key, note.line) for note in news.notes] == [
        ("console_no_serial", 2),
        ("console_no_serial", 3),
    ]
    assert set(news.evidence) == {"endpoint:CB-1"}
    assert news.unlisted == ()


cells = st.text(alphabet=st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    ["5CD1", "PROVISIONED", "2026-11-20", "=1+1", "", "yes", "144.0.1", "9" * 300]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(cells, min_size=1, max_size=8), max_size=6), kind=st.sampled_from(kinds()))
def test_any_cells_give_evidence_or_notes_but_never_an_error(
    tmp_path: Path, rows: list[list[str]], kind: str
) -> None:
    one = Exports(tmp_path)
    heads = {"google-admin": GOOGLE, "generic": tuple(LIST.values())}
    head = heads.get(kind, ("Serial Number", "OS Version", "Last Check-in", "Encrypted", "Managed"))
    one.add([head, *rows], kind, columns=LIST if kind == "generic" else {})
    news = one.read()
    for found in (*news.evidence.values(), *news.unlisted):
        assert found.collected_at <= MADE
        assert found.outcome is None or found.answers == ()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=400))
def test_any_bytes_give_evidence_or_problems_but_never_an_error(tmp_path: Path, content: bytes) -> None:
    one = Exports(tmp_path)
    one.add(content)
    one.read()
