"""What was read before decides: replayed, read already, a gap, begun again; over a real history."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from auditor.arrivals.believed import recalled
from auditor.arrivals.inbox import Inbox
from auditor.engine import Audit
from auditor.findings import Reason
from auditor.history import History, open_read_only
from auditor.run import Standing
from tests.core.runs import run_of
from tests.core.world import NOW, said
from tests.inbox.kit import Inn, Key, at, inn, new_key, outer, payload, signed, town_of

CORPUS = Path(__file__).parents[1] / "corpus"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Key:
    return new_key(tmp_path_factory.mktemp("keys"))


@dataclass
class Night:
    """A town whose runs are kept: every reading knows those before."""

    inn: Inn
    file: Path

    @contextmanager
    def reading(self) -> Iterator[tuple[History, Inbox]]:
        with History(self.file) as history:
            self.inn.known = history.known()
            yield history, self.inn.read()

    def run(self, **files: bytes) -> dict[str, Standing]:
        """Put files, read, keep; what became of them. They are gone afterwards, as `put_away` does it."""
        for name, body in files.items():
            self.inn.put(f"{name}.json", body)
        with self.reading() as (history, inbox):
            history.keep(Audit(run_of(), ()), inbox.received)
        for path in self.inn.folder.glob("*.json"):
            path.unlink()
        return {one.file.removesuffix(".json"): one.standing for one in inbox.arrivals}

    def sequence(self) -> int | None:
        """The number of the document that a run without news would judge."""
        with self.reading() as (_, inbox):
            found = inbox.evidence.get("endpoint:PC-1")
            return found.sequence if found is not None and found.outcome is None else None


@pytest.fixture
def night(tmp_path: Path, host: Key) -> Night:
    return Night(inn(tmp_path, f"PC-1 {host.public}"), tmp_path / "auditor.db")


def test_the_next_number_is_accepted_and_what_was_said_last_is_kept(night: Night, host: Key) -> None:
    assert night.run(a=signed(host, sequence=1)) == {"a": Standing.ACCEPTED}
    assert night.sequence() == 1
    assert night.run() == {}
    assert night.run(a=signed(host, sequence=2, collected_at=at(-30))) == {"a": Standing.ACCEPTED}
    assert night.sequence() == 2
    with night.reading() as (_, inbox):
        assert inbox.evidence["endpoint:PC-1"].silent is Reason.NOT_COLLECTED


def test_the_same_file_again_is_harmless_under_any_name(night: Night, host: Key) -> None:
    body = signed(host, sequence=1)
    assert night.run(a=body, b=body) == {"a": Standing.ACCEPTED, "b": Standing.ALREADY_READ}
    assert night.run(z=body) == {"z": Standing.ALREADY_READ}
    assert night.sequence() == 1


def test_an_older_file_handed_in_again_is_a_replay(night: Night, host: Key) -> None:
    """Signed truly, never read before, from before what was read: somebody kept it back."""
    older = signed(host, sequence=3, collected_at=at(-300))
    same_number = signed(host, sequence=5, collected_at=at(-200))
    night.run(a=signed(host, sequence=5))
    assert night.run(a=older, b=same_number) == {"a": Standing.REPLAYED, "b": Standing.REPLAYED}
    assert night.sequence() == 5


def test_missing_numbers_are_accepted_and_told(night: Night, host: Key) -> None:
    night.run(a=signed(host, sequence=1))
    night.inn.put("a.json", signed(host, sequence=4, collected_at=at(-10)))
    with night.reading() as (_, inbox):
        (arrival,) = inbox.arrivals
    assert (arrival.standing, arrival.standing.refused) == (Standing.GAP, False)
    assert "2 to 3" in arrival.note
    assert night.run() == {"a": Standing.GAP}
    assert night.sequence() == 4


def test_files_of_one_night_are_read_in_their_order_whatever_they_are_called(night: Night, host: Key) -> None:
    files = {
        "c": signed(host, sequence=1, collected_at=at(-50)),
        "b": signed(host, sequence=2, collected_at=at(-40)),
        "a": signed(host, sequence=3, collected_at=at(-30)),
    }
    assert set(night.run(**files).values()) == {Standing.ACCEPTED}
    assert night.sequence() == 3


def test_a_counter_that_began_again_waits_for_an_officer(night: Night, host: Key) -> None:
    night.run(a=signed(host, sequence=9))
    again = signed(host, sequence=1, collected_at=at(-10))
    assert night.run(a=again) == {"a": Standing.RESTARTED}
    assert night.sequence() == 9
    with History(night.file) as history:
        assert history.forget("endpoint:PC-1", NOW) == 1
    assert night.sequence() is None, "what was said before the reinstallation counts no more"
    with night.reading() as (_, inbox):
        assert inbox.evidence["endpoint:PC-1"].outcome is Reason.UNTRUSTED
    assert night.run(a=again) == {"a": Standing.ACCEPTED}
    assert night.sequence() == 1


def test_forgetting_lets_no_old_file_in(night: Night, host: Key) -> None:
    read = signed(host, sequence=9)
    unread = signed(host, sequence=10, collected_at=at(-90))
    night.run(a=read)
    with History(night.file) as history:
        history.forget("endpoint:PC-1", NOW)
    assert night.run(a=read, b=unread) == {"a": Standing.ALREADY_READ, "b": Standing.REPLAYED}
    assert night.sequence() is None


def test_a_refused_machine_stays_unknown_with_its_reason_until_a_good_file_comes(
    night: Night, host: Key
) -> None:
    assert night.run(a=signed(host, serial="SN7")) == {"a": Standing.NOT_LEDGER}
    with night.reading() as (_, inbox):
        found = inbox.evidence["endpoint:PC-1"]
    assert (found.outcome, found.note.split(":")[0]) == (Reason.UNTRUSTED, "not_ledger")
    night.run(a=signed(host, sequence=1))
    assert night.sequence() == 1


def test_a_signer_struck_off_the_list_takes_what_it_said_along(
    night: Night, host: Key, tmp_path: Path
) -> None:
    night.run(a=signed(host))
    night.inn = inn(tmp_path, "# nobody")
    with night.reading() as (_, inbox):
        found = inbox.evidence["endpoint:PC-1"]
    assert (found.outcome, found.answers) == (Reason.UNTRUSTED, ())


def test_an_unsigned_file_never_moves_the_count_of_signed_ones(host: Key, tmp_path: Path) -> None:
    town = town_of(unsigned=True)
    night = Night(inn(tmp_path, town=town), tmp_path / "auditor.db")
    assert night.run(a=outer(payload(sequence=2**53))) == {"a": Standing.ADMITTED}
    night.inn = inn(tmp_path, f"PC-1 {host.public}", town=town)
    assert night.run(a=signed(host, sequence=1, collected_at=at(-5))) == {"a": Standing.ACCEPTED}
    assert night.sequence() == 1


def test_a_copy_without_its_signature_handed_in_first_does_not_keep_the_signed_file_out(
    host: Key, tmp_path: Path
) -> None:
    town = town_of(unsigned=True)
    night = Night(inn(tmp_path, f"officer:0105 {host.public}", town=town), tmp_path / "auditor.db")
    assert night.run(a=outer(payload())) == {"a": Standing.ADMITTED}
    assert night.run(a=signed(host)) == {"a": Standing.ACCEPTED}
    assert night.run(a=signed(host), b=outer(payload())) == dict.fromkeys("ab", Standing.ALREADY_READ)
    with night.reading() as (_, inbox):
        assert inbox.evidence["endpoint:PC-1"].signer == "officer:0105"


def test_a_run_that_dies_before_it_is_kept_reads_the_same_files_again(night: Night, host: Key) -> None:
    night.inn.put("a.json", signed(host))
    with night.reading() as (_, inbox):
        assert [one.standing for one in inbox.arrivals] == [Standing.ACCEPTED]
    assert night.run() == {"a": Standing.ACCEPTED}


def test_a_run_that_dies_after_it_is_kept_calls_its_files_read_and_not_replayed(
    night: Night, host: Key
) -> None:
    night.run(a=signed(host))
    night.inn.put("a.json", signed(host))  # it was not put away
    with night.reading() as (_, inbox):
        assert [one.standing for one in inbox.arrivals] == [Standing.ALREADY_READ]
        assert inbox.evidence["endpoint:PC-1"].outcome is None


def test_a_run_that_fails_to_be_kept_leaves_nothing_of_the_bundles(
    night: Night, host: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    night.inn.put("a.json", signed(host))
    with night.reading() as (history, inbox):
        monkeypatch.setattr(History, "_days", interrupted)
        with pytest.raises(KeyboardInterrupt):
            history.keep(Audit(run_of(), ()), inbox.received)
        monkeypatch.undo()
        assert history.known().last == {}


def test_an_older_history_can_be_read_and_remembers_no_bundles(night: Night, host: Key) -> None:
    import sqlite3
    from contextlib import closing

    night.file.write_bytes((CORPUS / "history" / "format-3.db").read_bytes())
    with closing(sqlite3.connect(night.file)) as db:
        db.executescript("DROP TABLE bundle; DROP TABLE refusal; PRAGMA user_version=2;")
    with open_read_only(night.file) as history:
        assert history.known().last == {}
        assert history.run() is not None
    assert night.run(a=signed(host)) == {"a": Standing.ACCEPTED}


def test_only_the_newest_document_of_a_machine_is_kept(night: Night, host: Key) -> None:
    for number in range(1, 5):
        night.run(a=signed(host, sequence=number, collected_at=at(number)))
    with History(night.file) as history:
        (count,) = history.db.execute("SELECT count(*) FROM bundle").fetchone()
        kept = history.known().kept
    assert (count, [one.evidence.sequence for one in kept.values()]) == (4, [4])


def test_evidence_ages_although_nothing_new_comes(night: Night, host: Key) -> None:
    night.run(a=signed(host))
    door = night.inn.door
    late = NOW + timedelta(days=20)
    night.inn.door = type(door)(
        town=door.town, signers=door.signers, now=late, oldest=late - timedelta(days=14)
    )
    with night.reading() as (_, inbox):
        found = inbox.evidence["endpoint:PC-1"]
    assert (found.outcome, found.collected_at < late - timedelta(days=19)) == (None, True)


@pytest.mark.parametrize(
    ("changes", "unsigned", "given", "counts"),
    [
        ({}, False, None, True),
        ({"origin": "a.json"}, True, None, True),
        ({"origin": "a.json"}, False, None, False),
        ({"origin": "a.json", "signer": "PC-1"}, True, None, False),
        ({"origin": "a.json", "signer": "PC-1"}, False, Reason.UNTRUSTED, False),
        ({"origin": "a.json", "signer": "PC-1"}, False, "trusted", True),
    ],
)
def test_what_was_heard_last_counts_only_while_its_file_would(
    changes: dict[str, str], given: Reason | str | None, *, unsigned: bool, counts: bool
) -> None:
    """A signer struck off, or acceptance taken back, also ends what a silent machine said by file before."""
    last = replace(said(), **changes)  # type: ignore[arg-type]
    now = replace(said(), outcome=given if isinstance(given, Reason) else None)
    evidence = {last.target: now} if given is not None else {}
    found = recalled(last, evidence, town_of(unsigned=unsigned))
    assert found == (last if counts else None)
