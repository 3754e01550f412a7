"""SoftEther against its real server, and PACKs of every other kind."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.dial import Contact
from auditor.api import Answer, Garbled, Gateway, NotKnown, Params, Reason, Status, Unknown, Verdict
from checks.remote import _pack
from checks.remote.certificate import ask_certificate
from checks.remote.reach import answers_in_time, ask_reach, reach
from checks.remote.softether import (
    PLACES,
    SoftEther,
    administration_out_of_sight,
    ask_softether,
    softether,
)
from checks.remote.tls import ask_tls, current_versions_only, tls_offer
from tests.peers import softether as peer
from tests.peers.certificates import Files, issue
from tests.peers.netns import inside
from tests.peers.nginx import Block, nginx
from tests.peers.process import need
from tests.remote.conftest import Pki, asked, gateway_at, judged

T = TypeVar("T")
REACH = Params({"p95_ms": 2000})
VERSIONS = Params({"allow": ("1.2", "1.3"), "deny": ("1.0", "1.1")})
PRODUCT = "SoftEther VPN Server Developer Edition (64 bit) (Open Source)"
GOOD = {
    "product": PRODUCT,
    "version": 501,
    "build": 9674,
    "places": {"/admin/": "shut", "/api/": "shut"},
    "openvpn": True,
}


@pytest.fixture(scope="module")
def files(pki: Pki) -> Files:
    """It takes RSA keys only."""
    return issue(pki.folder, pki.ca, key=rsa.generate_private_key(65537, 2048))


@pytest.fixture(scope="module")
def server(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[peer.SoftEther]:
    with peer.softether(tmp_path_factory.mktemp("softether"), files) as started:
        yield started


def seen(server: peer.SoftEther, act: Callable[[], T]) -> T:
    """What `act` gives from inside the server's namespace."""
    found: list[T] = []
    inside(server.namespace, lambda: found.append(act()))
    return found[0]


def entrance(**fields: object) -> Gateway:
    return gateway_at(peer.PORT, **{"protocol": "softether", **fields})


def answer(value: object) -> Answer:
    return Answer("gateway.softether", Status.OK, json.dumps(value).encode())


def test_a_real_server_is_known_by_its_own_word(server: peer.SoftEther) -> None:
    contacts: list[Contact] = []
    found = softether(seen(server, lambda: asked(ask_softether, entrance(), contacts=contacts)))
    assert (found.product, found.version) == (PRODUCT, "5.01")
    assert found.openvpn
    assert len(contacts) == 4


def test_the_build_is_the_one_that_the_servers_log_names(
    server: peer.SoftEther, files: Files, tmp_path: Path
) -> None:
    found = softether(seen(server, lambda: asked(ask_softether, entrance())))
    told = subprocess.run(
        server.argv(
            *(need("vpncmd"), "localhost", "/SERVER", "/PASSWORD:", "/CMD", "ServerInfoGet"),
        ),
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    ).stdout
    assert f"Build {found.build}" in told
    assert f"Version {found.version}" in told


def test_web_administration_on_the_users_port_fails(server: peer.SoftEther) -> None:
    gateway = entrance()
    judgement = administration_out_of_sight(
        gateway, softether(seen(server, lambda: asked(ask_softether, gateway)))
    )
    assert (judgement.key, judgement.places) == ("open", PLACES)


def test_a_server_whose_web_administration_is_switched_off_passes(files: Files, tmp_path: Path) -> None:
    gateway = entrance()
    with peer.softether(tmp_path, files, web_administration=False) as server:
        found = softether(seen(server, lambda: asked(ask_softether, gateway)))
    assert administration_out_of_sight(gateway, found).key == "ok"


def test_curl_sees_the_same_of_the_administration(server: peer.SoftEther) -> None:
    """The independent peer."""
    codes = [
        subprocess.run(
            server.argv(
                *(need("curl"), "-sk", "-o", "/dev/null", "-w", "%{http_code}"),
                f"https://127.0.0.1:{peer.PORT}{place}",
            ),
            check=True,
            capture_output=True,
            text=True,
            timeout=30,
        ).stdout
        for place in PLACES
    ]
    assert codes == ["401", "401"]


def test_reach_tls_and_certificate_are_judged_underneath(server: peer.SoftEther, pki: Pki) -> None:
    gateway = entrance(ca_file=pki.ca_file)
    assert (
        answers_in_time(reach(seen(server, lambda: asked(ask_reach, gateway))), REACH).verdict is Verdict.PASS
    )
    offer = tls_offer(seen(server, lambda: asked(ask_tls, gateway)))
    assert current_versions_only(offer, VERSIONS).verdict is Verdict.PASS
    assert judged(seen(server, lambda: asked(ask_certificate, gateway))).key == "ok"


