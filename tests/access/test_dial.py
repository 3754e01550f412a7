"""Dialling: only what is declared, every contact recorded, refusal and silence told apart, never late."""

import errno
import socket
import threading
import time
from collections.abc import Callable

import pytest

from auditor.access import net
from auditor.access.dial import Contact, DirectDial, doors
from auditor.access.pace import Pace
from auditor.errors import Unreached
from auditor.findings import Reason
from auditor.seams import Dial
from auditor.targets import Gateway
from tests.access.conftest import rude_server
from tests.peers.process import free_port

HOST = "127.0.0.1"


def dialling(*allowed: tuple[str, int, str], deadline_s: float = 5) -> tuple[Dial, list[Contact]]:
    contacts: list[Contact] = []
    return DirectDial(frozenset(allowed), deadline_s, contacts.append), contacts


def reason_of(act: Callable[[], object]) -> Reason:
    with pytest.raises(Unreached) as caught:
        act()
    return caught.value.reason


def connecting(dial: Dial, port: int, host: str = HOST) -> Callable[[], object]:
    def act() -> None:
        with dial.tcp(host, port):
            pass

    return act


def test_an_open_port_is_reached_timed_recorded_and_closed() -> None:
    with rude_server(lambda sock: sock.sendall(b"hello")) as port:
        dial, contacts = dialling((HOST, port, "tcp"))
        with dial.tcp(HOST, port) as stream:
            assert stream.sock.recv(5) == b"hello"
            assert stream.address == HOST
            assert 0 <= stream.took_s < 1
            left_s = stream.sock.gettimeout()
            assert left_s is not None
            assert 3 < left_s <= 5
        assert stream.sock.fileno() == -1
    assert [(each.host, each.port, each.transport, each.outcome) for each in contacts] == [
        (HOST, port, "tcp", "reached")
    ]


def test_a_name_is_resolved_and_every_address_tried() -> None:
    with rude_server(lambda _: None) as port:  # localhost may be ::1 first, where nobody listens
        dial, _ = dialling(("localhost", port, "tcp"))
        with dial.tcp("localhost", port) as stream:
            assert stream.address == HOST
        assert HOST in dial.lookup("localhost").addresses


def test_one_address_of_a_name_is_reached_alone_and_no_other_than_the_name_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    addresses = ("127.0.0.2", HOST)
    monkeypatch.setattr("auditor.access.dial.resolve", lambda _host, _deadline: addresses)
    with rude_server(lambda _: None) as port:
        contacts: list[Contact] = []
        pace = Pace(1)
        dial = DirectDial(frozenset({("gw.example.jp", port, "tcp")}), 5, contacts.append, pace=pace)
        assert reason_of(lambda: dial.at("gw.example.jp", HOST)) is Reason.NOT_DECLARED, "not looked up"
        assert dial.lookup("gw.example.jp").addresses == addresses
        first, second = (dial.at("gw.example.jp", each) for each in addresses)
        assert reason_of(connecting(first, port, "gw.example.jp")) is Reason.REFUSED
        with second.tcp("gw.example.jp", port) as stream:
            assert stream.address == HOST
        assert second.lookup("gw.example.jp").addresses == (HOST,)
        assert reason_of(lambda: dial.at("gw.example.jp", "192.0.2.1")) is Reason.NOT_DECLARED
        assert reason_of(connecting(first, port, "gw.example.jp")) is Reason.NOT_MEASURABLE, "each once"
    assert [contact.outcome for contact in contacts] == ["refused", "reached"]


def test_a_closed_port_refuses() -> None:
    port = free_port()
    dial, contacts = dialling((HOST, port, "tcp"))
    assert reason_of(connecting(dial, port)) is Reason.REFUSED
    assert contacts[0].outcome == "refused"


def test_a_silent_port_is_no_answer_within_the_deadline() -> None:
    with socket.create_server((HOST, 0), backlog=0) as full:
        port = full.getsockname()[1]
        filling = [socket.socket() for _ in range(4)]
        for sock in filling:
            sock.setblocking(False)
            sock.connect_ex((HOST, port))
        dial, contacts = dialling((HOST, port, "tcp"), deadline_s=1)
        began = time.monotonic()
        assert reason_of(connecting(dial, port)) is Reason.NO_ANSWER
        assert time.monotonic() - began < 2
        for sock in filling:
            sock.close()
    assert contacts[0].outcome == "no_answer"
    assert dial.remaining_s() == 0
    assert reason_of(connecting(dial, port)) is Reason.NO_ANSWER


