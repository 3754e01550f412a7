"""For the doctor: what the ledgers of today changed since the last run, and files that belong to nobody."""

from itertools import groupby

from auditor.arrivals.signers import OFFICER
from auditor.attested import FOLDER
from auditor.errors import OutputError
from auditor.history import open_read_only
from auditor.problems import Told
from auditor.seasons import Loose, Move, Register, moves
from auditor.strays import strays
from auditor.town import Loaded

SHOWN = 10
FILES = {"person": "staff.csv", "endpoint": "endpoints.csv", "section": "town.toml"}


def note_seasons(loaded: Loaded, told: Told) -> None:
    """Notes: one for each kind of change, with the first ids; and every form and key of those who left.

    Where nothing has been audited yet, or the history cannot be read (the run says so), nothing is compared.
    """
    root = loaded.settings.folder
    for orphan in strays(loaded.town):
        if orphan.loose is Loose.FORM:
            told.note(root / FOLDER / orphan.owner, None, "", "form_left", name=orphan.names)
        elif orphan.names.startswith(OFFICER):  # machines' keys are noted with their lines
            told.note(root / orphan.owner, None, "", "signer_left", name=orphan.names)
    try:
        with open_read_only(root / "auditor.db") as history:
            last = history.run()
    except OutputError:
        return
    if last is None:
        return
    found = sorted(moves(Register.of_run(last), Register.of_town(loaded.town)), key=_kind)
    for (kind, step), rows in groupby(found, key=_kind):
        ids = [row.id for row in rows]
        names = ", ".join(ids[:SHOWN]) + (" …" if len(ids) > SHOWN else "")
        told.note(root / FILES[kind], None, "", f"moved_{kind}_{step}", count=len(ids), names=names)


def _kind(move: Move) -> tuple[str, str]:
    return move.kind, move.step.value
