"""Walks the way from a name to the approval server for every group of people; asks, and never logs in.

What an entrance's own controls judge (RA-02, RA-05, GW-60, GW-61, RA-15) is asked by the same probes and
judged by the same checks as in a scan, on the whole town. A way that breaks is not walked any further.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from auditor.access.dial import DirectDial, doors
from auditor.access.keys import Keys
from auditor.access.net import Deadline
from auditor.access.pace import Pace
from auditor.approving import Carrier, is_silent, server_of
from auditor.collect import collect_task
from auditor.contacts import Contact
from auditor.engine import japan_day
from auditor.errors import Unreached
from auditor.evidence import Evidence
from auditor.findings import Finding, Reason, Verdict
from auditor.judge import Scene, judge
from auditor.lanes import machine_of
from auditor.plan import Task, plan
from auditor.probing import kept_answer
from auditor.register import Place
from auditor.rehearsal import Leg, State, Step
from auditor.roads import Roads
from auditor.session import Session
from auditor.targets import Gateway, target_key

CONTROLS = {
    Leg.ENTRANCE: "RA-02",
    Leg.CERTIFICATE: "RA-05",
    Leg.SIGN_ON: "GW-60",
    Leg.BROKER: "GW-61",
    Leg.SEATS: "RA-15",
}
OUTSIDE = (Leg.ENTRANCE, Leg.CERTIFICATE, Leg.SIGN_ON)
AT_THE_DOOR = (Leg.CERTIFICATE, Leg.SIGN_ON)
"""Asked at the same door: where that said nothing, they are not asked."""
PAGES = ("tls", "portal")
"""Entrances that people meet as a page, so that it must be declared."""
WARNINGS = ("renew", "renew_issuer", "soon")
"""Passes whose sentence says that an end is near."""
NOWHERE = (Reason.REFUSED, Reason.NAME_NOT_FOUND)
WAIT_S = 4.0
WORKERS = 32

Seen = Callable[[Gateway | Carrier, Reason | None], None]


@dataclass(slots=True)
class Turns:
    """One connection at a time per host, whoever asks."""

    _mutex: threading.Lock = field(default_factory=threading.Lock)
    _hosts: dict[str, threading.Lock] = field(default_factory=dict)

    @contextmanager
    def at(self, deadline: Deadline, *hosts: str) -> Iterator[None]:
        """Our turn at all of these hosts.

        Raises:
            Unreached: NO_ANSWER, no time was left when it came.
        """
        held: list[threading.Lock] = []
        try:
            for host in sorted({machine_of(host) for host in hosts}):
                with self._mutex:
                    lock = self._hosts.setdefault(host, threading.Lock())
                if not lock.acquire(timeout=deadline.left_s()):
                    raise Unreached(Reason.NO_ANSWER, f"no time left for {host}")
                held.append(lock)
            yield
        finally:
            for lock in held:
                lock.release()


@dataclass(frozen=True, kw_only=True)
class Guide:
    """What the steps of one rehearsal share; everything is over by `deadline`.

    `vantage` = where entrances are looked at from, "" = here. What lies behind them (brokers, approval
    servers) is always asked from here: people reach it from the inside of the tunnel.
    """

    session: Session
    roads: Roads
    tasks: Mapping[str, Task]
    deadline: Deadline
    vantage: str = ""
    turns: Turns = field(default_factory=Turns)
    broken: list[str] = field(default_factory=list)

    def through(self, gateway: Gateway) -> tuple[Step, ...]:
        """The steps at one entrance and behind it, up to the one that breaks."""
        steps = [self._name(gateway)]
        for leg in CONTROLS:
            if any(step.state is State.BREAKS for step in steps):
                steps.append(Step(leg=leg, state=State.NOT_WALKED))
            elif leg in AT_THE_DOOR and (silent := _silent(steps)):
                steps.append(Step(leg=leg, state=State.UNKNOWN, reason=silent.reason, note="not asked"))
            else:
                steps.append(self._judged(leg, gateway))
        return tuple(steps)

    def _name(self, gateway: Gateway) -> Step:
        if gateway.road != "probe":
            return Step(leg=Leg.NAME, state=State.UNKNOWN, reason=Reason.NOT_COLLECTED, note="road = file")
        if self.vantage:  # who looks the name up there does it with the connect
            return Step(leg=Leg.NAME, state=State.NONE)
        try:
            dial = DirectDial(doors(gateway), self._seconds(gateway.host), self.roads.contacts.append)
            dial.lookup(gateway.host)
        except Unreached as error:
            return _unreached(Leg.NAME, error, gateway.host)
        return Step(leg=Leg.NAME, state=State.HOLDS, place=gateway.host)

    def _judged(self, leg: Leg, gateway: Gateway) -> Step:
        """One control, asked now."""
        task = self.tasks[gateway.id]
        checks = tuple(check for check in task.checks if check.control == CONTROLS[leg])
        if not checks:
            note = f"{CONTROLS[leg]} is not demanded here"
            return Step(leg=leg, state=State.UNKNOWN, reason=Reason.NOT_MEASURABLE, note=note)
        if gateway.road != "probe" and any(check.facts for check in checks):
            return Step(leg=leg, state=State.UNKNOWN, reason=Reason.NOT_COLLECTED, note="road = file")
        one = Task(gateway, checks)
        hosts = [gateway.host] if leg is not Leg.BROKER else [place.host for place in gateway.brokers]
        try:
            with self.turns.at(self.deadline, *hosts):
                roads = replace(self.roads, probe_deadline_s=self._seconds(gateway.host))
                evidence = self._evidence(one, leg, roads)
        except Unreached as error:
            return _unreached(leg, error, "")
        session, now = self.session, datetime.now(UTC)
        scene = Scene(
            town=session.town,
            model=session.model,
            plugins=session.plugins,
            now=now,
            today=japan_day(now).date(),
        )
        findings, broken = judge(one, evidence, scene)
        self.broken.extend(broken)
        return step_of(leg, findings[0], gateway)

    def _evidence(self, task: Task, leg: Leg, roads: Roads) -> Evidence | None:
        """What the probes bring, from the vantage where it is about the entrance itself."""
        gateway = task.target
        if not self.vantage or leg not in OUTSIDE or not isinstance(gateway, Gateway):
            return collect_task(task, self.session.plugins, replace(roads, vantages={}, gates={}))
        keys, pace = Keys(gateway.keys), Pace()
        dial = roads.lookout.gateway_dial(
            self.vantage, gateway, lambda contact: roads.note(contact, gateway, "rehearse"), keys, pace
        )
        answers = []
        for probe in task.probes(self.session.plugins):
            pace.next_probe(probe.most)
            answers.append(kept_answer(probe, gateway, keys, lambda: dial))
        return Evidence(target=target_key(gateway), collected_at=datetime.now(UTC), answers=tuple(answers))

    def to_server(self, place: Place | None, whose: str) -> Unreached | None:
        """One connect to where approvals run: what stood in the way, None = somebody answered there.

        `whose` = the keys of what runs there, for the log of contacts.
        """
        if place is None:
            return Unreached(Reason.NOT_DECLARED, "")
        allowed = frozenset({(place.host, place.port, "tcp")})
        try:
            with self.turns.at(self.deadline, place.host):
                dial = DirectDial(allowed, self._seconds(place.host), self._log(whose))
                with dial.tcp(place.host, place.port, wait_s=WAIT_S):
                    return None
        except Unreached as error:
            return error

    def _log(self, whose: str) -> Callable[[Contact], None]:
        return lambda contact: self.roads.contacts.append(replace(contact, target=whose, what="rehearse"))

    def _seconds(self, what: str) -> float:
        return min(self.roads.probe_deadline_s, self.deadline.need_s(what))


def _silent(steps: Sequence[Step]) -> Step | None:
    """The step that got no answer at the door, None = it answered."""
    door = (Leg.NAME, Leg.ENTRANCE)
    return next((step for step in steps if step.leg in door and step.state is State.UNKNOWN), None)


def step_of(leg: Leg, finding: Finding, gateway: Gateway) -> Step:
    """What a finding means for somebody who is on the way."""
    if finding.verdict is Verdict.NOT_APPLICABLE:
        wanted = finding.key == "undeclared" and leg is Leg.SIGN_ON and gateway.protocol in PAGES
        if wanted:
            return Step(leg=leg, state=State.UNKNOWN, finding=finding, reason=Reason.NOT_DECLARED)
        return Step(leg=leg, state=State.NONE, finding=finding)
    if finding.verdict is Verdict.UNKNOWN:
        return Step(leg=leg, state=State.UNKNOWN, finding=finding, reason=finding.reason, note=finding.note)
    if finding.verdict is Verdict.FAIL:
        return Step(leg=leg, state=State.BREAKS, finding=finding)
    near = finding.key in WARNINGS or (leg is Leg.SEATS and _fewer_than_all(finding))
    return Step(leg=leg, state=State.WARNS if near else State.HOLDS, finding=finding, until=finding.until)


def _fewer_than_all(finding: Finding) -> bool:
    """On a day when everybody stays at home the town's usual share of them does not hold."""
    seats, users = finding.values.get("seats"), finding.values.get("users")
    return isinstance(seats, int) and isinstance(users, int) and seats < users


