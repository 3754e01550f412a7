import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditor.access.dial import Contact
from auditor.api import (
    Gateway,
    NotKnown,
    Params,
    Reason,
    Unknown,
    Verdict,
)
from checks.remote import _alive
from checks.remote._sshkey import FIXED
from checks.remote.ssh import (
    SshOffer,
    ask_ssh,
    closed_to_terrapin,
    key_long_enough,
    sound_algorithms_only,
    ssh_offer,
)
from checks.remote.sshlogin import SshLogin, ask_methods, keys_only, ssh_login
from tests.peers.process import free_port, need
from tests.peers.sshd import SshServer, sshd
from tests.remote.conftest import asked, dial_to, drips, gateway_at, rude_server, says, stays_silent

PARAMS = Params(
    {
        "weak_kex": ("sha1",),
        "weak_keys": ("ssh-rsa", "ssh-dss"),
        "weak_ciphers": ("cbc", "arcfour", "none"),
        "weak_macs": ("md5", "-96", "ripemd", "none"),
        "rsa_min_bits": 2048,
    }
)
HARDENED = """\
KexAlgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256,curve25519-sha256@libssh.org
Ciphers chacha20-poly1305@openssh.com,aes256-gcm@openssh.com
MACs hmac-sha2-512-etm@openssh.com
"""
WEAK = """\
HostKey {key}
RequiredRSASize 1024
HostKeyAlgorithms ssh-rsa,rsa-sha2-256
Ciphers aes128-cbc,3des-cbc,aes128-ctr
MACs hmac-sha1,hmac-md5
KexAlgorithms diffie-hellman-group1-sha1,diffie-hellman-group14-sha1
PasswordAuthentication yes
KbdInteractiveAuthentication yes
"""
EXCHANGES = (*FIXED, "diffie-hellman-group-exchange-sha256", "ecdh-sha2-nistp256", "curve25519-sha256")


def rsa_key(folder: Path, bits: int) -> Path:
    path = folder / f"rsa{bits}"
    command = [need("ssh-keygen"), "-q", "-t", "rsa", "-b", str(bits), "-N", "", "-f", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return path


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, SshServer]]:
    folder = tmp_path_factory.mktemp("ssh")
    with (
        sshd(folder, name="hardened", extra=HARDENED) as hardened,
        sshd(folder, name="plain", kind="rsa") as plain,
        sshd(folder, name="weak", extra=WEAK.format(key=rsa_key(folder, 1024))) as weak,
    ):
        yield {"hardened": hardened, "plain": plain, "weak": weak}


def entrance(port: int, **fields: object) -> Gateway:
    return gateway_at(port, protocol="ssh", **fields)


def offer_of(port: int) -> SshOffer:
    return ssh_offer(asked(ask_ssh, entrance(port)))


def test_a_hardened_server_passes_all_of_it(servers: dict[str, SshServer]) -> None:
    offer = offer_of(servers["hardened"].port)
    assert sound_algorithms_only(offer, PARAMS).verdict is Verdict.PASS
    assert key_long_enough(offer, PARAMS).values == {"type": "ssh-ed25519", "bits": 256}
    assert offer.strict is (closed_to_terrapin(offer).verdict is Verdict.PASS)


def test_a_server_as_it_comes_has_nothing_outdated(servers: dict[str, SshServer]) -> None:
    offer = offer_of(servers["plain"].port)
    assert sound_algorithms_only(offer, PARAMS).verdict is Verdict.PASS
    assert key_long_enough(offer, PARAMS).values == {"type": "ssh-rsa", "bits": 3072}


def test_a_weak_server_fails_with_the_names_of_what_is_weak(servers: dict[str, SshServer]) -> None:
    offer = offer_of(servers["weak"].port)
    judgement = sound_algorithms_only(offer, PARAMS)
    assert set(judgement.places) == {
        *("diffie-hellman-group1-sha1", "diffie-hellman-group14-sha1", "ssh-rsa"),
        *("aes128-cbc", "3des-cbc", "hmac-md5"),
    }
    assert key_long_enough(offer, PARAMS).values["bits"] == 1024


def test_the_key_is_the_one_the_server_has(servers: dict[str, SshServer]) -> None:
    for name in ("hardened", "plain"):
        public = servers[name].host_key.with_name("host_key.pub")
        told = subprocess.run(
            [need("ssh-keygen"), "-lf", str(public)], check=True, capture_output=True, text=True
        )
        bits, fingerprint = told.stdout.split()[:2]
        key = offer_of(servers[name].port).key
        assert key is not None
        assert (str(key.bits), key.fingerprint) == (bits, fingerprint)


