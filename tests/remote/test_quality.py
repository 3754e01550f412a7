"""The path to an entrance: measured gently on real sockets, judged for what passes there."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.dial import Contact
from auditor.api import Answer, Garbled, Gateway, Judgement, NotKnown, Params, Reason, Status, Verdict
from checks.remote._hello import VERSIONS, client_hello, messages, next_record
from checks.remote._path import LARGE, kernel_of, padded
from checks.remote.quality import MOST, Quality, ask_quality, good_enough, quality
from tests.peers.certificates import issue
from tests.peers.netns import THERE, line
from tests.peers.nginx import Block, nginx
from tests.peers.process import free_port, need
from tests.remote.conftest import Pki, asked, black_hole, gateway_at, rude_server

PARAMS = Params(
    {
        "screen_rtt_ms": 100,
        "screen_jitter_ms": 30,
        "page_rtt_ms": 300,
        "page_jitter_ms": 100,
        "mtu_min": 1280,
    }
)
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="TCP_INFO of Linux")


@pytest.fixture(scope="module")
def entrance(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with nginx(tmp_path_factory.mktemp("path"), [Block(issue(pki.folder, pki.ca))]) as (port,):
        yield gateway_at(port, methods=("vdi",))


def judged(gateway: Gateway) -> Judgement:
    return good_enough(gateway, quality(asked(ask_quality, gateway)), PARAMS)


def test_a_near_entrance_is_good_enough_for_a_screen(entrance: Gateway) -> None:
    assert judged(entrance).key == "good_screen"


@LINUX
def test_the_kernel_s_path_mtu_is_that_of_the_interface(entrance: Gateway) -> None:
    mtu = int(Path("/sys/class/net/lo/mtu").read_text())
    assert quality(asked(ask_quality, entrance)).pmtu == min(mtu, 65535), "IPv4 ends there"


def test_at_most_ten_connections_are_made_and_only_to_the_entrance(entrance: Gateway) -> None:
    contacts: list[Contact] = []
    found = quality(asked(ask_quality, entrance, contacts=contacts))
    assert len(contacts) == MOST == 10
    assert {(one.host, one.port) for one in contacts} == {(entrance.host, entrance.port)}
    assert (found.asked, found.lost, found.large) == (9, 0, "answered")


def test_a_refusal_tells_the_round_trip_as_well() -> None:
    found = quality(asked(ask_quality, gateway_at(free_port())))
    assert len(found.samples_ms) == 9
    assert found.large == ""


def test_silence_throughout_is_unknown_and_two_silences_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.remote.quality.WAIT_S", 0.2)
    with black_hole() as port:
        gateway = gateway_at(port)
        found = quality(asked(ask_quality, gateway))
    assert (found.asked, found.lost) == (2, 2)
    assert good_enough(gateway, found, PARAMS).reason is Reason.NO_ANSWER


def test_an_entrance_that_swallows_large_words_only_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.remote.quality.WAIT_S", 0.5)

    def swallow(sock: socket.socket) -> None:
        while sock.recv(4096):
            pass

    with rude_server(swallow) as port:
        found = judged(gateway_at(port))
    assert (found.verdict, found.key) == (Verdict.FAIL, "large_lost")


@pytest.mark.parametrize("protocol", ["ssh", "vnc", "relay", "openvpn", "spice"])
def test_entrances_that_mind_being_counted_are_not_measured(protocol: str) -> None:
    contacts: list[Contact] = []
    gateway = gateway_at(443, protocol=protocol)
    answer = asked(ask_quality, gateway, contacts=contacts)
    assert contacts == []
    with pytest.raises(NotKnown):
        quality(answer)


@pytest.mark.parametrize("version", list(VERSIONS))
def test_a_padded_hello_is_still_one_whole_message(version: str) -> None:
    large = padded(client_hello(VERSIONS[version], "gw.example.lg.jp"), LARGE)
    rest = memoryview(large)

    def take(size: int) -> bytes:
        nonlocal rest
        part, rest = bytes(rest[:size]), rest[size:]
        return part

    record = next_record(take)
    ((kind, _),) = messages(record.body)
    assert (kind, len(record.body), len(rest)) == (1, LARGE, 0)


@LINUX
def test_a_narrow_path_is_seen(tmp_path: Path) -> None:
    """In a network of its own, whose route carries 1,000 bytes at a time."""
    code = (
        "import socket, json, sys; from checks.remote._path import kernel_of;"
        f"s = socket.create_connection(({THERE!r}, int(sys.argv[1])), 5);"
        "k = kernel_of(s); print(json.dumps([k.pmtu, k.mss]))"
    )
    with line() as net:
        subprocess.run(
            [
                need("ip"),
                "-n",
                net.name,
                "route",
                "add",
                f"{THERE}/32",
                "dev",
                _device(net.name),
                "mtu",
                "1000",
            ],
            check=True,
            timeout=20,
        )
        done = subprocess.run(
            net.argv([sys.executable, "-c", code, str(net.port)]),
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
    pmtu, mss = json.loads(done.stdout)
    assert (pmtu, mss <= 960) == (1000, True)
    assert good_enough(gateway_at(443), seen(pmtu=pmtu), PARAMS).key == "narrow"


def _device(namespace: str) -> str:
    shown = subprocess.run(
        [need("ip"), "-n", namespace, "-j", "link"], capture_output=True, text=True, check=True, timeout=20
    )
    return next(str(row["ifname"]) for row in json.loads(shown.stdout) if row["ifname"] != "lo")


def test_a_socket_that_is_no_connection_of_our_own_tells_nothing() -> None:
    one, two = socket.socketpair()
    with one, two:
        assert kernel_of(one) is None


def seen(*samples: float, lost: int = 0, large: str = "answered", pmtu: int | None = 1500) -> Quality:
    given_ = samples or (20.0,) * 9
    return Quality(
        lookup_ms=1.0,
        samples_ms=given_,
        asked=len(given_) + lost,
        lost=lost,
        large=large,
        pmtu=pmtu,
    )


@pytest.mark.parametrize(
    ("found", "screen", "page"),
    [
        (seen(*(150.0,) * 9), "slow_screen", "good_page"),
        (seen(*(20.0, 70.0) * 4), "uneven_screen", "good_page"),
        (seen(*(400.0,) * 9), "slow_screen", "slow_page"),
        (seen(*(10.0, 200.0) * 4), "slow_screen", "uneven_page"),
        (seen(lost=1), "loss", "loss"),
        (seen(pmtu=1000), "narrow", "narrow"),
        (seen(pmtu=None), "good_screen", "good_page"),
        (seen(large="silent"), "large_lost", "large_lost"),
    ],
)
def test_a_screen_needs_more_than_a_page(found: Quality, screen: str, page: str) -> None:
    assert good_enough(gateway_at(443, methods=("vdi",)), found, PARAMS).key == screen
    assert good_enough(gateway_at(443, methods=("cloud",)), found, PARAMS).key == page


def test_few_samples_say_nothing() -> None:
    assert good_enough(gateway_at(443), seen(1.0, 1.0), PARAMS).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "body",
    [
        b"{}x",
        b'{"kernel":{},"large":"","lookup_ms":1,"tries":[]}',
        b'{"kernel":{},"large":"loud","lookup_ms":1,"tries":[{"ms":1,"outcome":"answered"}]}',
        b'{"kernel":{"pmtu":1},"large":"","lookup_ms":1,"tries":[{"ms":1,"outcome":"answered"}]}',
        b'{"kernel":{},"large":"","lookup_ms":-1,"tries":[{"ms":1,"outcome":"answered"}]}',
        b'{"kernel":{},"large":"","lookup_ms":1,"tries":[{"ms":NaN,"outcome":"answered"}]}',
        b'{"kernel":{},"large":"","lookup_ms":1,"tries":[' + b'{"ms":1,"outcome":"answered"},' * 9 + b"0]}",
    ],
)
def test_what_is_not_understood_is_garbled(body: bytes) -> None:
    with pytest.raises(Garbled):
        quality(Answer("gateway.quality", Status.OK, body))


@given(st.binary(max_size=80))
def test_no_answer_breaks_the_parser(body: bytes) -> None:
    try:
        quality(Answer("gateway.quality", Status.OK, body))
    except (Garbled, NotKnown):
        return
