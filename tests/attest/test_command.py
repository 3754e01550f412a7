"""``auditor attest`` as it is typed: forms out, forms in, and what a scan then shows."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from auditor.attested import quarter_of
from auditor.engine import japan_day
from auditor.exits import Exit
from tests.whole.command import auditor

TODAY = japan_day(datetime.now(UTC)).date()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample town with a form of this quarter from one section, filled in."""
    place = tmp_path_factory.mktemp("attest")
    assert auditor("demo", "m", cwd=place).returncode == 0
    done = auditor("attest", "make", "m", "--section", "建設課", "--out", "forms", cwd=place, lang="ja")
    assert done.returncode == 0, done.stderr
    (form,) = (place / "forms").iterdir()
    assert form.name == f"{quarter_of(TODAY)}-kensetsu.xlsx"
    assert str(form.relative_to(place)) in done.stdout
    return place


def fill(form: Path, on: date = TODAY) -> None:
    book = load_workbook(form)
    sheet = book.worksheets[0]
    sheet["C6"], sheet["C7"] = "所属長", on
    sheet["C10"], sheet["C11"] = "はい", "いいえ"
    book.save(form)


def test_an_empty_form_is_refused_with_its_reason_and_nothing_is_kept(town: Path) -> None:
    done = auditor("attest", "read", "m", "forms", cwd=town, lang="ja")
    assert done.returncode == Exit.REFUSED
    assert "回答した人の職がありません" in done.stderr
    assert not list((town / "m" / "attestations").glob("*kensetsu*"))


def test_a_filled_form_is_kept_and_the_next_scan_shows_it_as_said(town: Path) -> None:
    (form,) = (town / "forms").iterdir()
    fill(form)
    done = auditor("attest", "read", "m", "forms", cwd=town, lang="ja")
    assert done.returncode == Exit.DONE, done.stderr
    assert "建設課" in done.stdout
    assert auditor("scan", "m", cwd=town, lang="ja").returncode in (Exit.FINDINGS, Exit.INCOMPLETE)
    run = json.loads((town / "m" / "out" / "latest" / "run.json").read_bytes())
    said = {
        one["control"]: (one["verdict"], one["attested"]["post"])
        for one in run["findings"]
        if one["target"] == "section:kensetsu" and one["attested"]
    }
    assert said["COM-03"] == ("pass", "所属長")
    assert said["COM-04"] == ("fail", "所属長")
    assert said["DAT-03"] == ("unknown", "")
    assert run["tally"]["attested"]["passed"] > 0


def test_wrong_words_on_the_command_line_name_what_is_known(town: Path) -> None:
    made = auditor("attest", "make", "m", "--section", "防災課", "--out", "x", cwd=town, lang="ja")
    assert made.returncode == Exit.REFUSED
    assert "建設課" in made.stderr
    wrong = auditor("attest", "make", "m", "--quarter", "令和8年度", "--out", "x", cwd=town, lang="ja")
    assert wrong.returncode == Exit.REFUSED
    assert "2026Q4" in wrong.stderr
    again = auditor("attest", "make", "m", "--section", "kensetsu", "--out", "forms", cwd=town, lang="ja")
    assert again.returncode != Exit.DONE
    assert not (town / "x").exists()
