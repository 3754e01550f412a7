"""The morning's pass: only machines that kept silent are asked; all else is carried forward with its age."""

import os
from pathlib import Path

import pytest

from auditor.history import History, open_read_only
from auditor.nightly.journal import read_journal, write_journal
from auditor.nightly.morning import catch_up
from auditor.nightly.night import run_night
from auditor.nightly.spool import NAME, declared_digest
from auditor.nights import How
from auditor.run import Run
from tests.nightly.ground import HERE, ROW, Ended, Night, ground_of
from tests.peers.process import free_port
from tests.peers.sshd import SshServer, sshd
from tests.whole.test_faults import TOWN

LAPTOP = "PC-2,,端末2,linux,総務課,101,internet,ssh,127.0.0.1,{port},{account}\r\n"


def town_with(folder: Path, server: SshServer, port: int) -> Path:
    """A machine that is always there, and one that is reached at that port."""
    toml = TOWN.replace("[[sec", f'[ssh]\nkey_file = "{server.client_key}"\n[[sec', 1)
    HERE(folder, ROW + LAPTOP.format(port=port, account=server.account), toml=toml)
    (folder / "known_hosts").write_text(server.known_hosts + "\n")
    return folder


def switched_on(folder: Path, server: SshServer) -> None:
    """The laptop is there now: at another port, which stands for a machine that was off until here."""
    town_with(folder, server, server.port)
    journal = read_journal(folder)
    assert journal.tonight is not None
    journal.tonight.declared = declared_digest(folder)
    write_journal(folder, journal)


def night(folder: Path) -> Run:
    with ground_of(folder, Night()) as ground:
        run = run_night(ground)
    assert run is not None
    return run


def test_a_laptop_that_was_off_is_heard_in_the_morning_and_nobody_else_is_asked(tmp_path: Path) -> None:
    with sshd(tmp_path) as server:
        folder = town_with(tmp_path / "town", server, free_port())
        first = night(folder)
        switched_on(folder, server)
        morning = Night()
        with ground_of(folder, morning) as ground:
            second = catch_up(ground)
    assert first.target("endpoint:PC-2").outcome is not None
    assert second is not None
    assert morning.asked == ["PC-2"]
    assert second.number == 2
    assert second.target("endpoint:PC-2").outcome is None
    kept, carried = first.target("endpoint:PC-1"), second.target("endpoint:PC-1")
    assert carried.collected_at == kept.collected_at, "what is carried forward keeps its age"
    assert second.nightly is not None
    assert (second.nightly.catches_up, second.nightly.retried, second.nightly.heard) == (1, 1, 1)
    with open_read_only(folder / "auditor.db") as history:
        assert history.evidence(2)["endpoint:PC-1"] == history.evidence(1)["endpoint:PC-1"]
        assert history.evidence(2)["endpoint:PC-2"].outcome is None


def test_what_a_machine_said_in_the_night_is_not_its_successor_s(tmp_path: Path) -> None:
    """The row of a PC that answered goes to another at eight: nothing it said counts at half past."""
    with sshd(tmp_path) as server:
        folder = town_with(tmp_path / "town", server, server.port)
        first = night(folder)
        town_with(folder, server, free_port())
        morning = Night()
        with ground_of(folder, morning) as ground:
            second = catch_up(ground)
    assert second is not None
    assert first.target("endpoint:PC-2").outcome is None
    assert {"PC-1", "PC-2"} <= set(morning.asked)
    assert "declared_anew" in morning.told
    card = second.target("endpoint:PC-2")
    assert (card.outcome or card.silent) is not None


def test_where_everybody_answered_nothing_is_done(tmp_path: Path) -> None:
    folder = HERE(tmp_path / "town", ROW)
    night(folder)
    morning = Night()
    with ground_of(folder, morning) as ground:
        assert catch_up(ground) is None
    assert morning.asked == []
    assert "nobody_missing" in morning.told
    with open_read_only(folder / "auditor.db") as history:
        assert history.numbers() == (1,)


def test_a_machine_silent_again_stays_unknown(tmp_path: Path) -> None:
    with sshd(tmp_path) as server:
        folder = town_with(tmp_path / "town", server, free_port())
        night(folder)
        with ground_of(folder, Night()) as ground:
            second = catch_up(ground)
    assert second is not None
    assert second.nightly is not None
    assert (second.nightly.retried, second.nightly.heard) == (1, 0)
    assert second.target("endpoint:PC-2").outcome is not None
    assert "pass" not in {
        str(row.verdict) for row in second.findings if row.target == "endpoint:PC-2" and row.evidence
    }


def test_where_the_night_itself_did_not_run_the_morning_makes_up_for_all_of_it(tmp_path: Path) -> None:
    folder = HERE(tmp_path / "town", ROW)
    night(folder)
    morning = Night()
    with ground_of(folder, morning, hours=24) as ground:
        second = catch_up(ground)
    assert second is not None
    assert "PC-1" in morning.asked
    assert second.nightly is not None
    assert second.nightly.catches_up == 0


def test_in_quiet_hours_a_missed_night_is_not_made_up_for(tmp_path: Path) -> None:
    folder = HERE(tmp_path / "town", ROW)
    morning = Night()
    with ground_of(folder, morning, closed=lambda: True) as ground:
        assert catch_up(ground) is None
    assert morning.asked == []


def test_a_second_pass_that_was_ended_is_no_lost_night_and_leaves_the_night_s_run(tmp_path: Path) -> None:
    with sshd(tmp_path) as server:
        folder = town_with(tmp_path / "town", server, free_port())
        night(folder)
        stopped = Night()
        with ground_of(folder, stopped, ends_at="done_scan") as ground, pytest.raises(Ended):
            catch_up(ground)
        assert (folder / "nightly" / NAME).exists()
        with ground_of(folder, Night(), hours=24) as ground:
            later = run_night(ground)
    assert later is not None
    assert later.number == 2
    assert later.nightly is not None
    assert How.STOPPED not in {one.how for one in later.nightly.lapses}


def test_refused_files_of_the_night_still_stand_in_the_morning_s_run(tmp_path: Path) -> None:
    with sshd(tmp_path) as server:
        folder = town_with(tmp_path / "town", server, free_port())
        strange, late = folder / "inbox" / "strange.json", folder / "inbox" / "late.json"
        for file in (strange, late):
            file.write_text('{"no": "evidence"}')
        os.utime(strange, (0, 0))  # `late` may still be on its way, and is read again
        first = night(folder)
        with ground_of(folder, Night()) as ground:
            second = catch_up(ground)
    assert second is not None
    assert (
        {one.file for one in first.inbox} == {one.file for one in second.inbox} == {strange.name, late.name}
    )
    assert second.arrived == first.arrived
    assert set(second.arrived.values()) == {1}
    assert not strange.exists()
    with History(folder / "auditor.db") as history:
        assert history.numbers() == (1, 2)
