"""Old evidence goes, faults' evidence stays longer, and every result and seal stays for good."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from auditor.arrivals.received import Received, Row
from auditor.evidence import Evidence
from auditor.findings import Reason
from auditor.history import History
from auditor.keeping import store
from auditor.keeping.care import compact
from auditor.keeping.clock import MOST_GAP_DAYS
from auditor.keeping.retain import ALWAYS_RUNS, Retained, retain
from auditor.keeping.table import Keep
from auditor.keeping.verify import verified
from auditor.run import Standing
from tests.core.runs import audit_of
from tests.core.world import NOW

KEEP = Keep(evidence_days=40, fault_days=60)
FAULTY = range(3, 6)
NIGHTS = 80
TODAY = (NOW + timedelta(days=NIGHTS - 1)).date()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eighty nights of one PC, its lock too slow in three of them."""
    with History(tmp_path / "auditor.db") as history:
        for day in range(NIGHTS):
            history.keep(audit_of(after_s=1800 if day in FAULTY or day in (30, 31) else 600, day=day))
    return tmp_path


def kept(folder: Path) -> list[int]:
    with History(folder / "auditor.db") as history:
        return [number for number in history.numbers() if history.evidence(number)]


def test_evidence_past_its_days_goes_and_that_of_faults_stays_longer(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "EVIDENCE_BASE_RUNS", 1)
    for path in folder.iterdir():
        path.unlink()
    with History(folder / "auditor.db") as history:
        for day in range(NIGHTS):
            history.keep(audit_of(after_s=1800 if day in (5, 30, 31) else 600, day=day))
    done = retain(folder, TODAY, KEEP)
    assert done == Retained(evidence=37, bundles=0)
    assert kept(folder) == [31, 32, *range(NIGHTS - 40, NIGHTS + 1)]


def test_a_base_stays_while_a_later_night_leans_on_it(folder: Path) -> None:
    retain(folder, TODAY, KEEP)
    numbers = kept(folder)
    assert numbers[0] == 1  # all eighty lean on the first
    assert set(range(NIGHTS - 40, NIGHTS + 1)) < set(numbers)
    assert 2 not in numbers
    with History(folder / "auditor.db") as history:
        assert history.evidence(NIGHTS)["endpoint:PC-1"].answers[0].body == b"600"


def test_what_went_is_told_apart_from_what_was_never_said(folder: Path) -> None:
    retain(folder, TODAY, KEEP)
    with History(folder / "auditor.db") as history:
        assert history.no_longer_kept(2) == ("endpoint:PC-1",)
        run = history.run(2)
        assert run is not None
        assert history.evidence_or_why_not(run)["endpoint:PC-1"].outcome is Reason.NOT_KEPT


def test_every_result_and_seal_stays(folder: Path) -> None:
    with History(folder / "auditor.db") as history:
        runs = [history.run(number) for number in history.numbers()]
        before = verified(history.db)
    retain(folder, TODAY, KEEP)
    compact(folder / "auditor.db", TODAY, KEEP)
    with History(folder / "auditor.db") as history:
        assert [history.run(number) for number in history.numbers()] == runs
        assert verified(history.db) == before
    assert before.faults == ()


def test_what_is_removed_is_not_in_the_file_any_more(tmp_path: Path) -> None:
    said = Evidence(target="endpoint:OLD-1", collected_at=NOW, note="what only this machine said")
    with History(tmp_path / "auditor.db") as history:
        for day in range(NIGHTS):
            audit = audit_of(day=day)
            history.keep(replace(audit, evidence=(*audit.evidence, said)) if day == 0 else audit)
        wanted = "SELECT document FROM evidence WHERE target = 'endpoint:OLD-1'"
        (document,) = history.db.execute(wanted).fetchone()
    assert document in (tmp_path / "auditor.db").read_bytes() + wal(tmp_path)
    retain(tmp_path, TODAY, KEEP)
    assert document not in (tmp_path / "auditor.db").read_bytes() + wal(tmp_path)


def wal(folder: Path) -> bytes:
    path = folder / "auditor.db-wal"
    return path.read_bytes() if path.exists() else b""


@pytest.mark.parametrize("wrong", [0, 1, 5])
def test_a_clock_that_jumped_takes_at_most_a_month_of_evidence(
    folder: Path, wrong: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where nights were kept meanwhile; their own days are years ahead."""
    monkeypatch.setattr("auditor.keeping.retain.ALWAYS_RUNS", 1)
    with History(folder / "auditor.db") as history:
        for day in range(wrong):
            history.keep(audit_of(day=9000 + day))
    retain(folder, (NOW + timedelta(days=9000 + wrong)).date(), KEEP)
    left = KEEP.evidence_days - MOST_GAP_DAYS - wrong
    assert set(range(NIGHTS - left, NIGHTS + 1)) <= set(kept(folder))


def test_the_newest_runs_stay_whatever_the_days_say(folder: Path) -> None:
    retain(folder, TODAY, Keep(evidence_days=1, fault_days=1))
    assert set(range(NIGHTS - ALWAYS_RUNS + 1, NIGHTS + 1)) <= set(kept(folder))


def test_where_there_is_no_history_nothing_is_made(tmp_path: Path) -> None:
    assert retain(tmp_path, TODAY, KEEP) == Retained()
    assert list(tmp_path.iterdir()) == []


def bundle(day: int, sequence: int) -> Row:
    audit = audit_of(day=day)
    return Row(
        target="endpoint:PC-1",
        context="machine",
        signed=True,
        sequence=sequence,
        digest=f"{day:064}",
        collected_at=NOW + timedelta(days=day),
        arrived=NOW + timedelta(days=day),
        standing=Standing.ACCEPTED,
        signer="PC-1",
        key="SHA256:k",
        evidence=audit.evidence[0],
    )


def test_how_far_a_machine_has_counted_outlives_its_bundles(tmp_path: Path) -> None:
    with History(tmp_path / "auditor.db") as history:
        for day in range(NIGHTS):
            history.keep(audit_of(day=day), Received((bundle(day, day + 1),)) if day < 3 else None)
        for month in range(1, 17):
            history.keep(audit_of(day=NIGHTS + month * MOST_GAP_DAYS))
    assert retain(tmp_path, TODAY + timedelta(days=500), KEEP).bundles == 2
    with History(tmp_path / "auditor.db") as history:
        known = history.known()
        assert known.last[("endpoint:PC-1", "machine", True)].sequence == 3
        assert known.kept[("endpoint:PC-1", "machine")].evidence.answers[0].body == b"600"
