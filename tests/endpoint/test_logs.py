"""Records that reach back and leave the machine: files as on a PC, and a real connection as proof."""

import os
import socket
import struct
import subprocess
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.answers import Answer, Status
from auditor.errors import Garbled, NotKnown
from auditor.findings import Unknown
from checks.endpoint.fitness import Batteries, Battery, Displays, Meeting
from checks.endpoint.forwarding import Destination, Forwarding
from checks.endpoint.links import Link, Links
from checks.endpoint.logs import Reach, Records, months_before
from checks.endpoint.logsettings import AuditDaemon, LogLimit, LogLimits
from tests.endpoint.conftest import FACTS, answer, fact_on, judged, params_of, pc
from tests.endpoint.test_linux_files import ABSOLUTE, ask, put
from tests.endpoint.test_linux_fragments import SHELLS, argv

OWN = ("log.oldest", "log.forwarding", "log.size", "log.powershell", "log.audit")
FIT = ("hw.battery", "hw.meeting", "hw.display", "hw.link")
MINE = [(fact.id, system) for fact in FACTS for system in fact.scripts if fact.id in (*OWN, *FIT)]


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


ID = "0123456789abcdef0123456789abcdef"


def journal(root: Path, name: str, first: str, last: str, machine: str = ID) -> None:
    """A journal file's header, as systemd's journal-def.h lays it out; the rest does not matter."""
    path = root / "var/log/journal" / machine / name
    path.parent.mkdir(parents=True, exist_ok=True)
    times = struct.pack("<QQ", int(at(first) * 1e6), int(at(last) * 1e6))
    path.write_bytes(b"LPKSHHRH" + bytes(176) + times + bytes(64))


@pytest.mark.parametrize("shell", SHELLS)
def test_a_journal_s_own_header_and_names_tell_how_far_it_reaches(tmp_path: Path, shell: str) -> None:
    journal(tmp_path, "system.journal", "2026-11-01", "2026-11-24")
    archive = f"system@{'0' * 32}-{1:016x}-{int(at('2025-06-01') * 1e6):016x}.journal"
    journal(tmp_path, archive, "2025-06-01", "2026-11-01")
    put(tmp_path, "etc/machine-id", f"{ID}\n", at("2023-04-01"))
    reach = Reach("journal", date(2025, 6, 1), date(2025, 6, 1), date(2026, 11, 24))
    assert ask("log.oldest", tmp_path, shell) == Records((reach,), date(2023, 4, 1))


@pytest.mark.parametrize("shell", SHELLS)
def test_rotated_text_files_count_by_their_last_line(tmp_path: Path, shell: str) -> None:
    for name, on in (
        ("auth.log", "2026-11-24"),
        ("auth.log.1", "2026-11-01"),
        ("auth.log.2.gz", "2026-10-01"),
    ):
        put(tmp_path, f"var/log/{name}", "x\n", at(on))
    put(tmp_path, "var/log/auth.log.3.gz", "", at("2020-01-01"))
    (log,) = ask("log.oldest", tmp_path, shell).logs
    assert (log.name, log.proved, log.newest) == ("auth.log", date(2026, 10, 1), date(2026, 11, 24))


@pytest.mark.parametrize("shell", SHELLS)
def test_a_journal_nobody_may_read_is_denied_not_empty(shell: str) -> None:
    if os.geteuid() != 0:
        return  # only root may become somebody who is refused
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        journal(root, "system.journal", "2026-11-01", "2026-11-24")
        put(root, "etc/machine-id", f"{ID}\n", at("2023-04-01"))
        root.chmod(0o755)
        next(root.rglob("system.journal")).chmod(0o600)
        script = ABSOLUTE.sub(
            lambda found: f"{root}/{found[1]}/", fact_on("log.oldest", "linux").scripts["linux"]
        )
        done = subprocess.run(
            [*argv(shell), "-c", f"( {script}\n)"], check=False, user=65534, group=65534, extra_groups=[]
        )
    assert done.returncode == 11


RSYSLOG = """# *.* @@commented.example:514
*.* @@192.0.2.7:6514;RSYSLOG_SyslogProtocol23Format
auth.*  @192.0.2.8
:msg, contains, "x" @@(o)[2001:db8::9]:10514
*.* :omrelp:relp.example:2514;Format
action(
  type="omfwd"   # to the town's collector
  target="log.matsukaze.example" port="6514"
  protocol="tcp"
)
action(type="omfile" file="/var/log/x@y")
"""


