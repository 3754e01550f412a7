"""Attested controls: what nothing can measure is asked of a section or of the town, and only repeated here.

Every finding of these checks is shown and counted as somebody's word, apart from what was measured.
"""

from auditor.api import (
    NO,
    NONE,
    Answer,
    Attestations,
    Attested,
    Folder,
    Judgement,
    Section,
    Town,
    check,
    fact,
    failed,
    newest,
    not_applicable,
    parsed,
    passed,
    probe,
)

TOWN = "_town"
"""Whose form the town's own is."""


@probe("attested.section", kind="section")
def of_section(section: Section, folder: Folder) -> bytes:
    """The section's form of the newest quarter, as `auditor attest read` kept it."""
    return newest(folder, section.id)


@probe("attested.town", kind="town")
def of_town(town: Town, folder: Folder) -> bytes:
    """The town's own form of the newest quarter."""
    del town
    return newest(folder, TOWN)


@fact("attested.section", probe=of_section)
def section_answers(answer: Answer) -> Attestations:
    """What a section attested."""
    return parsed(answer.body)


@fact("attested.town", probe=of_town)
def town_answers(answer: Answer) -> Attestations:
    """What the town attested."""
    return parsed(answer.body)


def repeated(word: Attested) -> Judgement:
    """The answer as a judgement; one that does not count today never comes here."""
    if word.answer == NO:
        return failed("no")
    if word.answer == NONE:
        return not_applicable("none")
    return passed("ok", until=word.said.until)


agreement = check("COM-03")(repeated)
phone = check("COM-04")(repeated)
circulars = check("COM-07")(repeated)
carry_out = check("DAT-03")(repeated)
inbound_paper = check("PPL-07")(repeated)
placement = check("DAT-05")(repeated)
disposal = check("DAT-06")(repeated)
staff_forms = check("PPL-10")(repeated)
external_audit = check("GOV-05")(repeated)
self_inspection = check("GOV-08")(repeated)
