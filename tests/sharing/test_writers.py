"""Samba's lists of writers: who stands on one may write although the share is read only for others."""

from pathlib import Path

import pytest

from auditor.findings import Reason, Verdict
from auditor.targets import Town
from tests.sharing.test_shares import judged, printed


@pytest.mark.parametrize("key", ["write list", "admin users"])
def test_everybody_on_a_list_of_writers_may_write_although_the_share_is_read_only(
    tmp_path: Path, town: Town, key: str
) -> None:
    open_ = printed(tmp_path, f'[open]\n path = /open\n read only = yes\n {key} = @"Domain Users"\n')
    assert judged(tmp_path, town, open_, "SHR-05").reason is Reason.NOT_MEASURABLE
    closed = printed(tmp_path, f"[open]\n path = /open\n read only = yes\n {key} = @zeimu\n")
    assert judged(tmp_path, town, closed, "SHR-05").verdict is Verdict.PASS