@pytest.mark.parametrize("shell", SHELLS)
def test_every_way_rsyslog_writes_a_destination_is_found(tmp_path: Path, shell: str) -> None:
    put(tmp_path, "etc/rsyslog.conf", 'include(file="/etc/rsyslog.d/*.conf" mode="optional")\n')
    put(tmp_path, "etc/rsyslog.d/90.conf", RSYSLOG)
    found = ask("log.forwarding", tmp_path, shell)
    assert {one.host for one in found.destinations} == {
        "192.0.2.7", "192.0.2.8", "2001:db8::9", "relp.example", "log.matsukaze.example",
    }  # fmt: skip
    assert not any(one.age_s is not None for one in found.destinations)
    assert found.agents == ()


SYSLOG_NG = """
source s { network(ip("0.0.0.0") port(514)); };
destination d_one { network("192.0.2.7" port(6514) transport("tls")); };
destination d_two { udp("192.0.2.8" port(514)); };
"""


@pytest.mark.parametrize("shell", SHELLS)
def test_syslog_ng_and_journal_upload_are_found(tmp_path: Path, shell: str) -> None:
    put(tmp_path, "etc/syslog-ng/syslog-ng.conf", SYSLOG_NG)
    put(tmp_path, "etc/systemd/journal-upload.conf", "[Upload]\n# URL=\nURL=https://log.example:19532/\n")
    put(tmp_path, "etc/fluent-bit/fluent-bit.conf", "")
    found = ask("log.forwarding", tmp_path, shell)
    assert {one.host for one in found.destinations} == {"192.0.2.7", "192.0.2.8", "log.example"}
    assert len(found.agents) == 1


@pytest.mark.parametrize("shell", SHELLS)
def test_an_include_of_another_folder_leaves_it_open(tmp_path: Path, shell: str) -> None:
    put(tmp_path, "etc/rsyslog.conf", "$IncludeConfig /opt/rsyslog/*.conf\n*.* /var/log/all\n")
    assert ask("log.forwarding", tmp_path, shell) == Forwarding((), ("include",))


def own_address() -> str:
    """An IPv4 address of this machine that is not its loop; "" = it has none."""
    found = [
        one.address for rows in psutil.net_if_addrs().values() for one in rows if one.family is socket.AF_INET
    ]
    return next((address for address in found if not address.startswith("127.")), "")


@pytest.mark.parametrize("shell", SHELLS)
def test_only_an_established_connection_proves_arrival(tmp_path: Path, shell: str) -> None:
    host = own_address()
    assert host, "needs one address that is not loopback"
    with socket.create_server((host, 0)) as server:
        port = server.getsockname()[1]
        put(tmp_path, "etc/rsyslog.conf", f"*.* @@{host}:{port}\n")
        before = ask("log.forwarding", tmp_path, shell)
        with socket.create_connection((host, port)):
            during = ask("log.forwarding", tmp_path, shell)
    assert before == Forwarding((Destination(host, None),), ())
    assert during == Forwarding((Destination(host, 0),), ())


def test_a_collector_the_town_did_not_choose_is_a_fail() -> None:
    body = "files\t1\nto\t192.0.2.7\t514\ttcp\npeer\t070200C0\t0202\n"
    given = {"log.forwarding": answer("log.forwarding", {"status": "ok", "body": body})}
    params = params_of("LOG-02", syslog_host="192.0.2.99")
    assert judged("LOG-02", given, endpoint=pc("linux"), params=params).key == "other"
    assert (
        judged("LOG-02", given, endpoint=pc("linux"), params=params_of("LOG-02", syslog_host="192.0.2.7")).key
        == "ok"
    )


def test_a_longer_retention_is_a_stricter_demand() -> None:
    record = {"name": "Security", "oldest": "2025-10-01T00:00:00", "newest": "2026-11-24T00:00:00"}
    body = {"logs": [record, {**record, "name": "System"}], "installed": int(at("2020-01-01"))}
    given = {
        "log.oldest": answer("log.oldest", {"status": "ok", "body": body}),
        "log.forwarding": answer(
            "log.forwarding", {"status": "ok", "body": {"targets": [], "agents": [], "events": []}}
        ),
    }
    assert judged("LOG-01", given).key == "ok"
    assert judged("LOG-01", given, params=params_of("LOG-01", retain_months=24)).key == "short"


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        (date(2026, 11, 25), 12, date(2025, 11, 25)),
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2026, 1, 1), 1, date(2025, 12, 1)),
    ],
)
def test_months_are_counted_on_the_calendar(day: date, months: int, before: date) -> None:
    assert months_before(day, months) == before


