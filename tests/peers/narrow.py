"""A path with a narrow stretch in its middle: near, two routers, far, each in a namespace of its own."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from secrets import token_hex

from tests.peers.netns import settle
from tests.peers.process import need, need_root

FAR = "198.18.43.2"
NEAR = "198.18.41.2"
NARROW = 1100


@dataclass(frozen=True, slots=True)
class Narrow:
    """The namespaces' names."""

    near: str
    far: str

    def argv(self, namespace: str, argv: Sequence[str]) -> list[str]:
        """The command, run there."""
        return [need("ip"), "netns", "exec", namespace, *argv]


def _ip(*words: str) -> None:
    subprocess.run([need("ip"), *words], check=True, capture_output=True, timeout=20)


@contextmanager
def narrow(*, silent: bool) -> Iterator[Narrow]:
    """Both ends carry 1,500 bytes, the stretch between the routers `NARROW`.

    `silent` = the first router never says so (it may send nothing of its own to the near end): what is too
    large is lost without a word.
    """
    need_root()
    tag = token_hex(3)
    near, one, two, far = (f"aud-{name}-{tag}" for name in ("near", "one", "two", "far"))
    try:
        for name in (near, one, two, far):
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        for at, (left, right) in enumerate(((near, one), (one, two), (two, far)), 41):
            ends = (f"l{at}{tag}", f"r{at}{tag}")
            _ip(*f"link add {ends[0]} netns {left} type veth peer name {ends[1]} netns {right}".split())
            for name, end, address in (
                (left, ends[0], f"198.18.{at}.{2 if at == 41 else 1}"),
                (right, ends[1], f"198.18.{at}.{1 if at == 41 else 2}"),
            ):
                mtu = NARROW if at == 42 else 1500
                _ip(*f"-n {name} addr add {address}/24 dev {end}".split())
                _ip(*f"-n {name} link set {end} mtu {mtu} up".split())
        for name, way in (
            (near, "198.18.41.1"),
            (one, "198.18.42.2"),
            (two, "198.18.42.1"),
            (far, "198.18.43.1"),
        ):
            _ip(*f"-n {name} route add default via {way}".split())
        for name in (one, two):
            _ip("netns", "exec", name, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        if silent:
            _ip(*f"-n {one} rule add iif lo to {NEAR}/32 pref 100 blackhole".split())
        settle(near, FAR)
        yield Narrow(near, far)
    finally:
        for name in (near, one, two, far):
            subprocess.run([need("ip"), "netns", "del", name], check=False, capture_output=True, timeout=20)
