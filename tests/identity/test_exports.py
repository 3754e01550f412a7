"""Exports are hostile until read: what is not understood is named by its place, and nothing leaks."""

import json
import string
import time
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.answers import Answer, Status
from auditor.errors import Garbled, NotKnown
from auditor.targets import Person, Town
from checks.identity._csv import read_table
from checks.identity._mapping import read_mapping
from checks.identity._words import known
from checks.identity.accounts import accounts
from tests.identity.conftest import (
    AREA,
    CONTROLS,
    GOOGLE,
    JUDGES,
    OTHER,
    SAID,
    collected,
    google,
    judged,
    learnt,
    sheet,
)
from tests.identity.conftest import other as row

Write = Callable[..., Path]
ONE = sheet(GOOGLE, google("u1", "0101"))


def test_nothing_of_a_person_but_the_account_s_id_and_the_staff_number_is_kept(folder: Write) -> None:
    kept = collected(folder({"g.csv": ONE})).decode()
    assert "u1@matsukaze.example" in kept
    assert "0101" in kept
    for secret in ("花子", "髙橋", "9012345678", "主事"):
        assert secret not in kept


def test_a_name_that_joins_is_kept_as_a_digest_only(folder: Write) -> None:
    headings = ("userPrincipalName", "displayName", "accountEnabled", "jobTitle", "mobile")
    place = folder(
        {
            "u.csv": sheet(headings, ("a@x.example", "髙橋 花子", "True", "主事", "090-1111-2222")),
            "columns.toml": '[people]\nby = "name"\n',
        }
    )
    kept = collected(place).decode()
    assert len(json.loads(kept)["accounts"][0]["who"]) == 24
    assert not any(secret in kept for secret in ("花子", "主事", "1111"))


def test_an_unknown_word_is_named_by_its_place_and_never_repeated(folder: Write) -> None:
    place = folder({"g.csv": sheet(GOOGLE, google("u1", "0101", mfa="山田に聞く"))})
    kept = collected(place).decode()
    assert "g.csv:2 2sv Enrolled" in kept
    assert "山田" not in kept


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [
        ("utf-8", ","),
        ("utf-8-sig", ","),
        ("cp932", ","),
        ("utf-16", "\t"),
        ("utf-8", ";"),
        ("utf-8-sig", "\t"),
    ],
)
def test_every_encoding_a_japanese_windows_saves_is_read(
    folder: Write, encoding: str, delimiter: str
) -> None:
    body = sheet(OTHER, row("u1", "0101"), encoding=encoding, delimiter=delimiter)
    seen = learnt(folder({"a.csv": body, "columns.toml": SAID}))
    assert seen.accounts[0].status is True
    assert seen.accounts[0].last_sign_in == "2026-11-20"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "no accounts"),
        (sheet(GOOGLE), "no accounts"),
        (ONE.replace(b"True", b"Tr\0e"), "NUL"),
        (ONE.decode().replace("True", "Tr\0e").encode("utf-16"), "NUL"),
        (sheet(GOOGLE, google("u1", "x" * 1_000_000)), "field larger"),
        (sheet((*GOOGLE, "Employee ID"), (*google("u1", "1"), "2")), "stands twice"),
        (sheet((*GOOGLE, "employee id [x]"), (*google("u1", "1"), "2")), "stands twice"),
        (sheet(GOOGLE, google("u1", "1")[:-1]), "cells where the heading has"),
        (sheet(GOOGLE, google("u1", "1"), google("U1", "2")), "twice"),
        (sheet(GOOGLE, google('=HYPERLINK("x")', "1")), "no account id"),
        (sheet(GOOGLE, google("=cmd|'/c calc'!A1", "1")), "no account id"),
        (ONE + b'"never closed', "unexpected end"),
        (b"\x81\xff\xfe\x80" + ONE, "neither"),
        (ONE.replace("花子".encode(), b"\xff\xfe"), "neither"),
        (("," * 300 + "\r\n").join(["a", "b", "c"]).encode(), "columns"),
    ],
    ids=range(15),
)  # fmt: skip
def test_a_damaged_or_hostile_export_is_refused_whole(folder: Write, body: bytes, why: str) -> None:
    with pytest.raises(Garbled, match=why):
        learnt(folder({"g.csv": body}))


def test_a_formula_in_any_other_cell_is_a_word_nobody_knows(folder: Write, town: Town) -> None:
    place = folder({"g.csv": sheet(GOOGLE, google("u1", '=1+1+cmd|"/c calc"!A1', mfa="=TRUE()"))})
    seen = learnt(place)
    assert {column for column, _ in seen.faults} == {"who", "mfa"}
    assert seen.accounts[0].mfa is None
    assert judged("ID-01", place, town).reason == "unreadable"


def test_exports_of_two_systems_or_twice_the_same_are_refused(folder: Write) -> None:
    entra = sheet(("userPrincipalName", "accountEnabled"), ("a@x", "True"))
    with pytest.raises(Garbled, match="beside"):
        learnt(folder({"a.csv": ONE, "b.csv": entra}))
    with pytest.raises(Garbled, match="twice"):
        learnt(folder({"b.csv": ONE}))


