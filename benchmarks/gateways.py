"""Probes of entrances beside the tools of the field, as whole processes, by the clock on the wall.

Each measure starts a real server in a namespace of its own, so they need root and the test peers.
"""

import itertools
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.timing import Result
from tests.peers.certificates import authority, issue
from tests.peers.freerdp_shadow import freerdp_shadow
from tests.peers.ocserv import SECRET, USER, ocserv
from tests.peers.openvpn import client, openvpn, wrapping
from tests.peers.process import need
from tests.peers.strongswan import strongswan
from tests.peers.xrdp import xrdp

ROUNDS = 3
LIMIT_S = 1.0
COMBINATIONS = 140
PROPOSALS = (
    "aes256gcm16-prfsha384-ecp384",
    "aes256-sha256-prfsha256-modp2048",
    "3des-sha1-prfsha1-modp1024",
)

PROBE = """
import time
from auditor.access.dial import DirectDial, doors
from auditor.api import Gateway
from checks.remote.ike import ask_ike
gateway = Gateway(id="g", name="g", host="127.0.0.1", port=500, protocol="ike", transport="udp")
began = time.monotonic()
ask_ike.collect(gateway, DirectDial(doors(gateway), 15.0, lambda contact: None))
print(time.monotonic() - began)
"""


SIGN_IN = """
import sys
from auditor.access.dial import DirectDial, doors
from auditor.api import Gateway
from checks.remote.anyconnect import ask_signin
gateway = Gateway(id="g", name="g", host="127.0.0.1", port=int(sys.argv[1]), protocol="anyconnect")
print(ask_signin.collect(gateway, DirectDial(doors(gateway), 15.0, lambda contact: None)).decode())
"""


def wall(argv: Sequence[str], told: bytes = b"") -> tuple[float, str]:
    """Seconds that a whole process takes, and what it prints; it must end well. `told` = its input."""
    began = time.monotonic()
    done = subprocess.run(argv, input=told, capture_output=True, check=True)
    return time.monotonic() - began, done.stdout.decode()


def wall_s(argv: Sequence[str], told: bytes = b"") -> float:
    """Seconds alone; see `wall`."""
    return wall(argv, told)[0]


def ike(folder: Path) -> Iterator[Result]:
    """Everything an IPsec entrance accepts, beside ike-scan asked for 140 combinations, and beside 1 s.

    ike-scan has no matrix of its own: one process for each combination is what its users do.
    """
    with strongswan(folder, issue(folder, authority()), v2=PROPOSALS) as server:
        inside = [need("ip"), "netns", "exec", server.namespace]
        scan = [*inside, need("ike-scan"), "--sport=0", "--retry=1", "--timeout=1000"]
        kinds = ("1", "5", "7/128", "7/192", "7/256", "3/128", "6")
        combinations = itertools.product(kinds, ("1", "2", "4", "6"), ("1", "2", "5", "14", "15"))
        transforms = [f"--trans={cipher},{digest},1,{group}" for cipher, digest, group in combinations]
        assert len(transforms) == COMBINATIONS
        runs = [wall([*inside, sys.executable, "-c", PROBE]) for _ in range(ROUNDS)]
        peer = sum(wall([*scan, transform, "127.0.0.1"])[0] for transform in transforms)
        assert server.half_open() == 0, "an association was left half-open"
    whole = statistics.median(took for took, _ in runs)
    asking = statistics.median(float(printed) for _, printed in runs)
    yield Result("IKE, process; 140 of ike-scan (wall)", whole, peer, 0.5)
    yield Result("IKE, all that is asked; limit of 1 s (wall)", asking, LIMIT_S, 1.0)


def sign_in(folder: Path) -> Iterator[Result]:
    """What an AnyConnect entrance asks of people, beside openconnect, which has to sign in to end well.

    A compiled client has no interpreter to start; the limit is what keeps ours in sight of it.
    """
    ca = authority()
    ca_file = ca.save(folder / "ca.pem")
    with ocserv(ca_file, issue(folder, ca)) as port:
        probe = [sys.executable, "-c", SIGN_IN, str(port)]
        client = [
            *(need("openconnect"), "--authenticate", "--cafile", str(ca_file), "--user", USER),
            *("--passwd-on-stdin", f"https://127.0.0.1:{port}/"),
        ]
        ours = statistics.median(wall_s(probe) for _ in range(ROUNDS))
        peer = statistics.median(wall_s(client, f"{SECRET}\n".encode()) for _ in range(ROUNDS))
    yield Result("AnyConnect sign-in; openconnect (wall)", ours, peer, 8.0)


