"""What only explains is read right too: real sshd, listeners and certificates, and files as PCs hold them."""

import socket
import subprocess
from pathlib import Path

import pytest

from auditor.answers import Answer, Status
from checks.away.certificates import Certificates, linux_certificates
from checks.away.clock import ClockSync
from checks.away.listening import Services, unix_listeners
from checks.away.network import Surroundings, winhttp_proxy
from checks.away.printers import Printers
from tests.away.said import said
from tests.endpoint.conftest import fact_on, value_of
from tests.endpoint.test_linux_files import ask, put
from tests.endpoint.test_linux_fragments import SHELLS, run
from tests.peers.process import need

SSHD = """Include {root}/etc/ssh/sshd_config.d/*.conf
#PermitRootLogin yes
PermitRootLogin prohibit-password
PermitRootLogin yes
PasswordAuthentication=yes
Match User backup
  PermitRootLogin no
"""


def services(root: Path, shell: str = "dash") -> Services:
    value = ask("net.services", root, shell)
    assert isinstance(value, Services)
    return value


def effective(root: Path) -> dict[str, str]:
    """What the real sshd makes of the same files."""
    key = root / "key"
    if not key.exists():
        subprocess.run(
            [need("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True, timeout=60
        )
    done = subprocess.run(
        [need("sshd"), "-T", "-f", str(root / "etc/ssh/sshd_config"), "-h", str(key), "-C", "user=taro"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    "extra", ["", "PasswordAuthentication no\n", "permitrootlogin  no\nPermitRootLogin yes\n"]
)
def test_sshd_settings_are_what_the_real_sshd_makes_of_them(tmp_path: Path, shell: str, extra: str) -> None:
    Path("/run/sshd").mkdir(exist_ok=True)
    put(tmp_path, "etc/ssh/sshd_config", SSHD.format(root=tmp_path))
    put(tmp_path, "etc/ssh/sshd_config.d/50-town.conf", extra)
    put(tmp_path, "etc/ssh/sshd_config.d/60-late.conf", "PasswordAuthentication yes\n")
    found, truth = services(tmp_path, shell), effective(tmp_path)
    same = {"prohibit-password": "without-password"}
    assert same.get(found.root_login, found.root_login) == truth["permitrootlogin"]
    assert found.password_login == truth["passwordauthentication"]
    assert found.matched
    assert found.shells == {"sshd"}


def test_a_match_block_ends_with_the_included_file_it_stands_in(tmp_path: Path) -> None:
    put(tmp_path, "etc/ssh/sshd_config", SSHD.format(root=tmp_path))
    put(tmp_path, "etc/ssh/sshd_config.d/50-a.conf", "Match User x\n  PasswordAuthentication no\n")
    assert services(tmp_path).password_login == effective(tmp_path)["passwordauthentication"] == "yes"


def test_an_include_that_is_not_followed_leaves_the_settings_untold(tmp_path: Path) -> None:
    put(tmp_path, "etc/ssh/sshd_config", "Include /opt/town.conf\nPermitRootLogin no\n")
    found = services(tmp_path)
    assert (found.root_login, found.password_login) == ("", "")


def test_shares_and_tools_are_counted(tmp_path: Path) -> None:
    put(tmp_path, "etc/exports", "# none\n/srv 192.168.1.0/24(rw)\n")
    put(tmp_path, "etc/samba/smb.conf", "[global]\n[homes]\n[public]\npath=/srv\n")
    assert services(tmp_path).shares == 2


@pytest.mark.parametrize("shell", SHELLS)
def test_a_real_listener_is_exposed_and_one_on_loopback_of_any_kind_is_not(shell: str) -> None:
    with (
        socket.create_server(("0.0.0.0", 0)) as everywhere,
        socket.create_server(("127.9.9.9", 0)) as inner,
        socket.socket(socket.AF_INET6) as mapped,
    ):
        mapped.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        mapped.bind(("::ffff:127.0.0.1", 0))
        mapped.listen()
        ports = unix_listeners(run("net.listen", shell)).ports
        assert everywhere.getsockname()[1] in ports
        assert inner.getsockname()[1] not in ports
        assert mapped.getsockname()[1] not in ports


def test_a_proxy_s_password_never_leaves_the_machine(tmp_path: Path) -> None:
    put(tmp_path, "etc/resolv.conf", "# x\nnameserver 192.168.1.1\nsearch town.jp\n")
    put(tmp_path, "etc/environment", 'https_proxy="http://taro:secret@proxy.jp:8080"\nLANG=ja_JP.UTF-8\n')
    put(tmp_path, "etc/apt/apt.conf.d/90", 'Acquire::http::Proxy "http://u:secret@apt.jp:3142";\n')
    assert "secret" not in said("net.state", tmp_path)
    value = ask("net.state", tmp_path, "dash")
    assert isinstance(value, Surroundings)
    assert value.proxies == ("http://proxy.jp:8080", "http://apt.jp:3142")
    assert (value.dns, value.spoofable) == (("192.168.1.1",), frozenset())


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("who", ["taro:se@cret", "taro:sec/ret", "taro:cret"])
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_nothing_of_an_odd_proxy_password_leaves_the_machine(
    tmp_path: Path, shell: str, who: str, scheme: str
) -> None:
    put(tmp_path, "etc/resolv.conf", "nameserver 192.168.1.1\n")
    put(tmp_path, "etc/environment", f"https_proxy={scheme}{who}@proxy.jp:8080\n")
    value = ask("net.state", tmp_path, shell)
    assert isinstance(value, Surroundings)
    assert value.proxies == (f"{scheme}proxy.jp:8080",)


def test_resolved_answers_llmnr_until_it_is_told_not_to(tmp_path: Path) -> None:
    put(tmp_path, "etc/resolv.conf", "nameserver 127.0.0.53\n")
    put(tmp_path, "run/systemd/resolve/stub-resolv.conf", "")
    put(tmp_path, "etc/systemd/resolved.conf", "[Resolve]\n#LLMNR=no\nMulticastDNS=yes\n")
    value = ask("net.state", tmp_path, "dash")
    assert isinstance(value, Surroundings)
    assert value.spoofable == {"llmnr", "mdns"}
    put(tmp_path, "etc/systemd/resolved.conf.d/town.conf", "[Resolve]\nLLMNR = no\nMulticastDNS=no\n")
    value = ask("net.state", tmp_path, "dash")
    assert isinstance(value, Surroundings)
    assert value.spoofable == frozenset()


def test_who_sets_the_clock_is_read_from_what_runs(tmp_path: Path) -> None:
    put(tmp_path, "run/systemd/timesync/synchronized", "")
    put(tmp_path, "etc/systemd/timesyncd.conf", "[Time]\n#NTP=\nNTP=ntp1.jp ntp2.jp\n")
    assert ask("time.sync", tmp_path, "dash") == ClockSync("server", ("ntp1.jp", "ntp2.jp"), synced=True)
    put(tmp_path, "etc/chrony/chrony.conf", "pool ntp.nict.jp iburst\n")
    value = ask("time.sync", tmp_path, "busybox")
    assert isinstance(value, ClockSync)
    assert value.servers == ("ntp1.jp", "ntp2.jp", "ntp.nict.jp")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_real_certificate_is_told_by_digest_and_end_and_never_by_its_subject(
    tmp_path: Path, shell: str
) -> None:
    folder = tmp_path / "etc/ipsec.d/certs"
    folder.mkdir(parents=True)
    command = [
        need("openssl"),
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
    ]
    command += [
        "-keyout",
        str(tmp_path / "key"),
        "-out",
        str(folder / "pc.pem"),
        "-days",
        "9",
        "-subj",
        "/CN=Taro",
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    put(tmp_path, "usr/local/share/ca-certificates/town.crt", "x")
    text = said("cert.client", tmp_path, shell=shell)
    assert "Taro" not in text
    value = value_of(fact_on("cert.client", "linux"), Answer("cert.client", Status.OK, text.encode()))
    assert isinstance(value, Certificates)
    assert (len(value.own), value.extra_roots) == (1, 1)
    assert linux_certificates(Answer("cert.client", Status.OK, text.encode())) == value


def test_printers_of_cups_are_counted(tmp_path: Path) -> None:
    put(
        tmp_path, "etc/cups/printers.conf", "<DefaultPrinter a>\n</DefaultPrinter>\n<Printer b>\n</Printer>\n"
    )
    assert ask("data.printers", tmp_path, "dash") == Printers(2, None)


def test_winhttp_without_the_flag_has_no_proxy() -> None:
    assert winhttp_proxy(None) == ""
    assert winhttp_proxy("GAAAAAAAAAABAAAAAAAAAA==") == ""
