"""The main job, end to end, on real servers: what is weakened changes, and nothing else does."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.peers.certificates import authority, issue
from tests.peers.chromium import chromium, look
from tests.peers.cups import CupsQueue, cups
from tests.peers.nginx import Block, nginx
from tests.peers.openvpn import openvpn
from tests.peers.sshd import SshServer, sshd
from tests.whole.command import auditor
from tests.whole.matsukaze import Servers, Town, readiness, standing


class Peers:
    """The running servers and the second, expired entrance."""

    def __init__(self, servers: Servers, expired_port: int) -> None:
        self.servers = servers
        self.expired_port = expired_port


@pytest.fixture(scope="module")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peers]:
    folder = tmp_path_factory.mktemp("peers")
    root = authority()
    ca_file = root.save(folder / "ca.pem")
    with ExitStack() as stack:
        first = stack.enter_context(sshd(folder, name="ssh1"))
        others = [
            stack.enter_context(sshd(folder, name=name, client_key=first.client_key))
            for name in ("ssh2", "ssh3")
        ]
        good, expired = stack.enter_context(
            nginx(folder, [Block(issue(folder, root)), Block(issue(folder, root, ends_days=-3))])
        )
        vpn = stack.enter_context(openvpn(folder, ca_file, issue(folder, root)))
        printing = stack.enter_context(cups([CupsQueue("mfp", "本庁2階"), CupsQueue("lost")]))
        servers = Servers(
            ssh=(first, others[0], others[1]),
            tls_port=good,
            openvpn_port=vpn,
            ca_file=ca_file,
            printing=printing.url,
        )
        yield Peers(servers, expired)


@pytest.fixture
def town(peers: Peers, tmp_path: Path) -> Town:
    written = Town(tmp_path / "matsukaze", peers.servers)
    written.write()
    return written


def scan(town: Town, *options: str) -> int:
    done = auditor("scan", str(town.folder), *options, cwd=town.folder.parent)
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode in (0, 3, 4), done.stdout + done.stderr
    return done.returncode


def test_the_doctor_finds_nothing_to_correct(town: Town) -> None:
    done = auditor("doctor", str(town.folder), cwd=town.folder.parent)
    assert done.returncode == 0, done.stdout


def test_every_target_is_reached_and_every_leg_has_proof(town: Town) -> None:
    scan(town)
    run = town.run()
    assert [card["outcome"] for card in run["targets"]] == [None] * len(run["targets"])
    assert run["broken"] == []
    for control in ("RA-02", "RA-04"):
        assert standing(run)[control, "gateway:portal"][0] == "pass"


def test_a_second_scan_says_that_nothing_changed(town: Town) -> None:
    scan(town)
    scan(town)
    run = town.run()
    assert run["number"] == 2
    assert run["changes"]["since"] == 1
    assert [change for change in run["changes"]["changed"] if change["before"] != change["after"]] == []


def test_an_expired_certificate_turns_its_control_and_those_who_enter_there(town: Town, peers: Peers) -> None:
    scan(town)
    before = town.run()
    town.write(tls_port=peers.expired_port)
    scan(town)
    after = town.run()
    changed = {key for key, value in standing(after).items() if standing(before)[key] != value}
    assert {target for _, target in changed} == {"gateway:portal"}
    assert len(changed) == 1
    assert standing(after)[changed.pop()][0] == "fail"
    assert set(readiness(after).values()) == {"blocked"}


def test_a_seal_in_a_route_turns_that_section_s_work_only(town: Town) -> None:
    scan(town)
    before = town.run()
    town.route("trouble")
    scan(town)
    after = town.run()
    changed = {key for key, value in standing(after).items() if standing(before)[key] != value}
    assert changed == {("PPL-03", "routes:routes")}
    legs = {row["person"]: row["legs"]["work"] for row in after["readiness"]}
    assert legs["101"] == "blocked"
    assert legs["102"] == legs["103"] == "check_first"


def test_a_machine_that_stops_is_judged_by_what_it_said_last_and_the_page_knows(
    tmp_path: Path, peers: Peers
) -> None:
    with sshd(tmp_path, name="doomed", client_key=peers.servers.ssh[0].client_key) as doomed:
        town = _town_with(tmp_path, peers, doomed)
        scan(town)
        alive = standing(town.run())
        doomed.stop()
        scan(town)
    run = town.run()
    before = {key: value for key, value in alive.items() if key[1] == "endpoint:PC-3"}
    assert {key: value for key, value in standing(run).items() if key[1] == "endpoint:PC-3"} == before
    card = next(card for card in run["targets"] if card["key"] == "endpoint:PC-3")
    assert (card["outcome"], card["silent"]) == (None, "refused")


def test_a_machine_never_heard_is_unknown_in_one_line_and_the_audit_incomplete(
    tmp_path: Path, peers: Peers
) -> None:
    with sshd(tmp_path, name="doomed", client_key=peers.servers.ssh[0].client_key) as doomed:
        town = _town_with(tmp_path, peers, doomed)
        scan(town)
        alive = standing(town.run())
        doomed.stop()
        for file in town.folder.glob("auditor.db*"):
            file.unlink()
        assert scan(town) == 4
    run = town.run()
    mine = {key: value for key, value in standing(run).items() if key[1] == "endpoint:PC-3"}
    assert len(mine) >= 9
    assert set(mine.values()) == {("unknown", "")}
    assert {row["reason"] for row in run["findings"] if row["target"] == "endpoint:PC-3"} == {"refused"}
    changed = {key for key, value in standing(run).items() if alive[key] != value}
    assert {target for _, target in changed} <= {"endpoint:PC-3", "section:jumin"}, "its own ledger row too"
    page = (town.folder / "out" / "latest-en" / "sections" / "jumin.html").read_text("utf-8")
    assert f"All {len(mine)} controls are unknown" in page
    assert readiness(run)["103"] in ("blocked", "check_first")


def test_hostile_names_stay_text_on_every_page(town: Town) -> None:
    scan(town)
    pages = list((town.folder / "out" / "latest-en").rglob("*.html"))
    assert len(pages) == 5
    for page in pages:
        text = page.read_text("utf-8")
        assert "<script" not in text
    assert any("&lt;script&gt;" in page.read_text("utf-8") for page in pages)


def test_the_pages_of_real_servers_hold_in_a_real_browser(town: Town) -> None:
    scan(town)
    scan(town)
    pages = sorted((town.folder / "out" / "latest-en").rglob("*.html"))
    with chromium() as browser:
        for page in pages:
            for width in (1280, 320):
                seen = look(browser, page, width)
                assert seen.violations == (), page.name
                assert seen.scroll_width <= width, page.name
                assert seen.requests == (), page.name
                assert seen.console == (), page.name


def test_counts_agree_between_page_document_and_terminal(town: Town) -> None:
    done = auditor("scan", str(town.folder), cwd=town.folder.parent)
    tally = town.run()["tally"]
    page = (town.folder / "out" / "latest-en" / "town.html").read_text("utf-8")
    shown = {key: int(n) for key, n in re.findall(r'id="total-(\w+)">(\d+)<', page)}
    line = next(line for line in done.stdout.splitlines() if line.startswith("Findings"))
    said = [int(number) for number in re.findall(r"\d+", line)]
    order = ("fail", "unknown", "grace", "exception", "passed", "not_applicable")
    assert said == [tally[key] for key in order]
    assert [shown["pass" if key == "passed" else key] for key in order] == said
    measured = [row for row in town.run()["findings"] if not row.get("attested")]
    counted = Counter(row.get("overlay") or row["verdict"] for row in measured)
    assert [counted[key if key != "passed" else "pass"] for key in order] == said
    attested = sum(tally["attested"].values())
    assert len(measured) + attested == len(town.run()["findings"]), "what people said is counted apart"


def test_a_print_queue_without_a_place_is_found_on_a_real_server(town: Town) -> None:
    scan(town)
    assert standing(town.run())["PRT-01", "print-server:print"] == ("fail", "unmapped")


def test_one_section_alone_is_shown_and_not_kept(town: Town) -> None:
    scan(town)
    scan(town, "--section", "税務課", "--out", "part")
    assert town.run()["number"] == 1
    part = next(path for path in (town.folder.parent / "part").iterdir() if path.is_dir())
    assert [path.name for path in (part / "sections").iterdir()] == ["zeimu.html"]


def test_a_past_run_is_rendered_and_judged_again_without_its_servers(town: Town) -> None:
    scan(town)
    done = auditor("report", str(town.folder), "--run", "1", "--lang", "ja", cwd=town.folder.parent)
    assert done.returncode == 0
    assert (town.folder / "out" / "latest" / "sections" / "soumu.html").exists()
    again = auditor("judge", str(town.folder), "--model", "beta-prime", "--json", cwd=town.folder.parent)
    assert again.returncode in (3, 4)
    assert '"beta-prime"' in again.stdout
    late = auditor("judge", str(town.folder), "--date", "2030-01-01", "--json", cwd=town.folder.parent)
    assert '"stale"' in late.stdout


def _town_with(folder: Path, peers: Peers, third: SshServer) -> Town:
    ours = peers.servers
    servers = Servers(
        ssh=(ours.ssh[0], ours.ssh[1], third),
        tls_port=ours.tls_port,
        openvpn_port=ours.openvpn_port,
        ca_file=ours.ca_file,
    )
    town = Town(folder / "matsukaze", servers)
    town.write()
    return town
