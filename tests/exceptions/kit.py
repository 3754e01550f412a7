"""A small town with exceptions: two sections, three PCs, one entrance that both use."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from auditor.approved import read_exceptions
from auditor.control import Param
from auditor.declare import Check, check
from auditor.errors import ConfigError
from auditor.exceptions import Excepted, Exceptions
from auditor.findings import Judgement, passed
from auditor.model import Model
from auditor.targets import Endpoint, Gateway, Person, Section, Town
from tests.core.world import Lock, Offer, control, lock, model, offer, plugins

TODAY = date(2026, 11, 26)
PCS = tuple(
    Endpoint(id=id_, serial=id_, name=id_, os="linux", section=section)
    for id_, section in (("PC-1", "soumu"), ("PC-2", "zeimu"), ("PC-3", "zeimu"))
)


@check("W-01")
def locks(value: Lock) -> Judgement:
    return passed(after_s=value.after_s)


@check("W-02")
def offers(value: Offer) -> Judgement:
    return passed(version=value.version)


CHECKS: tuple[Check, ...] = (locks, offers)


def town(root: Path) -> Town:
    """The town whose folder is `root`."""
    return Town(
        name="松風町",
        root=root,
        sections=(Section(id="soumu", name="総務課"), Section(id="zeimu", name="税務課")),
        staff=(Person(id="0101", name="髙橋 一郎", section="soumu"),),
        endpoints=PCS,
        gateways=(Gateway(id="GW-1", name="入口", host="127.0.0.1", port=443),),
    )


def demanded(*, most_days: int = 365, other: bool = True, **changes: Any) -> Model:
    """A model with a control of PCs, one of entrances, and the rules of exceptions."""
    params = {
        "exception_max_days": Param(value=most_days, low=30, high=400, strict="low"),
        "exception_other_approver": Param(value=other),
    }
    return model(
        control("W-01", **changes),
        control("W-02", target="gateway", severity="critical"),
        control("GOV-09", target="town", params=params),
    )


def row(**changes: Any) -> str:
    """One exception as it stands in the file; a value of None leaves its line out."""
    values: dict[str, Any] = {
        "number": '"2026-01"',
        "control": '"W-01"',
        "targets": '["endpoint:PC-1"]',
        "applicant": '"zeimu"',
        "reason": '"古い機器が新しい設定で動かないため"',
        "measure": '"施錠した部屋だけで使う"',
        "approver": '"総務課"',
        "start": "2026-11-01",
        "end": "2026-12-31",
    } | changes
    lines = [f"{name} = {value}" for name, value in values.items() if value is not None]
    return "\n".join(["[[exceptions]]", *lines, ""])


def read(
    folder: Path, *rows: str, today: date = TODAY, model: Model | None = None, of: Town | None = None
) -> Exceptions:
    """What the program makes of a file with these rows; `of` None = the town above."""
    (folder / "exceptions.toml").write_text("\n".join(rows), "utf-8")
    return read_exceptions(of or town(folder), model or demanded(), plugins(lock, offer, *CHECKS), today)


def refused(folder: Path, *rows: str, **given: Any) -> list[tuple[int | None, str, str]]:
    """Line, field and key of all that is wrong."""
    with pytest.raises(ConfigError) as caught:
        read(folder, *rows, **given)
    assert all(one.file == folder / "exceptions.toml" for one in caught.value.problems)
    return [(one.line, one.field, one.key) for one in caught.value.problems]


def excepted(start: date, end: date, targets: Sequence[str] = ("endpoint:PC-1",), **changes: Any) -> Excepted:
    """An exception as it is after reading."""
    values: dict[str, Any] = {
        "number": "2026-01",
        "control": "W-01",
        "applicant": "zeimu",
        "reason": "r",
        "measure": "m",
        "approver": "総務課",
    } | changes
    return Excepted(start=start, end=end, targets=tuple(targets), **values)
