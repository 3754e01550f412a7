"""A town of segments, scanned by the real command: which ways are open, and who can tell."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.peers.segments import BEYOND, HOMES, LGWAN, MYNUMBER, OFFICE, Segments, machine, segments
from tests.peers.sshd import SshServer, sshd
from tests.whole.test_faults import HEADING, STAFF, TOWN

FILES, DESKTOP, SHUT = 445, 3389, 22


@dataclass
class Place:
    """A town whose vantages stand in its segments, and the network it lies in."""

    folder: Path
    network: Segments
    servers: dict[str, SshServer]
    control: int

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """``auditor ARGUMENTS``, run by the machine in the office segment."""
        environment = {**os.environ, "AUDITOR_LANG": "en", "NO_COLOR": "1", "COLUMNS": "200"}
        argv = self.network.argv(OFFICE, [sys.executable, "-m", "auditor", *arguments])
        return subprocess.run(
            argv,
            env=environment,
            cwd=self.folder.parent,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )

    def scanned(self) -> dict[str, Any]:
        """The run document of one scan."""
        done = self.run("scan", str(self.folder), "--json")
        assert "Traceback" not in done.stderr, done.stderr
        assert done.stdout, done.stderr
        document: dict[str, Any] = json.loads(done.stdout)
        return document


def flow(id_: str, source: str, to: str, segment: str, ports: list[int], expect: str = "closed") -> str:
    return (
        f'[[flows]]\nid = "{id_}"\nname = "経路 {id_}"\nfrom = "{source}"\nto = "{to}"\n'
        f'hosts = ["{machine(segment)}"]\nports = {ports}\nexpect = "{expect}"\n'
    )


def vantage(id_: str, zone: str, control: str, jump: str | None = None) -> str:
    way = f'jump = "{jump}"\n' if jump else ""
    name = f"確認用の機械 {id_}"
    return f'[[vantages]]\nid = "{id_}"\nname = "{name}"\nzone = "{zone}"\n{way}control = "{control}"\n'


FLOWS = (
    flow("home-my", "homes", "mynumber", MYNUMBER, [FILES, DESKTOP])
    + flow("home-lgwan", "homes", "lgwan", LGWAN, [FILES])
    + flow("lgwan-my", "lgwan", "mynumber", MYNUMBER, [FILES, DESKTOP])
    + flow("lgwan-net", "lgwan", "internet", BEYOND, [FILES])
    + flow("office-my", "office", "mynumber", MYNUMBER, [DESKTOP])
    + flow("office-lgwan", "office", "lgwan", LGWAN, [FILES], "open")
)


@contextmanager
def place(tmp_path: Path, more: str = "") -> Iterator[Place]:
    """The three layers behind a router that stops all that must be stopped, but for LGWAN to My-Number."""
    with ExitStack() as stack:
        network = stack.enter_context(segments())
        network.stop("prohibit", HOMES, MYNUMBER)
        network.stop("unreachable", HOMES, LGWAN)
        network.stop("blackhole", LGWAN, BEYOND)
        control = network.listen(OFFICE)
        outside = network.listen(BEYOND)
        for segment in (MYNUMBER, LGWAN, BEYOND):
            network.listen(segment, FILES)
        servers: dict[str, SshServer] = {}
        key = None
        for segment in (HOMES, LGWAN):
            servers[segment] = stack.enter_context(
                sshd(
                    tmp_path,
                    name=segment,
                    client_key=key,
                    listen=machine(segment),
                    inside=network.names[segment],
                )
            )
            key = servers[segment].client_key
        folder = tmp_path / "town"
        folder.mkdir()
        (folder / "inbox").mkdir()
        ssh = f'[ssh]\naccount = "root"\nkey_file = "{key}"\n' + "".join(
            f'[[ssh.jumps]]\nid = "{segment}-host"\nhost = "{server.host}"\nport = {server.port}\n'
            for segment, server in servers.items()
        )
        here = f"{machine(OFFICE)}:{control}"
        places = (
            vantage("homes", "home", here, "homes-host")
            + vantage("lgwan", "lgwan", here, "lgwan-host")
            + vantage("office", "internet", f"{machine(BEYOND)}:{outside}")
        )
        text = TOWN.replace("[[sec", f"{ssh}[[sec", 1) + places + FLOWS + more
        (folder / "town.toml").write_text(text, "utf-8")
        (folder / "staff.csv").write_text(STAFF, "cp932", newline="")
        (folder / "endpoints.csv").write_text(
            HEADING + "PC-1,,端末1,linux,総務課,101,internet,file,,,\r\n", "utf-8-sig", newline=""
        )
        (folder / "known_hosts").write_text("".join(f"{one.known_hosts}\n" for one in servers.values()))
        yield Place(folder, network, servers, control)


def verdicts(document: dict[str, Any]) -> dict[str, set[tuple[str, str, str]]]:
    """By flow: control, verdict and key or reason; what does not concern it is left out."""
    found: dict[str, set[tuple[str, str, str]]] = {}
    for row in document["findings"]:
        kind, _, id_ = row["target"].partition(":")
        if kind == "flow" and row["verdict"] != "not_applicable":
            told = row.get("key") or row.get("reason", "")
            found.setdefault(id_, set()).add((row["control"], row["verdict"], told))
    return found


def test_exactly_the_forbidden_open_way_is_red_and_says_how_to_see_it(tmp_path: Path) -> None:
    with place(tmp_path) as town:
        document = town.scanned()
        assert verdicts(document) == {
            "home-my": {("NET-01", "pass", "closed")},
            "home-lgwan": {("NET-03", "pass", "closed")},
            "lgwan-my": {("NET-01", "fail", "open")},
            "lgwan-net": {("NET-03", "pass", "closed")},
            "office-my": {("NET-01", "pass", "closed")},
            "office-lgwan": {("NET-03", "pass", "open_as_agreed")},
        }
        # "no such network" counts as silence: it may also be the vantage that has no way out
        counts = {
            row["target"]: tuple(
                row["values"][name] for name in ("opened", "refused", "prohibited", "silent")
            )
            for row in document["findings"]
            if row["control"] in ("NET-01", "NET-03") and row["verdict"] != "not_applicable"
        }
        assert counts == {
            "flow:home-my": (0, 0, 2, 0),
            "flow:home-lgwan": (0, 0, 0, 1),
            "flow:lgwan-my": (1, 1, 0, 0),
            "flow:lgwan-net": (0, 0, 0, 1),
            "flow:office-my": (0, 1, 0, 0),
            "flow:office-lgwan": (1, 0, 0, 0),
        }
        assert town.network.taken[MYNUMBER, FILES] == 1, "one connection, from the way that is open"
        for server in town.servers.values():
            log = server.log.read_text()
            assert log.count("Accepted publickey") == 1, "one login for all probes of a vantage"
            assert "Starting session" not in log, "no command ever runs there"
        page = (town.folder / "out/latest-en/zones.html").read_text("utf-8")
        cells = re.findall(r'<td class="cell (\w+)">(.*?)</td>', page, re.DOTALL)
        states = sorted(state for state, _ in cells)
        expected = ["fail", *["not_applicable"] * 3, *["pass"] * 4, "unknown"]
        assert states == expected, "exactly one of nine is red"
        doubt = next(text for state, text in cells if state == "unknown")
        assert "経路 office-lgwan" in doubt, "one port is open as agreed; nobody tried the rest"
        red = next(text for state, text in cells if state == "fail")
        assert "経路 lgwan-my" in red
        assert f"nc -vz -w 5 {machine(MYNUMBER)} {FILES}" in red
        assert f"{machine(OFFICE)}:{town.control} should connect" in red
        contacts = (town.folder / "out/latest-en/contacts.csv").read_bytes()
        assert contacts.startswith(b"\xef\xbb\xbf")
        rows = list(csv.DictReader(io.StringIO(contacts.decode("utf-8-sig"))))
        assert len(rows) == len(document["contacts"])
        assert any(one["target"].startswith("jump:") for one in document["contacts"])
        technical = (town.folder / "out/latest-en/technical.html").read_text("utf-8")
        assert f"This audit made {len(rows)} connections" in technical


def test_a_place_that_is_cut_off_or_has_no_control_proves_nothing_closed(tmp_path: Path) -> None:
    with place(tmp_path) as town:
        town.network.stop("blackhole", LGWAN, OFFICE)  # the SSH host of that segment cannot answer us
        text = (town.folder / "town.toml").read_text("utf-8")
        dead = text.replace(f"{machine(OFFICE)}:{town.control}", f"{machine(OFFICE)}:9")
        (town.folder / "town.toml").write_text(dead, "utf-8")
        found = verdicts(town.scanned())
        assert {told for _, _, told in found["lgwan-my"]} == {"jump_unreached"}
        assert {verdict for _, verdict, _ in found["lgwan-net"]} == {"unknown"}
        assert found["home-my"] == {("NET-01", "unknown", "no_control")}
        assert found["home-lgwan"] == {("NET-03", "unknown", "no_control")}
        assert found["office-my"] == {("NET-01", "pass", "closed")}, "its own control answered"
        page = (town.folder / "out/latest-en/zones.html").read_text("utf-8")
        assert page.count('<td class="cell pass">') == 1


def test_the_dry_run_names_every_way_and_its_vantage_and_contacts_nobody(tmp_path: Path) -> None:
    with place(tmp_path) as town:
        done = town.run("scan", str(town.folder), "--dry-run")
        assert done.returncode == 0, done.stderr
        assert f"flow:lgwan-my 経路 lgwan-my: probe {machine(MYNUMBER)} {FILES}/tcp at most 2" in done.stdout
        assert "by way of lgwan" in done.stdout
        assert f"jump:lgwan-host lgwan-host: ssh {machine(LGWAN)}" in done.stdout
        assert set(town.network.taken.values()) == {0}
        assert all("Connection from" not in server.log.read_text() for server in town.servers.values())
        assert not (town.folder / "out").exists()
