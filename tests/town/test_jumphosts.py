"""Jump hosts and sudo as a town declares them: what is wrong is named by line, and nothing is guessed."""

from pathlib import Path

import pytest

from auditor.errors import ConfigError
from auditor.town import Loaded, load_town
from auditor.zones import Jump
from tests.whole.test_faults import STAFF, TOWN

HEADING = "資産番号,機器名,OS,課,利用者,区分,取得方法,ホスト,経由,昇格\r\n"
JUMP = '[[ssh.jumps]]\nid = "dmz"\nhost = "jump.example"\nport = 2222\n'
SSH = '[ssh]\naccount = "auditor"\n'


def loaded(folder: Path, rows: str, ssh: str = SSH + JUMP) -> Loaded:
    folder.mkdir(exist_ok=True)
    (folder / "town.toml").write_text(TOWN.replace("[[sec", f"{ssh}[[sec", 1), "utf-8")
    (folder / "staff.csv").write_text(STAFF, "cp932", newline="")
    (folder / "endpoints.csv").write_text(HEADING + rows, "utf-8-sig", newline="")
    return load_town(folder)


def row(id_: str, *, os: str = "linux", jump: str = "", sudo: str = "", road: str = "ssh") -> str:
    return f"{id_},端末,{os},総務課,101,internet,{road},pc.example,{jump},{sudo}\r\n"


def problems(folder: Path, rows: str, ssh: str = SSH + JUMP) -> set[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, rows, ssh)
    return {problem.key for problem in caught.value.problems}


def test_a_machine_stands_behind_the_jump_host_it_names(tmp_path: Path) -> None:
    rows = (
        row("PC-1", jump="dmz")
        + row("PC-2", jump="なし")
        + row("PC-3")
        + row("PC-4", jump="dmz", road="file")
    )
    town = loaded(tmp_path, rows).town
    assert town.jumps == (Jump(id="dmz", host="jump.example", port=2222, account="auditor"),)
    assert [endpoint.jump for endpoint in town.endpoints] == ["dmz", "", "", ""]


def test_sudo_is_the_towns_or_the_rows_and_never_of_windows(tmp_path: Path) -> None:
    rows = row("PC-1") + row("PC-2", sudo="×") + row("PC-3", os="Windows 11 Pro") + row("PC-4", road="file")
    everywhere = loaded(tmp_path / "a", rows, SSH + "sudo = true\n").town
    assert [endpoint.sudo for endpoint in everywhere.endpoints] == [True, False, False, False]
    rows = row("PC-1") + row("PC-2", sudo="○") + row("PC-3", os="windows", sudo="○")
    some = loaded(tmp_path / "b", rows)
    assert [endpoint.sudo for endpoint in some.town.endpoints] == [False, True, False]
    assert "sudo_windows" in {note.key for note in some.notes}


@pytest.mark.parametrize(
    ("rows", "ssh", "key"),
    [
        (row("PC-1", jump="dnz"), SSH + JUMP, "unknown_jump"),
        (row("PC-1", sudo="perhaps"), SSH + JUMP, "bad_flag"),
        (row("PC-1"), SSH + JUMP + JUMP, "jump_twice"),
        (row("PC-1"), SSH + JUMP.replace("dmz", "../x"), "bad_id"),
        (row("PC-1"), SSH + JUMP.replace("jump.example", "a b"), "bad_host"),
        (row("PC-1"), SSH + JUMP.replace("2222", "0"), "bad_port"),
        (row("PC-1"), SSH + JUMP + 'account = "-oProxyCommand"\n', "bad_account"),
        (row("PC-1", road="file"), "[ssh]\n" + JUMP, "jump_account"),
        (row("PC-1"), SSH + 'sudo = "yes"\n', "not_boolean"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_runs(tmp_path: Path, rows: str, ssh: str, key: str) -> None:
    assert key in problems(tmp_path, rows, ssh)
