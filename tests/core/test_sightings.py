"""Which machines were heard: by the ledger's rows, and those that no row names."""

from dataclasses import replace

from auditor.evidence import Evidence
from auditor.findings import Reason
from auditor.sightings import sightings_of
from tests.core.world import NOW, PC, said

STRAY = Evidence(
    target="endpoint:unlisted-SN9", collected_at=NOW, serial="SN9", details={"host_name": "NOTE-9"}
)


def test_a_machine_without_a_row_is_seen_and_named() -> None:
    seen = sightings_of({"endpoint:PC-1": said(), STRAY.target: STRAY}, {"endpoint:PC-1"})
    assert [one.target for one in seen.heard] == ["endpoint:PC-1", ""]
    (stray,) = seen.unlisted
    assert (stray.serial, stray.host, stray.heard_at) == ("SN9", "NOTE-9", NOW)


def test_a_machine_that_did_not_answer_was_not_heard() -> None:
    gone = Evidence(target="endpoint:PC-1", collected_at=NOW, outcome=Reason.NO_ANSWER)
    seen = sightings_of({"endpoint:PC-1": gone}, {"endpoint:PC-1"})
    assert seen.of(PC) is None


def test_what_is_no_machine_is_no_sighting() -> None:
    assert sightings_of({"gateway:GW-1": replace(STRAY, target="gateway:GW-1")}, set()).heard == ()
