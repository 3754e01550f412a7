"""Who is stopped by a way that breaks: nobody for whom another entrance is known to hold."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from auditor.groups import used_by, walks_of
from auditor.rehearsal import Fate, Leg, Rehearsal, State, Step
from auditor.run import TownCard
from auditor.targets import Gateway, Person, Town

HOLDS, WARNS, UNKNOWN, BREAKS = State.HOLDS, State.WARNS, State.UNKNOWN, State.BREAKS
PEOPLE = (
    Person(id="1", name="森", section="s", method="vpn", trial=True),
    Person(id="2", name="林", section="z", method="vpn", trial=True),
    Person(id="3", name="原", section="z", method="vdi", trial=True),
)


def gateway(
    id_: str,
    *,
    host: str = "gw.example.jp",
    protocol: str = "tls",
    methods: tuple[str, ...] = ("vpn",),
    sections: tuple[str, ...] = (),
) -> Gateway:
    return Gateway(
        id=id_, name=id_, host=host, port=443, protocol=protocol, methods=methods, sections=sections
    )


def rehearsed(states: dict[Gateway, State], people: tuple[Person, ...] = PEOPLE) -> Rehearsal:
    """The entrances in these states; nobody's approvals are declared to run anywhere."""
    town = Town(name="松風町", staff=people, gateways=tuple(states))
    ways = {one.id: (Step(leg=Leg.ENTRANCE, state=state),) for one, state in states.items()}
    assert used_by(people, town)
    walks = walks_of(people, town, ways, {})
    known = tuple(  # what is not declared of approvals is not what this is about
        replace(walk, steps=tuple(step for step in walk.steps if step.leg is not Leg.APPROVAL))
        for walk in walks
    )
    return Rehearsal(
        town=TownCard(name="松風町", sample=True),
        started=datetime(2026, 11, 25, 20, 0, tzinfo=UTC),
        today=date(2026, 11, 26),
        took_s=0.5,
        walks=known,
        people=people,
        sections=(),
        controls=(),
    )


def fates(found: Rehearsal) -> dict[str, tuple[str, ...]]:
    return {fate.value: ids for fate in Fate if (ids := found.those(fate))}


@pytest.mark.parametrize(
    ("main", "spare", "fate"),
    [
        (HOLDS, BREAKS, "spared"),
        (BREAKS, HOLDS, "spared"),
        (WARNS, BREAKS, "spared"),
        (UNKNOWN, BREAKS, "doubtful"),
        (BREAKS, UNKNOWN, "doubtful"),
        (BREAKS, BREAKS, "stopped"),
        (HOLDS, UNKNOWN, None),
        (HOLDS, HOLDS, None),
    ],
)
def test_a_person_is_stopped_only_where_every_entrance_breaks(
    main: State, spare: State, fate: str | None
) -> None:
    found = rehearsed({gateway("main"): main, gateway("spare"): spare})
    assert fates(found) == ({fate: ("1", "2")} if fate else {})


def test_an_entrance_of_another_method_or_section_spares_nobody() -> None:
    others = gateway("vdi", methods=("vdi",)), gateway("z", sections=("z",))
    found = rehearsed({gateway("main"): BREAKS, others[0]: HOLDS, others[1]: HOLDS})
    assert fates(found) == {"stopped": ("1",), "spared": ("2",)}


def test_an_unknown_third_entrance_does_not_hide_one_that_holds() -> None:
    found = rehearsed({gateway("a"): BREAKS, gateway("b"): UNKNOWN, gateway("c"): HOLDS})
    assert fates(found) == {"spared": ("1", "2")}


def test_l2tp_and_the_ike_of_its_machine_are_one_entrance() -> None:
    """IKE that holds is of no use to anybody where the L2TP inside it does not."""
    ike, l2tp = gateway("ike", host="gw.jp", protocol="ike"), gateway("in", host="GW.jp", protocol="l2tp")
    assert fates(rehearsed({ike: HOLDS, l2tp: BREAKS})) == {"stopped": ("1", "2")}
    assert fates(rehearsed({ike: BREAKS, l2tp: HOLDS})) == {"stopped": ("1", "2")}
    assert fates(rehearsed({ike: HOLDS, l2tp: BREAKS, gateway("tls"): HOLDS})) == {"spared": ("1", "2")}
    elsewhere = gateway("in", host="other.jp", protocol="l2tp")
    assert fates(rehearsed({ike: HOLDS, elsewhere: BREAKS})) == {"spared": ("1", "2")}


def test_a_step_that_breaks_for_others_only_does_not_stop_anybody_else() -> None:
    found = rehearsed({gateway("main"): HOLDS})
    (walk,) = found.walks
    down = Step(leg=Leg.APPROVAL, state=BREAKS, people=("2",))
    walk = replace(walk, steps=(*walk.steps, down))
    assert [walk.state_for(id_) for id_ in walk.people] == [HOLDS, BREAKS]
