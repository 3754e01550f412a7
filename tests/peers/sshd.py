"""A real OpenSSH server on an ephemeral loopback port, with a host key and one authorised key of its own."""

import getpass
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.process import free_port, listens, need, need_root, started, wait_until

_RUN = Path("/run/sshd")
_CONFIG = """\
{extra}
ListenAddress {listen}
Port {port}
PidFile none
HostKey {host_key}
AuthorizedKeysFile {authorised}
UsePAM no
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups {startups}
LogLevel VERBOSE
"""


@dataclass(frozen=True, slots=True)
class SshServer:
    """A running sshd: `known_hosts` is the line that pins it, `client_key` the private key it takes."""

    port: int
    pid: int
    host_key: Path
    client_key: Path
    known_hosts: str
    account: str
    log: Path
    host: str = "127.0.0.1"

    @property
    def endpoint_fields(self) -> dict[str, str | int]:
        """The columns of an `Endpoint` that lead to it."""
        return {"road": "ssh", "host": self.host, "port": self.port, "account": self.account}

    def stop(self) -> None:
        """End the server by its pid, as a power cut would; sessions that run are left alone."""
        os.kill(self.pid, signal.SIGKILL)
        wait_until(lambda: not listens(self.port), "end of sshd")


def make_key(path: Path, kind: str = "ed25519", passphrase: str = "") -> Path:
    """A fresh private key at `path`, its public part beside it."""
    command = [need("ssh-keygen"), "-q", "-t", kind, "-N", passphrase, "-C", "test", "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return path


def pin_line(port: int, public: Path, host: str = "127.0.0.1") -> str:
    """The known_hosts line of a public key file."""
    kind, key = public.read_text("ascii").split()[:2]
    return f"[{host}]:{port} {kind} {key}"


@contextmanager
def sshd(
    folder: Path,
    *,
    name: str = "sshd",
    extra: str = "",
    kind: str = "ed25519",
    client_key: Path | None = None,
    listen: str = "127.0.0.1",
    startups: str = "200",
    inside: str = "",
) -> Iterator[SshServer]:
    """Run an sshd whose files stand in `folder` under `name`; `extra` = configuration that wins over ours.

    Give `client_key` to let several servers take the same key; `listen` = 0.0.0.0 answers on 127.0.0.0/8;
    `startups` = MaxStartups, of which sshd takes the last line and not the first; `inside` = a network
    namespace to run in, where it answers on `listen` only.
    """
    program = need("sshd")
    need_root()
    _RUN.mkdir(mode=0o755, exist_ok=True)
    home = (folder / name).resolve()
    home.mkdir(parents=True)
    host_key = make_key(home / "host_key", kind)
    client_key = client_key or make_key(home / "client_key")
    authorised = home / "authorized_keys"
    authorised.write_bytes(client_key.with_name(client_key.name + ".pub").read_bytes())
    port = free_port()
    config = home / "sshd_config"
    config.write_text(
        _CONFIG.format(
            port=port,
            listen=listen,
            host_key=host_key,
            authorised=authorised,
            startups=startups,
            extra=extra,
        )
    )
    log = home / "sshd.log"
    command = [program, "-D", "-e", "-f", str(config)]
    if inside:
        command = [need("ip"), "netns", "exec", inside, *command]
    host = listen if inside else "127.0.0.1"

    def ready() -> bool:
        return "Server listening" in log.read_text() if inside else listens(port)

    with started(command, log=log, ready=ready, cwd=Path("/")) as process:
        yield SshServer(
            port=port,
            pid=process.pid,
            host_key=host_key,
            client_key=client_key,
            known_hosts=pin_line(port, host_key.with_name("host_key.pub"), host),
            account=getpass.getuser(),
            log=log,
            host=host,
        )
