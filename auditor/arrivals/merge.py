"""The documents of one machine put together: what its system tells, and what its user's own run tells.

A fact belongs to one context (`auditor.declare`): an answer that stands in the other document is left out, so
that a person's own run can never speak for the machine.
"""

from collections.abc import Mapping
from dataclasses import replace

from auditor.answers import Answer
from auditor.declare import MACHINE, USER
from auditor.evidence import Evidence
from auditor.findings import Reason

BOTH = ""
"""The context of evidence that holds both kinds of facts."""

NEWS = frozenset({Reason.KEY_CHANGED, Reason.UNTRUSTED, Reason.BROKEN})
"""Outcomes that no other evidence may hide."""

Contexts = Mapping[str, str]
"""The context of each fact, by its id; what is not in it belongs to the machine."""


def agree(machine: Evidence, user: Evidence) -> bool:
    """True when both documents come from one machine.

    Two bundles must name the same system id. The serial must be the same; a user who may not read it
    (Linux keeps it for root) tells none, which contradicts nothing where the id is the same.
    """
    if machine.machine_id and user.machine_id:
        if machine.machine_id != user.machine_id:
            return False
        return not user.serial or not machine.serial or user.serial == machine.serial
    if machine.sequence and user.sequence:
        return False
    return user.serial != "" and user.serial == machine.serial


def merged(machine: Evidence | None, user: Evidence | None, contexts: Contexts) -> Evidence | None:
    """One document of both, None = there is neither; every answer keeps its own age.

    A user document that does not agree with the machine's is left out and named in the details.
    """
    if machine is None or user is None:
        only = machine or user
        return replace(only, answers=_answers(only, contexts)) if only is not None else None
    if machine.outcome is not None:
        return machine
    if not agree(machine, user):
        details = {**machine.details, "user_document": "another machine: left out"}
        return replace(machine, answers=_answers(machine, contexts), details=details)
    told = {answer.id: answer for answer in _answers(machine, contexts)}
    told |= {answer.id: answer for answer in _answers(user, contexts)}
    details = dict(machine.details)
    if user.signer:
        details["user_signer"] = user.signer
    return replace(
        machine,
        answers=tuple(told.values()),
        context=BOTH,
        details={**details, "user_collected_at": user.collected_at.isoformat()},
        silent=machine.silent if user.silent is not None else None,
    )


def beside(asked: Evidence, sent: Evidence | None, contexts: Contexts) -> Evidence:
    """What a machine answered when it was asked, with what it sent by file and signed.

    An unsigned file never speaks for a machine that can be asked. Where it did not answer, a file that came
    since counts; but nothing covers a changed host key or a machine that proved to be another.
    """
    if sent is None or sent.outcome is not None or not sent.signer:
        return asked
    if asked.outcome is None:
        told = tuple(answer for answer in sent.answers if contexts.get(answer.id) == USER)
        user = replace(sent, context=USER, answers=told) if told else None
        return merged(asked, user, contexts) or asked
    if asked.outcome in NEWS or sent.silent is not None:
        return asked
    return replace(sent, silent=asked.outcome, note=asked.note)


def _answers(evidence: Evidence, contexts: Contexts) -> tuple[Answer, ...]:
    """What this document may tell, each with its own age."""
    dated = (
        replace(answer, collected_at=answer.collected_at or evidence.collected_at)
        for answer in evidence.answers
    )
    if evidence.context == BOTH:
        return tuple(dated)
    context = USER if evidence.context == USER else MACHINE
    return tuple(answer for answer in dated if contexts.get(answer.id, MACHINE) == context)
