"""Evidence speaks only for the target it is about; an outcome is data, never a crash."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from auditor import collect as module
from auditor.answers import MAX_ANSWER_BYTES, Answer, Status
from auditor.collect import collect_task
from auditor.declare import CONSOLE, check, fact, probe
from auditor.errors import Garbled, NotKnown, Unreached
from auditor.evidence import Evidence, decode, encode
from auditor.findings import Judgement, Reason, passed
from auditor.plan import Task
from auditor.register import Place
from auditor.roads import Roads
from auditor.seams import Dial
from auditor.targets import Endpoint, Gateway
from auditor.zones import Flow
from checks.remote.flows import mynumber_is_out_of_reach, ways
from tests.core.world import ENTRANCE, PC, SOUMU, Disk, Offer, lock, locks, ok, plugins, said, task

FILED = replace(PC, road="file")
FRESH = replace(said(ok("w.lock", "600")), system="linux")


def from_inbox(found: Evidence | None, target: Endpoint = FILED, *, accept: bool = True) -> Evidence | None:
    inbox = {found.target: found} if found is not None else {}
    return collect_task(task(target, locks), plugins(lock, locks), Roads(inbox=inbox, accept_unsigned=accept))


def test_a_file_that_fits_the_ledger_is_used() -> None:
    assert from_inbox(FRESH) == FRESH


def test_an_unsigned_file_is_untrusted_unless_the_town_accepts_it() -> None:
    found = from_inbox(FRESH, accept=False)
    assert found is not None
    assert found.outcome is Reason.UNTRUSTED


@pytest.mark.parametrize("serial", ["SN2", "", "sn1", "SN1 "])
def test_a_file_with_another_serial_or_none_is_untrusted(serial: str) -> None:
    """Leaving the serial out must not be a way around it."""
    found = from_inbox(replace(FRESH, serial=serial))
    assert found is not None
    assert found.outcome is Reason.UNTRUSTED


@pytest.mark.parametrize("system", ["windows", "", "Linux"])
def test_a_file_of_another_system_is_untrusted(system: str) -> None:
    found = from_inbox(replace(FRESH, system=system))
    assert found is not None
    assert found.outcome is Reason.UNTRUSTED


def test_a_refused_file_keeps_its_answers_and_still_proves_nothing() -> None:
    found = from_inbox(replace(FRESH, serial="SN2"))
    assert found is not None
    assert (found.answers, found.outcome) == (FRESH.answers, Reason.UNTRUSTED)


def test_no_file_means_nothing_was_collected() -> None:
    assert from_inbox(None) is None
    assert from_inbox(replace(FRESH, target="endpoint:PC-2")) is None


CONSOLED = replace(PC, road="console", os="chromeos")
TOLD = replace(said(ok("w.lock", "600"), ok("w.mdm", "yes")), system="chromeos", collector="console")


@fact("w.mdm", linux=CONSOLE, chromeos=CONSOLE)
def enrolled(answer: Answer) -> Disk:
    return Disk(answer.text() == "yes")


def from_console(target: Endpoint, told: Evidence | None, heard: Evidence | None = None) -> Evidence | None:
    roads = Roads(
        inbox={heard.target: heard} if heard is not None else {},
        consoles={told.target: told} if told is not None else {},
        accept_unsigned=True,
    )
    return collect_task(task(target, locks), plugins(lock, enrolled, locks), roads)


def test_what_an_export_tells_of_a_machine_without_a_script_is_used() -> None:
    assert from_console(CONSOLED, TOLD) == TOLD
    assert from_console(CONSOLED, None) is None


def test_an_export_of_another_system_is_untrusted_and_says_nothing() -> None:
    found = from_console(CONSOLED, replace(TOLD, system="windows"))
    assert found is not None
    assert (found.outcome, found.answers) == (Reason.UNTRUSTED, ())


def test_beside_a_machines_own_evidence_a_console_adds_only_what_it_alone_knows() -> None:
    told = replace(TOLD, system="linux", answers=(ok("w.lock", "1"), ok("w.mdm", "yes")))
    found = from_console(FILED, told, FRESH)
    assert found is not None
    assert [(one.id, one.body) for one in found.answers] == [("w.lock", b"600"), ("w.mdm", b"yes")]
    assert found.collected_at == FRESH.collected_at


def test_a_machine_cannot_say_for_the_console_that_it_is_enrolled() -> None:
    boasting = replace(FRESH, answers=(ok("w.lock", "600"), ok("w.mdm", "yes")))
    for told in (
        None,
        replace(TOLD, system="windows"),
        replace(TOLD, system="linux", outcome=Reason.UNREADABLE),
    ):
        found = from_console(FILED, told, boasting)
        assert found is not None
        assert [one.id for one in found.answers] == ["w.lock"]


def test_an_export_does_not_make_a_silent_machine_heard() -> None:
    assert from_console(FILED, replace(TOLD, system="linux")) is None


def test_an_inbox_file_does_not_speak_for_a_pc_that_is_asked_over_ssh() -> None:
    found = from_inbox(FRESH, replace(PC, road="ssh", host="127.0.0.1"))
    assert found is not None
    assert (found.outcome, found.answers) == (Reason.NOT_DECLARED, ())


def test_a_signed_file_speaks_for_a_pc_that_could_not_be_asked_and_says_why() -> None:
    signed = replace(FRESH, signer="PC-1", sequence=3)
    found = from_inbox(signed, replace(PC, road="ssh", host="127.0.0.1"), accept=False)
    assert found is not None
    assert (found.outcome, found.answers, found.silent) == (None, FRESH.answers, Reason.NOT_DECLARED)


def test_a_signed_file_needs_no_acceptance_and_a_user_s_may_be_without_the_serial() -> None:
    signed = replace(FRESH, signer="PC-1", serial="")
    found = from_inbox(signed, accept=False)
    assert found is not None
    assert found.outcome is None
    wrong = from_inbox(replace(signed, serial="SN2"), accept=False)
    assert wrong is not None
    assert wrong.outcome is Reason.UNTRUSTED


def test_a_target_without_a_check_that_needs_facts_is_not_contacted() -> None:
    assert collect_task(task(FILED), plugins(lock), Roads(inbox={FRESH.target: FRESH})) is None
    assert collect_task(task(SOUMU), plugins(lock), Roads()) is None


@pytest.mark.parametrize("other", [{"os": "windows"}, {"os": "chromeos"}, {"serial": "SN2"}], ids=str)
def test_this_machine_does_not_speak_for_another_row_of_the_ledger(
    monkeypatch: pytest.MonkeyPatch, other: dict[str, str]
) -> None:
    def never(*_: object) -> bytes:
        raise AssertionError("the script must not run")

    monkeypatch.setattr(module, "this_endpoint", lambda: replace(PC, road="local"))
    monkeypatch.setattr(module, "run_script", never)
    row = replace(PC, road="local", **other)  # type: ignore[arg-type]

    found = collect_task(task(row, locks), plugins(lock, locks), Roads())
    assert found is not None
    assert (found.outcome, found.answers) == (Reason.UNTRUSTED, ())


def asked(collect: Callable[[Gateway, Dial], bytes]) -> Evidence:
    """What a gateway's one probe makes."""

    def body(gateway: Gateway, dial: Dial) -> bytes:
        return collect(gateway, dial)

    made = probe("w.offer", kind="gateway")(body)

    def parse(answer: Answer) -> Offer:
        return Offer(answer.text())

    def judge(offer: Offer) -> Judgement:
        return passed()

    learnt = fact("w.offer", probe=made)(parse)
    judged = check("W-01")(judge)
    found = collect_task(Task(ENTRANCE, (judged,)), plugins(learnt, judged), Roads())
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Unreached(Reason.REFUSED, "why"), Reason.REFUSED),
        (NotKnown(Reason.NO_CONTROL, "why"), Reason.NO_CONTROL),
        (Garbled("why"), Reason.UNREADABLE),
        (KeyError("why"), Reason.BROKEN),
    ],
)
def test_a_probe_that_raises_becomes_the_targets_outcome(error: Exception, reason: Reason) -> None:
    def raises(gateway: Gateway, dial: Dial) -> bytes:
        raise error

    found = asked(raises)
    assert (found.outcome, found.answers[0].status) == (reason, Status.ERROR)
    assert "why" in found.note


