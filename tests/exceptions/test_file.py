"""``exceptions.toml``: one spelling; whatever is wrong is told with its place before anything runs."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.approved import read_exceptions
from auditor.errors import ConfigError
from auditor.problems import worded
from auditor.words import LANGUAGES
from tests.core.world import control, lock, model, offer, plugins
from tests.exceptions.kit import CHECKS, PCS, TODAY, demanded, read, refused, row, town

LINES = {"number": 2, "control": 3, "targets": 4, "applicant": 5, "reason": 6, "measure": 7, "approver": 8}
LINES |= {"start": 9, "end": 10}


EVERY_PC = "[" + ", ".join(f'"endpoint:{pc.id}"' for pc in PCS) + "]"


def test_a_right_file_is_read_whole(tmp_path: Path) -> None:
    found = read(tmp_path, "checked = 2026-11-20\n", row())
    (one,) = found.rows
    assert (one.number, one.control, one.targets) == ("2026-01", "W-01", ("endpoint:PC-1",))
    assert (one.start, one.end, found.checked) == (date(2026, 11, 1), date(2026, 12, 31), date(2026, 11, 20))


def test_without_a_file_there_is_no_exception_and_nobody_said_so(tmp_path: Path) -> None:
    found = read_exceptions(town(tmp_path), demanded(), plugins(), TODAY)
    assert (found.rows, found.kept, found.checked) == ((), False, None)


@pytest.mark.parametrize("made", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("gone")])
def test_something_that_is_no_plain_file_is_told_as_such_and_never_as_missing(
    tmp_path: Path, made: Callable[[Path], None]
) -> None:
    made(tmp_path / "exceptions.toml")
    with pytest.raises(ConfigError) as caught:
        read_exceptions(town(tmp_path), demanded(), plugins(), TODAY)
    assert [one.key for one in caught.value.problems] == ["file_not_plain"]


WRONG = [
    ({"approver": None}, "approver", "missing_key"),
    ({"approver": '""'}, "approver", "blank"),
    ({"reason": '"  "'}, "reason", "blank"),
    ({"measure": '"なし"'}, "measure", "exception_placeholder"),
    ({"reason": '"○○のため"'}, "reason", "exception_placeholder"),
    ({"reason": '"TBD"'}, "reason", "exception_placeholder"),
    ({"reason": '"記入してください"'}, "reason", "exception_placeholder"),
    ({"approver": '"zeimu"'}, "approver", "exception_own"),
    ({"approver": '"税務課"'}, "approver", "exception_own"),
    ({"approver": '"髙橋 一郎"'}, "approver", "exception_person"),
    ({"applicant": '"kikaku"'}, "applicant", "exception_applicant"),
    ({"start": '"2026-11-01"'}, "start", "exception_date"),
    ({"end": '"令和8年12月31日"'}, "end", "exception_date"),
    ({"end": "2026-12-31T00:00:00"}, "end", "exception_date"),
    ({"end": "20261231"}, "end", "exception_date"),
    ({"end": "2026-10-31"}, "end", "exception_backwards"),
    ({"end": "2027-11-01"}, "end", "exception_long"),
    ({"number": '"令8の3"'}, "number", "exception_number"),
    ({"control": '"W-99"'}, "control", "no_control"),
    ({"targets": '["endpoint:PC-9"]'}, "targets", "exception_target"),
    ({"targets": '["PC-1"]'}, "targets", "exception_target"),
    ({"targets": '["gateway:GW-1"]'}, "targets", "exception_elsewhere"),
    ({"targets": '["endpoint:PC-1", "endpoint:PC-1"]'}, "targets", "exception_repeated"),
    ({"targets": "[]"}, "", "exception_whole"),
    ({"targets": None}, "", "exception_whole"),
    ({"targets": None, "sections": '["soumu", "zeimu"]'}, "sections", "exception_whole"),
    ({"targets": None, "sections": '["kikaku"]'}, "sections", "exception_section"),
    ({"targets": EVERY_PC, "start": "2026-11-26"}, "targets", "exception_every"),
    ({"sections": '["zeimu"]'}, "", "exception_both"),
    ({"control": '"W-02"', "targets": '["gateway:GW-1"]'}, "control", "exception_critical"),
    ({"control": '"W-02"', "targets": None, "sections": '["zeimu"]'}, "sections", "exception_nothing"),
    ({"expires": "2026-12-31"}, "expires", "unknown_key"),
    ({"closed": "2026-11-27"}, "closed", "exception_later"),
    ({"closed": "2026-10-01"}, "closed", "exception_closed"),
]


@pytest.mark.parametrize(("changes", "field", "key"), WRONG)
def test_each_mistake_is_told_with_its_line_its_field_and_what_to_do(
    tmp_path: Path, changes: dict[str, str | None], field: str, key: str
) -> None:
    ((line, named, found),) = refused(tmp_path, row(**changes))
    assert (named.removeprefix("exceptions").lstrip("."), found) == (field, key)
    text = (tmp_path / "exceptions.toml").read_text("utf-8").splitlines()
    wanted = next((at for at, one in enumerate(text, 1) if field and one.startswith(f"{field} =")), 1)
    assert line == wanted
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, row(**changes))
    for lang in LANGUAGES:
        assert worded(caught.value.problems[0], lang).count(":") >= 2


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    found = refused(tmp_path, row(reason='""', end="2026-10-01"), row(number='"B"', measure='"-"'))
    assert [key for _, _, key in found] == ["blank", "exception_backwards", "exception_placeholder"]


def test_a_day_that_no_calendar_has_is_told_with_its_line(tmp_path: Path) -> None:
    assert refused(tmp_path, row(end="2027-02-29")) == [(10, "", "toml_syntax")]


def test_the_same_number_twice_is_refused(tmp_path: Path) -> None:
    later = row(start="2027-01-01", end="2027-01-31")
    assert {key for _, _, key in refused(tmp_path, row(), later)} == {"exception_twice"}


def test_a_key_at_the_wrong_level_is_never_ignored(tmp_path: Path) -> None:
    assert refused(tmp_path, "end = 2026-12-31\n", row()) == [(1, "end", "unknown_key")]


def test_two_that_overlap_by_one_day_are_refused_and_by_none_are_not(tmp_path: Path) -> None:
    second = row(number='"2026-02"', start="2026-12-31", end="2027-01-31")
    assert [key for _, _, key in refused(tmp_path, row(), second)] == ["exception_overlap"]
    assert len(read(tmp_path, row(), second.replace("2026-12-31", "2027-01-01")).rows) == 2


def test_a_section_and_a_target_in_it_overlap(tmp_path: Path) -> None:
    section = row(number='"2026-02"', targets=None, sections='["soumu"]')
    assert [key for _, _, key in refused(tmp_path, row(), section)] == ["exception_overlap"]


def test_one_that_was_closed_early_makes_room_for_the_next(tmp_path: Path) -> None:
    second = row(number='"2026-02"', start="2026-11-21")
    assert len(read(tmp_path, row(closed="2026-11-20"), second).rows) == 2


def test_a_fiscal_year_hands_over_at_midnight(tmp_path: Path) -> None:
    first = row(start="2026-11-01", end="2027-03-31")
    second = row(number='"2027-01"', start="2027-04-01", end="2027-09-30")
    found = read(tmp_path, first, second)
    days = [date(2027, 3, 31), date(2027, 4, 1)]
    terms = [[one.term(day).value for one in found.rows] for day in days]
    assert terms == [["in_force", "not_started"], ["ended", "in_force"]]


def test_both_days_count_and_a_leap_year_is_a_day_longer(tmp_path: Path) -> None:
    assert len(read(tmp_path, row(start="2028-01-01", end="2028-12-30")).rows) == 1
    found = refused(tmp_path, row(start="2028-01-01", end="2028-12-31"))
    assert [key for _, _, key in found] == ["exception_long"]


def test_the_model_sets_the_longest_time_and_who_may_approve(tmp_path: Path) -> None:
    assert [key for *_, key in refused(tmp_path, row(), model=demanded(most_days=60))] == ["exception_long"]
    assert read(tmp_path, row(approver='"税務課"'), model=demanded(other=False)).rows
    bare = model(control("W-01"))
    assert read(tmp_path, row(), model=bare).rows
    assert [key for *_, key in refused(tmp_path, row(end="2027-11-01"), model=bare)] == ["exception_long"]


def test_the_only_one_that_a_control_is_judged_on_may_be_excepted(tmp_path: Path) -> None:
    high = model(control("W-02", target="gateway"))
    assert read(tmp_path, row(control='"W-02"', targets='["gateway:GW-1"]'), model=high).rows


def test_a_list_of_all_but_one_may_be(tmp_path: Path) -> None:
    assert len(read(tmp_path, row(targets='["endpoint:PC-1", "endpoint:PC-2"]')).rows[0].targets) == 2


def test_a_section_covers_its_own_and_nothing_that_it_shares(tmp_path: Path) -> None:
    (one,) = read(tmp_path, row(targets=None, sections='["zeimu"]')).rows
    assert one.targets == ("endpoint:PC-2", "endpoint:PC-3")


def test_one_that_is_over_need_not_match_what_is_gone(tmp_path: Path) -> None:
    over = row(targets='["endpoint:OLD"]', start="2026-01-01", end="2026-02-01")
    assert read(tmp_path, over).rows[0].targets == ()
    assert refused(tmp_path, over, today=date(2026, 2, 1)), "on its last day it still has to"


def test_a_machine_that_is_retired_stops_nothing_and_is_not_covered(tmp_path: Path) -> None:
    whole = town(tmp_path)
    (tmp_path / "exceptions.toml").write_text(row(), "utf-8")
    gone = replace(whole, endpoints=whole.endpoints[1:], retired=whole.endpoints[:1])
    found = read_exceptions(gone, demanded(), plugins(lock, offer, *CHECKS), TODAY)
    assert [one.targets for one in found.rows] == [()]


def test_a_control_that_the_model_leaves_out_needs_no_exception(tmp_path: Path) -> None:
    left = replace(model(control("W-02", target="gateway")), excluded={"W-01": "不要"})
    assert [key for *_, key in refused(tmp_path, row(), model=left)] == ["exception_excluded"]


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_as_a_whole(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("any")
    with suppress(ConfigError):
        assert read(folder, text.encode("utf-8", "replace").decode()).rows == ()


def test_several_exceptions_together_never_leave_nobody_under_a_critical_control(tmp_path: Path) -> None:
    critical = demanded(severity="critical")
    every = [f"endpoint:{pc.id}" for pc in PCS]
    assert len(every) > 1
    rows = [
        row(number=f'"2026-{at}"', targets=f'["{key}"]', start="2026-11-01") for at, key in enumerate(every)
    ]
    assert {key for _, _, key in refused(tmp_path, *rows, model=critical)} == {"exception_critical"}
    assert len(read(tmp_path, *rows[1:], model=critical).rows) == len(every) - 1
    over = row(number='"2026-0"', targets=f'["{every[0]}"]', start="2026-11-01", end="2026-11-02")
    assert len(read(tmp_path, over, *rows[1:], model=critical).rows) == len(every)
    assert len(read(tmp_path, *rows).rows) == len(every), "others may be"


def test_a_list_that_became_everything_since_it_began_stops_no_night(tmp_path: Path) -> None:
    """The other machines were retired meanwhile; nothing that was approved became wrong by that."""
    (found,) = read(tmp_path, row(targets=EVERY_PC, start="2026-11-25")).rows
    assert len(found.targets) > 1
