"""Collects one target's answers by the road the town declared; an outcome is data, never a crash."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from auditor.access.local import run_script
from auditor.access.machine import this_endpoint, this_machine
from auditor.access.ssh import Heard, collect
from auditor.answers import Answer, Status
from auditor.arrivals.merge import beside
from auditor.declare import CONSOLE, MACHINE, Fact
from auditor.discover import Plugins
from auditor.errors import Garbled, Unreached
from auditor.evidence import Evidence, clean, machine_of
from auditor.findings import Reason
from auditor.plan import Task
from auditor.probing import probed
from auditor.roads import Roads
from auditor.script import compose, split
from auditor.targets import Endpoint, Target, target_key


def collect_task(task: Task, plugins: Plugins, roads: Roads) -> Evidence | None:
    """The target's evidence, None = nothing has to be (or could be) collected for it."""
    return complete(task, ask_task(task, plugins, roads), plugins, roads)


def ask_task(task: Task, plugins: Plugins, roads: Roads) -> Evidence | None:
    """What the target itself answered, None = it is not asked: a file, a console or a ledger tells of it."""
    target = task.target
    if not is_asked(task):
        return None
    if isinstance(target, Endpoint):
        return _cleaned(_endpoint(target, task, plugins, roads))
    return _cleaned(probed(target, task.probes(plugins), roads))


def is_asked(task: Task) -> bool:
    """True for a target that answers for itself when it is asked."""
    return any(check.facts for check in task.checks) and _road(task.target) not in (CONSOLE, "file")


def complete(task: Task, asked: Evidence | None, plugins: Plugins, roads: Roads) -> Evidence | None:
    """What it `asked` for answered, with what came by file and what only a console tells; contacts nobody."""
    target = task.target
    if not any(check.facts for check in task.checks):
        return None
    found = asked
    if _road(target) == CONSOLE:
        found = _from_console(target, roads)
    elif _road(target) == "file":
        found = _from_inbox(target, roads)
    elif isinstance(target, Endpoint) and asked is not None:
        contexts = {fact.id: fact.context for fact in plugins.facts}
        found = beside(asked, roads.inbox.get(target_key(target)), contexts)
    found = with_console(target, found, plugins, roads)
    return _cleaned(found) if found is not None else None


def _road(target: Target) -> str:
    return str(getattr(target, "road", "probe"))


def _cleaned(found: Evidence) -> Evidence:
    """Evidence that a document can carry."""
    return replace(
        found,
        note=clean(found.note),
        details={clean(name): clean(text) for name, text in found.details.items()},
        answers=tuple(replace(answer, note=clean(answer.note)) for answer in found.answers),
    )


def _from_inbox(target: Target, roads: Roads) -> Evidence | None:
    """The inbox's newest document, unless it cannot be trusted to speak for this target."""
    found = roads.inbox.get(target_key(target))
    if found is None or found.outcome is Reason.UNTRUSTED:
        return found
    refusal = ""
    if not roads.accept_unsigned and not found.signer:
        refusal = "unsigned evidence, and town.toml does not accept it"
    if isinstance(target, Endpoint):
        if target.serial and target.serial != found.serial and not (found.signer and not found.serial):
            refusal = f"serial {found.serial!r} is not the ledger's {target.serial!r}"
        if found.system != target.os:
            refusal = f"system {found.system!r} is not the ledger's {target.os!r}"
    return replace(found, outcome=Reason.UNTRUSTED, note=refusal) if refusal else found


def _from_console(target: Target, roads: Roads) -> Evidence | None:
    """What the admin consoles' exports say, unless they speak of another system than the ledger."""
    found = roads.consoles.get(target_key(target))
    if found is None or not isinstance(target, Endpoint) or found.system == target.os:
        return found
    note = f"system {found.system!r} is not the ledger's {target.os!r}"
    return replace(found, answers=(), outcome=Reason.UNTRUSTED, note=note)