@pytest.mark.parametrize("shell", SHELLS)
def test_limits_of_the_journal_and_of_logrotate_are_read(tmp_path: Path, shell: str) -> None:
    put(tmp_path, "etc/systemd/journald.conf", "[Journal]\n#SystemMaxUse=1G\n SystemMaxUse=500M\n")
    put(tmp_path, "etc/logrotate.d/rsyslog", "/var/log/auth.log {\n\trotate 4\n\tweekly\n}\n")
    journald, rotated = ask("log.size", tmp_path, shell).limits
    assert journald == LogLimit("journal", size_bytes=500 * 1024**2)
    assert (rotated.rotations, rotated.period) == (4, "weekly")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_audit_daemon_and_its_rules_are_counted(tmp_path: Path, shell: str) -> None:
    put(tmp_path, "etc/audit/audit.rules", "-D\n-b 8192\n-w /etc/passwd -p wa\n-a always,exit -S execve\n")
    put(tmp_path, "run/auditd.pid", "1\n")
    assert ask("log.audit", tmp_path, shell) == AuditDaemon(running=True, rules=2)


def value(id_: str, system: str, body: object) -> object:
    return fact_on(id_, system)(answer(id_, {"status": "ok", "body": body}))


def test_the_policy_s_kilobytes_win_over_the_service_s_bytes() -> None:
    log = {
        "name": "Security",
        "bytes": 20971520,
        "retention": -1,
        "policy_kb": 196608,
        "policy_retention": "0",
    }
    assert value("log.size", "windows", {"logs": [log]}) == LogLimits(
        (LogLimit("Security", 196608 * 1024, full_stops=False),)
    )
    log |= {"policy_kb": None, "policy_retention": None}
    assert value("log.size", "windows", {"logs": [log]}) == LogLimits(
        (LogLimit("Security", 20971520, full_stops=True),)
    )


def test_fitness_is_read_in_its_units() -> None:
    charge = "battery\tcharge\t4950000\t3600000\t11520000\nend\n"
    assert value("hw.battery", "linux", charge) == Batteries((Battery(57024, 41472),))
    assert value("hw.meeting", "windows", {"cameras": 1, "microphones": 2}) == Meeting(1, 2)
    assert value("hw.display", "windows", {"widths": [None, 1920]}) == Displays(None, 1920)
    assert value("hw.link", "windows", {"links": [{"type": 71, "bps": 866700000}]}) == Links(
        (Link(True, 866),)
    )
    assert value("hw.link", "linux", "link\t0\t-1\nend\n") == Links((Link(False, None),))


@pytest.mark.parametrize(("id_", "system"), MINE)
@given(body=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_value_or_our_own_errors(id_: str, system: str, body: bytes) -> None:
    try:
        found = fact_on(id_, system)(Answer(id_, Status.OK, body))
    except (Garbled, NotKnown):
        return
    assert not isinstance(found, Unknown)


TAGS = ("to", "peer", "files", "agent", "file", "journal", "archived", "end", "battery", "link")
CELLS = ("", "1", "0", "tcp", "192.0.2.7", "070200C0", "0202", "/etc/machine-id", "9" * 20)
LINES = st.lists(
    st.tuples(
        st.sampled_from(TAGS),
        st.lists(st.sampled_from(CELLS), max_size=4),
    )
)


@pytest.mark.parametrize("id_", ["log.oldest", "log.forwarding", "hw.battery", "hw.link"])
@given(rows=LINES)
def test_any_lines_of_known_words_are_a_value_or_our_own_errors(
    id_: str, rows: list[tuple[str, list[str]]]
) -> None:
    body = "".join("\t".join((tag, *cells)) + "\n" for tag, cells in rows)
    try:
        fact_on(id_, "linux")(Answer(id_, Status.OK, body.encode()))
    except (Garbled, NotKnown):
        return


def test_no_fragment_of_these_writes_or_asks_the_network() -> None:
    for id_, system in MINE:
        script = fact_on(id_, system).scripts[system]
        assert not any(
            word in script for word in ("auditpol", "getent", "nslookup", "Resolve-DnsName", "> /")
        )
