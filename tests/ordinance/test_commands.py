"""``auditor ordinances``: the list goes out, comes back filled in, and the figures are printed with n."""

import csv
from pathlib import Path

import pytest

from tests.whole.command import auditor

TOWN = """\
[town]
name = "小船町"

[[sections]]
id = "soumu"
name = "総務課"
head = "101"
officer = "101"

[[documents]]
id = "reiki"
name = "例規集"
kind = "ordinances"
count = 1
folder = "reiki"
"""
STAFF = "職員番号,氏名,課,方式,試行,研修修了日\n101,甲野 花,総務課,vpn,○,2026-05-01\n"
ENDPOINTS = (
    "資産番号,製造番号,機器名,OS,課,利用者,区分,取得方法,ホスト,ポート,アカウント\n"
    "PC-1,SN1,端末1,linux,総務課,101,internet,file,,,\n"
)
RULE = """\
○小船町集会所規則
令和5年3月20日
規則第3号

第1条　利用者は、申請書に記名押印しなければならない。
第2条　利用者は、書面により町長に届け出なければならない。

附　則
この規則は、令和5年4月1日から施行する。
"""
HELD_OUT = Path(__file__).parents[1] / "corpus" / "ordinance_lines" / "heldout.tsv"


@pytest.fixture
def town(tmp_path: Path) -> Path:
    folder = tmp_path / "town"
    (folder / "reiki").mkdir(parents=True)
    (folder / "inbox").mkdir()
    (folder / "town.toml").write_text(TOWN, "utf-8")
    (folder / "staff.csv").write_text(STAFF, "utf-8")
    (folder / "endpoints.csv").write_text(ENDPOINTS, "utf-8")
    (folder / "reiki" / "k1.txt").write_text(RULE, "utf-8")
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def filled(rows_: list[dict[str, str]], path: Path) -> None:
    answers = {
        "判定": "改める",
        "方針": "電子申請",
        "段階": "2",
        "判定した所属": "総務課",
        "判定日": "2026/10/1",
    }
    with path.open("w", encoding="cp932", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows_[0]))
        writer.writeheader()
        writer.writerows({**row, **answers} for row in rows_)


def test_the_list_is_exported_filled_in_and_read_back(town: Path, tmp_path: Path) -> None:
    out = auditor("ordinances", "list", "town", "--csv", "list.csv", cwd=tmp_path, lang="ja")
    assert (out.returncode, out.stdout.strip()) == (0, "list.csv")
    exported = rows(tmp_path / "list.csv")
    assert {row["種類"] for row in exported} >= {"押印", "書面"}
    assert {row["状態"] for row in exported} == {"判定待ち"}
    filled(exported, town / "decisions.csv")
    again = auditor("ordinances", "list", "town", cwd=tmp_path)
    assert f"{len(exported)} clauses ({len(exported)} decided)" in again.stderr
    left = auditor("ordinances", "list", "town", "--undecided", cwd=tmp_path)
    assert (left.returncode, left.stdout) == (0, "")


def test_a_second_list_carries_the_answers_and_a_changed_clause_asks_again(
    town: Path, tmp_path: Path
) -> None:
    auditor("ordinances", "list", "town", "--csv", "one.csv", cwd=tmp_path)
    filled(rows(tmp_path / "one.csv"), town / "decisions.csv")
    changed = RULE.replace("申請書に", "利用申請書に")
    (town / "reiki" / "k1.txt").write_text(changed, "utf-8")
    auditor("ordinances", "list", "town", "--csv", "two.csv", cwd=tmp_path)
    states = {(row["種類"], row["状態"], row["判定"]) for row in rows(tmp_path / "two.csv")}
    assert ("書面", "判定済み", "改める") in states
    assert ("押印", "条文が変わったので確かめ直してください", "") in states


