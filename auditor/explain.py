"""Puts an explanation together from a run, the evidence kept with it, and the plug-ins that read it."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from auditor.answers import Answer, Status
from auditor.declare import CONSOLE, Fact
from auditor.discover import Plugins
from auditor.errors import Garbled, NotFound, NotKnown, Unreached
from auditor.evidence import Evidence, clean
from auditor.explanation import MAX_LINE, MAX_LINES, Explanation, Told
from auditor.findings import Finding, Reason
from auditor.run import Run, TargetCard
from auditor.script import fragment_of


def explain(
    run: Run, evidence: Mapping[str, Evidence], plugins: Plugins, control: str, target: str
) -> Explanation:
    """Why `control` stands as it does on `target` (an id such as PC-0123, or kind:id).

    Raises:
        NotFound: the run has no such control, no such target, or no finding for the two.
    """
    demanded = {one.id: one for one in run.controls}
    if control not in demanded:
        raise _wrong("explain_control", control, demanded)
    card = _card(run, target)
    finding = _finding(run, control, card)
    found = evidence.get(card.key)
    facts = _facts(plugins, control, card, finding)
    return Explanation(
        control=demanded[control],
        finding=finding,
        target=card,
        model=run.model,
        today=run.today,
        run=run.number,
        origin=found.origin if found is not None else "",
        told=tuple(_told(fact, card, finding, found) for fact in facts),
    )


def _card(run: Run, target: str) -> TargetCard:
    cards = [card for card in run.targets if target in (card.key, card.id)]
    if len(cards) != 1:
        raise _wrong("explain_target", target, [card.id for card in run.targets])
    return cards[0]


def _finding(run: Run, control: str, card: TargetCard) -> Finding:
    mine = {row.control: row for row in run.findings if row.target == card.key}
    if control not in mine:
        raise _wrong("explain_none", control, mine, target=card.id)
    return mine[control]


def _wrong(key: str, name: str, known: Iterable[str], **values: str) -> NotFound:
    near = ", ".join(get_close_matches(name, list(known), n=3, cutoff=0.5)) or "-"
    return NotFound(key, name=clean(name), near=near, **values)


def _facts(plugins: Plugins, control: str, card: TargetCard, finding: Finding) -> Sequence[Fact[Any]]:
    """The facts the check asks for, then those that explain it; each that this system or probe can give."""

    def gives(fact: Fact[Any]) -> bool:
        return fact.probe.kind == card.kind if fact.probe is not None else card.os in fact.scripts

    check = next((one for one in plugins.checks if one.control == control), None)
    types = {need.type for need in check.facts} if check is not None else set()
    asked = [fact for fact in plugins.facts if fact.type in types and gives(fact)]
    beside = [
        fact for fact in plugins.facts if control in fact.explains and gives(fact) and fact not in asked
    ]
    kept = set(finding.evidence)
    return [
        *sorted(asked, key=lambda fact: (fact.id not in kept, fact.id)),
        *sorted(beside, key=lambda fact: fact.id),
    ]


def _told(fact: Fact[Any], card: TargetCard, finding: Finding, evidence: Evidence | None) -> Told:
    id_ = fact.probe.id if fact.probe is not None else fact.id
    judged = id_ in finding.evidence
    question = fragment_of(fact, card.os) if fact.scripts.get(card.os, CONSOLE) != CONSOLE else ""
    answer = evidence.answer(id_) if evidence is not None else None
    if answer is None or evidence is None:
        return Told(id=id_, question=question, judged=judged)
    return Told(
        id=id_,
        question=question,
        status=answer.status,
        answer=_shown(answer),
        note=answer.note,
        reason=answer.reason,
        read=_read(fact, answer),
        at=answer.collected_at or evidence.collected_at,
        judged=judged,
    )


def _shown(answer: Answer) -> str:
    """The body as text, cut to what a reader can take in."""
    lines = answer.body.decode("utf-8", "replace").strip().splitlines()
    shown = [line if len(line) <= MAX_LINE else f"{line[:MAX_LINE]} …" for line in lines[:MAX_LINES]]
    return "\n".join([*shown, f"… (+{len(lines) - MAX_LINES})"] if len(lines) > MAX_LINES else shown)


def _read(fact: Fact[Any], answer: Answer) -> tuple[str, ...]:
    """What the parser makes of it, a line per field; why not, where it makes nothing of it."""
    if answer.status is not Status.OK and not (answer.status is Status.ABSENT and fact.absent_ok):
        return ()
    try:
        value = fact.parse(answer)
    except Garbled as error:
        return (f"{Reason.UNREADABLE.value}: {clean(error.note)}",)
    except (NotKnown, Unreached) as error:
        return (f"{error.reason.value}: {clean(error.note)}",)
    except Exception as error:  # noqa: BLE001 - a plug-in's bug is told, not raised
        return (f"{Reason.BROKEN.value}: {clean(type(error).__name__)}",)
    if not dataclasses.is_dataclass(value):
        return (clean(value),)
    names = [one.name for one in dataclasses.fields(value)]
    return tuple(clean(f"{name} = {_plain(getattr(value, name))}") for name in names)


def _plain(value: object) -> str:
    if isinstance(value, tuple | list | frozenset | set):
        rows = sorted(value, key=repr) if isinstance(value, frozenset | set) else value
        return "(" + ", ".join(_plain(one) for one in rows) + ")"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return (
            "{"
            + ", ".join(f"{f.name} = {_plain(getattr(value, f.name))}" for f in dataclasses.fields(value))
            + "}"
        )
    return str(value)