@pytest.mark.parametrize(("transport", "port"), [("tcp", peer.PORT), ("udp", peer.OPENVPN_PORT)])
def test_its_openvpn_clone_is_alive_as_openvpn(server: peer.SoftEther, transport: str, port: int) -> None:
    gateway = gateway_at(port, protocol="openvpn", transport=transport)
    assert (
        answers_in_time(reach(seen(server, lambda: asked(ask_reach, gateway))), REACH).verdict is Verdict.PASS
    )


def test_a_web_server_is_no_softether_entrance(files: Files, tmp_path: Path) -> None:
    with nginx(tmp_path, [Block(files)]) as (port,):
        gateway = gateway_at(port, protocol="softether")
        with pytest.raises(NotKnown) as caught:
            asked(ask_softether, gateway)
        judgement = answers_in_time(reach(asked(ask_reach, gateway)), REACH)
    assert caught.value.reason is Reason.WRONG_SERVICE
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.WRONG_SERVICE)


def test_an_entrance_of_another_protocol_is_not_asked() -> None:
    gateway = gateway_at(443)
    with pytest.raises(NotKnown):
        softether(Answer("gateway.softether", Status.OK, ask_softether.collect(gateway, None)))
    judgement = administration_out_of_sight(gateway, Unknown(Reason.NOT_MEASURABLE))
    assert judgement.verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("admin", "api", "verdict"),
    [
        ("shut", "shut", Verdict.PASS),
        ("open", "unclear", Verdict.FAIL),
        ("unclear", "shut", Verdict.UNKNOWN),
    ],
)
def test_only_two_shut_places_pass(admin: str, api: str, verdict: Verdict) -> None:
    found = softether(answer({**GOOD, "places": {"/admin/": admin, "/api/": api}}))
    assert administration_out_of_sight(entrance(), found).verdict is verdict


@pytest.mark.parametrize(
    "wrong",
    [
        {"places": {"/admin/": "shut"}},
        {"places": {"/admin/": "shut", "/api/": "perhaps"}},
        {"version": -1},
        {"build": "9674"},
        {"openvpn": 1},
        {"product": None},
        {"more": 1},
    ],
)
def test_no_other_answer_is_understood(wrong: dict[str, object]) -> None:
    with pytest.raises(Garbled):
        softether(answer({**GOOD, **wrong}))


def pack(**values: int | str | bytes) -> bytes:
    """A PACK of single values, as a server would send it."""
    body = len(values).to_bytes(4)
    for name, value in values.items():
        body += (len(name) + 1).to_bytes(4) + name.encode()
        if isinstance(value, int):
            body += (0).to_bytes(4) + (1).to_bytes(4) + value.to_bytes(4)
        else:
            kind, content = (2, value.encode()) if isinstance(value, str) else (1, value)
            body += kind.to_bytes(4) + (1).to_bytes(4) + len(content).to_bytes(4) + content
    return body


HELLO = pack(hello="SoftEther VPN Server", version=444, build=9807, random=bytes(20), pencore=bytes(99))


def test_a_hello_is_read() -> None:
    assert _pack.hello(HELLO) == _pack.Hello("SoftEther VPN Server", 444, 9807)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        HELLO[:-1],
        HELLO + b"\0",
        pack(hello="x", version=1),
        pack(hello="", version=1, build=1, random=b""),
        pack(hello="a\nb", version=1, build=1, random=b""),
        pack(hello="x" * 500, version=1, build=1, random=b""),
        pack(hello=1, version=1, build=1, random=b""),
        (2).to_bytes(4) + pack(a=1)[4:] + pack(a=2)[4:],
        b"\xff" * 40,
        (1).to_bytes(4) + b"\0\0\0\2a" + (9).to_bytes(4),
        (1).to_bytes(4) + b"\0\0\0\2a" + (0).to_bytes(4) + b"\xff\xff\xff\xff",
    ],
)
def test_what_is_no_hello_is_refused(body: bytes) -> None:
    with pytest.raises(_pack.NotPack):
        _pack.hello(body)


@given(
    st.binary(max_size=300)
    | st.builds(
        lambda at, byte: HELLO[:at] + byte + HELLO[at + 1 :],
        st.integers(0, 200),
        st.binary(min_size=1, max_size=1),
    )
)
def test_no_bytes_break_the_reading_of_a_pack(body: bytes) -> None:
    try:
        found = _pack.hello(body)
    except _pack.NotPack:
        return
    assert isinstance(found, _pack.Hello)
    assert isinstance(softether(answer({**GOOD, "product": found.product})), SoftEther)