@pytest.mark.parametrize("kex", EXCHANGES)
def test_every_exchange_that_servers_still_have_shows_the_key(tmp_path: Path, kex: str) -> None:
    with sshd(tmp_path, extra=f"KexAlgorithms {kex}", kind="ecdsa") as server:
        assert offer_of(server.port).key is not None


def test_one_connection_is_enough_and_nobody_tries_to_log_in(servers: dict[str, SshServer]) -> None:
    contacts: list[Contact] = []
    server = servers["hardened"]
    before = server.log.read_text()
    asked(ask_ssh, entrance(server.port), contacts=contacts)
    assert len(contacts) == 1
    written = server.log.read_text()[len(before) :]
    assert "userauth" not in written
    assert "Failed" not in written


def test_an_entrance_is_alive_when_it_says_what_it_offers(servers: dict[str, SshServer]) -> None:
    gateway = entrance(servers["hardened"].port)
    assert _alive.ask(gateway, dial_to(gateway, []), 4.0)[0] == "answered"
    gateway = entrance(free_port())
    assert _alive.ask(gateway, dial_to(gateway, []), 4.0)[0] == "refused"
    for behave, outcome in (
        (says(b"HTTP/1.1 400\r\n" * 50), "wrong_service"),
        (says(b""), "closed"),
        (stays_silent, "silent"),
    ):
        with rude_server(behave) as port:
            gateway = entrance(port)
            assert _alive.ask(gateway, dial_to(gateway, []), 0.5)[0] == outcome


def audit_of(port: int) -> dict[str, Any]:
    """ssh-audit in a process of its own; it ends with a code of its own opinion."""
    told = subprocess.run(
        [need("ssh-audit"), "-j", "-p", str(port), "127.0.0.1"], capture_output=True, check=False, timeout=60
    )
    found: dict[str, Any] = json.loads(told.stdout)
    return found


@pytest.mark.parametrize("name", ["hardened", "plain", "weak"])
def test_every_algorithm_is_the_one_that_ssh_audit_finds(servers: dict[str, SshServer], name: str) -> None:
    offer, peer = offer_of(servers[name].port), audit_of(servers[name].port)
    assert list(offer.kex) == [each["algorithm"] for each in peer["kex"]]
    assert list(offer.keys) == [each["algorithm"] for each in peer["key"]]
    assert list(offer.ciphers) == peer["enc"]
    assert list(offer.macs) == peer["mac"]
    assert offer.key is not None
    assert offer.key.fingerprint in {f"{each['hash_alg']}:{each['hash']}" for each in peer["fingerprints"]}
    sizes = {each["keysize"] for each in peer["key"] if "keysize" in each}
    assert not sizes or offer.key.bits in sizes


def login_of(port: int, account: str = "audit") -> SshLogin:
    return ssh_login(asked(ask_methods, entrance(port, ssh_account=account)))


def test_methods_are_asked_only_where_the_town_named_an_account(servers: dict[str, SshServer]) -> None:
    contacts: list[Contact] = []
    with pytest.raises(NotKnown) as caught:
        asked(ask_methods, entrance(servers["hardened"].port), contacts=contacts)
    assert (caught.value.reason, contacts) == (Reason.NOT_DECLARED, [])
    judgement = keys_only(entrance(1), Unknown(Reason.NOT_DECLARED))
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_DECLARED)


def test_a_server_that_takes_keys_only_passes(servers: dict[str, SshServer]) -> None:
    login = login_of(servers["hardened"].port)
    assert keys_only(entrance(1), login).values["methods"] == "publickey"


def test_a_server_that_takes_passwords_fails(tmp_path: Path) -> None:
    with sshd(tmp_path, extra="PasswordAuthentication yes") as server:
        assert keys_only(entrance(1), login_of(server.port)).key == "password"


def test_a_server_that_lets_anybody_in_fails() -> None:
    assert keys_only(entrance(1), SshLogin(("none",))).key == "open"


def test_what_may_be_a_second_factor_or_a_password_is_unknown() -> None:
    assert keys_only(entrance(1), SshLogin(("keyboard-interactive", "publickey"))).verdict is Verdict.UNKNOWN


def test_a_server_with_nothing_our_library_knows_is_unknown(servers: dict[str, SshServer]) -> None:
    with pytest.raises(NotKnown) as caught:
        login_of(servers["weak"].port)
    assert caught.value.reason is Reason.NOT_MEASURABLE


def test_asking_for_methods_ends_with_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.remote._sshmethods.WAIT_S", 0.5)
    for behave in (stays_silent, drips(b"SSH-2.0-x")):
        with rude_server(behave) as port, pytest.raises(NotKnown):
            login_of(port)
