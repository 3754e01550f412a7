"""Keys of an entrance are declared as files, beside the protocol they belong to, and never shown."""

import os

import pytest

from auditor.doctor import described, examine
from tests.town.conftest import TownFolder

OPENVPN = '[[gateways]]\nid = "o"\nname = "O"\nhost = "o.example.jp"\nprotocol = "openvpn"\n'
WIREGUARD = '[[gateways]]\nid = "w"\nname = "W"\nhost = "w.example.jp"\nprotocol = "wireguard"\n'
IKE = '[[gateways]]\nid = "i"\nname = "I"\nhost = "i.example.jp"\nport = 500\nprotocol = "ike"\n'
PUBLIC = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="
DIRECTION = "gateways.key_direction"
SSH = IKE.replace("ike", "ssh")
CRYPT = 'wrap = "tls-crypt"\nkey_file = "k"\n'
AUTH = CRYPT.replace("crypt", "auth")
SERVER = f'server_public_key = "{PUBLIC}"\n'


def test_declared_keys_become_files_of_the_gateway(town: TownFolder) -> None:
    for name in ("ta.key", "audit.key", "audit.psk"):
        town.write(name, "x").chmod(0o600)
    wrapped = 'transport = "udp"\nwrap = "tls-auth"\nkey_file = "ta.key"\nkey_direction = 1\n'
    audit = SERVER + 'audit_key_file = "audit.key"\npsk_file = "audit.psk"\n'
    town.add("town.toml", OPENVPN + wrapped + WIREGUARD + audit)
    first, second = town.load().town.gateways
    root = town.root.resolve()
    assert (first.wrap, first.key_direction, dict(first.keys)) == ("tls-auth", 1, {"wrap": root / "ta.key"})
    assert (second.transport, second.server_public_key) == ("udp", PUBLIC)
    assert dict(second.keys) == {"audit": root / "audit.key", "psk": root / "audit.psk"}


@pytest.mark.parametrize(
    ("toml", "field", "key"),
    [
        (OPENVPN + 'wrap = "tls-auth"\n', "gateways.wrap", "key_needs"),
        (OPENVPN + 'key_file = "k"\n', "gateways.key_file", "key_needs"),
        (OPENVPN + 'wrap = "tls"\nkey_file = "k"\n', "gateways.wrap", "bad_choice"),
        (OPENVPN + CRYPT + "key_direction = 1\n", DIRECTION, "direction_tls_auth"),
        (OPENVPN + AUTH + "key_direction = 2\n", DIRECTION, "bad_choice"),
        (OPENVPN + 'wrap = "tls-auth"\nkey_file = "gone"\n', "gateways.key_file", "declared_file_missing"),
        (OPENVPN + SERVER, "gateways.server_public_key", "key_other_protocol"),
        (WIREGUARD + 'transport = "tcp"\n', "gateways.transport", "never_tcp"),
        (WIREGUARD + 'server_public_key = "abc="\n', "gateways.server_public_key", "bad_public_key"),
        (WIREGUARD + 'audit_key_file = "k"\n', "gateways.audit_key_file", "key_needs"),
        (WIREGUARD + SERVER + 'psk_file = "k"\n', "gateways.psk_file", "key_needs"),
        (IKE + 'ike_identity = "two words"\n', "gateways.ike_identity", "bad_identity"),
        (IKE + 'ike_identity = "町"\n', "gateways.ike_identity", "bad_identity"),
        (IKE + f'ike_identity = "{"x" * 121}"\n', "gateways.ike_identity", "bad_identity"),
        (IKE + 'transport = "tcp"\n', "gateways.transport", "never_tcp"),
        (WIREGUARD + 'ike_identity = "a"\n', "gateways.ike_identity", "key_other_protocol"),
        (SSH + 'ssh_account = "-oProxyCommand"\n', "gateways.ssh_account", "bad_account"),
        (SSH + 'transport = "udp"\n', "gateways.transport", "udp_only_openvpn"),
        (IKE + 'ssh_account = "audit"\n', "gateways.ssh_account", "key_other_protocol"),
    ],
)
def test_a_key_alone_or_in_the_wrong_place_names_itself(
    town: TownFolder, toml: str, field: str, key: str
) -> None:
    town.write("k", "x")
    town.add("town.toml", toml)
    assert [(told[2], told[3]) for told in town.told()] == [(field, key)]


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX")
def test_doctor_tells_of_a_key_that_others_can_read_and_shows_none(town: TownFolder) -> None:
    town.add("town.toml", OPENVPN + 'wrap = "tls-crypt"\nkey_file = "ta.key"\n')
    path = town.write("ta.key", "0123456789abcdef0123456789abcdef")
    path.chmod(0o644)
    health = examine(town.root)
    assert [one.key for one in health.problems] == ["key_file_mode"]
    assert "0123456789abcdef" not in described(health, "ja") + repr(health)
    path.chmod(0o600)
    assert examine(town.root).good


def test_an_ipsec_entrance_speaks_udp_and_asks_aggressive_mode_only_by_a_named_identity(
    town: TownFolder,
) -> None:
    town.add("town.toml", IKE + IKE.replace('"i"', '"j"', 1) + 'ike_identity = "@#town"\n')
    first, second = town.load().town.gateways
    assert (first.transport, first.ike_identity, second.ike_identity) == ("udp", "", "@#town")