def test_a_list_is_never_written_over_one_that_may_be_filled_in(town: Path, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("filled in", "utf-8")
    out = auditor("ordinances", "list", str(town), "--csv", "list.csv", cwd=tmp_path)
    assert (out.returncode, (tmp_path / "list.csv").read_text("utf-8")) == (2, "filled in")
    assert out.stderr.startswith("list.csv: the file exists")


def test_a_sentence_that_is_a_formula_is_text_in_the_list_and_the_same_when_read_back(
    town: Path, tmp_path: Path
) -> None:
    formula = RULE.replace("第1条　利用者は", "第1条　=HYPERLINK利用者は")
    (town / "reiki" / "k1.txt").write_text(formula, "utf-8")
    auditor("ordinances", "list", "town", "--csv", "list.csv", cwd=tmp_path)
    exported = rows(tmp_path / "list.csv")
    assert any(row["条文"].startswith("'=") for row in exported)
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in exported for cell in row.values())
    filled(exported, town / "decisions.csv")
    left = auditor("ordinances", "list", "town", "--undecided", cwd=tmp_path)
    assert left.stdout == ""


def test_a_number_of_the_list_is_never_a_number_for_a_spreadsheet(town: Path, tmp_path: Path) -> None:
    auditor("ordinances", "list", str(town), "--csv", "list.csv", cwd=tmp_path)
    assert all(row["番号"].startswith("h") for row in rows(tmp_path / "list.csv"))


def test_kinds_narrow_the_list_and_an_unknown_kind_is_told(town: Path, tmp_path: Path) -> None:
    out = auditor("ordinances", "list", str(town), "--kind", "書面", cwd=tmp_path, lang="ja")
    assert all("[書面/" in line for line in out.stdout.splitlines())
    wrong = auditor("ordinances", "list", str(town), "--kind", "声", cwd=tmp_path, lang="ja")
    assert wrong.returncode == 2
    assert "声という種類はありません" in wrong.stderr


def test_rows_that_do_not_count_and_files_not_read_are_told(town: Path, tmp_path: Path) -> None:
    (town / "reiki" / "k2.doc").write_bytes(b"x")
    (town / "decisions.csv").write_text(
        "番号,判定,判定した所属,判定日\nh0123456789abcdef,残す,,2026-10-01\n", "utf-8"
    )
    out = auditor("ordinances", "list", str(town), cwd=tmp_path, lang="ja")
    assert "k2.doc" in out.stderr
    assert "decisions.csv:2: 判定した所属(空欄)" in out.stderr


def test_a_register_that_cannot_be_read_is_told_with_its_line(town: Path, tmp_path: Path) -> None:
    (town / "decisions.csv").write_text("番号,判定\n", "utf-8")
    out = auditor("ordinances", "list", str(town), cwd=tmp_path, lang="ja")
    assert out.returncode == 1
    assert "decisions.csv:1" in out.stderr


def test_a_town_without_ordinances_is_told_where_to_declare_them(town: Path, tmp_path: Path) -> None:
    (town / "town.toml").write_text(TOWN.partition("[[documents]]")[0], "utf-8")
    out = auditor("ordinances", "list", str(town), cwd=tmp_path)
    assert out.returncode == 2
    assert "no ordinances are declared" in out.stderr


def test_the_figures_come_with_n_by_kind_and_by_town(tmp_path: Path) -> None:
    out = auditor("ordinances", "evaluate", str(HELD_OUT), "--lines", cwd=tmp_path)
    assert out.returncode == 0
    assert "245 labelled clauses" in out.stdout
    assert "  磯間市: n=33 precision" in out.stdout
    assert "  paper: n=38 precision" in out.stdout
    assert "lines missed" in out.stdout


def test_a_wrong_label_is_told_with_file_line_and_column(tmp_path: Path) -> None:
    (tmp_path / "labels.tsv").write_text("x\tyes\t押印\t印を押す。\n", "utf-8")
    out = auditor("ordinances", "evaluate", "labels.tsv", cwd=tmp_path)
    assert out.returncode == 2
    assert out.stderr.startswith("labels.tsv:1: expected: ")


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("command", ["list", "evaluate"])
def test_the_help_shows_examples(command: str, lang: str, tmp_path: Path) -> None:
    out = auditor("ordinances", command, "--help", cwd=tmp_path, lang=lang)
    assert out.returncode == 0
    assert f"auditor ordinances {command} " in out.stdout
