"""Bundles in the order they were counted: a replay, a gap and a counter that began again are told apart."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from auditor.arrivals.door import Looked
from auditor.arrivals.merge import agree
from auditor.arrivals.received import Known, Last
from auditor.evidence import Evidence
from auditor.run import Arrival, Standing

USED = (Standing.ACCEPTED, Standing.ADMITTED, Standing.GAP, Standing.TOO_OLD)
"""What is handed on to be judged; what is too old is found so there."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was when it was read; `mark` = (inode, size, modified in ns), so that another is noticed.

    `arrived` (UTC) is the file's own time. `digest` = the bundle's, "" = not a bundle.
    """

    path: Path
    mark: tuple[int, int, int]
    arrival: Arrival
    digest: str = ""

    @property
    def arrived(self) -> datetime:
        """When the file was written, by its own word (UTC); the epoch where that is no time."""
        try:
            return datetime.fromtimestamp(self.mark[2] // 10**9, UTC)
        except (ValueError, OverflowError, OSError):
            return datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that was looked at."""

    seen: Seen
    looked: Looked

    @property
    def arrival(self) -> Arrival:
        """What became of it so far."""
        return self.looked.arrival

    @property
    def used(self) -> bool:
        """True for a bundle that is read for the first time and counts."""
        return bool(self.looked.digest) and self.arrival.standing in USED

    def turned(self, standing: Standing, note: str = "") -> "Entry":
        """The same with another standing."""
        notes = "; ".join(part for part in (note, self.arrival.note) if part)
        return replace(
            self, looked=replace(self.looked, arrival=replace(self.arrival, standing=standing, note=notes))
        )


def counted(entries: Sequence[Entry], known: Known) -> list[Entry]:
    """Every bundle with its place in its machine's count, machines' own before their users', signed first."""
    last = dict(known.last)
    machines = {
        target: kept.evidence for (target, context), kept in known.kept.items() if context == "machine"
    }
    taken: set[str] = set()
    placed: list[Entry] = []
    for entry in sorted(entries, key=_order):
        evidence, digest = entry.looked.evidence, entry.looked.digest
        if evidence is None:
            placed.append(entry)
            continue
        chain = (evidence.target, evidence.context, bool(evidence.signer))
        if digest in taken or known.seen(digest, signed=chain[2]):
            placed.append(entry.turned(Standing.ALREADY_READ))
            continue
        mine = machines.get(evidence.target)
        if evidence.context == "user" and mine is not None and not agree(mine, evidence):
            note = "its system id or serial is not that of the machine's own file"
            placed.append(entry.turned(Standing.WRONG_MACHINE, note))
            continue
        one = _placed(entry, evidence, last.get(chain))
        placed.append(one)
        if one.used:
            taken.add(digest)
            last[chain] = Last(evidence.sequence, evidence.collected_at)
            if evidence.context == "machine":
                machines[evidence.target] = evidence
    return placed


def _order(entry: Entry) -> tuple[bool, bool, str, int, float, str]:
    evidence = entry.looked.evidence
    user = evidence is not None and evidence.context == "user"
    moment = evidence.collected_at.timestamp() if evidence is not None else 0.0
    arrival = entry.arrival
    return user, not arrival.signer, arrival.target, arrival.sequence, moment, entry.looked.digest


def _placed(entry: Entry, evidence: Evidence, last: Last | None) -> Entry:
    if last is None:
        return entry
    newer = evidence.collected_at > last.collected_at
    if last.forgotten:
        return entry if newer else entry.turned(Standing.REPLAYED, "dated before what was read already")
    if evidence.sequence <= last.sequence:
        note = f"number {evidence.sequence}; {last.sequence} was read already"
        return entry.turned(Standing.RESTARTED if newer else Standing.REPLAYED, note)
    if evidence.sequence > last.sequence + 1 and entry.arrival.standing is not Standing.TOO_OLD:
        missing = f"{last.sequence + 1} to {evidence.sequence - 1} did not arrive"
        return entry.turned(Standing.GAP, missing)
    return entry
