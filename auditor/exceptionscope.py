"""What each exception covers: which targets, whether that is too much, and whether two cover the same."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from auditor.control import Control
from auditor.errors import ConfigError, Problem
from auditor.exceptionfile import Row, Written
from auditor.exceptionoffices import heirs
from auditor.exceptions import Excepted
from auditor.findings import Scalar
from auditor.plan import Task
from auditor.targets import Town, sections_of, target_key
from auditor.tomlfile import TomlFile

SHOWN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What exceptions can be about. `controls` = those demanded, `excluded` = those left out.

    `retired` = keys of machines that were, which an exception may outlive.
    `judged` maps a control to the keys of all it is judged on; `sections` maps a key to whom it concerns.
    """

    controls: Mapping[str, Control]
    excluded: Collection[str]
    judged: Mapping[str, frozenset[str]]
    sections: Mapping[str, tuple[str, ...]]
    retired: frozenset[str]
    town: Town


def ground_of(
    town: Town, controls: Mapping[str, Control], excluded: Collection[str], tasks: Iterable[Task]
) -> Ground:
    """The ground that a whole town's tasks make."""
    judged: dict[str, set[str]] = {}
    sections: dict[str, tuple[str, ...]] = {}
    for task in tasks:
        key = target_key(task.target)
        sections[key] = sections_of(task.target, town)
        for check in task.checks:
            judged.setdefault(check.control, set()).add(key)
    return Ground(
        controls=controls,
        excluded=excluded,
        judged={control: frozenset(keys) for control, keys in judged.items()},
        sections=sections,
        retired=frozenset(target_key(endpoint) for endpoint in town.retired),
        town=town,
    )


def scoped(toml: TomlFile, written: Written, ground: Ground, today: date) -> tuple[Excepted, ...]:
    """The exceptions with the targets they cover.

    One that is over must match nothing any more: what it was about may be gone.

    Raises:
        ConfigError: one matches nothing, is too wide, or covers what another covers on the same day.
    """
    problems: list[Problem] = []
    rows: list[Excepted] = []
    for index, row in enumerate(written.exceptions):
        place = ("exceptions", str(index))
        targets = _targets(row, ground)
        found = _excepted(row, tuple(sorted(targets)))
        rows.append(found)
        problems += _shape(toml, place, row)
        if not row.over(today):
            problems += _unmatched(toml, place, row, ground, targets)
            problems += _wide(toml, place, row, ground, targets, today)
    problems += _together(toml, rows, ground, today)
    problems += _overlaps(toml, rows, today)
    if problems:
        raise ConfigError(problems)
    return tuple(rows)


def _excepted(row: Row, targets: tuple[str, ...]) -> Excepted:
    return Excepted(
        number=row.number,
        control=row.control,
        applicant=row.applicant,
        reason=row.reason.strip(),
        measure=row.measure.strip(),
        approver=row.approver.strip(),
        start=row.start,
        end=row.end,
        targets=targets,
        sections=tuple(row.sections),
        closed=row.closed,
    )


def _targets(row: Row, ground: Ground) -> frozenset[str]:
    """What it covers: the targets named, or all of these sections that no other section shares."""
    judged = ground.judged.get(row.control, frozenset())
    if row.targets:
        return judged.intersection(row.targets)
    wanted = set(row.sections)
    return frozenset(key for key in judged if (mine := ground.sections[key]) and wanted.issuperset(mine))


def _shape(toml: TomlFile, place: tuple[str, ...], row: Row) -> Iterator[Problem]:
    if bool(row.targets) == bool(row.sections):
        yield toml.problem(place, "exception_both" if row.targets else "exception_whole")
    for name in ("targets", "sections"):
        listed: Sequence[str] = getattr(row, name)
        for index, value in enumerate(listed):
            if value in listed[:index]:
                yield toml.problem((*place, name, str(index)), "exception_repeated", name=value[:SHOWN])


