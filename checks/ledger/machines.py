"""The asset ledger and the machines that really answered: both name the same ones."""

from collections import Counter

from auditor.api import (
    Endpoint,
    Judgement,
    Reason,
    Section,
    Sighting,
    Sightings,
    Town,
    check,
    failed,
    not_applicable,
    passed,
    unknown,
)


@check("AUD-02")
def rows_are_true(section: Section, town: Town, seen: Sightings) -> Judgement:
    """Every row of a section is one machine of its own, in the hands of somebody of that section.

    A row whose machine was never heard is a gap and not a fault: it may be right.
    """
    rows = [row for row in town.endpoints if row.section == section.id]
    if not rows:
        return not_applicable("none")
    moved = _moved(rows, town)
    twice = _shared(rows, seen)
    if moved or twice:
        wrong = (*moved, *(row for row in twice if row not in moved))
        places = tuple(_place(row) for row in wrong)
        return failed("differs", places=places, count=len(wrong), moved=len(moved), twice=len(twice))
    never = [row for row in rows if seen.of(row) is None]
    if never:
        note = f"{len(never)} of {len(rows)} never heard"
        return unknown(Reason.NOT_COLLECTED, note, places=tuple(_place(row) for row in never))
    return passed(count=len(rows))


def _moved(rows: list[Endpoint], town: Town) -> tuple[Endpoint, ...]:
    """Rows whose user stands in another section of the staff list."""
    sections = {person.id: person.section for person in town.staff}
    return tuple(row for row in rows if row.user and sections.get(row.user, row.section) != row.section)


def _shared(rows: list[Endpoint], seen: Sightings) -> tuple[Endpoint, ...]:
    """Rows whose machine tells the serial number or the system's own id of another row's machine.

    One machine stands in two rows then, or its disk was copied without making the system anew.
    """
    listed = [one for one in seen.heard if one.target]
    times = Counter(mark for one in listed for mark in _marks(one))
    found = {row: seen.of(row) for row in rows}
    return tuple(
        row for row, one in found.items() if one is not None and any(times[mark] > 1 for mark in _marks(one))
    )


def _marks(one: Sighting) -> tuple[tuple[str, str], ...]:
    """What should be a machine's own, where it was told.

    Firmware without a serial number tells words or zeros ("Default string", "0"), which many share.
    """
    serial = one.serial.casefold()
    own = serial if any(sign.isdigit() for sign in serial.replace("0", "")) else ""
    told = (("serial", own), ("machine_id", one.machine_id.casefold()))
    return tuple((kind, text) for kind, text in told if text)


def _place(row: Endpoint) -> str:
    return f"{row.id} {row.name}"


@check("AUD-03")
def nobody_is_unlisted(town: Town, seen: Sightings) -> Judgement:
    """No machine answered that the ledger does not name, or names as no longer in use."""
    if town.root is None:
        return not_applicable("alone")
    retired = {row.serial.casefold(): row for row in town.retired if row.serial}
    back = [row for one in seen.unlisted if (row := retired.get(one.serial.casefold())) is not None]
    stray = [one for one in seen.unlisted if one.serial.casefold() not in retired]
    places = (*map(_place, back), *(f"{one.serial or '-'} {one.host}" for one in stray))
    if stray:
        return failed("unlisted", places=places, count=len(stray), retired=len(back))
    if back:
        return failed("retired", places=places, count=len(back))
    if not seen.heard:
        return unknown(Reason.NOT_COLLECTED, "no machine was heard")
    return passed(count=len(seen.heard))
