"""decisions.csv as towns write it: read strictly, kept without what could name a person."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.folder import DirectFolder
from auditor.api import Answer, Garbled, Status, Unreached, Verdict
from auditor.work import Documents
from checks.ordinance._register import entries, words
from checks.ordinance.decisions import decisions, read_decisions
from tests.ordinance.register import SEAL, collection, eleven, hits, register, row, written


def test_english_headings_any_order_full_width_and_cp932_are_read(tmp_path: Path) -> None:
    given_ = collection(SEAL)
    (hit,) = hits(given_)
    cells = {
        "Date": "Ｒ８．１０．１",
        "OFFICE": "総務課",
        "PHASE": "ＰＨＡＳＥ　３",
        "Decision": "Digital alternative",
        "Policy": "電子申請",
        "ID": hit.id.upper(),
        "備考": "読まれない列",
    }
    kept = register(written(cells, encoding="cp932"), tmp_path)
    assert (kept.rows[0].decision, kept.rows[0].phase, kept.rows[0].day) == (
        "digital",
        "3",
        date(2026, 10, 1),
    )
    assert eleven(given_, kept).verdict is Verdict.PASS


def test_the_evidence_keeps_no_office_and_no_policy(tmp_path: Path) -> None:
    (hit,) = hits(collection(SEAL))
    (tmp_path / "decisions.csv").write_bytes(
        written(row(hit, 判定した所属="総務課 山田太郎", 方針="山田が残すと言った"))
    )
    target = Documents(id="reiki", name="例規集", kind="ordinances", folder=tmp_path, count=1)
    body = read_decisions.collect(target, DirectFolder(tmp_path, kept_in=tmp_path))
    assert "山田" not in body.decode()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "decisions.csv: empty"),
        ("番号,判定,判定日\n".encode(), "decisions.csv:1: no column 判定した所属"),
        ("番号,id,判定,判定した所属,判定日\n".encode(), "two columns are headed 番号"),
        ('番号,判定,判定した所属,判定日\n"h1'.encode(), "decisions.csv:2:"),
        (b"\xff\xfe\x00", "decisions.csv:1"),
        (b"a\x00b,c\n", "decisions.csv:1"),
    ],
)
def test_a_file_that_is_no_register_is_refused_with_its_line(
    content: bytes, told: str, tmp_path: Path
) -> None:
    with pytest.raises(Garbled) as raised:
        register(content, tmp_path)
    assert told in raised.value.note


def test_a_row_wider_than_its_heading_decides_nothing(tmp_path: Path) -> None:
    given_ = collection(SEAL)
    (hit,) = hits(given_)
    kept = register(written(row(hit)).rstrip(b"\r\n") + ",余り\r\n".encode(), tmp_path)
    result = eleven(given_, kept)
    assert result.verdict is Verdict.FAIL
    assert "decisions.csv:2: 番号(見出しより列が多い)" in result.places


@given(st.binary(max_size=400))
def test_any_bytes_are_rows_or_refused(content: bytes) -> None:
    try:
        rows, _ = entries(content)
    except (Garbled, Unreached):
        return
    assert all(set(each.cells) <= set(words().columns) for each in rows)


@given(st.binary(max_size=200))
def test_any_evidence_is_a_register_or_refused(body: bytes) -> None:
    try:
        decisions(Answer("ordinance.decisions", Status.OK, body))
    except Garbled:
        return


@pytest.mark.parametrize(
    "body",
    [
        b'{"kept":true,"rows":[[2,"aa","","","","maybe","1","2026-01-01",null,""]]}',
        b'{"kept":true,"faults":[[2,"hit","nonsense"]]}',
        b'{"kept":true,"more":1}',
    ],
)
def test_evidence_that_the_probe_never_writes_is_refused(body: bytes) -> None:
    with pytest.raises(Garbled):
        decisions(Answer("ordinance.decisions", Status.OK, body))
