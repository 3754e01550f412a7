"""The inbox of a town folder: every evidence file in it, judged at the door and put in its place.

Nothing is moved here (`auditor.arrivals.aside` does that once the run is kept), and nothing is left out
silently.
"""

import os
import stat
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from auditor.arrivals.believed import Said, believed
from auditor.arrivals.counted import Entry, Seen, counted
from auditor.arrivals.door import Door, Looked, look
from auditor.arrivals.merge import Contexts
from auditor.arrivals.received import Known, Received, Row
from auditor.evidence import MAX_FILE_BYTES, Evidence
from auditor.run import MAX_ARRIVALS, Arrival, Standing

MAX_INBOX_FILES = 50_000
MAX_SHOWN = 200
SETTLED = timedelta(seconds=60)
"""A file that cannot be read and was changed so recently may still be on its way."""

CLOCK_NOTED = timedelta(minutes=2)
"""A difference between a file's own time and the date in it that is worth a note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """What one reading gave. `evidence` is by target key; `strangers` were heard and are in no ledger row.

    `arrivals` holds refused files first and at most `MAX_ARRIVALS`; `arrived` counts all.
    """

    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    strangers: Mapping[str, Evidence] = field(default_factory=dict)
    arrivals: tuple[Arrival, ...] = ()
    arrived: Mapping[Standing, int] = field(default_factory=dict)
    received: Received = field(default_factory=Received)
    files: tuple[Seen, ...] = ()


def read_inbox(folder: Path, door: Door, known: Known, contexts: Contexts) -> Inbox:
    """Judge every ``.json`` file of the folder; what was kept of machines counts where nothing newer came."""
    found, whole = _listed(folder)
    bundles: list[Entry] = []
    others: list[Entry] = []
    written: dict[str, Evidence] = {}
    for path in found:
        entry = _entry(path, door)
        evidence = entry.looked.evidence
        if evidence is None:
            others.append(entry)
        elif entry.looked.digest:  # the answers of 50,000 files would not fit in memory
            bundles.append(_lean(entry, replace(evidence, answers=())))
        else:
            others.append(_lean(entry, None))
            before = written.get(evidence.target)
            if before is None or before.collected_at < evidence.collected_at:
                written[evidence.target] = evidence
    placed, fresh = _fresh([*counted(bundles, known), *others], door)
    arrivals = [*whole, *(entry.arrival for entry in placed)]
    refused = {one.target: one for one in arrivals if one.standing.refused and one.target}
    evidence_of, refusals = believed(
        Said(fresh=fresh, written=written, refused=refused), door, known, contexts
    )
    strangers = {one.target: one for entry in placed if (one := entry.looked.stranger) is not None}
    rows = tuple(_row(entry, fresh, known) for entry in placed if entry.used)
    return Inbox(
        evidence=evidence_of,
        strangers={key: one for key, one in strangers.items() if key not in evidence_of},
        arrivals=tuple(sorted(arrivals, key=_shown_first)[:MAX_ARRIVALS]),
        arrived=dict(sorted(Counter(one.standing for one in arrivals).items())),
        received=Received(rows, refusals),
        files=tuple(
            replace(entry.seen, arrival=entry.arrival, digest=entry.looked.digest) for entry in placed
        ),
    )


def _shown_first(arrival: Arrival) -> tuple[bool, str, str, str]:
    return not arrival.standing.refused, arrival.standing, arrival.target, arrival.file


def _lean(entry: Entry, evidence: Evidence | None) -> Entry:
    return replace(entry, looked=replace(entry.looked, evidence=evidence))


def _listed(folder: Path) -> tuple[list[Path], tuple[Arrival, ...]]:
    """The files to read, and why none is read where that is so."""
    try:
        found = _files(folder)
    except OSError as error:
        note = f"cannot be listed: {error.strerror}"
        return [], (Arrival(file=folder.name, standing=Standing.NOT_A_FILE, note=note),)
    if len(found) > MAX_INBOX_FILES:  # which of them are newest would hang on their names
        note = f"{len(found)} files, more than {MAX_INBOX_FILES}: none was read"
        return [], (Arrival(file=folder.name, standing=Standing.TOO_MANY, note=note),)
    return found, ()


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix.lower() == ".json")


def _fresh(entries: Sequence[Entry], door: Door) -> tuple[list[Entry], dict[tuple[str, str], Evidence]]:
    """The newest new bundle of each machine and context, read again whole, for only this one is judged."""
    newest: dict[tuple[str, str], tuple[datetime, int]] = {}
    for at, entry in enumerate(entries):
        one = entry.looked.evidence
        if entry.used and one is not None:
            key = (one.target, one.context)
            newest[key] = max(newest.get(key, (one.collected_at, at)), (one.collected_at, at))
    placed = list(entries)
    fresh: dict[tuple[str, str], Evidence] = {}
    for key, (_, at) in newest.items():
        again = _entry(entries[at].seen.path, door).looked
        if again.digest == entries[at].looked.digest and again.evidence is not None:
            fresh[key] = again.evidence
        else:
            placed[at] = entries[at].turned(Standing.UNFINISHED, "changed while it was read")
    return placed, fresh


def _row(entry: Entry, fresh: Mapping[tuple[str, str], Evidence], known: Known) -> Row:
    """What the history remembers of a bundle; of the newest one also what it said."""
    arrival, lean = entry.arrival, entry.looked.evidence
    context = lean.context if lean is not None else ""
    newest = fresh.get((arrival.target, context))
    kept = known.kept.get((arrival.target, context))
    document = newest if _same(newest, lean) else None
    if document is not None and kept is not None and kept.evidence.collected_at > document.collected_at:
        document = None
    return Row(
        target=arrival.target,
        context=context,
        signed=bool(arrival.signer),
        sequence=arrival.sequence,
        digest=entry.looked.digest,
        collected_at=lean.collected_at if lean is not None else entry.seen.arrived,
        arrived=entry.seen.arrived,
        standing=arrival.standing,
        signer=arrival.signer,
        key=entry.looked.key,
        evidence=document,
    )


def _same(newest: Evidence | None, lean: Evidence | None) -> bool:
    """True when `lean` is `newest` without its answers: nothing else has its place in the count."""
    return newest is not None and lean is not None and replace(newest, answers=()) == lean


def shown(text: str) -> str:
    """Without what could steer a terminal: the text comes from whoever may write to the inbox."""
    return "".join(char if char.isprintable() else "?" for char in text[:MAX_SHOWN])


def _entry(path: Path, door: Door) -> Entry:
    """One file, read and judged as far as it can be alone."""
    name = shown(path.name)
    body, seen = read_file(path, name)
    if body is None:
        return Entry(seen, Looked(arrival=seen.arrival))
    looked = look(door, name, body)
    entry = Entry(seen, replace(looked, arrival=_noted(looked.arrival, seen)))
    since = door.now - seen.arrived
    if looked.arrival.standing is Standing.GARBLED and timedelta(0) <= since < SETTLED:
        return entry.turned(Standing.UNFINISHED)
    return entry


def _noted(arrival: Arrival, seen: Seen) -> Arrival:
    """With the difference between the file's own time and the date in it, where there is one.

    A later file was carried or lay somewhere; an earlier one means that two clocks disagree.
    """
    if arrival.collected_at is None:
        return replace(arrival, note=shown(arrival.note))
    offset = seen.arrived - arrival.collected_at
    if abs(offset) < CLOCK_NOTED:
        return replace(arrival, note=shown(arrival.note))
    note = f"the file's own time is {int(offset.total_seconds()):+d} s from its date"
    return replace(arrival, note=shown("; ".join(part for part in (arrival.note, note) if part)))


def read_file(path: Path, name: str) -> tuple[bytes | None, Seen]:
    """A regular file's bytes, without following a link and without waiting at a pipe; None = it was none."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        about = path.lstat()
        refused = Seen(path, _mark(about), Arrival(file=name, standing=Standing.NOT_A_FILE))
        if not stat.S_ISREG(about.st_mode):
            return None, _because(refused, Standing.NOT_A_FILE, "a link, folder, pipe or device")
        handle = os.open(path, flags | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        missing = Arrival(file=name, standing=Standing.NOT_A_FILE, note=shown(f"cannot be read: {why}"))
        return None, Seen(path, (0, 0, 0), missing)
    try:
        return _content(handle, refused)
    except OSError as error:
        return None, _because(refused, Standing.NOT_A_FILE, f"cannot be read: {error.strerror}")
    finally:
        os.close(handle)


def _content(handle: int, refused: Seen) -> tuple[bytes | None, Seen]:
    about = os.fstat(handle)
    seen = replace(refused, mark=_mark(about))
    if not stat.S_ISREG(about.st_mode):
        return None, _because(seen, Standing.NOT_A_FILE, "a link, folder, pipe or device")
    if about.st_size > MAX_FILE_BYTES:
        return None, _because(seen, Standing.TOO_LARGE, f"{about.st_size} bytes, more than {MAX_FILE_BYTES}")
    with os.fdopen(handle, "rb", closefd=False) as stream:
        body = stream.read(MAX_FILE_BYTES + 1)
    if len(body) > MAX_FILE_BYTES or _mark(os.fstat(handle)) != seen.mark:
        return None, _because(seen, Standing.UNFINISHED, "it grew while it was read")
    return body, seen


def _because(seen: Seen, standing: Standing, note: str) -> Seen:
    return replace(seen, arrival=replace(seen.arrival, standing=standing, note=shown(note)))


def _mark(about: os.stat_result) -> tuple[int, int, int]:
    return about.st_ino, about.st_size, about.st_mtime_ns