def _unreached(leg: Leg, error: Unreached, place: str) -> Step:
    """Somebody said that it is not there, or nobody said anything."""
    state = State.BREAKS if error.reason in NOWHERE else State.UNKNOWN
    return Step(leg=leg, state=state, reason=error.reason, note=error.note, place=place)


def _to_carrier(carrier: Carrier, asked: Mapping[Place | None, Future[Unreached | None]]) -> Step:
    """The step to the server of one carrier of approvals; where several share a server, one asked for all."""
    place = server_of(carrier)
    shown = f"{carrier.name} ({place})" if place is not None else carrier.name
    if is_silent(carrier):
        return _unreached(Leg.APPROVAL, Unreached(Reason.NOT_COLLECTED, "road = file"), shown)
    if (stopped := asked[place].result()) is not None:
        return _unreached(Leg.APPROVAL, stopped, shown)
    return Step(leg=Leg.APPROVAL, state=State.HOLDS, place=shown)


def walked(
    session: Session,
    roads: Roads,
    gateways: Sequence[Gateway],
    carriers: Sequence[Carrier],
    deadline_s: float,
    seen: Seen,
    vantage: str = "",
) -> tuple[dict[str, tuple[Step, ...]], dict[str, Step], float, tuple[str, ...]]:
    """Steps by entrance, the approval step by carrier's key, seconds taken, what failed by its own fault.

    Entrances and servers at the same time, each host by one connection after the other.
    """
    began = time.monotonic()
    tasks = {
        task.target.id: task
        for task in plan(session.town, session.model, session.plugins)
        if isinstance(task.target, Gateway)
    }
    guide = Guide(
        session=session, roads=roads, tasks=tasks, deadline=Deadline.after(deadline_s), vantage=vantage
    )
    places: dict[Place | None, list[str]] = {}
    for carrier in carriers:
        place = None if is_silent(carrier) else server_of(carrier)
        places.setdefault(place, []).append(target_key(carrier))
    ways: dict[str, tuple[Step, ...]] = {}
    servers: dict[str, Step] = {}
    with ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="rehearsal") as pool:
        through = {pool.submit(guide.through, gateway): gateway for gateway in gateways}
        to = {place: pool.submit(guide.to_server, place, " ".join(keys)) for place, keys in places.items()}
        for future in as_completed(through):
            gateway = through[future]
            ways[gateway.id] = future.result()
            seen(gateway, next((step.reason for step in ways[gateway.id] if step.reason), None))
        for carrier in carriers:
            step = _to_carrier(carrier, to)
            servers[target_key(carrier)] = step
            seen(carrier, step.reason)
    return ways, servers, time.monotonic() - began, tuple(guide.broken)
