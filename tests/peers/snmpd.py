"""A real net-snmp agent on an ephemeral loopback port, with the meter of an invented printer."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.process import free_port, need, started

COMMUNITY = "matsukaze-read-only"
_PRINTER = ".1.3.6.1.2.1.43"
_CONF = """\
agentAddress udp:127.0.0.1:{port}
rocommunity {community} 127.0.0.1
override {printer}.5.1.1.17.1 octet_str "{serial}"
override {printer}.10.2.1.3.1.1 integer {unit}
override {printer}.10.2.1.4.1.1 counter {count}
override {printer}.10.2.1.5.1.1 counter 12
"""
_SYS_UPTIME = bytes.fromhex("06082b06010201010300")


@dataclass(frozen=True, slots=True)
class Snmpd:
    """A running agent."""

    port: int


@contextmanager
def snmpd(
    folder: Path, *, serial: str = "MFP-0001", count: int = 1000, unit: int = 7, name: str = "snmpd"
) -> Iterator[Snmpd]:
    """Run an agent that tells this serial number, unit (7 = impressions, 8 = sheets) and life count."""
    program = need("snmpd")
    home = folder / name
    home.mkdir()
    port = free_port(socket.SOCK_DGRAM)
    conf = home / "snmpd.conf"
    values = {"serial": serial, "unit": unit, "count": count, "printer": _PRINTER}
    conf.write_text(_CONF.format(port=port, community=COMMUNITY, **values))
    command = [program, "-f", "-C", "-c", str(conf), "-Lf", str(home / "agent.log"), "-r"]
    variables = {"SNMP_PERSISTENT_DIR": str(home), "SNMPCONFPATH": str(home)}
    with started(command, log=home / "snmpd.log", ready=lambda: _answers(port), env=variables):
        yield Snmpd(port)


def _answers(port: int) -> bool:
    """True when it answers a GET of sysUpTime."""
    pdu = b"\x02\x01\x01\x02\x01\x00\x02\x01\x00\x30" + bytes([len(_SYS_UPTIME) + 4])
    pdu += b"\x30" + bytes([len(_SYS_UPTIME) + 2]) + _SYS_UPTIME + b"\x05\x00"
    name = COMMUNITY.encode()
    inner = b"\x02\x01\x01\x04" + bytes([len(name)]) + name + b"\xa0" + bytes([len(pdu)]) + pdu
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.3)
        try:
            sock.connect(("127.0.0.1", port))
            sock.send(b"\x30" + bytes([len(inner)]) + inner)
            return bool(sock.recv(2000))
        except OSError:
            return False
