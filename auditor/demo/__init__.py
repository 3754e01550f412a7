"""``auditor demo``: a whole sample town as a town folder, audited by the very same pipeline as a real one."""

from collections.abc import Iterable
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path

from auditor.demo.accounts import account_files
from auditor.demo.cast import Cast, assemble
from auditor.demo.consoles import FOLDER, exports
from auditor.demo.counter import counter_files
from auditor.demo.excepted import exceptions_toml
from auditor.demo.inbox import evidence_of
from auditor.demo.ledgers import endpoints_csv, staff_csv, town_toml
from auditor.demo.paper import paper_files
from auditor.demo.people import attestation_files, record_files
from auditor.demo.sharing import sharing_files
from auditor.demo.workflows import route_files
from auditor.errors import OutputError
from auditor.evidence import encode
from auditor.exceptionfile import NAME
from auditor.scaffold import make_folder
from auditor.session import read_controls

TEXTS = (".html", ".htm", ".txt")


def write_demo(folder: Path, today: date, now: datetime) -> tuple[Path, ...]:
    """Write the sample town as it would be on `today` (Japan), `now` (with time zone), and return its files.

    205 staff, 17 sections, 80 teleworkers; all invented. Nothing is overwritten.

    Raises:
        OutputError: the folder exists and is not empty, or cannot be written to.
    """
    make_folder(folder)
    cast = assemble(today)
    try:
        return tuple(_written(folder, name, content) for name, content in _files(cast, today, now))
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise OutputError("folder_not_made", path=str(folder), why=why) from None


def _written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as stream:
        stream.write(content)
    return path


def _files(cast: Cast, today: date, now: datetime) -> Iterable[tuple[str, bytes]]:
    yield "town.toml", town_toml(cast, now)
    here = files(__package__)
    yield "model.toml", (here / "model.toml").read_bytes()
    yield "staff.csv", staff_csv(cast)
    yield "endpoints.csv", endpoints_csv(cast)
    yield NAME, exceptions_toml(cast, today)
    yield "known_hosts", b""
    for name, content in exports(cast, today, now):
        yield f"{FOLDER}/{name}", content
    yield from account_files(cast, today)
    yield from attestation_files(cast, read_controls()[1], today)
    yield from record_files(cast, today)
    yield from counter_files(today)
    yield from paper_files(cast, today)
    yield from sharing_files(cast, today, now)
    for evidence in evidence_of(cast, today, now):
        yield f"inbox/{evidence.target.replace(':', '-')}.json", encode(evidence)
    yield from route_files(cast, today)
    for entry in sorted((here / "ordinances").iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(TEXTS):
            yield f"ordinances/{entry.name}", entry.read_bytes()
