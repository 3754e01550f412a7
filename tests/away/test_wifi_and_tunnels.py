"""Wi-Fi profiles and tunnels as real files hold them, below a folder that stands for the root of a PC."""

import os
from pathlib import Path

import pytest

from auditor.answers import Answer, Status
from auditor.findings import Unknown
from auditor.targets import Gateway, Town
from checks.away.tunnel import Tunnels, unix_tunnels
from checks.away.wifi import Wifi, unix_wifi
from tests.away.said import said
from tests.endpoint.conftest import answer, judged, pc
from tests.endpoint.test_linux_files import ask, put
from tests.endpoint.test_linux_fragments import SHELLS

NM = "etc/NetworkManager/system-connections"
WPA = "etc/wpa_supplicant/wpa_supplicant.conf"
TOWN = Town(name="町", gateways=(Gateway(id="vpn", name="VPN", host="VPN.example.jp", port=443),))

HOME = (
    "[connection]\nid=うち\ntype=wifi\n[wifi]\nssid=taro-home\n"
    "[wifi-security]\nkey-mgmt=wpa-psk\npsk=secret123\n"
)
OFFICE = (
    "[connection]\nid=office\ntype=wifi\n[wifi-security]\nkey-mgmt=wpa-eap\nproto=rsn;\n"
    "[802-1x]\neap=tls;\nidentity=pc-001\nprivate-key-password=hidden\n"
)
OPEN = "[connection]\ntype=802-11-wireless\n[802-11-wireless]\nssid=cafe\n"
CABLE = "[connection]\ntype=ethernet\n[802-1x]\neap=peap;\n"
SUPPLICANT = """ctrl_interface=/run/wpa_supplicant
network={
  ssid="home"
  key_mgmt=SAE
}
# network={
network={
  ssid="cafe"
  key_mgmt=NONE
}
network = {
  ssid="office"
  key_mgmt=WPA-EAP
  eap=TLS
  pairwise=CCMP
}
"""


def wifi(root: Path, shell: str = "dash") -> Wifi:
    value = ask("net.wifi", root, shell)
    assert isinstance(value, Wifi)
    return value


@pytest.mark.parametrize("shell", SHELLS)
def test_profiles_of_networkmanager_and_wpa_supplicant_are_read(tmp_path: Path, shell: str) -> None:
    for name, text in (("home", HOME), ("office", OFFICE), ("open", OPEN), ("cable", CABLE)):
        put(tmp_path, f"{NM}/{name}.nmconnection", text)
    put(tmp_path, WPA, SUPPLICANT)
    put(tmp_path, "var/lib/iwd/taro.psk", "[Security]\nPassphrase=secret\n")
    found = wifi(tmp_path, shell).profiles
    assert found is not None
    seen = sorted((one.scheme, one.enterprise, one.eap) for one in found)
    assert seen == [
        ("open", False, ()),
        ("open", False, ()),
        ("wpa2", False, ()),
        ("wpa2", False, ()),
        ("wpa2", True, ("tls",)),
        ("wpa2", True, ("tls",)),
        ("wpa3", False, ()),
    ]


def test_neither_keys_nor_names_leave_the_machine(tmp_path: Path) -> None:
    put(tmp_path, f"{NM}/home.nmconnection", HOME)
    put(tmp_path, f"{NM}/office.nmconnection", OFFICE)
    put(tmp_path, WPA, SUPPLICANT)
    put(tmp_path, f"{NM}/vpn.nmconnection", NM_VPN)
    put(tmp_path, "etc/wireguard/wg0.conf", WIREGUARD)
    text = said("net.wifi", tmp_path) + said("net.vpn", tmp_path)
    for secret in ("secret", "hidden", "taro", "うち", "cafe", "pc-001", "PRIVATE", "s0012"):
        assert secret not in text, text


def test_the_older_wpa_alone_and_wep_are_told(tmp_path: Path) -> None:
    put(tmp_path, f"{NM}/a", HOME.replace("psk=secret123", "proto=wpa;\npairwise=tkip;"))
    put(tmp_path, f"{NM}/b", HOME.replace("key-mgmt=wpa-psk", "key-mgmt=none"))
    found = wifi(tmp_path).profiles or ()
    assert sorted((one.scheme, one.cipher) for one in found) == [("wep", ""), ("wpa", "weak")]


def test_a_machine_without_a_radio_says_so(tmp_path: Path) -> None:
    if not any((link / "wireless").exists() for link in Path("/sys/class/net").iterdir()):
        assert not wifi(tmp_path).radio
        assert wifi(tmp_path).joined == ()


NM_VPN = (
    "[connection]\nid=役場\ntype=vpn\n[vpn]\nremote=vpn.example.jp:1194, other.example.jp\n"
    "username=s0012\nservice-type=org.freedesktop.NetworkManager.openvpn\n[ipv4]\nmethod=auto\n"
    "[ipv6]\nmethod=auto\n"
)
WIREGUARD = (
    "[Interface]\nPrivateKey = PRIVATE\n[Peer]\nEndpoint = vpn.example.jp:51820\n"
    "AllowedIPs = 0.0.0.0/0, ::/0\n"
)
HALVES = "0.0.0.0/1, 128.0.0.0/1"
"""The usual way to take everything and leave the default route as it is."""
OPENVPN = "client\n;remote old.example.jp\nremote vpn.example.jp 1194 udp\ndev tun\n"


