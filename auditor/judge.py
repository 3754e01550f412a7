"""Judges one target: facts from kept answers, each check once; pure, so any past can be judged again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from auditor.answers import Answer, Status
from auditor.attested import Attestations, Attested
from auditor.catalogue import fields_of
from auditor.control import Control, Params
from auditor.declare import Check, Fact
from auditor.discover import Plugins
from auditor.errors import Garbled, NotKnown, Unreached
from auditor.evidence import CLOCK_SLACK, Evidence, clean
from auditor.exceptions import Exceptions
from auditor.findings import Finding, Judgement, Reason, Said, Scalar, Unknown, Verdict, unknown
from auditor.model import Model
from auditor.overlays import Covers
from auditor.plan import Task
from auditor.sightings import Sightings
from auditor.targets import Town, target_key
from auditor.views import CONTROL, Views, control_held, vantage_of

AGE = "age_days"
"""In the values of a finding whose evidence is stale: days since the target was heard last."""

STATUS_REASONS = {
    Status.ABSENT: Reason.NOT_COLLECTED,
    Status.DENIED: Reason.NO_PERMISSION,
    Status.ERROR: Reason.UNREADABLE,
    Status.TIMEOUT: Reason.NO_ANSWER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What judging may know besides the answers.

    `today` is the day in Japan that is judged for, `now` (UTC) the moment from which evidence ages, `seen`
    the machines that were heard, `covers` what may lie over a fail.
    """

    town: Town
    model: Model
    plugins: Plugins
    now: datetime
    today: date
    seen: Sightings = field(default_factory=Sightings)
    covers: Covers = field(default_factory=Covers)


@dataclass(slots=True)
class _Facts:
    """The values learnt for one target, parsed at most once each."""

    values: dict[type, object] = field(default_factory=dict)
    ids: dict[type, str] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    views: Views = field(default_factory=Views)


def judge(task: Task, evidence: Evidence | None, scene: Scene) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """The findings of one target in order of control, and the checks that failed by their own fault."""
    missing = whole_unknown(task, evidence, scene)
    facts = _parse(task, evidence, scene)
    findings = tuple(_finding(check, task, evidence, missing, facts, scene) for check in task.checks)
    return findings, tuple(facts.broken)


def whole_unknown(task: Task, evidence: Evidence | None, scene: Scene) -> Unknown | None:
    """Why nothing can be said about the target as a whole, None = it answered recently enough."""
    if not any(check.facts for check in task.checks):
        return None
    if evidence is None:
        return Unknown(Reason.NOT_COLLECTED)
    if evidence.outcome is not None:
        return Unknown(evidence.outcome, evidence.note)
    return aged(evidence.collected_at, scene)


def _parse(task: Task, evidence: Evidence | None, scene: Scene) -> _Facts:
    facts = _Facts()
    asked = task.judged_facts(scene.plugins)
    for fact in asked:
        answer = evidence.answer(_answer_id(fact)) if evidence is not None else None
        facts.ids[fact.type] = _answer_id(fact)
        facts.values[fact.type] = stale(answer, scene) or _value(fact, answer, facts)
    facts.views = _views(asked, evidence, facts)
    return facts


def _views(asked: Sequence[Fact[Any]], evidence: Evidence | None, facts: _Facts) -> Views:
    """What the answers of vantages say, by the same parsers."""
    answers = evidence.answers if evidence is not None else ()
    seen = {
        fact.type: {
            vantage: _value(fact, answer, facts)
            for answer in answers
            if (vantage := vantage_of(answer, fact.probe.id))
        }
        for fact in asked
        if fact.probe is not None and fact.probe.vantages
    }
    controls = ((vantage_of(answer, CONTROL), answer) for answer in answers)
    held = {id_: control_held(answer) for id_, answer in controls if id_}
    return Views(seen, {id_: over for id_, over in held.items() if over})


def stale(answer: Answer | None, scene: Scene) -> Unknown | None:
    """That one answer alone is too old (or of a later day), for it came in a document of its own."""
    if answer is None or answer.collected_at is None:
        return None
    return aged(answer.collected_at, scene)


def aged(collected_at: datetime, scene: Scene) -> Unknown | None:
    """Why evidence of that moment does not count, None = it is recent enough."""
    age = scene.now - collected_at
    if age > timedelta(days=scene.model.freshness_days):
        return Unknown(Reason.STALE, f"{age.days} d > {scene.model.freshness_days} d")
    if age < -CLOCK_SLACK:
        return Unknown(Reason.NOT_COLLECTED, f"collected later: {collected_at.isoformat()}")
    return None


def _answer_id(fact: Fact[Any]) -> str:
    return fact.probe.id if fact.probe is not None else fact.id


def _value(fact: Fact[Any], answer: Answer | None, facts: _Facts) -> object:
    if answer is None:
        return Unknown(Reason.NOT_COLLECTED, f"{_answer_id(fact)}: no answer")
    readable = answer.status is Status.OK or (answer.status is Status.ABSENT and fact.absent_ok)
    if not readable:
        return Unknown(
            answer.reason or STATUS_REASONS[answer.status], f"{answer.id}: {answer.note}".rstrip(": ")
        )
    value = _guarded(lambda: fact.parse(answer), fact.id, facts)
    if isinstance(value, fact.type | Unknown):
        return value
    note = f"returned {type(value).__name__}"
    facts.broken.append(f"{fact.id}: {note}")
    return Unknown(Reason.BROKEN, note)


