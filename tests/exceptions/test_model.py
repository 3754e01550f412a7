"""Days for mending in the catalogue and in a town's model: bounded, and never more without a reason."""

from pathlib import Path

import pytest

from auditor.catalogue import GRACE_DAYS
from auditor.errors import ConfigError
from auditor.model import Model, load_model
from auditor.session import read_controls
from tests.core.world import control

HEAD = 'id = "mine"\ntitle = { ja = "町", en = "town" }\nextends = "base"\n'


def mine(folder: Path, rest: str) -> Model:
    """The town's model with these tables, over one control of severity high and one that is critical."""
    (folder / "model.toml").write_text(HEAD + rest, "utf-8")
    controls = control("W-01", grace_days=5), control("W-02", severity="critical")
    return load_model(controls, town_file=folder / "model.toml")


def wrong(folder: Path, rest: str) -> list[tuple[int | None, str, str]]:
    with pytest.raises(ConfigError) as caught:
        mine(folder, rest)
    return [(one.line, one.field, one.key) for one in caught.value.problems]


def test_fewer_days_need_no_reason_and_more_do(tmp_path: Path) -> None:
    assert mine(tmp_path, "[grace]\nW-01 = 0\n").controls["W-01"].grace_days == 0
    assert wrong(tmp_path, "[grace]\nW-01 = 6\n") == [(5, "grace.W-01", "reason_missing")]
    reason = '[reasons]\n"W-01.grace_days" = "業者の手配"\n'
    assert mine(tmp_path, f"[grace]\nW-01 = 30\n{reason}").controls["W-01"].grace_days == 30


@pytest.mark.parametrize("line", ["W-01 = 31", "W-01 = -1", "W-02 = 1"])
def test_no_reason_excuses_days_beyond_the_bounds_and_what_is_critical_never_waits(
    tmp_path: Path, line: str
) -> None:
    reason = '[reasons]\n"W-01.grace_days" = "x"\n"W-02.grace_days" = "x"\n'
    found = wrong(tmp_path, f"[grace]\n{line}\n{reason}")
    assert (5, f"grace.{line[:4]}", "grace_bounds") in found


def test_days_for_an_unknown_control_and_days_that_are_no_number_are_told(tmp_path: Path) -> None:
    assert wrong(tmp_path, "[grace]\nW-99 = 1\n") == [(5, "grace.W-99", "no_control")]
    assert wrong(tmp_path, '[grace]\nW-01 = "5"\n') == [(5, "grace.W-01", "not_whole")]


def test_days_change_what_is_demanded_and_so_its_digest(tmp_path: Path) -> None:
    assert mine(tmp_path, "").card().digest != mine(tmp_path, "[grace]\nW-01 = 0\n").card().digest


def test_shipped_days_are_within_bounds_and_few() -> None:
    allowed = {one.id: one.grace_days for one in read_controls()[1] if one.grace_days}
    assert allowed == {"EP-06": 30, "EP-18": 30, "ID-06": 30, "NET-10": 14}
    assert all(one.grace_days <= GRACE_DAYS[one.severity] for one in read_controls()[1])
