"""What the tests of the remote checks share: one set of certificates, dials to loopback, rude servers."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pytest

from auditor.access.dial import Contact, DirectDial, doors
from auditor.access.keys import Keys
from auditor.api import Answer, Gateway, Judgement, Params, Probe, Status
from checks.remote._days import JAPAN
from checks.remote.certificate import certificate, certificate_holds
from tests.peers.certificates import GATEWAY_NAME, Issuer, authority

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Pki:
    """The town's authority, as a signer and as a file, and a folder for what it issues."""

    folder: Path
    ca: Issuer
    ca_file: Path


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    folder = tmp_path_factory.mktemp("pki")
    ca = authority()
    return Pki(folder, ca, ca.save(folder / "ca.pem"))


CERTIFICATE_PARAMS = Params({"warn_days": 30, "fail_days": 7, "rsa_min_bits": 2048, "ec_min_bits": 256})
TODAY = datetime.now(JAPAN).date()


def judged(answer: Answer, *, today: date = TODAY, server_name: str = GATEWAY_NAME) -> Judgement:
    """RA-05 of a certificate's answer, at the catalogue's parameters."""
    gateway = gateway_at(443, server_name=server_name)
    return certificate_holds(gateway, certificate(answer), CERTIFICATE_PARAMS, today)


def gateway_at(port: int, **fields: object) -> Gateway:
    """A TLS entrance on loopback unless `fields` say otherwise."""
    given: dict[str, object] = {"host": HOST, "server_name": GATEWAY_NAME, **fields}
    return Gateway(id="gw", name="gw", port=port, **given)  # type: ignore[arg-type]  # as in town.toml


def dial_to(gateway: Gateway, contacts: list[Contact], deadline_s: float = 15.0) -> DirectDial:
    """The dial that a run would hand to a probe of this gateway."""
    return DirectDial(doors(gateway), deadline_s, contacts.append, Keys(gateway.keys))


def asked(
    probe: Probe, gateway: Gateway, *, contacts: list[Contact] | None = None, deadline_s: float = 15.0
) -> Answer:
    """What the probe answers, as the engine would keep it."""
    dial = dial_to(gateway, contacts if contacts is not None else [], deadline_s)
    return Answer(probe.id, Status.OK, probe.collect(gateway, dial))


@contextmanager
def rude_server(behave: Callable[[socket.socket], object]) -> Iterator[int]:
    """A TCP server that does `behave` with every connection until the block ends; yields its port."""
    listener = socket.create_server((HOST, 0))
    taken: list[socket.socket] = []

    def serve(sock: socket.socket) -> None:
        with suppress(OSError):
            behave(sock)

    def accept() -> None:
        with suppress(OSError):
            while True:
                sock, _ = listener.accept()
                taken.append(sock)
                threading.Thread(target=serve, args=(sock,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)  # it may have taken one more by now
        for sock in taken:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


def says(words: bytes) -> Callable[[socket.socket], object]:
    """A server that hears the first bytes, says `words` and closes."""

    def behave(sock: socket.socket) -> None:
        sock.recv(4096)
        sock.sendall(words)
        sock.close()

    return behave


def stays_silent(sock: socket.socket) -> None:
    """Read for ever, say nothing."""
    while sock.recv(4096):
        pass


def drips(words: bytes, every_s: float = 0.05) -> Callable[[socket.socket], object]:
    """A server that sends one byte of an endless repetition of `words` now and then."""
    pause = threading.Event()

    def behave(sock: socket.socket) -> None:
        while True:
            for byte in words:
                sock.sendall(bytes([byte]))
                pause.wait(every_s)

    return behave


@contextmanager
def black_hole(host: str = HOST, port: int = 0) -> Iterator[int]:
    """A TCP port that answers no connect: its queue is full and nobody accepts. Yields the port."""
    listener = socket.socket()
    queued: list[socket.socket] = []
    try:
        listener.bind((host, port))
        listener.listen(0)
        while _joins(listener.getsockname(), queued):
            pass
        yield listener.getsockname()[1]
    finally:
        for sock in (*queued, listener):
            sock.close()


def _joins(place: tuple[str, int], queued: list[socket.socket]) -> bool:
    sock = socket.socket()
    queued.append(sock)
    sock.settimeout(0.3)
    try:
        sock.connect(place)
    except TimeoutError:
        return False
    return True


def name_has(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> str:
    """A host name with these addresses, in this order; every other host stands for itself."""
    name = "gw.example.jp"
    monkeypatch.setattr("auditor.access.dial.resolve", lambda host, _: addresses if host == name else (host,))
    return name


@contextmanager
def mute_udp() -> Iterator[int]:
    """A UDP port that is open and never answers; yields it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HOST, 0))
        yield int(sock.getsockname()[1])