def _guarded(call: Callable[[], object], name: str, facts: _Facts) -> object:
    """What foreign code returns, or the `Unknown` its failure means."""
    try:
        return call()
    except Garbled as error:
        return Unknown(Reason.UNREADABLE, clean(error.note))
    except (NotKnown, Unreached) as error:
        return Unknown(error.reason, clean(error.note))
    except Exception as error:  # noqa: BLE001 - a plug-in's bug must not stop the run; it is recorded
        note = clean(f"{type(error).__name__}: {error}")
        facts.broken.append(f"{name}: {note}")
        return Unknown(Reason.BROKEN, note)


def _finding(
    check: Check,
    task: Task,
    evidence: Evidence | None,
    missing: Unknown | None,
    facts: _Facts,
    scene: Scene,
) -> Finding:
    control = scene.model.controls[check.control]
    if missing is not None and check.facts:
        judgement = unknown(missing.reason, missing.note)
    else:
        judgement = _judged(check, control, task, facts, scene)
    age = _age(judgement, evidence, scene)
    used = sorted(facts.ids[need.type] for need in check.facts if need.type in facts.ids)
    return Finding(
        control=control.id,
        target=target_key(task.target),
        verdict=judgement.verdict,
        key=judgement.key,
        values={**_wanted(control), **judgement.values, **age},
        places=judgement.places,
        until=judgement.until,
        reason=judgement.reason,
        note=judgement.note,
        evidence=tuple(used),
        collected_at=evidence.collected_at if evidence is not None and check.facts else None,
        whole_target=missing is not None and bool(check.facts),
        concerns=judgement.concerns,
        doubts=judgement.doubts,
        attested=_said(check, control, facts, scene),
    )


def _said(check: Check, control: Control, facts: _Facts, scene: Scene) -> Said | None:
    """Whose word the finding rests on; a check that hears people's answers at all measures nothing."""
    if all(need.type is not Attestations for need in check.needs):
        return None
    word = _given(Attestations, control, None, facts, scene)
    return word.said if isinstance(word, Attested) else Said()


def _age(judgement: Judgement, evidence: Evidence | None, scene: Scene) -> Mapping[str, Scalar]:
    """For a verdict lost to stale evidence: how many days ago the target was heard last."""
    if judgement.reason is not Reason.STALE or evidence is None:
        return {}
    return {AGE: max((scene.now - evidence.collected_at).days, 0)}


def _wanted(control: Control) -> Mapping[str, Scalar]:
    return {
        name: ", ".join(param.value) if isinstance(param.value, tuple) else param.value
        for name, param in control.params.items()
    }


def _judged(check: Check, control: Control, task: Task, facts: _Facts, scene: Scene) -> Judgement:
    """Call the check with what it names; any gap it does not tolerate is `unknown` before the call."""
    given: dict[str, object] = {}
    for need in check.needs:
        value = _given(need.type, control, task, facts, scene)
        if isinstance(value, Unknown) and not need.tolerant:
            return unknown(value.reason, value.note)
        given[need.name] = value
    result = _guarded(lambda: check.judge(**given), control.id, facts)
    if isinstance(result, Unknown):
        return unknown(result.reason, result.note)
    fault = _fault(result, control, scene.today)
    if isinstance(result, Judgement) and not fault:
        return result
    facts.broken.append(f"{control.id}: {fault}"[:300])
    return unknown(Reason.BROKEN, fault[:300])


def _given(type_: type, control: Control, task: Task | None, facts: _Facts, scene: Scene) -> object:
    if type_ is Params:
        return scene.model.params(control.id)
    given = {
        date: scene.today,
        Town: scene.town,
        Sightings: scene.seen,
        Exceptions: scene.covers.exceptions,
        Views: facts.views,
    }
    if type_ in given:
        return given[type_]
    if task is not None and isinstance(task.target, type_):
        return task.target
    value = facts.values.get(type_, Unknown(Reason.NOT_MEASURABLE, f"no source for {type_.__name__} here"))
    return value.of(control, scene.today) if isinstance(value, Attestations) else value


def _fault(result: object, control: Control, today: date) -> str:
    """What a check may not return: anything that could not be kept, shown, or true. "" = nothing."""
    if not isinstance(result, Judgement) or not isinstance(result.verdict, Verdict):
        return f"returned {type(result).__name__}"
    if not _keepable(result):
        return "values or places that cannot be kept"
    if result.verdict is Verdict.UNKNOWN:
        return "" if isinstance(result.reason, Reason) else "unknown without a reason"
    if result.verdict is Verdict.PASS and result.until is not None and result.until < today:
        return f"passed, but only until {result.until.isoformat()}"
    return _unsayable(result, control)


def _unsayable(result: Judgement, control: Control) -> str:
    words = control.says.get(result.key)
    if words is None:
        return f"no sentence {result.key!r}"
    lacking = sorted(fields_of(words.ja) - {*control.params, *result.values})
    return f"sentence {result.key!r} lacks {', '.join(lacking)}" if lacking else ""


def _keepable(result: Judgement) -> bool:
    """True when a run document gives the same back: no NaN, no text that UTF-8 cannot hold, no other type."""
    try:
        kept = msgspec.json.decode(msgspec.json.encode(result), type=Judgement)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return False
    return kept == result
