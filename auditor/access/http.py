"""HTTP to one declared address: no redirect, no proxy, no bytes or seconds beyond the limits."""

import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from auditor.access.dial import Contact, recorded
from auditor.access.keys import Keys
from auditor.access.net import Deadline, connect, resolve
from auditor.access.pace import Pace
from auditor.errors import Unreached
from auditor.findings import Reason
from auditor.seams import Reply, Secret

MAX_BODY_BYTES = 8 * 1024 * 1024
_CHUNK = 65536
_PORTS = {"http": 80, "https": 443}
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST"})


class DirectHttp:
    """`seams.Http` straight from this machine to the scheme, host and port of `url`, and nowhere else.

    Certificates are verified against `ca_file`, None = the authorities shipped with requests. The deadline
    starts with the object and cuts the connection when it passes, also in the middle of a header.
    """

    def __init__(
        self,
        url: str,
        deadline_s: float,
        contacts: Callable[[Contact], object],
        ca_file: Path | None = None,
        *,
        pace: Pace | None = None,
        keys: Keys | None = None,
    ) -> None:
        self._pace = pace or Pace()
        self._keys = keys or Keys({})
        self._origin = _origin(urlsplit(url))
        self._deadline = Deadline.after(deadline_s)
        self._contacts = contacts
        self._verify: str | bool = str(ca_file) if ca_file else True
        self._sockets: list[socket.socket] = []
        self._trusted_until: datetime | None = None

    def request(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send one request; see `seams.Http.request`.

        Raises:
            Unreached: as the seam says; NOT_DECLARED also for a method that changes things.
        """
        if method not in _METHODS or _origin(urlsplit(url)) != self._origin:
            raise Unreached(Reason.NOT_DECLARED, f"{method} {url}")
        self._pace.wait((*self._origin[1:], "tcp"), self._deadline.left_s())
        guard = threading.Timer(self._deadline.need_s(url), self._cut)
        guard.daemon = True
        guard.start()
        try:
            return self._exchange(method, url, body, {"Accept-Encoding": "identity", **(headers or {})})
        except requests.exceptions.SSLError as error:
            raise self._failed(Reason.WRONG_SERVICE, error) from None
        except (requests.exceptions.RequestException, OSError, ValueError) as error:
            raise self._failed(_reason(error), error) from None
        finally:
            guard.cancel()
            self._cut()

    def secret(self, name: str) -> Secret:
        """A declared key; see `seams.Http.secret`."""
        return self._keys.secret(name)

    def _exchange(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        with requests.Session() as session:
            session.trust_env = False
            session.mount(url, _Adapter(self._connected, self._secured))
            with session.request(
                method,
                url,
                data=body or None,
                headers=dict(headers),
                allow_redirects=False,
                stream=True,
                timeout=self._deadline.need_s(url),
                verify=self._verify,
            ) as response:
                content = _limited(response, url)
                if self._deadline.left_s() <= 0:
                    raise Unreached(Reason.NO_ANSWER, f"{url}: cut off at the deadline")
                names = {name.lower(): value for name, value in response.headers.items()}
                return Reply(response.status_code, names, content, self._trusted_until)

    def _connected(self) -> socket.socket:
        """A connection to the declared address, whatever the URL says."""
        _, host, port = self._origin
        addresses = resolve(host, self._deadline)
        with recorded(self._contacts, host, port, "tcp"):
            sock, _ = connect(addresses, port, self._deadline)
        self._sockets.append(sock.dup())  # TLS takes the first one over; cutting either cuts both
        return sock

    def _secured(self, sock: object) -> None:
        """Note whose certificate was verified, while the connection is there."""
        self._trusted_until = _end_of(sock)

    def _cut(self) -> None:
        while self._sockets:
            with suppress(OSError), self._sockets.pop() as sock:
                sock.shutdown(socket.SHUT_RDWR)

    def _failed(self, reason: Reason, error: Exception) -> Unreached:
        late = self._deadline.left_s() <= 0
        return Unreached(Reason.NO_ANSWER if late else reason, f"{type(error).__name__}: {error}"[:500])


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    """Scheme, host and port; an origin with a user name in it equals no other."""
    try:
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        port = 0
    host = parts.hostname or ""
    if "@" in parts.netloc or parts.scheme not in _PORTS or not host or not port:
        raise Unreached(Reason.NOT_DECLARED, f"not a usable address: {parts.scheme}://{host}:{port}")
    return parts.scheme, host, port


def _reason(error: Exception) -> Reason:
    """Silence and lost connections are NO_ANSWER; whatever else answers badly is not HTTP."""
    text = repr(error)
    lost = ("RemoteDisconnected", "ConnectionResetError", "timed out", "TimeoutError", "BrokenPipe")
    silent = isinstance(error, requests.exceptions.Timeout) or any(word in text for word in lost)
    return Reason.NO_ANSWER if silent else Reason.WRONG_SERVICE


def _end_of(sock: object) -> datetime | None:
    """The end of the certificate that was verified, None = there is none."""
    told = sock.getpeercert() if isinstance(sock, ssl.SSLSocket) else None
    ends = (told or {}).get("notAfter")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(ends)), UTC) if ends else None


def _limited(response: requests.Response, url: str) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(_CHUNK):
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise Unreached(Reason.UNREADABLE, f"{url}: larger than {MAX_BODY_BYTES} bytes")
    return bytes(body)


class _Adapter(HTTPAdapter):
    """Makes requests use our own sockets, so that names, deadline and allow-list are ours."""

    def __init__(self, connected: Callable[[], socket.socket], secured: Callable[[object], None]) -> None:
        self._connected = connected
        self._secured = secured
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Give the pools connection classes whose sockets come from `connected`."""
        super().init_poolmanager(*args, **kwargs)
        connected, secured = self._connected, self._secured

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return connected()

        class Encrypted(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return connected()

            def connect(self) -> None:
                super().connect()
                secured(self.sock)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class EncryptedPool(HTTPSConnectionPool):
            ConnectionCls = Encrypted

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": EncryptedPool}
