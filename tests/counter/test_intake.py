"""The intake page: only the real page over a trusted connection is up; an error page that says 200 is not."""

import http.server
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from auditor.access.http import DirectHttp
from auditor.api import Answer, Garbled, Judgement, Reason, Status, System, Unreached, Verdict
from checks.counter.intake import intake, intake_is_up, look
from tests.counter.kit import params
from tests.peers.certificates import Issuer, authority, issue
from tests.peers.process import free_port

TODAY = datetime.now(UTC).date()
PAGES = {
    "/": (200, "text/html; charset=utf-8", "<title>申請</title><p>松風町 電子<b>申請</b>の受付".encode()),
    "/cp932": (200, "text/html", "<meta charset=Shift_JIS><p>松風町 電子申請の受付".encode("cp932")),
    "/error": (200, "text/html; charset=utf-8", "<h1>ただいま混み合っています</h1>".encode()),
    "/comment": (
        200,
        "text/html; charset=utf-8",
        "<p>停止中<!-- 電子申請の受付 --><script>'電子申請の受付'</script>".encode(),
    ),
    "/one": (200, "text/html; charset=utf-8", "<p>電子申請の受付1".encode()),
    "/empty": (200, "text/html", b""),
    "/elsewhere": (302, "text/html", b""),
    "/down": (503, "text/html; charset=utf-8", "電子申請の受付は停止中".encode()),
}


class Site(http.server.BaseHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012 - one server at a time

    def do_GET(self) -> None:
        self.asked.append(f"{self.command} {self.path}")
        status, kind, body = PAGES[self.path]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@contextmanager
def site(context: ssl.SSLContext | None) -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that hangs up is expected
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    Site.asked.clear()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def town(folder: Path, by: Issuer, **issued: object) -> Iterator[int]:
    files = issue(folder, by, **issued)  # type: ignore[arg-type]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.chain, files.key)
    with site(context) as port:
        yield port


def seen(url: str, ca: Path | None = None, shows: str = "電子申請の受付") -> Judgement:
    system = System(id="i", name="i", kind="intake", url=url, ca_file=ca, shows=shows)
    body = look.collect(system, DirectHttp(url, 10, lambda _: None, ca))
    result = intake_is_up(intake(Answer("counter.intake", Status.OK, body)), params("ONL-06"), TODAY)
    assert isinstance(result, Judgement)
    return result


@pytest.fixture(scope="module")
def root() -> Issuer:
    return authority()


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/", "ok"), ("/cp932", "ok"), ("/error", "other_page"), ("/comment", "other_page"),
        ("/empty", "other_page"), ("/elsewhere", "status"), ("/down", "status"),
    ],
)  # fmt: skip
def test_only_the_page_with_its_own_words_is_up(tmp_path: Path, root: Issuer, path: str, key: str) -> None:
    with town(tmp_path, root) as port:
        result = seen(f"https://127.0.0.1:{port}{path}", root.save(tmp_path / "ca.pem"))
        assert result.key == key
        assert result.verdict is (Verdict.PASS if key == "ok" else Verdict.FAIL)
        assert Site.asked == [f"GET {path}"]


@pytest.mark.parametrize(
    ("shows", "key"),
    [("電子申請の受付①", "other_page"), ("電子申請の受付１", "ok"), ("電子 申請の受付1", "ok")],
)
def test_width_and_blanks_make_no_difference_and_other_signs_do(
    tmp_path: Path, root: Issuer, shows: str, key: str
) -> None:
    with town(tmp_path, root) as port:
        result = seen(f"https://127.0.0.1:{port}/one", root.save(tmp_path / "ca.pem"), shows=shows)
        assert result.key == key


@pytest.mark.parametrize("shows", ["", "()", "・"])
def test_a_page_whose_words_nobody_declared_is_unknown(tmp_path: Path, root: Issuer, shows: str) -> None:
    with town(tmp_path, root) as port:
        result = seen(f"https://127.0.0.1:{port}/error", root.save(tmp_path / "ca.pem"), shows=shows)
        assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.NOT_DECLARED)


def test_an_untrusted_certificate_and_one_that_has_ended_fail(tmp_path: Path, root: Issuer) -> None:
    with town(tmp_path, authority("another")) as port:
        assert seen(f"https://127.0.0.1:{port}/", root.save(tmp_path / "ca.pem")).key == "untrusted"
    with town(tmp_path, root, ends_days=-1) as port:
        assert seen(f"https://127.0.0.1:{port}/", root.save(tmp_path / "ca.pem")).key == "untrusted"


def test_a_certificate_for_another_name_fails(tmp_path: Path, root: Issuer) -> None:
    with town(tmp_path, root, names=("other.example.lg.jp",)) as port:
        assert seen(f"https://127.0.0.1:{port}/", root.save(tmp_path / "ca.pem")).key == "untrusted"


@pytest.mark.parametrize(("days", "key"), [(20, "ending"), (90, "ok")])
def test_a_certificate_s_end_is_told_in_time(tmp_path: Path, root: Issuer, days: int, key: str) -> None:
    with town(tmp_path, root, ends_days=days) as port:
        result = seen(f"https://127.0.0.1:{port}/", root.save(tmp_path / "ca.pem"))
        assert result.key == key
        assert key == "ending" or abs((result.until or date.min) - TODAY - timedelta(days=60)) < timedelta(
            days=2
        )


def test_a_page_without_encryption_fails() -> None:
    with site(None) as port:
        assert seen(f"http://127.0.0.1:{port}/").key == "plain"


def test_silence_is_unknown_and_not_down() -> None:
    with pytest.raises(Unreached) as caught:
        seen(f"https://127.0.0.1:{free_port()}/")
    assert caught.value.reason is Reason.REFUSED


def test_a_server_that_speaks_no_tls_is_unknown() -> None:
    with site(None) as port, pytest.raises(Unreached) as caught:
        seen(f"https://127.0.0.1:{port}/")
    assert caught.value.reason is Reason.WRONG_SERVICE


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'{"status": true, "shows": null, "until": null, "encrypted": true}',
        b'{"status": 200, "shows": 1, "until": null, "encrypted": true}',
        b'{"status": 200, "shows": true, "until": "tomorrow", "encrypted": true}',
        b'{"status": 200, "shows": true, "until": null}',
    ],
)
def test_a_kept_look_of_another_shape_is_refused(body: bytes) -> None:
    with pytest.raises(Garbled):
        intake(Answer("counter.intake", Status.OK, body))
