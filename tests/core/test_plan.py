"""A control is hidden only where the model says so, never by a gap in the ledger."""

from dataclasses import replace

import pytest

from auditor.answers import Answer
from auditor.control import Applies
from auditor.declare import fact
from auditor.plan import applies, gives, plan, unjudged
from auditor.targets import Endpoint
from tests.core.world import ENTRANCE, PC, TARO, TOWN, Lock, control, lock, locks, model, offer, plugins, task


@pytest.mark.parametrize(
    ("chain", "models", "expected"),
    [
        (("base",), ("beta",), True),
        (("base", "beta"), ("beta",), True),
        (("base", "alpha"), ("beta",), False),
        (("base", "beta", "matsukaze"), ("beta",), True),
        (("base", "beta", "matsukaze"), ("alpha",), False),
        (("base", "beta", "beta-prime"), ("beta",), False),
        (("base", "alpha"), (), True),
    ],
)
def test_the_nearest_shipped_model_decides(
    chain: tuple[str, ...], models: tuple[str, ...], *, expected: bool
) -> None:
    one = control(applies=Applies(models=models))
    assert applies(one, PC, model(one, chain=chain)) is expected


@pytest.mark.parametrize(
    ("where", "pc", "expected"),
    [
        (Applies(os=("linux",)), PC, True),
        (Applies(os=("windows",)), PC, False),
        (Applies(zones=("lgwan",)), PC, False),
        (Applies(zones=("lgwan",)), replace(PC, zone=""), True),
        (Applies(methods=("vdi",)), PC, False),
        (Applies(methods=("vdi",)), replace(PC, method=""), True),
        (Applies(), PC, True),
    ],
)
def test_an_undeclared_value_never_hides_a_control(where: Applies, pc: Endpoint, *, expected: bool) -> None:
    one = control(applies=where)
    assert applies(one, pc, model(one)) is expected


def test_a_control_concerns_its_kind_of_target_only() -> None:
    one = control()
    assert applies(one, PC, model(one))
    assert not applies(one, ENTRANCE, model(one))
    assert not applies(one, TARO, model(one))


def test_what_is_demanded_and_has_no_target_is_named_and_what_the_model_leaves_out_is_not() -> None:
    pcs, doors = control(), control("W-02", target="gateway")
    foreign = control("W-03", target="gateway", applies=Applies(models=("beta",)))
    either = control("W-04", targets=("gateway", "endpoint"))
    wanted = model(pcs, doors, foreign, either, chain=("base", "alpha"))
    assert [one.id for one in unjudged(replace(TOWN, endpoints=(PC,)), wanted)] == ["W-02"]
    assert unjudged(replace(TOWN, endpoints=(PC,), gateways=(ENTRANCE,)), wanted) == ()
    assert unjudged(replace(TOWN, alone=True), wanted) == (), "one machine alone is no town"


def test_every_declared_target_has_a_task_also_without_a_control() -> None:
    town = replace(TOWN, gateways=(ENTRANCE,))
    tasks = plan(town, model(control()), plugins(lock, locks))
    assert [one.target for one in tasks] == list(town.targets)
    assert [len(one.checks) for one in tasks] == [0, 0, 1, 0, 0]


def test_an_excluded_control_is_not_planned() -> None:
    assert all(not one.checks for one in plan(TOWN, model(), plugins(lock, locks)))


def test_only_the_facts_that_a_target_can_give_are_asked() -> None:
    @fact("w.lock", windows="1")
    def windows_lock(answer: Answer) -> Lock:
        return Lock(1)

    found = plugins(lock, windows_lock, offer, locks)
    assert [one.scripts for one in task(PC, locks).facts(found)] == [lock.scripts]
    assert not gives(offer, PC)
    assert gives(offer, ENTRANCE)