RDP = """
import sys
from auditor.access.dial import DirectDial, doors
from auditor.api import Gateway
from checks.remote.rdp import ask_rdp
gateway = Gateway(id="g", name="g", host="127.0.0.1", port=int(sys.argv[1]), protocol="rdp")
ask_rdp.collect(gateway, DirectDial(doors(gateway), 15.0, lambda contact: None))
"""


def rdp(folder: Path) -> Iterator[Result]:
    """The five wishes of RDP, beside nmap's two scripts for the same (which take any answer for a yes)."""
    scan = [need("nmap"), "-Pn", "-n", "--script", "+rdp-enum-encryption,+rdp-ntlm-info", "127.0.0.1", "-p"]
    files = issue(folder, authority())
    with xrdp(folder, files, "negotiate") as old, freerdp_shadow(folder, "nla") as new:
        for name, port in (("xrdp", old), ("FreeRDP with NLA", new)):
            pairs = [
                (wall_s([sys.executable, "-c", RDP, str(port)]), wall_s([*scan, str(port)]))
                for _ in range(ROUNDS)
            ]
            ours, peer = (statistics.median(pair[at] for pair in pairs) for at in (0, 1))
            yield Result(f"RDP on {name}; nmap's scripts (wall)", ours, peer, 0.5)


KEYED = """
import sys
from pathlib import Path
from auditor.access.dial import DirectDial, doors
from auditor.access.keys import Keys
from auditor.api import Gateway
from checks.remote.certificate import ask_certificate
from checks.remote.reach import ask_reach
port, kind, key, ca = sys.argv[1:]
wrap = {"wrap": kind, "key_file": Path(key)} if kind else {}
place = {"host": "127.0.0.1", "port": int(port), "protocol": "openvpn", "transport": "udp"}
gateway = Gateway(id="g", name="g", ca_file=Path(ca), **place, **wrap)
for probe in (ask_reach, ask_certificate):
    probe.collect(gateway, DirectDial(doors(gateway), 15.0, lambda contact: None, Keys(gateway.keys)))
"""


def openvpn_entrance(folder: Path) -> Iterator[Result]:
    """Life and certificate of OpenVPN, beside its own client's handshake, and nmap, which finds neither.

    The client is compiled, and gives no certificate to be judged; the limit keeps ours in sight of it. Only
    with -sV --version-all nmap names a server without a key, after minutes.
    """
    ca = authority()
    ca_file, files = ca.save(folder / "ca.pem"), issue(folder, ca)
    who = issue(folder, ca, names=("client",), client=True)
    key = wrapping(folder / "keys", "tls-crypt")
    with openvpn(folder, ca_file, files, wrapped=key, many=True) as port:
        probe = [sys.executable, "-c", KEYED, str(port), key.kind, str(key.client_key), str(ca_file)]
        pairs = []
        for nth in range(ROUNDS):
            home = folder / f"client-{nth}"
            home.mkdir()
            ours, began = wall_s(probe), time.monotonic()
            client(home, ca_file, who, port, key)
            pairs.append((ours, time.monotonic() - began))
    ours, peer = (statistics.median(pair[at] for pair in pairs) for at in (0, 1))
    yield Result("OpenVPN, tls-crypt; its own client (wall)", ours, peer, 15.0)
    with openvpn(folder, ca_file, files, many=True, name="plain") as port:
        probe = [sys.executable, "-c", KEYED, str(port), "", "-", str(ca_file)]
        scan = [need("nmap"), "-sU", "-Pn", "-n", "127.0.0.1", "-p", str(port)]
        pairs = [(wall_s(probe), wall_s(scan)) for _ in range(ROUNDS)]
    ours, peer = (statistics.median(pair[at] for pair in pairs) for at in (0, 1))
    yield Result("OpenVPN, plain; nmap -sU (wall)", ours, peer, 0.5)
