"""Several runs of an audit tool in one folder: the latest of each tenant speaks, and it has to name one."""

from pathlib import Path

import pytest

from auditor.errors import NotKnown
from checks.sharing._scuba import policies
from tests.sharing.test_cloud import collected, judged, result


def test_of_two_runs_of_one_day_the_later_counts_whatever_the_files_are_called(tmp_path: Path) -> None:
    id_ = policies()["controls"]["DAT-07"]["google"]["all"][0]
    late = result(changed={id_: "Fail"}, TimestampZulu="2026-11-23T20:00:00Z")
    early = result(TimestampZulu="2026-11-23T16:00:00Z")
    assert judged("DAT-07", collected(tmp_path, late, early)).key == "unmet"


@pytest.mark.parametrize("tenant", [None, "", 7])
def test_a_result_of_no_tenant_stands_for_none(tmp_path: Path, tenant: object) -> None:
    with pytest.raises(NotKnown):
        collected(tmp_path, result(TenantId=tenant))