def test_what_is_no_known_export_is_told_apart_from_none(folder: Write, tmp_path: Path) -> None:
    with pytest.raises(NotKnown) as caught:
        learnt(tmp_path)
    assert caught.value.reason == "not_collected"
    with pytest.raises(NotKnown) as caught:
        learnt(folder({"a.csv": sheet(("x", "y"), ("1", "2"))}))
    assert caught.value.reason == "wrong_service"
    with pytest.raises(NotKnown) as caught:
        learnt(folder({"a.csv": ONE, "columns.toml": 'system = "ad"\n'}))
    assert caught.value.reason == "wrong_service"


@pytest.mark.parametrize(
    "text",
    [
        "system =", 'sistem = "ad"', 'system = "vax"', 'exported_at = "yesterday"', "exported_at = 3",
        '[people]\nby = "feeling"', '[columns]\nshoe = "x"', '[words.status]\nmaybe = ["x"]',
        '[not_people]\na = " "',
        '[policy]\non = 2026-11-20\nsource = ""', '[policy]\nsource = "x"', "[policy]\non = 2026-11-20",
        '[policy]\non = 2026-11-20\nsource = "x"\nsession_h = 0',
        '[policy]\non = 2026-11-20\nsource="x"\nsession_h = true',
        '[not_people]\n"=a" = "x"', "\xff",
    ],
)  # fmt: skip
def test_a_mapping_file_that_says_what_we_do_not_know_is_refused(text: str) -> None:
    with pytest.raises(Garbled, match=r"columns\.toml|no account id"):
        read_mapping(text.encode("latin-1"))


def test_the_mapping_file_that_the_documents_show_is_read() -> None:
    text = (AREA.parents[1] / "docs" / "accounts.md").read_text("utf-8")
    shown = text.split("```toml\n")[2].partition("```")[0]
    declared = read_mapping(shown.encode())
    assert (declared.system, declared.exported, declared.by) == ("other", date(2026, 11, 24), "staff_id")
    assert len(declared.policy) == 5
    assert declared.groups
    assert declared.not_people


def test_a_town_s_own_headings_and_words_are_read(folder: Write) -> None:
    text = """
system = "other"
[columns]
id = "職員ログイン"
status = "区分"
mfa = "かぎ"
[words.status]
yes = ["在席"]
no = ["離席"]
[words.flag]
yes = ["もっている"]
"""
    body = sheet(("職員ログイン", "区分", "かぎ"), ("a1", "在席", "もっている"), ("a2", "離席", "はい"))
    seen = learnt(folder({"x.csv": body, "columns.toml": text}))
    assert [(one.id, one.status, one.mfa) for one in seen.accounts] == [
        ("a1", True, True),
        ("a2", False, True),
    ]


def test_three_thousand_accounts_are_read_and_judged_well_under_a_second(folder: Write) -> None:
    staff = tuple(Person(id=f"{at:05}", name=f"n{at}", section="s", trial=at < 80) for at in range(3000))
    town = Town(name="t", staff=staff)
    place = folder({"g.csv": sheet(GOOGLE, *(google(f"u{at}", f"{at:05}") for at in range(3000)))})
    began = time.process_time()
    assert judged("ID-01", place, town).verdict == "pass"
    assert judged("ID-08", place, town).verdict == "pass"
    assert time.process_time() - began < 1.0


GOOD: dict[str, Any] = {
    "system": "google", "exported": "2026-11-24", "declared": False, "by": "staff_id", "columns": ["who"],
    "accounts": [{"id": "a", "last_sign_in": "2026-11-20"}], "faults": [], "not_people": [], "policy": None,
}  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {"system": "vax"}, {"exported": "x"}, {"accounts": [{"id": "a", "name": "n"}]}, {"accounts": None},
        {"accounts": [{"id": "a", "last_sign_in": "soon"}]}, {"faults": [["a"]]}, {"more": 1}, {"by": 1},
        {"accounts": [{"id": "a", "mfa": "yes"}]}, {"policy": {"session_h": 3}},
    ],
)  # fmt: skip
def test_a_kept_answer_of_another_shape_is_garbled(changed: dict[str, Any]) -> None:
    accounts(Answer("identity.accounts", Status.OK, json.dumps(GOOD).encode()))
    with pytest.raises(Garbled):
        accounts(Answer("identity.accounts", Status.OK, json.dumps(GOOD | changed).encode()))


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_table_or_garbled(body: bytes) -> None:
    try:
        table = read_table(body, "x.csv")
    except Garbled:
        return
    assert all(len(cells) == len(table.headings) for _, cells in table.rows)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_mapping_file_is_read_or_garbled(body: bytes) -> None:
    try:
        read_mapping(body)
    except Garbled:
        return


def test_every_known_export_says_where_its_spellings_come_from() -> None:
    for export in known()["exports"]:
        assert export["seen"]
        assert export["system"] in known()["systems"]
        assert "id" in export["columns"]


def test_controls_checks_and_sentences_belong_together() -> None:
    assert set(CONTROLS) == set(JUDGES) == {f"ID-0{n}" for n in (1, 2, 3, 4, 5, 7, 8)}
    source = "".join(path.read_text("utf-8") for path in AREA.glob("*.py"))
    for control in CONTROLS.values():
        for key, words in control["says"].items():
            assert key == "ok" or f'"{key}"' in source
            fields = [
                {name for _, name, _, _ in string.Formatter().parse(words[lang]) if name} for lang in words
            ]
            assert fields[0] == fields[1]
            assert words["ja"].endswith("。")
    assert tomllib.loads((AREA / "exports.toml").read_text("utf-8"))
