"""A declaration that could be misunderstood is refused where it stands."""

from datetime import date
from typing import Any

import pytest

from auditor.answers import Answer
from auditor.control import Params
from auditor.declare import check, fact, probe
from auditor.findings import Judgement, Unknown, passed
from auditor.seams import Dial, Http
from auditor.targets import Endpoint, Gateway, Town
from tests.core.world import Disk, Lock, ask


def of_lock(answer: Answer) -> Lock:
    return Lock(len(answer.body))


def of_day(answer: Answer) -> date:
    return date.min


def of_town(answer: Answer) -> Town:
    return Town(name="")


def of_endpoint(answer: Answer) -> Endpoint:
    raise NotImplementedError


def of_params(answer: Answer) -> Params:
    return Params({})


def of_nothing(answer: Answer) -> None:
    return None


def of_either(answer: Answer) -> Lock | Unknown:
    return Lock(1)


def of_list(answer: Answer) -> list[int]:
    return []


def of_what(answer):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201 - the point of the test
    return Lock(1)


def test_a_parser_becomes_a_fact_and_can_still_be_called() -> None:
    made = fact("a", linux="echo", windows="1")(of_lock)
    assert (made.id, made.type, sorted(made.scripts)) == ("a", Lock, ["linux", "windows"])


@pytest.mark.parametrize(
    "parser", [of_day, of_town, of_endpoint, of_params, of_nothing, of_either, of_list, of_what]
)
def test_a_parser_may_not_claim_a_type_that_checks_get_from_elsewhere(parser: Any) -> None:
    """A fact of type `date` would silently be replaced by today."""
    with pytest.raises(TypeError, match="return type"):
        fact("a", linux="echo")(parser)


@pytest.mark.parametrize(
    "source", [{}, {"linux": "echo", "probe": ask}, {"linx": "echo"}, {"linux": "echo", "beos": "echo"}]
)
def test_a_fact_has_scripts_of_known_systems_or_a_probe(source: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="fact a"):
        fact("a", **source)(of_lock)


def test_the_needs_of_a_check_are_its_parameters() -> None:
    def judge(lock: Lock, disk: Disk | Unknown, params: Params, today: date, town: Town) -> Judgement:
        return passed()

    made = check("W-01")(judge)
    assert [(need.name, need.type, need.tolerant) for need in made.facts] == [
        ("lock", Lock, False),
        ("disk", Disk, True),
    ]
    assert len(made.needs) == 5


def untyped(lock: Lock, other) -> Judgement:  # type: ignore[no-untyped-def] # noqa: ANN001 - the point
    return passed()


def defaulted(lock: Lock, strict=False) -> Judgement:  # type: ignore[no-untyped-def] # noqa: ANN001, FBT002 - same
    return passed() if not strict else passed("never")


def several(*locks: Lock) -> Judgement:
    return passed()


def anything(**locks: Lock) -> Judgement:
    return passed()


def positional(lock: Lock, /) -> Judgement:
    return passed()


def optional(lock: Lock | None) -> Judgement:
    return passed()


def either(lock: Lock | Disk) -> Judgement:
    return passed()


def nothing_known(lock: Unknown) -> Judgement:
    return passed()


@pytest.mark.parametrize(
    "judge",
    [untyped, defaulted, several, anything, positional, optional, either, nothing_known],
    ids=lambda judge: judge.__name__,
)
def test_a_check_whose_parameters_are_not_plain_classes_is_refused(judge: Any) -> None:
    with pytest.raises(TypeError, match="W-01"):
        check("W-01")(judge)


def test_a_probe_takes_a_target_and_one_way_out() -> None:
    def both(gateway: Gateway, dial: Dial, http: Http) -> bytes:
        return b""

    def none(gateway: Gateway, town: Town) -> bytes:
        return b""

    def alone(dial: Dial) -> bytes:
        return b""

    for wrong in (both, none, alone):
        with pytest.raises(TypeError, match="probe p"):
            probe("p", kind="gateway")(wrong)
    assert (ask.seam, ask.kind) == (Dial, "gateway")