def tunnels(root: Path, shell: str = "dash") -> Tunnels:
    value = ask("net.vpn", root, shell)
    assert isinstance(value, Tunnels)
    return value


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("path", "text", "kind", "split"),
    [
        (f"{NM}/vpn", NM_VPN, "openvpn", False),
        (f"{NM}/vpn", NM_VPN.replace("[ipv4]\n", "[ipv4]\nnever-default=true\n"), "openvpn", True),
        (f"{NM}/vpn", NM_VPN.replace("openvpn", "pptp"), "pptp", False),
        ("etc/wireguard/wg9.conf", WIREGUARD, "wireguard", False),
        ("etc/wireguard/wg9.conf", WIREGUARD.replace("0.0.0.0/0, ::/0", "10.0.0.0/8"), "wireguard", True),
        ("etc/wireguard/wg9.conf", WIREGUARD.replace("0.0.0.0/0", HALVES), "wireguard", False),
        (
            "etc/wireguard/wg9.conf",
            WIREGUARD.replace("0.0.0.0/0", "0.0.0.0/1"),
            "wireguard",
            True,
        ),
        ("etc/wireguard/wg9.conf", WIREGUARD.replace("[Peer]", "Table = off\n[Peer]"), "wireguard", True),
        ("etc/openvpn/client/town.conf", OPENVPN, "openvpn", None),
        ("etc/openvpn/client/town.conf", OPENVPN + "redirect-gateway def1 ipv6\n", "openvpn", False),
        ("etc/openvpn/client/town.conf", OPENVPN + "route-nopull\n", "openvpn", True),
    ],
)
def test_a_profile_tells_its_server_and_whether_it_takes_everything(
    tmp_path: Path, shell: str, path: str, text: str, kind: str, *, split: bool | None
) -> None:
    put(tmp_path, path, text)
    (mine,) = tunnels(tmp_path, shell).of(TOWN)
    assert (mine.kind, mine.split) == (kind, split)
    assert mine.up in (None, False)


def test_an_openvpn_server_s_own_file_and_another_programme_s_tunnel_are_none_of_the_town_s(
    tmp_path: Path,
) -> None:
    put(tmp_path, "etc/openvpn/server.conf", "port 1194\ndev tun\nserver 10.8.0.0 255.255.255.0\n")
    put(tmp_path, "etc/wireguard/mesh.conf", WIREGUARD.replace("vpn.example.jp", "mesh.example.com"))
    assert tunnels(tmp_path).of(TOWN) == ()
    assert len(tunnels(tmp_path).all) == 1


def read(text: str) -> Tunnels:
    return unix_tunnels(Answer("net.vpn", Status.OK, text.encode()))


def test_a_tunnel_interface_counts_for_a_profile_only_where_the_profile_names_it() -> None:
    ways = "way\t4\ttunnel\ttun0\nlink\ttun0\n"
    (unnamed,) = read(f"{ways}tunnel\topenvpn\tvpn.example.jp\ttun\tno\tno\n").of(TOWN)
    assert (unnamed.up, unnamed.takes4) == (None, None)
    (named,) = read(f"{ways}tunnel\topenvpn\tvpn.example.jp\ttun0\tno\tno\n").of(TOWN)
    assert (named.up, named.takes4, named.takes6) == (True, True, None)


def test_an_ipv6_way_beside_a_tunnel_that_takes_ipv4_only_is_a_split() -> None:
    both = "way\t4\ttunnel\twg0\nway\t6\twired\teth0\nlink\twg0\n"
    (mine,) = read(f"{both}tunnel\twireguard\tvpn.example.jp\twg0\tno\tyes\n").of(TOWN)
    assert (mine.split, mine.takes4, mine.takes6) == (True, True, False)
    (alone,) = read("way\t4\twired\teth0\ntunnel\twireguard\tvpn.example.jp\twg0\tno\tyes\n").of(TOWN)
    assert alone.split is False


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes nobody")
def test_unreadable_profiles_are_told_to_be_there(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents:
        if parent.name.startswith(("pytest-", "popen-")):
            parent.chmod(0o755)
    put(tmp_path, f"{NM}/vpn", NM_VPN)
    (tmp_path / NM / "vpn").chmod(0o600)
    text = said("net.vpn", tmp_path, user=65534)
    assert "unread" in text
    value = read(text)
    assert value.unread
    assert not isinstance(unix_wifi(Answer("net.wifi", Status.OK, b"unread\n")), Unknown)


@pytest.mark.parametrize(
    ("eap", "seen"), [("tls", "pass"), ("tls;", "pass"), ("tls;peap;", "unknown"), ("TLS PEAP", "unknown")]
)
def test_a_certificate_beside_a_password_is_no_certificate_only(eap: str, seen: str) -> None:
    body = f"radio\twlp2s0\nprofile\twpa-eap\t-\t-\t{eap}\n"
    given = {"net.wifi": answer("net.wifi", {"status": "ok", "body": body})}
    assert judged("NET-09", given, endpoint=pc("linux")).verdict.value == seen
