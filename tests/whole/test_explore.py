"""The history in Datasette: on loopback, read-only, from a copy without evidence; every query runs."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from auditor.errors import OutputError
from auditor.history import History, open_read_only
from auditor.keeping import explore
from auditor.keeping.views import NAMES
from tests.core.runs import audit_of
from tests.core.world import control
from tests.peers.process import OWN, free_port, listens_at_last, need

TITLE = control("W-01").title


@pytest.fixture
def town(tmp_path: Path) -> Path:
    with History(tmp_path / "auditor.db") as history:
        for day, after_s in enumerate((600, 1800, 1800, 600)):
            history.keep(audit_of(after_s=after_s, day=day))
    return tmp_path


def asked(port: int, path: str) -> dict[str, object]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=20) as answer:
        return dict(json.load(answer))


def test_every_ready_made_query_runs_on_the_copy_as_on_the_history(town: Path, tmp_path: Path) -> None:
    import sqlite3

    values = {"target": "endpoint:PC-1", "day": "2026-11-24"}
    with open_read_only(town / "auditor.db") as history:
        (tmp_path / "copy").mkdir()
        copy, _ = explore.laid_out(history.db, tmp_path / "copy", "ja")
        with closing(sqlite3.connect(copy)) as shown:
            for name, query in explore.queries().items():
                found = history.db.execute(query.sql, values).fetchall()
                assert shown.execute(query.sql, values).fetchall() == found, name
                assert query.title.ja
                assert query.title.en
            tables = {row[0] for row in shown.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    assert tables == set(NAMES)
    assert "state_on_a_day" in explore.queries()


def test_the_views_say_what_the_pages_say(town: Path) -> None:
    with open_read_only(town / "auditor.db") as history:
        changed = history.db.execute("SELECT run, day, before, after FROM v_change ORDER BY run").fetchall()
        now = history.db.execute("SELECT target, control, shown_as, since FROM v_now").fetchall()
    assert changed == [(2, "2026-11-24", "pass", "fail"), (4, "2026-11-26", "fail", "pass")]
    assert now == [("endpoint:PC-1", "W-01", "pass", "2026-11-26")]


def test_without_datasette_the_command_says_what_to_install(
    town: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(OutputError) as caught:
        explore.program()
    assert caught.value.key == "no_datasette"
    assert (town / "auditor.db").exists()


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_datasette_shows_the_copy_on_loopback_until_it_is_ended(town: Path) -> None:
    need("datasette")
    port = free_port()
    before = (town / "auditor.db").read_bytes()
    path = os.pathsep.join((str(OWN), os.environ["PATH"]))
    command = [sys.executable, "-m", "auditor", "explore", str(town), "--port", str(port)]
    running = subprocess.Popen(
        command, env={**os.environ, "PATH": path}, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        assert listens_at_last(port)
        found = asked(port, "history/changed_since_yesterday.json")
        assert found["rows"] == [["endpoint:PC-1", "W-01", TITLE.ja, TITLE.en, "fail", "pass"]]
        addresses = subprocess.run(["ss", "-ltnH"], check=True, capture_output=True, text=True).stdout
        assert f"127.0.0.1:{port} " in addresses
        with pytest.raises(urllib.error.HTTPError):
            asked(port, "history.json?sql=delete+from+v_run")
        with pytest.raises(urllib.error.HTTPError):
            asked(port, "history.db")
    finally:
        os.killpg(running.pid, signal.SIGINT)
        said = running.communicate(timeout=60)[1].decode()
    assert running.returncode == 0, said
    assert f"127.0.0.1:{port}" in said
    assert (town / "auditor.db").read_bytes() == before
