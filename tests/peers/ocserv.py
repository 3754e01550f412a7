"""A real ocserv (the open AnyConnect server) on an ephemeral loopback port; it wants root."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.peers.certificates import Files
from tests.peers.process import free_port, listens, need, need_root, started

PASSWORD = 'auth = "plain[passwd={home}/users]"'
CERTIFICATE = 'auth = "certificate"'
OR_PASSWORD = 'enable-auth = "plain[passwd={home}/users]"'
USER, SECRET = "taro", "not a real one"
_CONFIG = """\
{auth}
listen-host = 127.0.0.1
tcp-port = {port}
run-as-user = nobody
run-as-group = daemon
socket-file = {home}/s
server-cert = {files.chain}
server-key = {files.key}
ca-cert = {ca}
cert-user-oid = 2.5.4.3
isolate-workers = false
device = vpns
ipv4-network = 10.66.0.0
ipv4-netmask = 255.255.255.0
use-utmp = false
{extra}
"""


@contextmanager
def ocserv(
    ca: Path, files: Files, *, auth: Sequence[str] = (PASSWORD,), extra: Sequence[str] = ()
) -> Iterator[int]:
    """Run one that signs people in by `auth` (lines of its configuration); yields its port."""
    need_root()
    program, users = need("ocserv"), need("ocpasswd")
    with TemporaryDirectory(prefix="aud-oc-") as folder:  # its socket's path must be short
        home = Path(folder)
        home.chmod(0o755)
        subprocess.run(
            [users, "-c", str(home / "users"), USER],
            input=f"{SECRET}\n{SECRET}\n".encode(),
            check=True,
            capture_output=True,
            timeout=20,
        )
        port = free_port()
        config = home / "ocserv.conf"
        config.write_text(
            _CONFIG.format(
                auth="\n".join(auth).format(home=home),
                home=home,
                port=port,
                files=files,
                ca=ca,
                extra="\n".join(extra),
            )
        )
        command = [program, "-f", "-c", str(config)]
        with started(command, log=home / "log", ready=lambda: listens(port)):
            yield port
