"""What concerns the town as a whole and no section: it stands on the town's page, with who acts."""

from dataclasses import dataclass
from datetime import date

from auditor.findings import Overlay, Verdict, shown_as
from auditor.run import TargetCard
from reports.book import Book
from reports.exceptions import over
from reports.requests import due_of

KINDS = ("town", "flow")
"""What concerns no section: the town itself, and the ways between its segments."""


@dataclass(frozen=True, slots=True)
class WholeItem:
    """One finding on the town: `plain` says what it means, `seen` what was found, `fix` who does what.

    `due` = the day it should be done by, None where nobody can tell yet what to do (未確認) or an exception
    covers it.
    """

    control: str
    state: str
    plain: str
    seen: str
    fix: str
    due: date | None


def whole_items(book: Book) -> tuple[WholeItem, ...]:
    """The town's own findings that failed or are unknown, in order of control."""
    lang = book.words.lang
    items = []
    for finding in book.run.findings:
        card = book.targets.get(finding.target)
        if card is None or card.kind not in KINDS or finding.verdict not in (Verdict.FAIL, Verdict.UNKNOWN):
            continue
        control = book.controls[finding.control]
        failed = finding.verdict is Verdict.FAIL
        asked = failed and finding.overlay is not Overlay.EXCEPTION
        laid = f" {over(book, finding)}" if failed and finding.until is not None else ""
        items.append(
            WholeItem(
                control=control.id,
                state=shown_as(finding),
                plain=_about(control.plain.in_(lang) if failed else control.title.in_(lang), card),
                seen=f"{book.words.seen(finding, control)}{laid}",
                fix=control.fix.in_(lang) if asked else "",
                due=due_of(book, finding) if asked else None,
            )
        )
    return tuple(items)


def _about(sentence: str, card: TargetCard) -> str:
    """The sentence, and which way between segments it is about."""
    return sentence if card.kind == "town" else f"{sentence} {card.name}"