def with_console(target: Target, found: Evidence | None, plugins: Plugins, roads: Roads) -> Evidence | None:
    """A machine's own answers, and beside them what only a console can tell of it, with its own age.

    A machine cannot say for the console that it is enrolled: such answers of its own are left out, and so is
    what the console said when a machine that is silent now was heard last.
    """
    if (
        found is None
        or found.outcome is not None
        or not isinstance(target, Endpoint)
        or target.road == CONSOLE
    ):
        return found
    sources = {fact.id: fact.scripts[target.os] for fact in plugins.facts if target.os in fact.scripts}
    if set(sources.values()) <= {CONSOLE}:
        return found  # a system without scripts, whose whole document somebody made from a console
    only = {id_ for id_, source in sources.items() if source == CONSOLE}
    told = roads.consoles.get(target_key(target))
    usable = told is not None and told.outcome is None and told.system == target.os
    more = [answer for answer in told.answers if answer.id in only] if told is not None and usable else []
    own = [answer for answer in found.answers if answer.id not in only]
    return replace(found, answers=(*own, *more))


def _endpoint(target: Endpoint, task: Task, plugins: Plugins, roads: Roads) -> Evidence:
    evidence = Evidence(
        target=target_key(target), collected_at=datetime.now(UTC), serial=target.serial, system=target.os
    )
    facts = [
        fact
        for fact in task.facts(plugins)
        if fact.context == MACHINE and fact.scripts.get(target.os, CONSOLE) != CONSOLE
    ]
    nonce = secrets.token_hex(16)
    try:
        heard = _run(target, facts, nonce, roads)
        answers = split(heard.output, nonce, [fact.id for fact in facts])
    except Unreached as error:
        return replace(evidence, outcome=error.reason, note=error.note)
    except Garbled as error:
        return replace(evidence, outcome=Reason.UNREADABLE, note=error.note)
    refusal = f"sudo was refused: {heard.sudo_refused}" if heard.sudo_refused else ""
    return replace(
        evidence,
        answers=tuple(_without_sudo(answer, refusal) for answer in answers),
        details=_details(target, heard),
        note=refusal,
        collected_at=datetime.now(UTC),
        machine_id=machine_of(answers),
    )


def _details(target: Endpoint, heard: Heard) -> dict[str, str]:
    if target.road == "local":
        return dict(this_machine())
    return {"sudo": f"refused: {heard.sudo_refused}"} if heard.sudo_refused else {}


def _without_sudo(answer: Answer, refusal: str) -> Answer:
    """A denied answer says that sudo would have been the way, and why it was not."""
    if not refusal or answer.status is not Status.DENIED:
        return answer
    return replace(answer, note="; ".join(part for part in (answer.note, refusal) if part))


def _run(target: Endpoint, facts: Sequence[Fact[Any]], nonce: str, roads: Roads) -> Heard:
    if target.road == "local":
        _must_be_here(target)
    if not facts:
        raise Unreached(Reason.NOT_COLLECTED, f"nothing can be asked of {target.os} by a script")
    script = compose(facts, target.os, nonce, entrances=roads.entrances)
    if target.road == "local":
        return Heard(run_script(script, roads.endpoint_deadline_s))
    if roads.ssh is None:
        raise Unreached(Reason.NOT_DECLARED, "no SSH key or password is declared")
    return collect(
        target,
        script,
        roads.ssh,
        roads.endpoint_deadline_s,
        nonce,
        contacts=lambda one: roads.note(one, target, "ssh"),
    )


def _must_be_here(target: Endpoint) -> None:
    """This machine may speak for the ledger's row only if it is the one that stands there."""
    here = this_endpoint()
    if here.os != target.os:
        raise Unreached(Reason.UNTRUSTED, f"this machine's system is {here.os}, not the ledger's {target.os}")
    if here.serial and target.serial and here.serial != target.serial:
        note = f"this machine's serial is {here.serial!r}, not the ledger's {target.serial!r}"
        raise Unreached(Reason.UNTRUSTED, note)
