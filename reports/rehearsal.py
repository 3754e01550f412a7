"""A rehearsal on a terminal: each way step by step, who is stopped where, and until when all of it holds."""

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console, Group, RenderableType
from rich.text import Text

from auditor.control import Control
from auditor.findings import Finding, Reason, Verdict
from auditor.rehearsal import Fate, Leg, Rehearsal, State, Step, Walk
from reports.wording import Words, plain

STYLES = {
    State.HOLDS: "green",
    State.WARNS: "yellow",
    State.UNKNOWN: "bold",
    State.BREAKS: "bold red",
    State.NONE: "dim",
    State.NOT_WALKED: "dim",
}
NAMED = 12
"""So many names of one section are listed; then how many more there are."""
TOLD = (Reason.REFUSED, Reason.NAME_NOT_FOUND)
"""Reasons that a step breaks by, without a control that says it."""


def print_rehearsal(found: Rehearsal, console: Console, lang: str) -> None:
    """Print it."""
    console.print(rehearsal(found, lang), soft_wrap=not console.is_terminal)


def rehearsal(found: Rehearsal, lang: str) -> RenderableType:
    """Heading, every way, people without one, and what it comes to."""
    return Group(*_parts(found, Words(lang)))


def _parts(found: Rehearsal, words: Words) -> Iterator[Text]:
    sample = f"【{words('page.sample')}】" if found.town.sample else ""
    at = words.moment(found.started)
    yield Text(f"{sample}{words('rehearsal.heading', name=plain(found.town.name), at=at)}", style="bold")
    if found.vantage:
        yield Text(words("rehearsal.from", name=plain(found.vantage)))
    for walk in found.walks:
        yield from _walk(walk, found, words)
    yield Text("")
    for key, ids in (("without", found.without), ("unaided", found.unaided)):
        if ids:
            yield Text(words(f"rehearsal.{key}", who=_who(ids, found, words)))
    yield from _end(found, words)


def _walk(walk: Walk, found: Rehearsal, words: Words) -> Iterator[Text]:
    people = words("unit.people", count=len(walk.people))
    method = words(f"rehearsal.method_{walk.method}")
    line = words("rehearsal.walk", method=method, name=plain(walk.name), id=walk.gateway, people=people)
    yield Text(f"\n■ {line}", style="bold")
    controls = {control.id: control for control in found.controls}
    fates = found.fates()
    for step in walk.steps:
        leg, mark = words(f"rehearsal.leg_{step.leg.value}"), words(f"rehearsal.mark_{step.state.value}")
        yield Text(f"  {mark} {leg}: {_said(step, controls, words)}", style=STYLES[step.state])
        concerned = tuple(_concerned(step, fates))
        for key, ids in concerned:
            yield Text(f"    → {words(f'rehearsal.{key}', who=_who(ids, found, words))}")
        spared = [key for key, _ in concerned] == [Fate.SPARED.value]  # "let them wait" is no advice for them
        if step.state is State.BREAKS and step.finding is not None and not spared:
            control = controls[step.finding.control]
            yield Text(f"    → {_act(control, step.finding, words)}")


def _concerned(step: Step, fates: Mapping[str, Fate]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Whom a step concerns, and the word for how: where it breaks, by what their other entrances do."""
    if step.state is not State.BREAKS:
        if step.people:
            yield "unsure", step.people
        return
    for fate in Fate:
        if people := tuple(id_ for id_ in step.people if fates.get(id_) is fate):
            yield fate.value, people


def _act(control: Control, finding: Finding, words: Words) -> str:
    """What has to be done, with the figures of the finding."""
    act = control.fix.in_(words.lang)
    try:
        act = act.format(**finding.values)
    except (LookupError, ValueError):
        act = control.fix.in_(words.lang)
    return words("rehearsal.fix", who=words("doer.head"), act=act)


def _said(step: Step, controls: dict[str, Control], words: Words) -> str:
    """The step in one sentence."""
    finding, place = step.finding, plain(step.place)
    if step.state in (State.NONE, State.NOT_WALKED):
        return words(f"rehearsal.{step.state.value}")
    if step.state is State.UNKNOWN:
        why = words(f"reason.{(step.reason or Reason.NOT_MEASURABLE).value}")
        shown = words("rehearsal.unknown", why=why)
        return f"{place} {shown}".strip() + (f" ({plain(step.note)})" if step.note else "")
    if finding is None:
        if step.reason in TOLD:
            return words(f"rehearsal.{step.reason.value}", place=place)
        return words("rehearsal.found" if step.leg is Leg.NAME else "rehearsal.answers", place=place)
    said = plain(words.seen(finding, controls[finding.control]))
    places = f" [{plain(', '.join(finding.places))}]" if finding.places else ""
    if step.leg is Leg.SEATS and step.state is State.WARNS and finding.verdict is Verdict.PASS:
        values = finding.values
        said += " " + words("rehearsal.seats_all", users=values["users"], seats=values["seats"])
    return said + places


def _who(ids: Sequence[str], found: Rehearsal, words: Words) -> str:
    """By section: names where some sections were asked for, otherwise how many."""
    wanted = set(ids)
    rows = []
    for section in found.sections:
        mine = [row for row in found.people if row.id in wanted and row.section == section.id]
        if mine and found.named:
            names = words.listed([plain(row.name) for row in mine], NAMED, "unit.people")
            rows.append(words("rehearsal.section_names", section=plain(section.name), names=names))
        elif mine:
            count = words("unit.people", count=len(mine))
            rows.append(words("rehearsal.section_count", section=plain(section.name), people=count))
    total = words("unit.people", count=len(wanted))
    return words("rehearsal.total", list=words("page.comma").join(rows), people=total)


def _end(found: Rehearsal, words: Words) -> Iterator[Text]:
    """What it comes to."""
    if not found.walks:
        yield Text(words("rehearsal.nobody"), style="bold")
    elif not found.answered:
        yield Text(words("rehearsal.end_silent"), style="bold red")
    else:
        yield from _fates(found, words)
    gaps = any(step.state is State.UNKNOWN for walk in found.walks for step in walk.steps)
    if found.walks and found.answered and (gaps or found.without):
        yield Text(words("rehearsal.end_unknown"), style="bold")
    if found.state in (State.HOLDS, State.WARNS):
        yield Text(words(f"rehearsal.end_{found.state.value}"), style=STYLES[found.state])
        if found.until is not None:
            yield Text(words("rehearsal.end_until", day=words.day(found.until)), style="bold")
    yield Text(words("rehearsal.took", seconds=found.took_s), style="dim")


def _fates(found: Rehearsal, words: Words) -> Iterator[Text]:
    """How many do not get to their work, need another entrance than usual, or may not get there."""
    for fate, style in ((Fate.STOPPED, "bold red"), (Fate.SPARED, "yellow"), (Fate.DOUBTFUL, "bold")):
        if ids := set(found.those(fate)):
            down = (walk for walk in found.walks if any(walk.state_for(id_) is State.BREAKS for id_ in ids))
            names = words("page.comma").join(
                plain(name) for name in dict.fromkeys(walk.name for walk in down)
            )
            people = words("unit.people", count=len(ids))
            yield Text(words(f"rehearsal.end_{fate.value}", people=people, names=names), style=style)
