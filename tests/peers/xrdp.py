"""A real xrdp on an ephemeral loopback port; it needs neither root nor its session manager to be asked."""

import configparser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.certificates import Files
from tests.peers.process import free_port, listens, need, started

LAYERS = ("negotiate", "tls", "rdp")
SHIPPED = Path("/etc/xrdp/xrdp.ini")


@contextmanager
def xrdp(
    folder: Path,
    files: Files,
    layer: str,
    *,
    level: str = "high",
    protocols: str = "TLSv1.2, TLSv1.3",
    name: str = "xrdp",
) -> Iterator[int]:
    """Run one with this `security_layer`; yields its port. `level` = its `crypt_level` of old security."""
    program = need("xrdp")
    home = folder.resolve() / name
    home.mkdir(parents=True)
    port = free_port()
    log = home / "xrdp.log"
    config = home / "xrdp.ini"
    config.write_text(_config(port, files, layer, level, protocols, log))
    command = [program, "--nodaemon", "--config", str(config)]
    with started(command, log=home / "start.log", ready=lambda: listens(port)):
        yield port


def _config(port: int, files: Files, layer: str, level: str, protocols: str, log: Path) -> str:
    """Debian's own file with what a test decides."""
    written = configparser.RawConfigParser(strict=False, interpolation=None)
    written.optionxform = str  # type: ignore[assignment,method-assign]  # its documented way to keep case
    written.read(SHIPPED)
    written["Globals"].update(
        {
            "port": f"tcp://127.0.0.1:{port}",
            "security_layer": layer,
            "crypt_level": level,
            "certificate": str(files.chain),
            "key_file": str(files.key),
            "ssl_protocols": protocols,
        }
    )
    written["Logging"] = {"LogFile": str(log), "LogLevel": "INFO", "EnableSyslog": "false"}
    lines = []
    for section in written.sections():
        lines += [f"[{section}]", *(f"{key}={value}" for key, value in written[section].items())]
    return "\n".join(lines) + "\n"
