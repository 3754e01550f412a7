"""A probe that asks many questions over a slow line may say so, and has the time."""

import pytest

from auditor.api import Dial, Gateway
from auditor.declare import Probe
from auditor.probing import probed
from auditor.roads import Roads
from checks.remote.ike import ask_ike
from checks.remote.ports import WAIT_S, ask_ports
from tests.remote.conftest import gateway_at


@pytest.mark.parametrize("patience", [1, 4])
def test_a_probe_has_as_many_times_the_usual_time_as_it_says(patience: int) -> None:
    def collect(_: Gateway, dial: Dial) -> bytes:
        return str(round(dial.remaining_s())).encode()

    ask = Probe("gateway.slow", "gateway", Dial, collect, patience=patience)
    (answer,) = probed(gateway_at(1), [ask], Roads(probe_deadline_s=10.0)).answers
    assert answer.body == str(10 * patience).encode()


def test_there_is_time_for_five_hundred_questions_at_a_tenth_of_a_second_and_for_silent_ports() -> None:
    usual_s = Roads().probe_deadline_s
    assert usual_s * ask_ike.patience >= 500 * 0.1
    assert usual_s * ask_ports.patience >= (20 + 2) * WAIT_S
