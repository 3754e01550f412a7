"""``auditor rehearse`` on a real nginx: the right step, the right people, and until when it holds."""

import csv
import io
import socket
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.peers.process import free_port
from tests.peers.sshd import sshd
from tests.remote.conftest import TODAY, black_hole, rude_server
from tests.whole.command import auditor
from tests.whole.morning import REPAIRS, Morning, changed, morning, states, stopped_at


@pytest.fixture(scope="module")
def well(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Morning]:
    with morning(tmp_path_factory.mktemp("well")) as found:
        yield found


def test_where_all_is_well_it_says_until_when_it_holds(well: Morning) -> None:
    code, found = well.rehearse()
    assert code == 0
    assert set(states(found).values()) == {"holds"}
    assert list(states(found)) == [
        "name",
        "entrance",
        "certificate",
        "sign_on",
        "broker",
        "seats",
        "approval",
    ]
    until = date.fromisoformat(found["until"])
    assert until - TODAY in (timedelta(days=192), timedelta(days=193)), "200 days, less the week RA-05 keeps"
    assert found["stopped"] == []
    assert "令和" in well.told()
    assert "it holds until" in well.told(lang="en")


def test_every_contact_is_logged_and_all_are_declared(well: Morning) -> None:
    before = set((well.folder / "out").glob("rehearsals/*-contacts.csv"))
    _, found = well.rehearse()
    (log,) = set((well.folder / "out").glob("rehearsals/*-contacts.csv")) - before
    rows = list(csv.reader(io.StringIO(log.read_bytes().decode("utf-8-sig"))))
    assert len(rows) - 1 == len(found["contacts"])
    made = {(one["host"], one["port"]) for one in found["contacts"]}
    assert made == {("127.0.0.1", port) for port in (well.port, well.broker, well.server)}
    assert all(one["what"] and one["target"] for one in found["contacts"])


def test_a_log_that_cannot_be_written_is_told_and_the_answer_stands(well: Morning, tmp_path: Path) -> None:
    today = changed(well, tmp_path)
    (today.folder / "out").write_text("in the way", "utf-8")
    today.write()
    done = auditor("rehearse", str(today.folder), cwd=today.folder, lang="en")
    assert (done.returncode, "it holds until" in done.stdout) == (0, True)
    assert "out" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_certificate_that_ends_in_three_days_stops_everybody_there(tmp_path: Path) -> None:
    with morning(tmp_path, days=3.5) as today:
        code, found = today.rehearse()
        text = today.told()
    assert code == 3
    assert stopped_at(found) == ("certificate", ["0101", "0102", "0103"])
    assert {states(found)[leg] for leg in ("sign_on", "broker", "seats", "approval")} == {"not_walked"}
    assert "✕ 証明書" in text
    assert "総務課 2人、税務課 1人(計3人)" in text
    assert "髙橋" not in text, "without --section nobody is named"


def test_a_broker_that_is_down_stops_everybody_there(well: Morning, tmp_path: Path) -> None:
    today = changed(well, tmp_path, broker=free_port())
    code, found = today.rehearse()
    assert code == 3
    assert stopped_at(found) == ("broker", ["0101", "0102", "0103"])
    assert states(found)["certificate"] == "holds"
    assert states(found)["approval"] == "not_walked"


def test_a_section_is_told_by_the_names_of_its_own_people(well: Morning, tmp_path: Path) -> None:
    today = changed(well, tmp_path, broker=free_port())
    _, found = today.rehearse("--section", "総務課")
    assert stopped_at(found) == ("broker", ["0101", "0102"])
    text = today.told("--section", "総務課")
    assert "総務課 髙橋 一郎、𠮷田 花(計2人)" in text
    assert "森" not in text


def test_an_approval_server_that_is_down_stops_its_own_sections_only(well: Morning, tmp_path: Path) -> None:
    today = changed(well, tmp_path)
    (tmp_path / "z").mkdir()
    today.more = (
        'sections = ["soumu"]\n'
        '[[documents]]\nid = "z"\nname = "税務の決裁"\nkind = "routes"\nfolder = "z"\n'
        f'sections = ["zeimu"]\nserver = "127.0.0.1:{free_port()}"\n'
    )
    code, found = today.rehearse()
    assert code == 3
    assert stopped_at(found) == ("approval", ["0103"])
    assert found["stopped"] == ["0103"]


def test_a_workflow_system_is_an_approval_server_of_its_sections(well: Morning, tmp_path: Path) -> None:
    today = changed(well, tmp_path)
    today.more = 'sections = ["soumu"]\n' + workflow(free_port(), 'sections = ["zeimu"]')
    code, found = today.rehearse()
    assert code == 3
    assert stopped_at(found) == ("approval", ["0103"])
    today.more = 'sections = ["soumu"]\n' + workflow(well.server or 0, 'sections = ["zeimu"]')
    code, found = today.rehearse()
    assert (code, found["stopped"]) == (0, [])
    today.more = 'sections = ["soumu"]\n' + workflow(free_port(), 'sections = ["zeimu"]', "file")
    code, found = today.rehearse()
    assert (code, found["stopped"]) == (4, [])


def test_one_server_of_two_carriers_is_asked_once(well: Morning, tmp_path: Path) -> None:
    calls: list[str] = []

    def answer(sock: socket.socket) -> None:
        calls.append("called")
        sock.close()

    with rude_server(answer) as port:
        today = changed(well, tmp_path, server=port)
        today.more = workflow(port)
        code, found = today.rehearse()
    (walk,) = found["walks"]
    assert code == 0
    assert [step["leg"] for step in walk["steps"]].count("approval") == 2
    assert calls == ["called"]


