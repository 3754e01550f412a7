import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.dial import Contact
from auditor.api import (
    Answer,
    Garbled,
    NotKnown,
    Reason,
    Status,
    Unknown,
    Unreached,
    Verdict,
)
from auditor.catalogue import read_catalogue
from auditor.discover import discover
from auditor.model import load_model
from checks.remote._read import compact
from checks.remote._sshkey import HostKey, read_key
from checks.remote._sshwire import NotSsh, as_packet, greeting
from checks.remote._wire import Ended
from checks.remote.ssh import (
    KINDS,
    SshOffer,
    ask_ssh,
    closed_to_terrapin,
    key_long_enough,
    sound_algorithms_only,
    ssh_offer,
)
from checks.remote.sshlogin import keys_only
from tests.peers.process import free_port
from tests.remote.conftest import asked, gateway_at, rude_server, says
from tests.remote.test_ssh import PARAMS, offer_of


@pytest.mark.parametrize("protocol", ["tls", "tcp", "rdp"])
def test_an_entrance_of_another_kind_is_not_asked(protocol: str) -> None:
    contacts: list[Contact] = []
    gateway = gateway_at(free_port(), protocol=protocol)
    offer = ssh_offer(asked(ask_ssh, gateway, contacts=contacts))
    assert contacts == []
    for judgement in (
        sound_algorithms_only(offer, PARAMS),
        closed_to_terrapin(offer),
        key_long_enough(offer, PARAMS),
        keys_only(gateway, Unknown(Reason.NOT_DECLARED)),
    ):
        assert judgement.verdict is Verdict.NOT_APPLICABLE


def test_a_stopped_entrance_is_refused() -> None:
    with pytest.raises(Unreached) as caught:
        offer_of(free_port())
    assert caught.value.reason is Reason.REFUSED


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n" * 30, Reason.WRONG_SERVICE),
        (b"x" * 2000, Reason.WRONG_SERVICE),
        (b"SSH-2.0-x\r\n" + b"\xff" * 100, Reason.WRONG_SERVICE),
        (b"SSH-2.0-x\r\n" + as_packet(b"\x05ssh-userauth"), Reason.WRONG_SERVICE),
        (b"SSH-2.0-x\r\n" + as_packet(b"\x02ignored") * 9, Reason.WRONG_SERVICE),
        (b"SSH-2.0-x\r\n" + as_packet(b"\x14" + bytes(16) + b"\xff\xff\xff\xff"), Reason.WRONG_SERVICE),
        (b"SSH-2.0-x\r\n" + as_packet(b"\x01" + bytes(12)), Reason.NO_ANSWER),
        (b"SSH-2.0-x\r\n", Reason.NO_ANSWER),
        (b"", Reason.NO_ANSWER),
    ],
)
def test_garbage_is_never_taken_for_an_offer(words: bytes, reason: Reason) -> None:
    with rude_server(says(words)) as port, pytest.raises(NotKnown) as caught:
        offer_of(port)
    assert caught.value.reason is reason


def test_lines_before_the_version_are_passed_over() -> None:
    found = plain_offer(("curve25519-sha256",), lines=b"Welcome\r\nto the town\r\n")
    assert found.kex == ("curve25519-sha256",)
    assert found.key is None


def plain_offer(kex: tuple[str, ...], *, lines: bytes = b"", version: bytes = b"2.0") -> SshOffer:
    """What is read of a server that says just that and then closes."""
    names = [
        ",".join(kex),
        "ssh-ed25519",
        *["aes128-ctr"] * 2,
        *["hmac-sha2-256"] * 2,
        "none",
        "none",
        "",
        "",
    ]
    lists = b"".join(len(each).to_bytes(4) + each.encode() for each in names)
    packet = as_packet(b"\x14" + bytes(16) + lists + bytes(5))
    with rude_server(says(lines + b"SSH-" + version + b"-x y\r\n" + packet)) as port:
        return offer_of(port)


@pytest.mark.parametrize("version", [b"1.5", b"1.99"])
def test_version_1_fails_alone_and_beside_version_2(version: bytes) -> None:
    judgement = sound_algorithms_only(plain_offer(("curve25519-sha256",), version=version), PARAMS)
    assert (judgement.key, judgement.values["version"]) == ("version_1", version.decode())


def offered(**lists: tuple[str, ...]) -> SshOffer:
    given = {
        "kex": ("curve25519-sha256",),
        "keys": ("ssh-ed25519",),
        "ciphers": ("aes128-ctr",),
        "macs": (),
        **lists,
    }
    return SshOffer(version="2.0", program="x", key=None, **given)


@pytest.mark.parametrize(
    ("offer", "key"),
    [
        (offered(), "not_concerned"),
        (offered(ciphers=("chacha20-poly1305@openssh.com",)), "open"),
        (offered(ciphers=("aes128-cbc",), macs=("hmac-sha2-256-etm@openssh.com",)), "open"),
        (offered(ciphers=("aes128-cbc",), macs=("hmac-sha2-256",)), "not_concerned"),
        (
            offered(ciphers=("rijndael-cbc@lysator.liu.se",), macs=("hmac-sha2-256-etm@openssh.com",)),
            "open",
        ),
        (
            offered(ciphers=("chacha20-poly1305@openssh.com",), kex=("kex-strict-s-v00@openssh.com",)),
            "strict",
        ),
    ],
)
def test_terrapin_concerns_only_some_algorithms_without_the_countermeasure(offer: SshOffer, key: str) -> None:
    assert closed_to_terrapin(offer).key == key


@pytest.mark.parametrize("cipher", ["3des-ctr", "blowfish-ctr", "cast128-ctr", "idea-ctr"])
def test_a_cipher_of_64_bit_blocks_is_weak_in_whatever_mode(cipher: str) -> None:
    params = load_model(read_catalogue(discover())).params("GW-53")
    judgement = sound_algorithms_only(offered(ciphers=("aes256-ctr", cipher)), params)
    assert (judgement.key, judgement.places) == ("weak", (cipher,))


def test_a_key_that_was_not_seen_is_unknown_and_dsa_fails() -> None:
    assert key_long_enough(offered(), PARAMS).verdict is Verdict.UNKNOWN
    assert key_long_enough(offered(keys=("ssh-dss",)), PARAMS).key == "dsa"


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader_of_keys(blob: bytes) -> None:
    try:
        key = read_key(blob)
    except NotSsh:
        return
    assert isinstance(key, HostKey)


@given(st.binary(max_size=600))
def test_no_bytes_break_the_reader_of_offers(words: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"SSH-2.0-x\r\n" + words)
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises((NotSsh, Ended)):
            greeting(ours, lambda: 1.0)


@pytest.mark.parametrize(
    "change",
    [
        {"kex": []},
        {"key": {"type": "x"}},
        {"key": {"type": "x", "bits": -1, "fingerprint": ""}},
        {"macs": [1]},
    ],
)
def test_another_answer_is_not_understood(change: dict[str, object]) -> None:
    good: dict[str, object] = {"version": "2.0", "program": "x", "key": {}, **{kind: ["a"] for kind in KINDS}}
    assert ssh_offer(Answer("gateway.ssh", Status.OK, compact(good))).kex == ("a",)
    with pytest.raises(Garbled):
        ssh_offer(Answer("gateway.ssh", Status.OK, compact({**good, **change})))
