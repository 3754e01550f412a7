"""TLS servers as weak as Debian's libraries still allow: `openssl s_server` and `gnutls-serv`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.certificates import Files
from tests.peers.process import free_port, listens, need, started

RC4_AND_3DES = "NORMAL:+VERS-ALL:+ARCFOUR-128:+3DES-CBC:+MD5:+ANON-ECDH:+ANON-DH:%VERIFY_ALLOW_SIGN_WITH_SHA1"
NULL_AND_ANONYMOUS = "ALL:eNULL:aNULL:@SECLEVEL=0"


@contextmanager
def s_server(
    folder: Path,
    files: Files,
    *,
    ciphers: str = NULL_AND_ANONYMOUS,
    name: str = "s_server",
    shared_key: str = "",
) -> Iterator[int]:
    """OpenSSL's test server with everything it can do; it takes one connection at a time. Yields its port.

    `shared_key` = hexadecimal digits; with it, suites of a key that both sides know can be among `ciphers`.
    """
    port = free_port()
    command = [
        *(need("openssl"), "s_server", "-accept", f"127.0.0.1:{port}", "-www", "-quiet"),
        *("-cert", str(files.chain), "-key", str(files.key), "-cipher", ciphers),
        *("-legacy_renegotiation", "-min_protocol", "TLSv1"),
        *(["-psk", shared_key] if shared_key else []),
    ]
    with started(command, log=folder / f"{name}.log", ready=lambda: listens(port)):
        yield port


@contextmanager
def gnutls_serv(
    folder: Path, files: Files, *, priority: str = RC4_AND_3DES, name: str = "gnutls", demand: bool = False
) -> Iterator[int]:
    """GnuTLS's test server; `demand` = it wants a client certificate. Yields its port."""
    port = free_port()
    command = [
        *(need("gnutls-serv"), "--http", "--quiet", "-p", str(port), "--priority", priority),
        *("--x509certfile", str(files.chain), "--x509keyfile", str(files.key)),
        *(["--require-client-cert"] if demand else []),
    ]
    with started(command, log=folder / f"{name}.log", ready=lambda: listens(port)):
        yield port
