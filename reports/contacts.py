"""The log of every contact the audit made, for whoever asks what was done to their machines."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from auditor.contacts import Contact
from auditor.run import Run
from reports.files import write
from reports.wording import Words, plain

NAME = "contacts.csv"
COLUMNS = (
    "contacts.at",
    "contacts.target",
    "contacts.what",
    "contacts.via",
    "contacts.host",
    "contacts.port",
    "contacts.transport",
    "contacts.outcome",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so would be run by a spreadsheet."""


def render(run: Run, out: Path, lang: str) -> tuple[Path, ...]:
    """Write ``contacts.csv``, UTF-8 with BOM as Excel wants it; nothing where nothing was contacted.

    Raises:
        OutputError: it cannot be written.
    """
    if not run.contacts:
        return ()
    return (keep(run.contacts, out / NAME, lang),)


def keep(contacts: Iterable[Contact], path: Path, lang: str) -> Path:
    """Write the log of some contacts.

    Raises:
        OutputError: it cannot be written.
    """
    return write(path, table(contacts, Words(lang)).encode("utf-8-sig"))


def table(contacts: Iterable[Contact], words: Words) -> str:
    """One line per contact in the order they were made; times are Japan's."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow([words(column) for column in COLUMNS])
    for contact in sorted(contacts, key=lambda contact: contact.at):
        ended = contact.outcome
        reason = words("contacts.reached") if ended == "reached" else words(f"reason.{ended}")
        cells = (
            words.moment(contact.at),
            contact.target,
            contact.what,
            contact.via,
            contact.host,
            str(contact.port),
            contact.transport,
            reason,
        )
        rows.writerow([safe(cell) for cell in cells])
    return text.getvalue()


def safe(cell: str) -> str:
    """The cell as text that no spreadsheet takes for a formula."""
    shown = plain(cell)
    return f"'{shown}" if shown.startswith(FORMULA) else shown
