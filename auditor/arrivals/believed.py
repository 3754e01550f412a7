"""What each machine said last and may be believed, whichever file it came in; and whom nobody can believe."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from auditor.arrivals.door import Door
from auditor.arrivals.merge import Contexts, merged
from auditor.arrivals.received import Known, Refusal
from auditor.evidence import Evidence, clean
from auditor.findings import Reason
from auditor.run import Arrival, Standing
from auditor.targets import Town, target_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What came this time: `fresh` bundles by target and context, `written` unsigned documents by target.

    `refused` = a file of (or claiming to be of) the target that was not used.
    """

    fresh: Mapping[tuple[str, str], Evidence]
    written: Mapping[str, Evidence]
    refused: Mapping[str, Arrival]


def believed(
    said: Said, door: Door, known: Known, contexts: Contexts
) -> tuple[dict[str, Evidence], dict[str, Refusal]]:
    """The evidence of each target in use, and the refusals to remember.

    A refused file never takes away what may be believed: whoever can write to the inbox could silence any
    machine. Where there is nothing to believe, or nothing recent, the refusal is the answer.
    """
    found: dict[str, Evidence] = {}
    refusals: dict[str, Refusal] = {}
    named = {target for target, _ in (*said.fresh, *known.kept)}
    for target in sorted(named | {*said.written, *said.refused, *known.refusals}):
        if target not in door.declared:
            continue
        best, doubt = _best(target, said, door, known, contexts)
        why = (
            None
            if best is not None and best.collected_at >= door.oldest
            else _why(target, said, known, doubt)
        )
        if why is not None:
            note = clean(f"{why.standing}: {why.note}")
            found[target] = Evidence(
                target=target, collected_at=door.now, outcome=Reason.UNTRUSTED, note=note
            )
            if target in said.refused:
                refusals[target] = why
        elif best is not None:
            found[target] = best
    return found, refusals


def recalled(last: Evidence | None, evidence: Mapping[str, Evidence], town: Town) -> Evidence | None:
    """What a silent machine said last, None = it came in a file that counts no more.

    A signed file counts as long as its signer is trusted, which `evidence` (what the inbox gave) tells; an
    unsigned one as long as the town accepts such files.
    """
    if last is None or not last.origin:
        return last
    if last.signer:
        kept = evidence.get(last.target)
        return last if kept is not None and kept.outcome is None else None
    console = any(row.road == "console" for row in town.endpoints if target_key(row) == last.target)
    return last if console or town.unsigned_inbox else None


def _why(target: str, said: Said, known: Known, doubt: str) -> Refusal | None:
    """Why nothing of the target is believed, None = nothing was refused."""
    new = said.refused.get(target)
    if new is not None:
        return Refusal(new.standing, f"{new.file} {new.note}".strip())
    if any(one == target for one, _ in said.fresh) or target in said.written:
        return None
    if target in known.refusals:
        return known.refusals[target]
    return Refusal(Standing.UNKNOWN_SIGNER, doubt) if doubt else None


def _best(
    target: str, said: Said, door: Door, known: Known, contexts: Contexts
) -> tuple[Evidence | None, str]:
    """The newest documents that may be believed, merged; and why something kept counts no more."""
    doubts: list[str] = []

    def newest(context: str, *more: Evidence | None) -> Evidence | None:
        rivals = [said.fresh.get((target, context)), *more]
        kept = known.kept.get((target, context))
        if kept is not None:
            if doubt := door.believes(kept.evidence, kept.key):
                doubts.append(doubt)
            else:
                rivals.append(replace(kept.evidence, silent=Reason.NOT_COLLECTED))
        return max((one for one in rivals if one is not None), key=lambda one: one.collected_at, default=None)

    best = merged(newest("machine", said.written.get(target)), newest("user"), contexts)
    return best, "; ".join(doubts)