def test_what_is_not_declared_is_never_contacted() -> None:
    seen: list[socket.socket] = []
    with rude_server(seen.append) as port:
        dial, contacts = dialling((HOST, port, "udp"), ("localhost", port, "tcp"))
        assert reason_of(connecting(dial, port)) is Reason.NOT_DECLARED
        assert reason_of(connecting(dial, port + 1, "localhost")) is Reason.NOT_DECLARED
        assert reason_of(lambda: dial.udp("localhost", port, b"x")) is Reason.NOT_DECLARED
        assert reason_of(lambda: dial.lookup("example.invalid")) is Reason.NOT_DECLARED
    assert (contacts, seen) == ([], [])


@pytest.mark.parametrize("name", ["no-such-host.invalid", "not a name", "a" * 300, ""])
def test_a_name_that_does_not_exist_is_not_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(host: str, *_: object, **__: object) -> object:
        host.encode("idna")
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    dial, _ = dialling((name, 443, "tcp"))
    assert reason_of(lambda: dial.lookup(name)) is Reason.NAME_NOT_FOUND


def test_a_name_service_that_hangs_is_no_answer_within_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(20))
    dial, _ = dialling(("gw.example.jp", 443, "tcp"), deadline_s=0.5)
    began = time.monotonic()
    assert reason_of(lambda: dial.lookup("gw.example.jp")) is Reason.NO_ANSWER
    assert time.monotonic() - began < 1.5
    released.set()


