"""A town of four segments and what lies beyond, in network namespaces of its own behind one router.

What may not pass is stopped by the router's policy rules (ip-rule(8): blackhole, prohibit, unreachable), so
no packet filter is needed. In every segment stands one machine, ``.10``.
"""

import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from secrets import token_hex

from tests.peers.netns import inside, settle
from tests.peers.process import need, need_root

OFFICE, HOMES, LGWAN, MYNUMBER, BEYOND = "office", "homes", "lgwan", "mynumber", "beyond"
NETS = {
    OFFICE: "198.18.20",
    HOMES: "198.18.21",
    LGWAN: "198.18.22",
    MYNUMBER: "198.18.23",
    BEYOND: "203.0.113",
}

_ROUTING = "cd /proc/sys/net/ipv4; echo 1 >ip_forward; echo 0 >icmp_ratelimit; echo 0 >icmp_ratemask"
"""A router that says no as often as it is asked; real ones limit themselves, which looks like silence."""


def machine(segment: str) -> str:
    """The address of the machine of a segment."""
    return f"{NETS[segment]}.10"


@dataclass
class Segments:
    """The namespaces by segment; `taken` counts the connections that each listener accepted."""

    names: dict[str, str]
    taken: dict[tuple[str, int], int] = field(default_factory=dict)
    stack: ExitStack = field(default_factory=ExitStack)

    def argv(self, segment: str, argv: Sequence[str]) -> list[str]:
        """The command, run in that segment."""
        return [need("ip"), "netns", "exec", self.names[segment], *argv]

    def listen(self, segment: str, port: int = 0) -> int:
        """A port of the segment's machine that accepts and closes, until the network ends; the port."""
        ready: list[socket.socket] = []
        inside(self.names[segment], lambda: ready.append(socket.create_server((machine(segment), port))))
        server = ready[0]
        number = int(server.getsockname()[1])
        self.taken[segment, number] = 0
        thread = threading.Thread(target=self._serve, args=(server, (segment, number)), daemon=True)
        thread.start()
        self.stack.callback(thread.join, 5)
        self.stack.callback(server.close)
        self.stack.callback(_quiet, server)
        return number

    def _serve(self, server: socket.socket, key: tuple[str, int]) -> None:
        with suppress(OSError):
            while True:
                server.accept()[0].close()
                self.taken[key] += 1

    def stop(self, kind: str, source: str, to: str) -> None:
        """Let the router stop what goes from one segment to another: blackhole, prohibit or unreachable."""
        nets = f"{NETS[source]}.0/24", f"{NETS[to]}.0/24"
        _ip("-n", self.names["router"], "rule", "add", "from", nets[0], "to", nets[1], "pref", "100", kind)


def _quiet(server: socket.socket) -> None:
    with suppress(OSError):
        server.shutdown(socket.SHUT_RDWR)


def _ip(*words: str) -> None:
    subprocess.run([need("ip"), *words], check=True, capture_output=True, timeout=20)


@contextmanager
def segments() -> Iterator[Segments]:
    """The network, everything allowed; all of it ends with the block."""
    need_root()
    tag = token_hex(3)
    names = {segment: f"aud-{segment}-{tag}" for segment in ("router", *NETS)}
    found = Segments(names)
    try:
        for name in names.values():
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        _ip("netns", "exec", names["router"], "sh", "-c", _ROUTING)
        for number, (segment, net) in enumerate(NETS.items()):
            ends = f"as{number}{tag}", f"ar{number}{tag}"
            _ip("link", "add", ends[0], "netns", names[segment], "type", "veth",
                "peer", "name", ends[1], "netns", names["router"])  # fmt: skip
            for name, end, last in ((names[segment], ends[0], 10), (names["router"], ends[1], 1)):
                _ip("-n", name, "addr", "add", f"{net}.{last}/24", "dev", end)
                _ip("-n", name, "link", "set", end, "up")
            _ip("-n", names[segment], "route", "add", "default", "via", f"{net}.1")
            settle(names[segment], f"{net}.1")
        with found.stack:
            yield found
    finally:
        for name in names.values():
            subprocess.run([need("ip"), "netns", "del", name], check=False, capture_output=True, timeout=20)
