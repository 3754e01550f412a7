"""A cell means what a person wrote, in whichever way they write it; what is not understood is refused."""

import string
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.cells import has_gaiji, is_account, is_id, name_fault, parse_day, parse_flag, parse_host


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-01",
        "2026/4/1",
        "2026.4.1",
        "２０２６／４／１",
        "2026年4月1日",
        "令和8年4月1日",
        "令和８年４月１日",
        "R8.4.1",
        "r08/04/01",
        "2026/4/1 0:00",
        "2026/04/01 00:00:00",
        "㋿8年4月1日",
    ],
)
def test_one_day_may_be_written_in_many_ways(text: str) -> None:
    assert parse_day(text) == date(2026, 4, 1)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("令和元年5月1日", date(2019, 5, 1)),
        ("平成31年4月30日", date(2019, 4, 30)),
        ("H1.1.8", date(1989, 1, 8)),
        ("昭和64年1月7日", date(1989, 1, 7)),
    ],
)
def test_the_borders_of_an_era_are_inside_it(text: str, day: date) -> None:
    assert parse_day(text) == day


@pytest.mark.parametrize(
    "text",
    [
        "",
        "46113",
        "2026/2/30",
        "26/4/1",
        "4/1/2026",
        "平成31年5月1日",
        "令和元年4月30日",
        "令和0年1月1日",
        "M45.1.1",
        "2026-04-01T10:00",
        "2026/4/1 10:30",
        "4月1日",
        "未受講",
    ],
)
def test_what_is_not_surely_a_day_is_refused(text: str) -> None:
    assert parse_day(text) is None


@given(st.dates(date(2019, 5, 1), date(2060, 1, 1)))
def test_every_day_of_the_era_comes_back(day: date) -> None:
    assert parse_day(f"令和{day.year - 2018}年{day.month}月{day.day}日") == day
    assert parse_day(day.isoformat()) == day


@given(st.text(max_size=20))
def test_no_text_makes_a_cell_raise(text: str) -> None:
    assert parse_flag(text) in (True, False, None)
    assert parse_day(text) is None or isinstance(parse_day(text), date)
    assert (parse_host(text) or "x").isascii()


@pytest.mark.parametrize("text", ["○", "〇", "◯", "1", "１", "はい", "YES", "有"])
def test_a_circle_is_yes(text: str) -> None:
    assert parse_flag(text) is True


@pytest.mark.parametrize("text", ["×", "✕", "x", "0", "いいえ", "", " ", "-", "ー"])
def test_a_cross_or_nothing_is_no(text: str) -> None:
    assert parse_flag(text) is False


@pytest.mark.parametrize("text", ["△", "?", "検討中", "2"])
def test_anything_else_is_neither(text: str) -> None:
    assert parse_flag(text) is None


@pytest.mark.parametrize("text", ["pc01", "pc-01.town.example.jp", "192.0.2.1", "2001:db8::1", "a" * 63])
def test_host_names_and_addresses_are_accepted(text: str) -> None:
    assert parse_host(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-oProxyCommand=x",
        "a b",
        "a;b",
        "a/b",
        "pc_",
        "a..b",
        "..",
        "ホスト",
        "a" * 64,
        "x@y",
        "[::1]",
        "fe80::1%a\nb k",
    ],
)
def test_what_could_mislead_a_program_is_no_host(text: str) -> None:
    assert parse_host(text) is None


@pytest.mark.parametrize(
    "text", ["", ".", "..", "../x", "-x", "a b", "a/b", "a\\b", "<b>", "番号", "a" * 65, "a\n"]
)
def test_an_identifier_never_becomes_a_path_or_an_option(text: str) -> None:
    assert not is_id(text)


@given(st.text(string.ascii_letters + string.digits, min_size=1, max_size=64))
def test_letters_and_digits_are_identifiers(text: str) -> None:
    assert is_id(text)


def test_a_log_in_name_never_looks_like_an_option() -> None:
    assert is_account("TOWN\\audit")
    assert not is_account("-l")
    assert not is_account("a b")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("<script>alert(1)</script>", ""),
        ("../../etc/passwd", ""),
        ("髙橋 﨑", ""),
        ("", "blank"),
        ("花\n子", "name_control"),
        ("花\x1b[2J", "name_control"),
        ("abc\u202etxt", "name_control"),
        ("花\ufffd", "name_lost"),
        ("あ" * 101, "name_too_long"),
    ],
)
def test_markup_in_a_name_is_data_and_invisible_characters_are_refused(text: str, fault: str) -> None:
    assert name_fault(text) == fault


def test_a_private_character_is_noticed() -> None:
    assert has_gaiji("\ue000田")
    assert not has_gaiji("𠮷田")