@pytest.mark.parametrize(
    "error",
    [
        socket.gaierror(socket.EAI_AGAIN, "try again"),
        socket.gaierror(socket.EAI_FAIL, "it could not find out"),
        socket.gaierror(socket.EAI_MEMORY, "no memory here"),
        OSError(errno.EMFILE, "no more files here"),  # how Python tells EAI_SYSTEM
    ],
    ids=str,
)
def test_a_name_service_that_cannot_find_out_is_no_answer(
    error: OSError, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> object:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", failing)
    dial, _ = dialling(("gw.example.jp", 443, "tcp"))
    assert reason_of(lambda: dial.lookup("gw.example.jp")) is Reason.NO_ANSWER


def test_an_address_needs_no_name_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(net, "bounded", lambda *_: pytest.fail("asked the name service"))
    dial, _ = dialling(("::1", 443, "tcp"), ("192.0.2.1", 443, "tcp"))
    assert dial.lookup("::1").addresses == ("::1",)
    assert dial.lookup("192.0.2.1").addresses == ("192.0.2.1",)


def test_a_datagram_is_answered_after_a_lost_one() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((HOST, 0))
        port = server.getsockname()[1]

        def answer_the_second() -> None:
            server.recvfrom(100)
            payload, client = server.recvfrom(100)
            server.sendto(payload[::-1], client)

        thread = threading.Thread(target=answer_the_second)
        thread.start()
        dial, contacts = dialling((HOST, port, "udp"))
        assert dial.udp(HOST, port, b"abc", wait_s=0.2) == b"cba"
        thread.join()
    assert [(each.transport, each.outcome) for each in contacts] == [("udp", "reached")]


def test_a_closed_udp_port_refuses() -> None:
    port = free_port(socket.SOCK_DGRAM)
    dial, contacts = dialling((HOST, port, "udp"))
    assert reason_of(lambda: dial.udp(HOST, port, b"x")) is Reason.REFUSED
    assert contacts[0].outcome == "refused"


def test_a_silent_udp_port_is_no_answer_after_its_attempts() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((HOST, 0))
        port = server.getsockname()[1]
        dial, _ = dialling((HOST, port, "udp"))
        began = time.monotonic()
        assert reason_of(lambda: dial.udp(HOST, port, b"x", attempts=2, wait_s=0.2)) is Reason.NO_ANSWER
        assert 0.3 < time.monotonic() - began < 1
        server.settimeout(0)
        assert [server.recv(10) for _ in range(2)] == [b"x", b"x"]


def test_a_conversation_goes_on_with_the_address_that_answered() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((HOST, 0))
        port = server.getsockname()[1]
        clients: list[object] = []

        def serve() -> None:
            for answers in ([], [b"one", b"two"], [b"three"]):
                payload, client = server.recvfrom(100)
                clients.append(client)
                for answer in answers:
                    server.sendto(payload + answer, client)

        thread = threading.Thread(target=serve)
        thread.start()
        dial, contacts = dialling(("localhost", port, "udp"))  # ::1 may come first; it refuses
        with dial.talk("localhost", port, b"a:", b"b:") as talk:
            assert (talk.address, talk.first, talk.receive(1)) == (HOST, b"b:one", b"b:two")
            talk.send(b"c:")
            assert talk.receive(1) == b"c:three"
            assert talk.receive(0.1) is None
        thread.join()
    assert len(set(clients)) == 1
    assert [(each.transport, each.outcome) for each in contacts] == [("udp", "reached")]
    assert reason_of(lambda: talk.send(b"late")) is Reason.NO_ANSWER


def test_a_conversation_with_nobody_is_silence_or_a_refusal() -> None:
    port = free_port(socket.SOCK_DGRAM)
    dial, contacts = dialling((HOST, port, "udp"))
    with pytest.raises(Unreached) as caught, dial.talk(HOST, port, b"x"):
        pytest.fail("nobody is there")
    assert caught.value.reason is Reason.REFUSED
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind((HOST, 0))
        port = mute.getsockname()[1]
        dial, contacts = dialling((HOST, port, "udp"), deadline_s=0.3)
        with pytest.raises(Unreached) as caught, dial.talk(HOST, port, b"x", attempts=99):
            pytest.fail("nobody speaks")
    assert (caught.value.reason, contacts[0].outcome) == (Reason.NO_ANSWER, "no_answer")


def test_a_server_that_goes_away_in_the_middle_refuses() -> None:
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((HOST, 0))
    port = server.getsockname()[1]
    thread = threading.Thread(target=lambda: server.sendto(b"hello", server.recvfrom(9)[1]))
    thread.start()
    dial, _ = dialling((HOST, port, "udp"))
    with dial.talk(HOST, port, b"x") as talk:
        thread.join()
        server.close()
        talk.send(b"still there?")
        assert reason_of(lambda: talk.receive(1)) is Reason.REFUSED


def test_a_conversation_ends_with_the_deadline_and_goes_nowhere_else() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((HOST, 0))
        port = server.getsockname()[1]
        threading.Thread(target=lambda: server.sendto(b"hello", server.recvfrom(9)[1])).start()
        dial, _ = dialling((HOST, port, "udp"), deadline_s=0.5)
        began = time.monotonic()
        with dial.talk(HOST, port, b"x") as talk:
            assert talk.receive(30) is None
            assert reason_of(lambda: talk.send(b"y")) is Reason.NO_ANSWER
        assert time.monotonic() - began < 1
    dial, contacts = dialling((HOST, port, "tcp"))
    with pytest.raises(Unreached) as caught, dial.talk(HOST, port, b"x"):
        pytest.fail("not declared")
    assert (caught.value.reason, contacts) == (Reason.NOT_DECLARED, [])


def declared(protocol: str, port: int, transport: str = "udp") -> set[tuple[int, str]]:
    gateway = Gateway(
        id="g", name="g", host=HOST, port=port, protocol=protocol, transport=transport, closed_ports=(22,)
    )
    assert {host for host, _, _ in doors(gateway)} == {HOST}
    return {(number, kind) for _, number, kind in doors(gateway)}


def test_what_belongs_to_a_protocol_may_be_contacted_and_nothing_else() -> None:
    assert declared("ike", 500) == {(500, "udp"), (4500, "udp"), (22, "tcp")}
    assert declared("l2tp", 1701) == {(1701, "udp"), (500, "udp"), (4500, "udp"), (22, "tcp")}
    assert declared("ike", 4500) == {(4500, "udp"), (22, "tcp")}
    assert declared("openvpn", 500) == {(500, "udp"), (22, "tcp")}
    assert declared("tls", 443, "tcp") == {(443, "tcp"), (22, "tcp")}
