"""HTTP to one declared address: nothing else is asked, nothing is followed, every limit holds."""

import datetime as dt
import http.server
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from auditor.access.dial import Contact
from auditor.access.http import DirectHttp
from auditor.errors import Unreached
from auditor.findings import Reason
from auditor.seams import Reply
from tests.access.conftest import rude_server
from tests.peers.process import free_port


class Site(http.server.BaseHTTPRequestHandler):
    """Echoes what was asked; some paths misbehave."""

    def do_GET(self) -> None:
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "/target")
            self.end_headers()
        elif self.path == "/huge":
            self.send_response(200)
            self.end_headers()
            for _ in range(10):
                self.wfile.write(bytes(1024 * 1024))
        else:
            length = int(self.headers.get("Content-Length") or 0)
            text = f"{self.command} {self.path}\n{self.headers}\n".encode() + self.rfile.read(length)
            self.send_response(200)
            self.send_header("X-Odd", "1")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    do_POST = do_GET  # noqa: N815 - the name http.server calls

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@contextmanager
def site(context: ssl.SSLContext | None = None) -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that hang up are expected
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="rude site")
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ask(
    port: int, path: str = "/", *, scheme: str = "http", deadline_s: float = 5, ca: Path | None = None
) -> Reply:
    url = f"{scheme}://127.0.0.1:{port}"
    contacts: list[Contact] = []
    try:
        return DirectHttp(url, deadline_s, contacts.append, ca).request("GET", url + path)
    finally:
        assert {(each.host, each.port) for each in contacts} <= {("127.0.0.1", port)}
        assert len(contacts) == 1


def failure(port: int, path: str = "/", **options: float) -> Unreached:
    with pytest.raises(Unreached) as caught:
        ask(port, path, **options)  # type: ignore[arg-type]  # only the deadline
    return caught.value


def test_a_reply_comes_whole_with_lower_case_headers() -> None:
    with site() as port:
        reply = ask(port, "/a?b=c")
    assert reply.status == 200
    assert reply.headers["x-odd"] == "1"
    assert reply.body.startswith(b"GET /a?b=c\n")


def test_a_body_and_headers_are_sent() -> None:
    with site() as port:
        url = f"http://127.0.0.1:{port}/ipp/print"
        web = DirectHttp(url, 5, lambda _: None)
        reply = web.request("POST", url, body=b"\x01\x01", headers={"Content-Type": "application/ipp"})
        again = web.request("GET", url)
    assert b"Content-Type: application/ipp" in reply.body
    assert reply.body.endswith(b"\x01\x01")
    assert again.status == 200


def test_no_proxy_and_no_netrc_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    with site() as port:
        assert b"Authorization" not in ask(port).body


def test_a_redirect_is_shown_and_not_followed() -> None:
    with site() as port:
        reply = ask(port, "/elsewhere")
    assert (reply.status, reply.headers["location"]) == (302, "/target")


def test_a_reply_beyond_the_limit_is_unreadable() -> None:
    with site() as port:
        assert failure(port, "/huge").reason is Reason.UNREADABLE


def test_a_closed_port_refuses() -> None:
    assert failure(free_port()).reason is Reason.REFUSED


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.2\r\n", b"\x00\x01\x02\r\n\r\n"])
def test_what_is_not_http_is_the_wrong_service(answer: bytes) -> None:
    def speak(sock: socket.socket) -> None:
        sock.recv(1000)
        sock.sendall(answer)
        sock.shutdown(socket.SHUT_WR)

    with rude_server(speak) as port:
        assert failure(port).reason is Reason.WRONG_SERVICE


def test_a_server_that_hangs_up_gave_no_answer() -> None:
    def hang_up(sock: socket.socket) -> None:
        sock.recv(1000)
        sock.shutdown(socket.SHUT_RDWR)

    with rude_server(hang_up) as port:
        assert failure(port).reason is Reason.NO_ANSWER


@pytest.mark.parametrize(
    "first", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n"]
)
def test_a_server_that_drips_is_cut_at_the_deadline(first: bytes) -> None:
    def drip(sock: socket.socket) -> None:
        sock.sendall(first)
        while first:
            sock.sendall(b"a")
            time.sleep(0.1)

    with rude_server(drip) as port:
        began = time.monotonic()
        assert failure(port, deadline_s=1).reason is Reason.NO_ANSWER
        assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{other}/",
        "https://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://127.0.0.1:{port}@192.0.2.1/",
        "http://user@127.0.0.1:{port}/",
        "http://127.0.0.1:99999/",
        "file:///etc/passwd",
        "",
    ],
)
def test_another_address_is_never_asked(url: str) -> None:
    port = free_port()
    contacts: list[Contact] = []
    web = DirectHttp(f"http://127.0.0.1:{port}/", 5, contacts.append)
    with pytest.raises(Unreached) as caught:
        web.request("GET", url.format(port=port, other=port % 60000 + 1))
    assert caught.value.reason is Reason.NOT_DECLARED
    assert contacts == []


@pytest.mark.parametrize("method", ["DELETE", "PUT", "get", "PATCH"])
def test_a_method_that_changes_things_is_never_sent(method: str) -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    with pytest.raises(Unreached) as caught:
        DirectHttp(url, 5, lambda _: None).request(method, url)
    assert caught.value.reason is Reason.NOT_DECLARED


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, in one file."""
    import ipaddress

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_tls_is_verified_against_the_declared_authority(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with site(context) as port:
        assert ask(port, scheme="https", ca=certificate).status == 200
        with pytest.raises(Unreached) as caught:
            ask(port, scheme="https")
    assert caught.value.reason is Reason.WRONG_SERVICE
    assert "certificate" in caught.value.note.lower()


def test_tls_to_a_silent_server_is_cut_at_the_deadline() -> None:
    with rude_server(lambda _: time.sleep(3)) as port:
        began = time.monotonic()
        with pytest.raises(Unreached) as caught:
            ask(port, scheme="https", deadline_s=1)
        assert time.monotonic() - began < 2
    assert caught.value.reason is Reason.NO_ANSWER
