"""Labelled clauses are read strictly, and a rate never looks surer than its n."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.control import Wording
from auditor.errors import ConfigError
from auditor.labels import Label, Rate, grouped, read_labels, score, summed

SEAL, PAPER = Wording(ja="押印", en="seal"), Wording(ja="書面", en="paper")
KINDS = (SEAL, PAPER)


def says_seal(sentence: str, _heading: str, _part: str) -> Iterable[Wording]:
    return (SEAL,) if "印" in sentence else ()


def read(path: Path, text: str | bytes) -> tuple[Label, ...]:
    file = path / "labels.tsv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_labels(file, KINDS)


def faults(path: Path, text: str | bytes) -> list[tuple[int | None, str, str]]:
    with pytest.raises(ConfigError) as raised:
        read(path, text)
    return [(one.line, one.field, one.key) for one in raised.value.problems]


def test_lines_without_headings_are_source_expected_category_text(tmp_path: Path) -> None:
    (label,) = read(tmp_path, "# remark\nx\tanalog\t押印\t印を押す。\n")
    assert label == Label(2, expected=True, category="押印", text="印を押す。")


def test_headings_may_stand_in_any_order_and_kinds_in_english(tmp_path: Path) -> None:
    (label,) = read(tmp_path, "town\ttext\texpected\tcategory\n霧沢町\t届け出る。\tnone\tpaper\n")
    assert (label.town, label.expected, label.category) == ("霧沢町", False, "書面")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", [(None, "", "label_none")]),
        ("# only remarks\n", [(None, "", "label_none")]),
        ("x\tmaybe\t押印\ty\n", [(1, "expected", "label_expected")]),
        ("x\tnone\t声\ty\n", [(1, "category", "label_category")]),
        ("x\tnone\t押印\t\n", [(1, "text", "label_blank")]),
        ("x\tnone\t押印\n", [(1, "", "label_cells")]),
        ("x\tnone\t押印\ty\tt\th\tbody\n", [(1, "part", "label_part")]),
        ("source\texpected\ttext\nx\tnone\ty\n", [(1, "category", "label_column")]),
        (b"x\tnone\t\x81\xff\ty\n", [(1, "", "ledger_encoding")]),
    ],
)
def test_what_is_wrong_is_told_by_line_and_column(
    text: str | bytes, told: list[tuple[int | None, str, str]], tmp_path: Path
) -> None:
    assert faults(tmp_path, text) == told


def test_every_wrong_line_is_told_at_once(tmp_path: Path) -> None:
    assert [line for line, _, _ in faults(tmp_path, "x\tno\t押印\ty\nx\tnone\t声\ty\n")] == [1, 2]


def test_a_missing_file_is_told_and_no_crash(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        read_labels(tmp_path / "none.tsv", KINDS)
    assert raised.value.problems[0].key == "label_missing"


def test_precision_and_recall_count_what_was_said_and_meant() -> None:
    labels = [
        Label(1, expected=True, category="押印", text="印を押す。", town="甲"),
        Label(2, expected=True, category="押印", text="署名する。", town="甲"),
        Label(3, expected=False, category="押印", text="印刷する。", town="乙"),
        Label(4, expected=False, category="書面", text="印を押す。", town="乙"),
    ]
    judged = score(labels, says_seal)
    result = summed(judged)
    assert (result.precision, result.recall) == (Rate(1, 2), Rate(1, 2))
    assert (result.missed, result.wrong) == ((2,), (3,))
    assert {town: summed(group).n for town, group in grouped(judged, lambda one: one.town).items()} == {
        "甲": 2,
        "乙": 2,
    }


def test_a_rate_of_nothing_is_no_rate() -> None:
    assert (Rate(0, 0).share, Rate(0, 0).interval) == (None, None)


def test_the_interval_is_wilsons() -> None:
    low, high = Rate(8, 10).interval or (0.0, 0.0)
    assert (round(low, 3), round(high, 3)) == (0.490, 0.943)
    assert (Rate(5, 5).interval or (0.0, 0.0))[0] < 0.6  # five of five is far from certain


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_stays_a_share(counts: tuple[int, int]) -> None:
    rate = Rate(*counts)
    low, high = rate.interval or (1.0, 0.0)
    assert 0 <= low <= (rate.share or 0.0) + 1e-9
    assert (rate.share or 0.0) - 1e-9 <= high <= 1


@given(st.binary(max_size=300))
def test_any_bytes_are_labels_or_refused(content: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        try:
            labels = read(Path(folder), content)
        except ConfigError:
            return
        assert all(label.text for label in labels)
