"""Entrances of one machine are asked one after the other, those of different machines at the same time."""

import select
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

from auditor.answers import Answer
from auditor.collect import collect_task
from auditor.declare import check, fact, probe
from auditor.engine import collect_all
from auditor.findings import Judgement, passed
from auditor.lanes import Lane, lane_of, machine_of
from auditor.plan import Task
from auditor.roads import Roads
from auditor.seams import Dial
from auditor.targets import Gateway
from tests.core.world import ENTRANCE, PC, Offer, locks, plugins, task

EACH_S = 0.05
CONNECTS = 3


@dataclass
class Counted:
    """Ports of one machine; the connections it had in all, and the most that were open at the same time."""

    ports: tuple[int, ...]
    total: int = 0
    most: int = 0
    ended: threading.Event = field(default_factory=threading.Event)


@contextmanager
def machine(address: str, doors: int) -> Iterator[Counted]:
    """A server with several ports, whose one thread sees every end before the next beginning."""
    with ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server((address, 0))) for _ in range(doors)]
        counted = Counted(tuple(one.getsockname()[1] for one in listeners))
        thread = threading.Thread(target=_count, args=(listeners, counted), daemon=True)
        thread.start()
        try:
            yield counted
        finally:
            counted.ended.set()
            thread.join(5)


def _count(listeners: Sequence[socket.socket], counted: Counted) -> None:
    open_: list[socket.socket] = []
    while not counted.ended.is_set():
        ready, _, _ = select.select([*listeners, *open_], [], [], 0.05)
        for listener in (one for one in listeners if one in ready):
            open_ = _still_there(open_)
            open_.append(listener.accept()[0])
            counted.total += 1
            counted.most = max(counted.most, len(open_))
        open_ = _still_there(open_)
    for sock in open_:
        sock.close()


def _still_there(open_: Sequence[socket.socket]) -> list[socket.socket]:
    gone = select.select(open_, [], [], 0)[0]  # the other side says nothing, so what can be read is the end
    for sock in gone:
        sock.close()
    return [sock for sock in open_ if sock not in gone]


@probe("w.lane", kind="gateway", most=CONNECTS)
def knock(gateway: Gateway, dial: Dial) -> bytes:
    for _ in range(CONNECTS):
        with dial.tcp(gateway.host, gateway.port):
            time.sleep(EACH_S)
    return b"3"


@fact("w.lane", probe=knock)
def knocked(answer: Answer) -> Offer:
    return Offer(answer.text())


@check("W-09")
def opens(offer: Offer) -> Judgement:
    return passed()


def asked(*gateways: Gateway) -> float:
    """Seconds to ask all of them as a scan does."""
    tasks = [Task(gateway, (opens,)) for gateway in gateways]
    found = plugins(knocked, opens)
    began = time.monotonic()
    evidence = collect_all(
        tasks, lambda one: collect_task(one, found, Roads()), lambda *_: None, lane=lane_of
    )
    assert [one.outcome for one in evidence.values()] == [None] * len(gateways)
    return time.monotonic() - began


def entrance(id_: str, host: str, port: int) -> Gateway:
    return replace(ENTRANCE, id=id_, host=host, port=port)


def test_several_entrances_of_one_machine_never_have_two_connections_open() -> None:
    with machine("127.0.0.1", 4) as counted:
        names = ("localhost", "LocalHost", "localhost", "localhost")
        asked(*(entrance(f"G{port}", name, port) for name, port in zip(names, counted.ports, strict=True)))
    assert (counted.total, counted.most) == (4 * CONNECTS, 1)


def test_entrances_of_different_machines_do_not_wait_for_each_other() -> None:
    with ExitStack() as stack:
        hosts = [f"127.0.0.{last}" for last in range(2, 14)]
        machines = [stack.enter_context(machine(host, 1)) for host in hosts]
        took_s = asked(
            *(entrance(host, host, one.ports[0]) for host, one in zip(hosts, machines, strict=True))
        )
    assert {(one.total, one.most) for one in machines} == {(CONNECTS, 1)}
    assert took_s < len(hosts) * CONNECTS * EACH_S / 2


def test_a_lane_is_of_a_machine_and_not_of_a_name_s_spelling() -> None:
    one, other = (
        Task(replace(ENTRANCE, host=host), (opens,)) for host in ("GW.example.jp", "gw.example.jp.")
    )
    assert lane_of(one) == lane_of(other) == Lane("gateway gw.example.jp", 1)
    assert lane_of(Task(replace(ENTRANCE, host=""), (opens,))) is None
    assert lane_of(task(PC, locks)) is None
    behind = replace(PC, road="ssh", host="pc", jump="dmz")
    assert lane_of(task(behind, locks)) == Lane("jump dmz")
    assert machine_of("192.0.2.1") == "192.0.2.1"