def workflow(port: int, sections: str = "", road: str = "probe") -> str:
    return (
        f'[[systems]]\nid = "w"\nname = "文書管理"\nkind = "redmine"\nurl = "http://127.0.0.1:{port}"\n'
        f'road = "{road}"\n{sections}\n'
    )


def test_an_entrance_that_is_down_stops_everybody_and_nothing_behind_it_is_asked(
    well: Morning, tmp_path: Path
) -> None:
    today = changed(well, tmp_path)
    today.port = free_port()
    code, found = today.rehearse()
    assert code == 3
    assert stopped_at(found)[0] == "entrance"
    assert states(found)["certificate"] == "not_walked"


def test_another_page_than_declared_stops_them_at_the_page(tmp_path: Path) -> None:
    with morning(tmp_path, page=REPAIRS) as today:
        code, found = today.rehearse()
    assert code == 3
    assert stopped_at(found)[0] == "sign_on"


def test_too_few_seats_stop_them_and_barely_enough_is_a_warning(well: Morning, tmp_path: Path) -> None:
    code, found = changed(well, tmp_path, seats=1).rehearse()
    assert (code, stopped_at(found)[0]) == (3, "seats")
    barely = changed(well, tmp_path, seats=2)
    code, found = barely.rehearse()
    assert (code, states(found)["seats"]) == (0, "warns")
    assert "2人で枠が一杯" in barely.told()


@pytest.mark.parametrize(
    ("fields", "leg"),
    [
        ({"broker": None}, "broker"),
        ({"server": None}, "approval"),
        ({"seats": None}, "seats"),
        ({"sign_on": ""}, "sign_on"),
    ],
)
def test_what_is_not_declared_is_unknown_and_never_well(
    well: Morning, tmp_path: Path, fields: dict[str, Any], leg: str
) -> None:
    code, found = changed(well, tmp_path, **fields).rehearse()
    assert code == 4
    assert states(found)[leg] == "unknown"
    assert found["state"] == "unknown"


def test_a_certificate_within_a_month_is_a_warning(tmp_path: Path) -> None:
    with morning(tmp_path, days=20.5) as today:
        code, found = today.rehearse()
    assert (code, states(found)["certificate"]) == (0, "warns")


def test_an_issuer_that_ends_within_a_month_is_a_warning(tmp_path: Path) -> None:
    with morning(tmp_path, issuer_days=20.5) as today:
        code, found = today.rehearse()
    assert (code, states(found)["certificate"]) == (0, "warns")


def test_people_without_an_entrance_are_told(well: Morning, tmp_path: Path) -> None:
    today = changed(well, tmp_path)
    today.write()
    text = (tmp_path / "staff.csv").read_text("utf-8").replace("林 三郎,税務課,,×", "林 三郎,税務課,cloud,○")
    today.write = lambda: None  # type: ignore[method-assign]  # the folder stands as it is now
    (tmp_path / "staff.csv").write_text(text, "utf-8")
    code, found = today.rehearse()
    assert code == 4
    assert found["without"] == ["0104"]


def test_a_section_that_does_not_exist_is_refused_before_anything_is_asked(well: Morning) -> None:
    done = auditor("rehearse", str(well.folder), "--section", "建設課", cwd=well.folder)
    assert done.returncode == 2
    assert done.stdout == ""


def test_it_ends_in_time_where_nothing_answers(well: Morning, tmp_path: Path) -> None:
    today = changed(well, tmp_path)
    with black_hole() as port:
        today.port = port
        code, found = today.rehearse("--deadline", "3")
    assert found["took_s"] < 5
    assert code == 5
    assert states(found)["entrance"] == "unknown"


def test_the_entrance_may_be_looked_at_from_a_vantage_but_only_a_declared_one(
    well: Morning, tmp_path: Path
) -> None:
    """The entrance from the SSH host of another segment; what lies behind it from here."""
    with sshd(tmp_path) as server:
        today = changed(well, tmp_path)
        today.more = (
            f'[ssh]\naccount = "{server.account}"\nkey_file = "{server.client_key}"\n'
            f'[[ssh.jumps]]\nid = "street"\nhost = "{server.host}"\nport = {server.port}\n'
            '[[vantages]]\nid = "street"\nname = "町の外の回線"\nzone = "home"\njump = "street"\n'
        )
        today.where = 'reachable_from = ["street"]'
        (tmp_path / "known_hosts").write_text(f"{server.known_hosts}\n", "utf-8")
        code, found = today.rehearse("--from", "street")
        text = today.told("--from", "street")
        log = server.log.read_text()
        today.where = ""
        wrong, other = today.rehearse("--from", "street")
    assert (code, states(found)["name"], states(found)["entrance"]) == (0, "none", "holds")
    assert states(found)["sign_on"] == states(found)["broker"] == "holds"
    assert "町の外の回線" in text
    assert "Accepted publickey" in log, "the way led through the SSH host"
    assert (wrong, states(other)["entrance"]) == (5, "unknown"), "not declared to be reached from there"


def test_a_vantage_that_does_not_exist_is_refused_before_anything_is_asked(well: Morning) -> None:
    well.write()
    done = auditor("rehearse", str(well.folder), "--from", "moon", cwd=well.folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert "moon" in done.stderr
