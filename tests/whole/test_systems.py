"""A scan of a town whose workflow server is a stub: from declaration to page, and no token anywhere."""

import json
from pathlib import Path

from tests.paperless.small_mayan import mayan_like, page, state
from tests.paperless.systems import TOKEN, Said, stub, token_file
from tests.whole.command import auditor
from tests.whole.test_faults import LOCAL, TOWN, town

MAYAN = """
[[systems]]
id = "bunsho"
name = "文書管理"
kind = "mayan"
url = "{url}"
token_file = "token"
account = "audit"
sections = ["soumu"]
"""
PAPER = Said(page(state(1, "起案", initial=True), state(3, "紙で回覧"), state(2, "完了", final=True)))


def test_a_paper_step_in_the_workflow_server_reaches_the_page_and_the_token_reaches_nothing(
    tmp_path: Path,
) -> None:
    folder = town(tmp_path / "town", LOCAL)
    kept = token_file(folder)
    with stub(mayan_like(states=PAPER)) as url:
        (folder / "town.toml").write_text(TOWN + MAYAN.format(url=url), "utf-8")
        plan = auditor("scan", str(folder), "--dry-run", cwd=tmp_path)
        done = auditor("scan", str(folder), "--fail-on", "none", "--max-unknown", "-1", cwd=tmp_path)
    assert "mayan:bunsho 文書管理: probe 127.0.0.1" in plan.stdout
    assert done.returncode == 0, done.stderr
    run = json.loads((folder / "out" / "latest-en" / "run.json").read_text("utf-8"))
    found = {row["control"]: row for row in run["findings"] if row["target"] == "mayan:bunsho"}
    assert found["PPL-03"]["places"] == ["休暇: 紙で回覧", "旅費: 紙で回覧"]
    assert found["PPL-12"]["verdict"] == "pass"
    (section,) = (folder / "out" / "latest-en" / "sections").glob("*.html")
    assert "紙で回覧" in section.read_text("utf-8")
    files = (path for path in folder.rglob("*") if path.is_file() and path != kept)
    assert not any(TOKEN.encode() in path.read_bytes() for path in files)
