"""``auditor rehearse`` where people have two entrances: one that is down stops nobody by itself."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.peers.certificates import GATEWAY_NAME
from tests.peers.process import free_port
from tests.remote.conftest import TODAY, black_hole
from tests.whole.morning import Morning, changed, morning

EVERYBODY = ["0101", "0102", "0103"]


@pytest.fixture(scope="module")
def well(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Morning]:
    with morning(tmp_path_factory.mktemp("well")) as found:
        yield found


def with_spare(well: Morning, folder: Path, port: int, sections: str = "") -> Morning:
    """The town of `well` with a second entrance for the same method, at `port`."""
    today = changed(well, folder)
    today.more = (
        f'[[gateways]]\nid = "spare"\nname = "予備の入口"\nhost = "127.0.0.1"\nport = {port}\n{sections}\n'
        f'server_name = "{GATEWAY_NAME}"\nca_file = "ca.pem"\nmethods = ["vdi"]\n'
        f'brokers = ["127.0.0.1:{well.broker}"]\n{today.sign_on}'
        f'[gateways.register]\nas_of = {TODAY}\nsource = "契約書"\nseats = 3\n'
    )
    return today


def fates(found: dict[str, Any]) -> dict[str, list[str]]:
    return {key: found[key] for key in ("stopped", "spared", "doubtful") if found[key]}


def test_a_spare_that_refuses_stops_nobody(well: Morning, tmp_path: Path) -> None:
    today = with_spare(well, tmp_path, free_port())
    code, found = today.rehearse()
    assert (code, found["state"], fates(found)) == (3, "breaks", {"spared": EVERYBODY})
    assert "使えない接続点があります(予備の入口)。3人は別の接続点から仕事に入れます" in today.told()
    english = today.told(lang="en")
    assert "The way through 予備の入口 breaks. 3 person(s) can work by another entrance" in english
    assert "cannot get to their work" not in english


def test_a_main_entrance_that_refuses_stops_nobody_where_the_spare_holds(
    well: Morning, tmp_path: Path
) -> None:
    today = with_spare(well, tmp_path, well.port)
    today.port = free_port()
    code, found = today.rehearse()
    assert (code, fates(found)) == (3, {"spared": EVERYBODY})


def test_a_spare_of_one_section_spares_its_own_people_only(well: Morning, tmp_path: Path) -> None:
    today = with_spare(well, tmp_path, well.port, 'sections = ["zeimu"]')
    today.port = free_port()
    _, found = today.rehearse()
    assert fates(found) == {"stopped": ["0101", "0102"], "spared": ["0103"]}


def test_a_spare_that_stays_silent_does_not_count_as_holding(well: Morning, tmp_path: Path) -> None:
    with black_hole() as port:
        today = with_spare(well, tmp_path, port)
        today.port = free_port()
        code, found = today.rehearse()
    assert (code, fates(found)) == (4, {"doubtful": EVERYBODY})


def test_where_both_refuse_everybody_is_stopped(well: Morning, tmp_path: Path) -> None:
    today = with_spare(well, tmp_path, free_port())
    today.port = free_port()
    code, found = today.rehearse()
    assert (code, fates(found)) == (3, {"stopped": EVERYBODY})