def test_a_probe_that_answers_leaves_no_outcome() -> None:
    def answers(gateway: Gateway, dial: Dial) -> bytes:
        return gateway.id.encode()

    found = asked(answers)
    assert (found.outcome, found.answers) == (None, (ok("w.offer", "GW-1"),))


def test_a_probe_cannot_leave_what_its_target_declared() -> None:
    def elsewhere(gateway: Gateway, dial: Dial) -> bytes:
        with dial.tcp("127.0.0.1", gateway.port + 1) as stream:
            return stream.address.encode()

    assert asked(elsewhere).outcome is Reason.NOT_DECLARED


def test_a_local_script_is_run_and_split(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    row = replace(PC, road="local")
    monkeypatch.setattr(module, "this_endpoint", lambda: row)
    found = collect_task(task(row, locks), plugins(lock, locks), Roads())
    assert found is not None
    assert found.outcome is None
    answer = found.answer("w.lock")
    assert answer is not None
    assert lock(answer).after_s == 600


def test_a_system_without_scripts_is_not_collected_and_no_fault_of_the_program() -> None:
    row = replace(PC, os="ipados", road="ssh", host="127.0.0.1")
    found = collect_task(task(row, locks), plugins(lock, locks), Roads())
    assert found is not None
    assert found.outcome is Reason.NOT_COLLECTED


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("text", Reason.BROKEN),
        (None, Reason.BROKEN),
        (b"x" * (MAX_ANSWER_BYTES + 1), Reason.NOT_MEASURABLE),
    ],
)
def test_a_probe_that_returns_what_cannot_be_kept_gives_no_answer(body: bytes, reason: Reason) -> None:
    def answers(gateway: Gateway, dial: Dial) -> bytes:
        return body

    assert asked(answers).outcome is reason


