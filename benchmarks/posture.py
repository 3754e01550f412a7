"""TLS posture and reach beside sslyze and nmap, as whole processes, by the clock on the wall."""

import socket
import statistics
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from benchmarks.gateways import wall_s
from benchmarks.timing import Result
from tests.peers.certificates import GATEWAY_NAME, authority, issue
from tests.peers.netns import far_away
from tests.peers.nginx import Block, nginx
from tests.peers.process import need

ROUNDS = 5

TLS = """
import sys
from pathlib import Path
from auditor.access.dial import DirectDial, doors
from auditor.api import Gateway
from checks.remote import certificate, hsts, revocation, suites, tls
port, name, ca_file = sys.argv[1:]
gateway = Gateway(id="g", name="g", host="127.0.0.1", port=int(port), server_name=name, ca_file=Path(ca_file))
for probe in (
    tls.ask_tls, suites.ask_suites, certificate.ask_certificate, revocation.ask_revocation, hsts.ask_hsts
):
    probe.collect(gateway, DirectDial(doors(gateway), 15.0, lambda contact: None))
"""

WAYS = """
import sys
from auditor.access.dial import DirectDial
from auditor.register import Place
from auditor.zones import CLOSED, Flow
from checks.remote.flows import MOST_PLACES, ask_ways
net, port = sys.argv[1], int(sys.argv[2])
places = [Place(f"{net}.{a}.{b}", port) for a in range(4) for b in range(1, 251)]
rest = {"id": "f", "name": "f", "source": "audit", "origin": "internet", "zone": "lgwan", "expect": CLOSED}
for first in range(0, len(places), MOST_PLACES):
    some = tuple(places[first : first + MOST_PLACES])
    allowed = frozenset((place.host, place.port, "tcp") for place in some)
    flow = Flow(places=some, control=some[0], **rest)
    body = ask_ways.collect(flow, DirectDial(allowed, 600.0, lambda contact: None))
    assert body.count(b"answered") == len(some) + 2, body
"""

THREE_EACH = """
import sys
from auditor.access.dial import DirectDial, doors
from auditor.api import Gateway
from checks.remote.reach import ask_reach
net, port = sys.argv[1], int(sys.argv[2])
for host in [f"{net}.{a}.{b}" for a in range(4) for b in range(1, 251)]:
    gateway = Gateway(id="g", name="g", host=host, port=port, protocol="tcp")
    body = ask_reach.collect(gateway, DirectDial(doors(gateway), 15.0, lambda contact: None))
    assert body.count(b"answered") == 3, (host, body)
"""


SAME = ("certinfo", "http_headers", "sslv2", "sslv3", "tlsv1", "tlsv1_1", "tlsv1_2", "tlsv1_3")
BESIDE = (
    "compression",
    "reneg",
    "robot",
    "heartbleed",
    "openssl_ccs",
    "fallback",
    "elliptic_curves",
    "ems",
    "resum",
)
"""What sslyze asks as it comes, besides what we ask too."""


def tls(folder: Path) -> Iterator[Result]:
    """Versions, suites, certificate, revocation and HSTS of nginx; sslyze as it comes, and for the same."""
    ca = authority()
    ca_file = ca.save(folder / "ca.pem")
    key = rsa.generate_private_key(65537, 2048)  # as most entrances still have
    with nginx(folder, [Block(issue(folder, ca, key=key))]) as (port,):
        probe = [sys.executable, "-c", TLS, str(port), GATEWAY_NAME, str(ca_file)]
        scan = [need("sslyze"), "--mozilla_config=disable", f"--sni={GATEWAY_NAME}", f"127.0.0.1:{port}"]
        same, rest = ([f"--{each}" for each in names] for names in (SAME, BESIDE))
        yield _medians("TLS posture of nginx; sslyze as it comes (wall)", probe, [*scan, *same, *rest], 0.25)
        yield _medians("TLS posture of nginx; sslyze, the same (wall)", probe, [*scan, *same], 0.5)


def thousand(_: Path) -> Iterator[Result]:
    """Whether 1,000 addresses behind a router answer, as the ways between segments are tried: a connect each.

    An entrance is asked three times, for its answers are timed.
    """
    with far_away("198.19.0.0/22") as (line, server):
        threading.Thread(target=_accept, args=(server,), daemon=True).start()
        port = str(server.getsockname()[1])
        scan = line.argv([need("nmap"), "-sT", "-Pn", "-n", "-p", port, "198.19.0-3.1-250"])
        for name, code, goal in (
            ("1,000 TCP targets; nmap -sT (wall)", WAYS, 2.5),
            ("1,000 entrances, 3 connects each; nmap -sT", THREE_EACH, 7.5),
        ):
            yield _medians(name, line.argv([sys.executable, "-c", code, "198.19", port]), scan, goal)


def _medians(name: str, ours: Sequence[str], peer: Sequence[str], goal: float) -> Result:
    pairs = [(wall_s(ours), wall_s(peer)) for _ in range(ROUNDS)]
    taken, beside = (statistics.median(pair[at] for pair in pairs) for at in (0, 1))
    return Result(name, taken, beside, goal)


def _accept(server: socket.socket) -> None:
    with suppress(OSError):
        while True:
            server.accept()[0].close()
