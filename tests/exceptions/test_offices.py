"""Who approved: another office than the applicant's, however it is spelt, and nobody's name."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.exceptionoffices import letters, offices_of, says_office
from auditor.targets import Person, Section
from tests.exceptions.kit import read, refused, row, town

TOWN = replace(
    town(Path()),
    sections=(
        Section(id="zeimu", name="税務課"),
        Section(id="zei", name="税務"),
        Section(id="soumu", name="総務"),
        Section(id="kaikei", name="会計課"),
        Section(id="tax", name="Tax"),
        Section(id="new", name="住民保険課", formerly=("jumin", "hoken")),
        Section(id="half", name="保険室", formerly=("hoken",)),
    ),
    staff=(
        Person(id="1", name="山田　太郎", section="zeimu"),
        Person(id="2", name="林 一", section="zeimu"),
        Person(id="3", name="Ann Lee", section="zeimu"),
    ),
)
OFFICES = offices_of(TOWN)

OWN = [
    *(
        "税務課",
        "税務課長",
        "税務課 課長",
        "税務課　課長",
        "税務課(課長決裁)",
        "税務課（課長決裁）",
        "税 務 課 長",
    ),
    *(
        "「税務課」課長",
        "税務課・課長",
        "松風町税務課長",
        "松風町 税務課",
        "ZEIMU",
        "ｚｅｉｍｕ",
        "zeimu課長",
        "税務課収納係長",
        "税務課 収納班",
    ),
]


@pytest.mark.parametrize("approver", ["Zeimu Steering Committee", "zeimu統括本部長", "税務課題検討委員会"])
def test_a_name_that_only_begins_alike_is_another_office(approver: str) -> None:
    assert not OFFICES.own("zeimu", approver)


@pytest.mark.parametrize("approver", OWN)
def test_the_applicants_own_office_is_known_however_it_is_spelt(approver: str) -> None:
    assert OFFICES.own("zeimu", approver)


@pytest.mark.parametrize(
    ("applicant", "approver"),
    [
        ("zeimu", "総務課長"),
        ("zeimu", "CISO(副町長)"),
        ("zeimu", "副町長(税務課の申請による)"),
        ("zeimu", "松風町長"),
        ("zeimu", "zeimukacho"),
        ("zei", "税務課長"),
        ("zei", "税務課"),
        ("zeimu", "税務"),
        ("soumu", "総務部長"),
        ("kaikei", "会計管理者"),
        ("tax", "Taxation bureau"),
        ("nobody", "税務課"),
    ],
)
def test_another_office_is_not_taken_for_it(applicant: str, approver: str) -> None:
    assert not OFFICES.own(applicant, approver)


@pytest.mark.parametrize(
    ("applicant", "approver"),
    [("zei", "税務 係長"), ("soumu", "総務課長"), ("tax", "Tax chief"), ("new", "住民保険課")],
)
def test_what_follows_the_name_does_not_hide_it(applicant: str, approver: str) -> None:
    assert OFFICES.own(applicant, approver)


@pytest.mark.parametrize(
    "approver",
    [
        "山田太郎",
        "総務課長 山田太郎",
        "総務課長山田 太郎",
        "山田太郎課長",
        "総務課長(林 一)",
        "林一 課長",
        "ann lee (CISO)",
    ],
)
def test_a_full_name_is_found_within_the_text(approver: str) -> None:
    assert OFFICES.person_in(approver)


@pytest.mark.parametrize("approver", ["総務課長", "山田町長", "農林一課", "planning annleeds"])
def test_a_part_of_a_word_is_no_name(approver: str) -> None:
    assert not OFFICES.person_in(approver)


@pytest.mark.parametrize(
    ("text", "says"), [("1", False), ("１２", False), ("ーー", False), ("※", False), ("A", True)]
)
def test_numbers_and_marks_name_no_office(text: str, *, says: bool) -> None:
    assert says_office(text) is says


@given(st.text(max_size=100))
def test_any_text_is_understood_and_the_own_name_before_it_is_always_seen(text: str) -> None:
    assert OFFICES.named(text) <= {section.id for section in TOWN.sections}
    assert OFFICES.own("zeimu", f"税務課 {text}") or letters(text).plain.startswith("部")
    assert OFFICES.person_in(f"{text} 山田太郎")


@pytest.mark.parametrize(
    ("approver", "key"),
    [
        ("税務課 課長", "exception_own"),
        ("総務課長 髙橋一郎", "exception_person"),
        ("1", "exception_office"),
    ],
)
def test_the_file_is_refused_with_the_approvers_line(tmp_path: Path, approver: str, key: str) -> None:
    assert refused(tmp_path, row(approver=f'"{approver}"')) == [(8, "exceptions.approver", key)]


def test_a_post_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, row(approver='"CISO(副町長)"')).rows[0].approver == "CISO(副町長)"
