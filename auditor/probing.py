"""Runs the probes of one target, each by the one way out it asked for."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from auditor.access.dial import DirectDial, doors
from auditor.access.folder import DirectFolder
from auditor.access.http import DirectHttp
from auditor.access.keys import Keys
from auditor.access.names import DirectNames
from auditor.access.pace import Pace
from auditor.answers import MAX_ANSWER_BYTES, Answer, Status
from auditor.attested import FOLDER
from auditor.contacts import Contact
from auditor.declare import Probe
from auditor.errors import Garbled, NotKnown, Unreached
from auditor.evidence import Evidence, clean
from auditor.findings import Reason
from auditor.roads import Roads
from auditor.seams import Dial, Http, Names
from auditor.targets import Gateway, Section, Target, Town, target_key
from auditor.work import Documents, PrintServer, System
from auditor.zones import Flow


def probed(target: Target, probes: Sequence[Probe], roads: Roads) -> Evidence:
    """What these probes heard of the target, one after the other."""
    pace = Pace()
    answers = tuple(_ask(probe, target, roads, pace) for probe in probes)
    if isinstance(target, Gateway):
        answers += roads.lookout.seen(
            target,
            probes,
            lambda probe, dial: kept_answer(probe, target, Keys(target.keys), lambda: dial),
            lambda contact: roads.note(contact, target),
            pace,
        )
    asked = [one for one in answers if _was_asked(one, target)] or answers
    reasons = {answer.reason if answer.status is not Status.OK else None for answer in asked}
    outcome = reasons.pop() if len(reasons) == 1 else None
    return Evidence(
        target=target_key(target),
        collected_at=datetime.now(UTC),
        answers=answers,
        outcome=outcome,
        note=asked[0].note if outcome is not None else "",
    )


def _was_asked(answer: Answer, target: Target) -> bool:
    """False for what a town may leave out of a print server: meters and records say nothing of its reach."""
    return not (isinstance(target, PrintServer) and answer.reason is Reason.NOT_DECLARED)


def _ask(probe: Probe, target: Target, roads: Roads, pace: Pace) -> Answer:
    keys = Keys(target.keys if isinstance(target, Gateway | PrintServer | System) else {})
    pace.next_probe(probe.most)
    return kept_answer(probe, target, keys, lambda: _way_out(probe, target, roads, keys, pace))


def kept_answer(probe: Probe, target: Target, keys: Keys, way: Callable[[], object]) -> Answer:
    """The probe's answer, unless a piece of a key stands in it: nothing may keep one."""
    answer = _outcome(probe, target, way)
    if keys.shown_in(answer.body) or keys.shown_in(clean(answer.note).encode()):
        return Answer(probe.id, Status.ERROR, note="held a piece of a key: thrown away", reason=Reason.BROKEN)
    return answer


def _outcome(probe: Probe, target: Target, way: Callable[[], object]) -> Answer:
    try:
        return _answered(probe, probe.collect(target, way()))
    except (Unreached, NotKnown) as error:
        return Answer(probe.id, Status.ERROR, note=error.note, reason=error.reason)
    except Garbled as error:
        return Answer(probe.id, Status.ERROR, note=error.note, reason=Reason.UNREADABLE)
    except Exception as error:  # noqa: BLE001 - a probe's bug costs its own answer, not the run
        note = f"{type(error).__name__}: {error}"[:300]
        return Answer(probe.id, Status.ERROR, note=note, reason=Reason.BROKEN)


def _answered(probe: Probe, body: object) -> Answer:
    """A probe's reply, unless it is one that could not be kept."""
    if not isinstance(body, bytes):
        note = f"returned {type(body).__name__}"
        return Answer(probe.id, Status.ERROR, note=note, reason=Reason.BROKEN)
    if len(body) > MAX_ANSWER_BYTES:
        note = f"larger than {MAX_ANSWER_BYTES} bytes"
        return Answer(probe.id, Status.ERROR, note=note, reason=Reason.NOT_MEASURABLE)
    return Answer(probe.id, Status.OK, body)


def _way_out(probe: Probe, target: Target, roads: Roads, keys: Keys, pace: Pace) -> object:
    """The one seam the probe asked for, bound to what this target declared."""

    def record(contact: Contact) -> None:
        roads.note(contact, target, probe.id)

    if probe.seam is Dial and isinstance(target, Gateway):
        limit_s = roads.probe_deadline_s * probe.patience
        return DirectDial(doors(target), limit_s, record, keys, pace=pace)
    if probe.seam is Dial and isinstance(target, Flow):
        return roads.lookout.flow_dial(target, record, pace)
    if isinstance(target, PrintServer) and (way := _printing_way(probe, target, roads, record, keys, pace)):
        return way
    if isinstance(target, System) and (way := _system_way(probe, target, roads, record, keys, pace)):
        return way
    if (folder := _folder_of(target, roads)) is not None:
        return folder
    raise Unreached(Reason.NOT_DECLARED, f"{probe.id} cannot look at a {target.kind}")


def _folder_of(target: Target, roads: Roads) -> DirectFolder | None:
    """Where what is known of a target lies as files: document sets, and what sections attested."""
    if isinstance(target, Documents):
        return DirectFolder(target.folder, others=roads.folders, kept_in=roads.root)
    if isinstance(target, Section | Town) and roads.root is not None:
        return DirectFolder(roads.root / FOLDER)
    return None


def _printing_way(
    probe: Probe, server: PrintServer, roads: Roads, record: Callable[[Contact], None], keys: Keys, pace: Pace
) -> object:
    """The way to a print server, to its devices' meters, or to its records; None = it has none."""
    if probe.seam is Http:
        return DirectHttp(server.url, roads.probe_deadline_s, record, pace=pace)
    if probe.seam is Dial:
        return DirectDial(server.meters, roads.system_deadline_s, record, keys, pace=pace)
    return DirectFolder(server.records) if server.records is not None else None


def _system_way(
    probe: Probe, system: System, roads: Roads, record: Callable[[Contact], None], keys: Keys, pace: Pace
) -> object:
    """The way to a system that was declared with what the probe needs, None = there is none."""
    limit_s = roads.system_deadline_s
    if probe.seam is Http and system.url:
        return DirectHttp(system.url, limit_s, record, system.ca_file, pace=pace, keys=keys)
    if probe.seam is Names and system.domain:
        return DirectNames(system, limit_s, record, pace=pace)
    return None
