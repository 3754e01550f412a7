"""An invented town as a `Run`: a section ready, one in trouble, one silent, one with nobody in the trial."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from auditor.control import Control, Wording
from auditor.exceptions import Excepted
from auditor.findings import Finding, Overlay, Reason, Scalar, Verdict, tally
from auditor.legs import elements, people_readiness, section_readiness
from auditor.run import Change, Changes, ModelCard, Run, TargetCard, TownCard
from auditor.targets import Endpoint, Gateway, Person, Section, Target, Town, sections_of, target_key
from auditor.work import Documents, PrintServer

TODAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
HERE = Path(__file__).parent
GOOD: Mapping[str, Mapping[str, Scalar]] = {
    "EP-05": {},
    "EP-07": {"after_s": 300},
    "EP-03": {"at": "2026-11-20"},
    "RA-04": {"end": "2027-10-01"},
    "PPL-02": {"count": 3},
    "TRN-01": {"at": "2026-09-01"},
    "PRT-03": {},
}
BAD: Mapping[str, tuple[str, Mapping[str, Scalar]]] = {
    "EP-05": ("off", {"count": 1}),
    "EP-07": ("slow", {"after_s": 1800}),
    "EP-03": ("late", {"at": "2026-09-06"}),
    "RA-04": ("expired", {"end": "2026-11-01"}),
    "PPL-02": ("paper", {"count": 2}),
    "TRN-01": ("none", {}),
    "PRT-03": ("one_sided", {"count": 4}),
}


def shipped() -> tuple[Control, ...]:
    """The controls of ``controls.toml`` beside this file."""
    rows: list[dict[str, Any]] = tomllib.loads((HERE / "controls.toml").read_text("utf-8"))["control"]
    return tuple(msgspec.convert(row, Control) for row in rows)


def excepted(number: str, control: str, target: str, *, end: date, **changes: Any) -> Excepted:
    """An exception of 税務課 that began on the first of October."""
    return replace(
        Excepted(
            number=number,
            control=control,
            applicant="zeimu",
            reason="業務用のソフトが新しい更新で動かないため",
            measure="専用の網だけにつなぐ",
            approver="総務課",
            start=date(2026, 10, 1),
            end=end,
            targets=(target,),
        ),
        **changes,
    )


@dataclass
class World:
    """A town under construction; `run` judges nothing, it only says what a judged town would say."""

    name: str = "みどり町"
    sample: bool = False
    controls: tuple[Control, ...] = field(default_factory=shipped)
    sections: list[Section] = field(default_factory=list)
    staff: list[Person] = field(default_factory=list)
    endpoints: list[Endpoint] = field(default_factory=list)
    gateways: list[Gateway] = field(default_factory=list)
    documents: list[Documents] = field(default_factory=list)
    printers: list[PrintServer] = field(default_factory=list)
    bad: dict[tuple[str, str], Finding] = field(default_factory=dict)
    silent: dict[str, Reason] = field(default_factory=dict)
    exceptions: tuple[Excepted, ...] = ()
    changed: tuple[Change, ...] = ()
    broken: tuple[str, ...] = ()
    notes: dict[str, str] = field(default_factory=dict)

    def section(self, id_: str, name: str, people: int, *, trial: bool = True) -> list[str]:
        """A section with so many people, each with a PC; the staff ids."""
        self.sections.append(Section(id=id_, name=name))
        ids = [f"{id_}-{number:03}" for number in range(people)]
        for number, staff in enumerate(ids):
            given = f"{name[:2]} {'太郎花子一郎美咲健'[number % 9]}{number:02}"
            self.staff.append(Person(id=staff, name=given, section=id_, method="vpn", trial=trial))
            pc = f"MK-{len(self.endpoints) + 1:04}"
            self.endpoints.append(
                Endpoint(
                    id=pc, serial=f"SN{pc}", name=f"{id_}-{number}", os="windows", section=id_, user=staff
                )
            )
        return ids

    def fail(self, control: str, target: str, **changes: Any) -> None:
        """Make a finding a fail, with the usual values of its control."""
        key, values = BAD[control]
        found = Finding(control=control, target=target, verdict=Verdict.FAIL, key=key, values=values)
        self.bad[control, target] = replace(found, **changes)

    def lost(self, control: str, target: str, reason: Reason, note: str = "") -> None:
        """Make a finding unknown."""
        self.bad[control, target] = Finding(
            control=control, target=target, verdict=Verdict.UNKNOWN, reason=reason, note=note
        )

    @property
    def town(self) -> Town:
        """What the town declared."""
        return Town(
            name=self.name,
            sample=self.sample,
            sections=tuple(self.sections),
            staff=tuple(self.staff),
            endpoints=tuple(self.endpoints),
            gateways=tuple(self.gateways),
            documents=tuple(self.documents),
            print_servers=tuple(self.printers),
        )

    def findings(self, target: Target) -> Iterator[Finding]:
        """Every control of the target's kind, passed unless it was said otherwise."""
        key = target_key(target)
        reason = self.silent.get(key)
        for control in self.controls:
            if control.targets[0] != target.kind:
                continue
            wanted: dict[str, Any] = {name: param.value for name, param in control.params.items()}
            found = self.bad.get((control.id, key)) or Finding(
                control=control.id, target=key, verdict=Verdict.PASS, key="ok", values=GOOD[control.id]
            )
            if reason is not None:
                found = Finding(
                    control=control.id,
                    target=key,
                    verdict=Verdict.UNKNOWN,
                    reason=reason,
                    whole_target=True,
                )
            yield replace(found, values={**wanted, **found.values}, evidence=(f"{control.area}.answer",))

    def card(self, target: Target) -> TargetCard:
        """The target as the run document carries it."""
        key = target_key(target)
        reason = self.silent.get(key)
        asked = target.kind not in ("section", "person", "town")
        return TargetCard(
            key=key,
            kind=target.kind,
            id=target.id,
            name=target.name,
            sections=sections_of(target, self.town),
            user=target.user if isinstance(target, Endpoint) else "",
            os=target.os if isinstance(target, Endpoint) else "",
            road=str(getattr(target, "road", "")),
            outcome=reason,
            note=self.notes.get(key, ""),
            collected_at=NOW - timedelta(hours=3) if asked and reason is None else None,
            details={"host": f"{target.id.lower()}.example"} if asked else {},
        )

    def run(self) -> Run:
        """The finished run."""
        town = self.town
        findings = tuple(finding for target in town.targets for finding in self.findings(target))
        controls = {control.id: control for control in self.controls}
        people = people_readiness(town, findings, controls)
        cards = tuple(self.card(target) for target in town.targets)
        return Run(
            number=12,
            started=NOW,
            ended=NOW + timedelta(minutes=4),
            today=TODAY,
            version="0.0.0",
            town=TownCard(
                name=self.name,
                sample=self.sample,
                contact="デジタル推進課　内線215",
                sender="デジタル推進課長",
            ),
            model=ModelCard(
                id="town",
                title=Wording("町の基準", "town model"),
                based_on=("base", "beta"),
                digest="ab" * 32,
            ),
            plugins={"telework-auditor": "0.0.0"},
            controls=self.controls,
            sections=town.sections,
            people=town.staff,
            targets=cards,
            findings=findings,
            exceptions=self.exceptions,
            readiness=people,
            section_readiness=section_readiness(town, people, findings, cards),
            elements=elements(findings, controls),
            tally=tally(findings),
            changes=Changes(since=11, on=TODAY - timedelta(days=1), changed=self.changed),
            broken=self.broken,
        )


