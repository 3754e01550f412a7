"""A real IKE responder (strongSwan's charon-systemd) on ports 500 and 4500 of a namespace of its own."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from tests.peers.certificates import Files
from tests.peers.netns import island
from tests.peers.process import need, started, wait_until

PLUGINS = (
    "random nonce openssl aes sha1 sha2 hmac kdf gmp curve25519 pem pkcs1 pkcs8 x509 pubkey revocation "
    "constraints kernel-netlink socket-default vici eap-identity md5"
)
DAEMON = """
charon-systemd {{
  install_routes = no
  install_virtual_ip = no
  i_dont_care_about_security_and_use_aggressive_mode_psk = yes
  load = {plugins}
  cookie_threshold = {cookies}
  plugins {{ vici {{ socket = unix://{socket} }} }}
  filelog {{ told {{ path = {log}
    default = 1
    ike = 2
    flush_line = yes }} }}
}}
"""
V2 = """
  rw {{
    version = 2
    proposals = {proposals}
    local {{ auth = pubkey
      certs = {certificate}
      id = gw.example.jp }}
    remote {{ auth = pubkey }}
    children {{ net {{ local_ts = 10.77.0.0/24 }} }}
  }}
"""
V1 = """
  old {{
    version = 1
    aggressive = {aggressive}
    proposals = {proposals}
    local {{ auth = psk
      id = vpn.example.jp }}
    remote {{ auth = psk }}
    children {{ net {{ local_ts = 10.78.0.0/24 }} }}
  }}
"""
SECRETS = """
secrets {{
  private {{ file = {key} }}
  ike {{ secret = "not a real one" }}
}}
"""


@dataclass(frozen=True, slots=True)
class StrongSwan:
    """Its namespace, control socket and log."""

    namespace: str
    socket: Path
    log: Path

    def told(self, *words: str) -> str:
        """What `swanctl` says."""
        argv = [need("swanctl"), *words, "--uri", f"unix://{self.socket}"]
        return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=20).stdout

    def associations(self) -> tuple[str, ...]:
        """One line per IKE association that the server itself still knows, half-open ones included."""
        return tuple(
            line for line in self.told("--list-sas", "--raw").splitlines() if "list-sa event" in line
        )

    def half_open(self) -> int:
        """How many half-open associations the server's own statistics count."""
        (line,) = [line for line in self.told("--stats").splitlines() if "IKE_SAs" in line]
        return int(line.partition("total,")[2].split()[0])

    def heard(self, words: str) -> int:
        """How often the log says so."""
        return self.log.read_text("utf-8", "replace").count(words)


@contextmanager
def strongswan(
    folder: Path,
    files: Files,
    *,
    v2: Sequence[str] = (),
    v1: Sequence[str] = (),
    aggressive: bool = False,
    cookies: int = 10,
    name: str = "ike",
) -> Iterator[StrongSwan]:
    """Run one that accepts exactly these proposals (swanctl's words); `cookies` = half-open SAs it bears."""
    program = need("charon-systemd")
    home = folder.resolve() / name
    home.mkdir(parents=True)
    socket, log = Path(f"/run/aud-{token_hex(4)}.vici"), home / "charon.log"
    made = DAEMON.format(plugins=PLUGINS, socket=socket, log=log, cookies=cookies)
    (home / "strongswan.conf").write_text(made)
    parts = [V2.format(proposals=",".join(v2), certificate=files.chain)] if v2 else []
    if v1:
        parts.append(V1.format(proposals=",".join(v1), aggressive="yes" if aggressive else "no"))
    config = home / "swanctl.conf"
    config.write_text("connections {" + "".join(parts) + "}" + SECRETS.format(key=files.key))
    with island() as namespace:
        env = [f"STRONGSWAN_CONF={home / 'strongswan.conf'}", f"SWANCTL_DIR={home}"]
        inside = [need("ip"), "netns", "exec", namespace, "env", *env]
        try:
            with started([*inside, program], log=home / "out.log", ready=socket.exists):
                load = [need("swanctl"), "--load-all", "--file", str(config), "--uri", f"unix://{socket}"]
                wait_until(lambda: _loaded([*inside, *load], home / "load.log"), "loading of swanctl.conf")
                yield StrongSwan(namespace, socket, log)
        finally:
            socket.unlink(missing_ok=True)


def _loaded(argv: Sequence[str], log: Path) -> bool:
    done = subprocess.run(argv, check=False, capture_output=True, timeout=20)
    log.write_bytes(done.stdout + done.stderr)
    return done.returncode == 0
