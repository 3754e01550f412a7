"""A small invented world: two facts, a probe, three controls, and the values around them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from auditor.answers import Answer, Status
from auditor.control import Control, Leg, Param, Wording
from auditor.declare import Check, Fact, Probe, check, fact, probe
from auditor.discover import Plugins
from auditor.errors import Garbled
from auditor.evidence import Evidence
from auditor.findings import Finding, Judgement, Overlay, Reason, Verdict, failed, passed
from auditor.judge import Scene, judge
from auditor.model import Model
from auditor.plan import Task, plan
from auditor.seams import Dial
from auditor.targets import Endpoint, Gateway, Person, Section, Target, Town

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
WORDS = Wording("文", "words")

PC = Endpoint(id="PC-1", serial="SN1", name="総務01", os="linux", section="soumu", user="0101", method="vpn")
ENTRANCE = Gateway(id="GW-1", name="入口", host="127.0.0.1", port=443)
SOUMU = Section(id="soumu", name="総務課", head="0101", officer="0102")
TARO = Person(id="0101", name="髙橋 一郎", section="soumu", method="vpn", trial=True)
TOWN = Town(name="松風町", sections=(SOUMU,), staff=(TARO,), endpoints=(PC,))


@dataclass(frozen=True, slots=True)
class Lock:
    """Seconds until it locks."""

    after_s: int


@dataclass(frozen=True, slots=True)
class Disk:
    """Whether it is encrypted."""

    encrypted: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """The version a gateway offers."""

    version: str


@fact("w.lock", linux="echo 600")
def lock(answer: Answer) -> Lock:
    text = answer.text().strip()
    if not text.isdigit():
        raise Garbled(f"not a number: {text[:40]!r}")
    return Lock(int(text))


@fact("w.disk", linux="echo yes")
def disk(answer: Answer) -> Disk:
    return Disk(answer.text() == "yes")


@probe("w.offer", kind="gateway")
def ask(gateway: Gateway, dial: Dial) -> bytes:
    return f"{gateway.id} {dial.remaining_s():.0f}".encode()


@fact("w.offer", probe=ask)
def offer(answer: Answer) -> Offer:
    return Offer(answer.text())


@check("W-01")
def locks(value: Lock) -> Judgement:
    return passed(after_s=value.after_s) if value.after_s <= 600 else failed("slow", after_s=value.after_s)


def control(
    id_: str = "W-01",
    *,
    target: str = "endpoint",
    leg: Leg = Leg.DEVICE,
    says: Mapping[str, str] | None = None,
    params: Mapping[str, Param] | None = None,
    **changes: Any,
) -> Control:
    """A control; `says` maps keys to a sentence that stands in both languages."""
    sentences = {"ok": "ok", "slow": "{after_s}", "na": "na"} if says is None else says
    made = Control(
        id=id_,
        area="W",
        targets=(target,),
        title=WORDS,
        plain=WORDS,
        why=WORDS,
        fix=WORDS,
        effort=WORDS,
        verify=WORDS,
        says={key: Wording(text, text) for key, text in sentences.items()},
        severity="high",
        leg=leg,
        element=1,
        doer="it",
        due_days=14,
        source="test",
        requirement_mark="I",
        params=dict(params or {}),
    )
    return replace(made, **changes)


def plugins(*values: Fact[Any] | Check | Probe) -> Plugins:
    """What a module with these values would declare."""
    return Plugins(
        facts=tuple(value for value in values if isinstance(value, Fact)),
        checks=tuple(value for value in values if isinstance(value, Check)),
        controls=(),
        versions={},
        modules=(),
    )


def model(*controls: Control, chain: tuple[str, ...] = ("base",), freshness_days: int = 14) -> Model:
    """A model that demands these controls."""
    by_id = {one.id: one for one in controls}
    return Model(
        id=chain[-1],
        title=WORDS,
        chain=chain,
        freshness_days=freshness_days,
        controls=by_id,
        excluded={},
    )


def scene(
    found: Plugins, demanded: Model, town: Town = TOWN, now: datetime = NOW, today: date = TODAY
) -> Scene:
    """The scene to judge in."""
    return Scene(town=town, model=demanded, plugins=found, now=now, today=today)


def said(
    *answers: Answer, target: str = "endpoint:PC-1", at: datetime = NOW, outcome: Reason | None = None
) -> Evidence:
    """Evidence of the PC."""
    return Evidence(target=target, collected_at=at, answers=answers, serial="SN1", outcome=outcome)


def ok(id_: str, body: str) -> Answer:
    """An answer that came."""
    return Answer(id_, Status.OK, body.encode())


def verdict_of(
    judged: Callable[..., Judgement],
    evidence: Evidence | None,
    *,
    facts: tuple[Fact[Any], ...] = (lock, disk),
    of: Control | None = None,
    at: Scene | None = None,
    target: Target = PC,
) -> tuple[Finding, tuple[str, ...]]:
    """The finding of one check on one target, and the faults recorded."""
    checked = judged if isinstance(judged, Check) else check("W-01")(judged)
    where = at or scene(plugins(*facts, checked), model(of or control()))
    (task,) = (task for task in plan(where.town, where.model, where.plugins) if task.target == target)
    (found,), faults = judge(task, evidence, where)
    return found, faults


def finding(
    verdict: Verdict,
    control_id: str = "W-01",
    target: str = "endpoint:PC-1",
    *,
    overlay: Overlay = Overlay.NONE,
    key: str = "ok",
) -> Finding:
    """A finding."""
    reason = Reason.NO_ANSWER if verdict is Verdict.UNKNOWN else None
    return Finding(
        control=control_id, target=target, verdict=verdict, key=key, overlay=overlay, reason=reason
    )


def task(target: Target, *checks: Check) -> Task:
    """A target with its checks."""
    return Task(target, checks)


CONTROLS_TOML = """\
[{id}]
target = "{target}"
title = {{ ja = "題", en = "title" }}
plain = {{ ja = "題", en = "title" }}
why = {{ ja = "題", en = "title" }}
fix = {{ ja = "題", en = "title" }}
effort = {{ ja = "題", en = "title" }}
verify = {{ ja = "題", en = "title" }}
severity = "high"
leg = "device"
element = 1
doer = "it"
due_days = 14
source = "test"
requirement_mark = "I"
article_items = []
[{id}.params.limit]
value = 10
low = 5
high = 20
strict = "low"
unit = "s"
mark = "I"
[{id}.says]
ok = {{ ja = "{{seen}}", en = "{{seen}}" }}
"""

MODULE = """\
from dataclasses import dataclass
from auditor.api import Answer, Judgement, check, fact, passed


@dataclass(frozen=True, slots=True)
class Seen:
    text: str


@fact("{fact}", linux="echo hello")
def seen(answer: Answer) -> Seen:
    return Seen(answer.text())


@check("{id}")
def sees(seen: Seen) -> Judgement:
    return passed(seen=seen.text)
"""


def write_checks(folder: Path, id_: str = "TOWN-01", *, module: str = "", controls: str = "") -> Path:
    """A folder for ``--checks-dir`` with one module and its controls."""
    folder.mkdir(exist_ok=True)
    (folder / "mine.py").write_text(module or MODULE.format(fact="town.seen", id=id_), "utf-8")
    wording = controls or CONTROLS_TOML.format(id=id_, target="endpoint")
    (folder / "controls.toml").write_text(wording, "utf-8")
    return folder