def midori() -> World:
    """The town most tests look at."""
    world = World()
    world.section("soumu", "総務課", 3)
    tax = world.section("zeimu", "税務課", 41)
    world.section("gikai", "議会事務局", 2)
    world.section("nourin", "農林水産課", 2, trial=False)
    build = world.section("kensetsu", "建設課", 3)
    world.staff[3] = replace(world.staff[3], name="髙﨑 𠮷子")
    for section in ("soumu", "zeimu", "gikai", "nourin", "kensetsu"):
        world.documents.append(
            Documents(id=f"r-{section}", name="承認の経路", kind="routes", folder=Path(), sections=(section,))
        )
    world.gateways.append(Gateway(id="GW-1", name="庁内VPN", host="vpn.example", port=443))
    world.printers.append(PrintServer(id="PS-1", name="本庁の印刷サーバー", url="ipp://print.example"))
    pcs = {endpoint.user: target_key(endpoint) for endpoint in world.endpoints}
    for staff in tax[:40]:
        world.fail("EP-07", pcs[staff])
    world.fail("EP-05", pcs[tax[0]], note="volume C: protection off")
    world.fail("EP-03", pcs[tax[1]], overlay=Overlay.EXCEPTION, exception="2026-03", until=date(2027, 3, 31))
    world.exceptions = (
        excepted("2026-03", "EP-03", pcs[tax[1]], end=date(2027, 3, 31)),
        excepted("2026-04", "EP-05", pcs[tax[5]], end=TODAY + timedelta(days=6)),
    )
    world.fail("EP-03", pcs[tax[2]], overlay=Overlay.GRACE, until=date(2026, 12, 20))
    world.lost("EP-03", pcs[tax[3]], Reason.NO_PERMISSION, "updates.last: denied")
    world.fail("TRN-01", f"person:{tax[4]}")
    world.fail("PPL-02", "routes:r-zeimu", places=("起案/押印", "決裁/回覧"))
    world.silent[pcs[tax[40]]] = Reason.NO_ANSWER
    world.silent |= {pcs[staff]: Reason.NOT_COLLECTED for staff in ("gikai-000", "gikai-001")}
    world.fail("EP-03", pcs[build[0]], overlay=Overlay.GRACE, until=date(2026, 12, 20))
    world.fail("PRT-03", "print-server:PS-1")
    world.broken = ("EP-99: ZeroDivisionError: division by zero",)
    silent = pcs[tax[40]]
    world.changed = (
        *(
            Change(control=id_, target=silent, before="pass", after="unknown")
            for id_ in ("EP-03", "EP-05", "EP-07")
        ),
        *(Change(control="EP-07", target=pcs[staff], before="pass", after="fail") for staff in tax[:40]),
        Change(control="TRN-01", target=f"person:{tax[5]}", before="fail", after="pass"),
        Change(control="EP-88", target=pcs[tax[0]], before="pass", after=""),
    )
    return world


@pytest.fixture(scope="session")
def run() -> Run:
    return midori().run()


@pytest.fixture(scope="session")
def world() -> Callable[[], World]:
    return midori