@pytest.mark.parametrize(
    "note", ["\udcff.bpmn", ValueError("x"), b"bytes", "x" * 100_000], ids=["name", "error", "bytes", "long"]
)
def test_whatever_a_note_holds_the_evidence_can_be_kept(note: str) -> None:
    """A file name that is no text must not cost the whole night's run."""

    def raises(gateway: Gateway, dial: Dial) -> bytes:
        raise Unreached(Reason.UNREADABLE, note)

    found = asked(raises)
    assert found.outcome is Reason.UNREADABLE
    assert decode(encode(found)) == found


def test_a_way_tried_in_another_segment_speaks_by_its_file_alone() -> None:
    """Nobody dials from here, and an unsigned file counts no more than that of a machine."""
    way = Flow(
        id="f", name="経路", source="far", origin="lgwan", zone="mynumber", expect="closed", road="file",
        places=(Place("192.0.2.1", 445),), control=Place("192.0.2.9", 443),
    )  # fmt: skip
    wanted = Task(way, (mynumber_is_out_of_reach,))
    found = Evidence(target="flow:f", collected_at=FRESH.collected_at, answers=(ok("flow.ways", "{}"),))
    known = plugins(ways, mynumber_is_out_of_reach)
    assert collect_task(wanted, known, Roads()) is None
    for accept, outcome in ((True, None), (False, Reason.UNTRUSTED)):
        kept = collect_task(wanted, known, Roads(inbox={"flow:f": found}, accept_unsigned=accept))
        assert kept is not None
        assert (kept.answers, kept.outcome) == (found.answers, outcome)
