"""A real SoftEther VPN Server in a namespace of its own: its ports are fixed, and it calls home."""

import base64
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.peers.certificates import Files
from tests.peers.netns import island
from tests.peers.process import need, started

PORT, OPENVPN_PORT = 443, 1194
STATE = "/var/lib/softether"
FOLDERS = (STATE, "/var/log/softether", "/run/softether")
_CONFIG = """\
declare root
{{
	declare DDnsClient
	{{
		bool Disabled true
	}}
	declare ListenerList
	{{
		declare Listener0
		{{
			bool DisableDos false
			bool Enabled true
			uint Port 443
		}}
	}}
	declare ServerConfiguration
	{{
		bool DisableJsonRpcWebApi {api}
		bool DisableNatTraversal true
		string PortsUDP 1194
		byte ServerCert {certificate}
		byte ServerKey {key}
		bool Tls_Disable1_0 true
		bool Tls_Disable1_1 true
	}}
}}
"""


@dataclass(frozen=True, slots=True)
class SoftEther:
    """Its namespace."""

    namespace: str

    def argv(self, *words: str) -> list[str]:
        """The command, run inside."""
        return [need("ip"), "netns", "exec", self.namespace, *words]

    def listening(self) -> bool:
        """True once its TCP and UDP ports are there."""
        told = subprocess.run(
            self.argv(need("ss"), "-Hlntu"), check=False, capture_output=True, text=True, timeout=20
        ).stdout
        return all(f":{port} " in told for port in (PORT, OPENVPN_PORT))


@contextmanager
def softether(folder: Path, files: Files, *, web_administration: bool = True) -> Iterator[SoftEther]:
    """Run one with this certificate; its fixed folders are its own for the time."""
    program = need("vpnserver")
    home = folder.resolve() / "softether"
    binds = []
    for place in FOLDERS:
        (home / place[1:]).mkdir(parents=True)
        Path(place).mkdir(parents=True, exist_ok=True)
        binds.append(f"mount --bind '{home / place[1:]}' {place}")
    (home / STATE[1:] / "vpn_server.config").write_text(
        _CONFIG.format(
            api="false" if web_administration else "true",
            certificate=_der(x509.load_pem_x509_certificate(files.chain.read_bytes())),
            key=_der(serialization.load_pem_private_key(files.key.read_bytes(), None)),
        ),
        encoding="ascii",
    )
    with island() as name:
        server = SoftEther(name)
        # ``ip netns exec`` gives the command mounts of its own
        command = server.argv("sh", "-c", f"{' && '.join(binds)} && exec {program} execsvc")
        with started(command, log=home / "log", ready=server.listening):
            yield server


def _der(thing: object) -> str:
    if isinstance(thing, x509.Certificate):
        return base64.b64encode(thing.public_bytes(serialization.Encoding.DER)).decode()
    key = thing.private_bytes(  # type: ignore[attr-defined]  # a private key of the tests' own
        serialization.Encoding.DER,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return base64.b64encode(key).decode()
