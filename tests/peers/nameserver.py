"""A real name server (NSD) on a loopback port, with one zone of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.process import free_port, listens, need, started

_CONFIG = """\
server:
    ip-address: 127.0.0.1@{port}
    server-count: 1
    username: ""
    chroot: ""
    zonesdir: "{home}"
    database: ""
    pidfile: "{home}/nsd.pid"
    xfrdfile: "{home}/xfrd.state"
    zonelistfile: "{home}/zone.list"
    xfrdir: "{home}"
    logfile: "{home}/nsd.log"
remote-control:
    control-enable: no
zone:
    name: "{zone}"
    zonefile: "zone"
zone:
    name: "{broken}"
    zonefile: "missing"
"""
_HEAD = """\
$ORIGIN {zone}.
$TTL 60
@ IN SOA ns.{zone}. hostmaster.{zone}. 1 3600 600 86400 60
@ IN NS ns.{zone}.
ns IN A 127.0.0.1
"""

BROKEN = "broken.example"
"""A zone the server is to serve and cannot load: it answers SERVFAIL."""


def text(*pieces: str) -> str:
    """One TXT record's data; pieces longer than 255 bytes are cut as the protocol demands."""
    cut = [piece[at : at + 255] for piece in pieces for at in range(0, len(piece), 255)]
    return "TXT " + " ".join(f'"{piece}"' for piece in cut)


@contextmanager
def nameserver(folder: Path, zone: str, records: dict[str, tuple[str, ...]]) -> Iterator[int]:
    """Serve `zone` with records by owner ("@" = the zone itself); gives the port, for UDP and TCP."""
    program = need("nsd")
    home = (folder / "nsd").resolve()
    home.mkdir(parents=True)
    rows = [f"{owner} IN {data}" for owner, several in records.items() for data in several]
    (home / "zone").write_text(_HEAD.format(zone=zone) + "\n".join(rows) + "\n", encoding="utf-8")
    port = free_port()
    config = home / "nsd.conf"
    config.write_text(_CONFIG.format(port=port, home=home, zone=zone, broken=BROKEN), encoding="utf-8")
    with started([program, "-d", "-c", str(config)], log=home / "out.log", ready=lambda: listens(port)):
        yield port