def _unmatched(
    toml: TomlFile, place: tuple[str, ...], row: Row, ground: Ground, targets: frozenset[str]
) -> Iterator[Problem]:
    if row.control not in ground.controls:
        key = "exception_excluded" if row.control in ground.excluded else "no_control"
        near = _near(row.control, ground.controls)
        yield toml.problem((*place, "control"), key, name=row.control[:SHOWN], near=near)
        return
    judged = ground.judged.get(row.control, frozenset())
    for index, key in enumerate(row.targets):
        if key not in judged and key not in ground.retired:
            fault = "exception_elsewhere" if key in ground.sections else "exception_target"
            near = _near(key, judged)
            values = {"name": key[:SHOWN], "near": near, "control": row.control}
            yield toml.problem((*place, "targets", str(index)), fault, **values)
    yield from _sections(toml, place, row, ground, targets)


def _sections(
    toml: TomlFile, place: tuple[str, ...], row: Row, ground: Ground, targets: frozenset[str]
) -> Iterator[Problem]:
    """Sections that never were, and such as have nothing to judge.

    One that is gone covers nothing: whoever continues it has more than it was approved for.
    """
    today = [section.id for section in ground.town.sections]
    known = heirs(ground.town.sections)
    for at, id_ in enumerate(row.sections):
        if id_ not in known:
            values = {"name": id_[:SHOWN], "known": ", ".join(today)}
            yield toml.problem((*place, "sections", str(at)), "exception_section", **values)
    if row.sections and not targets and set(today).issuperset(row.sections):
        yield toml.problem((*place, "sections"), "exception_nothing", control=row.control)


def _near(name: str, known: Collection[str]) -> str:
    """What may have been meant; an asset number alone is found in the key that holds it."""
    ending = [key for key in known if key.partition(":")[2] == name]
    return ", ".join(ending[:2] or get_close_matches(name, known, n=2, cutoff=0.5)) or "-"


def _wide(
    toml: TomlFile,
    place: tuple[str, ...],
    row: Row,
    ground: Ground,
    targets: frozenset[str],
    today: date,
) -> Iterator[Problem]:
    """The whole town is never excepted, nor a critical control for everybody it concerns.

    Nor is any other by a list of everything, unless it began before today: the rest may have been retired
    since. Naming the one thing there is to judge is no such list.
    """
    every = {section.id for section in ground.town.sections}
    if row.sections and every.issubset(row.sections):
        yield toml.problem((*place, "sections"), "exception_whole")
    control = ground.controls.get(row.control)
    if control is None or not targets or targets != ground.judged[row.control]:
        return
    if control.severity == "critical":
        yield toml.problem((*place, "control"), "exception_critical", name=row.control)
    elif row.targets and len(targets) > 1 and row.start >= today:
        values: dict[str, Scalar] = {"name": row.control, "count": len(targets)}
        yield toml.problem((*place, "targets"), "exception_every", **values)


def _together(toml: TomlFile, rows: Sequence[Excepted], ground: Ground, today: date) -> Iterator[Problem]:
    """Nor do several exceptions together leave nobody under a critical control on any day."""
    for index, row in enumerate(rows):
        control = ground.controls.get(row.control)
        if control is None or control.severity != "critical" or row.last < today:
            continue
        day = max(row.start, today)
        beside = [one for one in rows if one.control == row.control and one.start <= day <= one.last]
        covered = {target for one in beside for target in one.targets}
        judged = ground.judged.get(row.control, frozenset())
        if judged and covered >= judged and all(set(one.targets) != judged for one in beside):
            yield toml.problem(("exceptions", str(index), "control"), "exception_critical", name=row.control)


def _overlaps(toml: TomlFile, rows: Sequence[Excepted], today: date) -> Iterator[Problem]:
    """Two of one control, for one target, on one day: nobody could say which of them holds.

    What a section had in the past nobody can say either, so that sections are compared from today on.
    """
    for index, row in enumerate(rows):
        for other in rows[:index]:
            same = row.control == other.control and set(row.targets) & set(other.targets)
            since = today if row.sections or other.sections else date.min
            if same and max(row.start, other.start, since) <= min(row.last, other.last):
                place = ("exceptions", str(index))
                yield toml.problem(place, "exception_overlap", name=row.number, other=other.number)
                break
