import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.dial import Contact
from auditor.api import Answer, Garbled, Lookup, Params, Reason, Status, Unreached, Verdict
from checks.remote._read import compact
from checks.remote.reach import OUTCOMES, Reach, Try, answers_in_time, ask_reach, reach
from tests.peers.certificates import issue
from tests.peers.nginx import Block, nginx
from tests.peers.openvpn import openvpn
from tests.peers.process import free_port
from tests.remote.conftest import (
    Pki,
    asked,
    black_hole,
    dial_to,
    gateway_at,
    mute_udp,
    rude_server,
    says,
    stays_silent,
)

PARAMS = Params({"p95_ms": 300})


@pytest.fixture(scope="module")
def entrance(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with nginx(tmp_path_factory.mktemp("reach"), [Block(issue(pki.folder, pki.ca))]) as (port,):
        yield port


def tried(*tries: tuple[str, float]) -> Reach:
    return Reach(1.0, tuple(Try(*each) for each in tries))


def test_an_entrance_that_answers_three_times_in_time_passes(entrance: int) -> None:
    contacts: list[Contact] = []
    found = reach(asked(ask_reach, gateway_at(entrance), contacts=contacts))
    assert [each.outcome for each in found.tries] == ["answered"] * 3
    assert len(contacts) == 3
    judgement = answers_in_time(found, PARAMS)
    assert (judgement.verdict, judgement.key) == (Verdict.PASS, "ok")


def test_a_refused_port_fails_after_one_connect() -> None:
    contacts: list[Contact] = []
    found = reach(asked(ask_reach, gateway_at(free_port()), contacts=contacts))
    assert len(contacts) == 1
    assert answers_in_time(found, PARAMS).key == "refused"


def test_a_black_hole_is_unknown_and_costs_one_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.remote.reach.WAIT_S", 0.4)
    contacts: list[Contact] = []
    with black_hole() as port:
        judgement = answers_in_time(
            reach(asked(ask_reach, gateway_at(port, protocol="tcp"), contacts=contacts)), PARAMS
        )
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NO_ANSWER)
    assert len(contacts) == 1


class NoSuchName:
    """A dial whose name service says that the name does not exist (none may be asked in a test)."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason

    def lookup(self, host: str) -> Lookup:
        raise Unreached(self.reason, host)


def test_a_name_that_does_not_exist_fails() -> None:
    body = ask_reach.collect(gateway_at(443, host="gone.invalid"), NoSuchName(Reason.NAME_NOT_FOUND))
    judgement = answers_in_time(reach(Answer("gateway.reach", Status.OK, body)), PARAMS)
    assert (judgement.verdict, judgement.key) == (Verdict.FAIL, "no_name")


def test_a_silent_name_service_says_nothing_about_the_entrance() -> None:
    with pytest.raises(Unreached) as caught:
        ask_reach.collect(gateway_at(443, host="gw.invalid"), NoSuchName(Reason.NO_ANSWER))
    assert caught.value.reason is Reason.NO_ANSWER


def test_slower_than_the_limit_fails_with_the_worst_figure() -> None:
    judgement = answers_in_time(tried(("answered", 12.0), ("answered", 301.0)), PARAMS)
    assert (judgement.key, judgement.values["took_ms"]) == ("slow", 301)


def test_exactly_the_limit_passes() -> None:
    assert answers_in_time(tried(("answered", 300.0)), PARAMS).verdict is Verdict.PASS


def test_a_loss_beside_an_answer_fails_because_the_line_is_proven() -> None:
    judgement = answers_in_time(tried(("answered", 1.0), ("silent", 0.0)), PARAMS)
    assert (judgement.key, judgement.values) == ("unsteady", {"answered": 1, "asked": 2})


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_real_openvpn_server_is_proven_by_its_answer_to_our_session(
    pki: Pki, tmp_path: Path, transport: str
) -> None:
    with openvpn(tmp_path, pki.ca_file, issue(pki.folder, pki.ca), transport=transport) as port:
        contacts: list[Contact] = []
        gateway = gateway_at(port, protocol="openvpn", transport=transport)
        found = reach(asked(ask_reach, gateway, contacts=contacts))
    assert len(contacts) == 1
    assert answers_in_time(found, PARAMS).verdict is Verdict.PASS


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_an_openvpn_server_with_a_wrapped_channel_is_unknown_never_down(
    pki: Pki, tmp_path: Path, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checks.remote.reach.WAIT_S", 3.0)
    files = issue(pki.folder, pki.ca)
    with openvpn(tmp_path, pki.ca_file, files, transport=transport, wrapped=True) as port:
        found = reach(asked(ask_reach, gateway_at(port, protocol="openvpn", transport=transport)))
    judgement = answers_in_time(found, PARAMS)
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NO_ANSWER)


def test_udp_silence_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.remote.reach.WAIT_S", 0.3)
    with mute_udp() as port:
        found = reach(asked(ask_reach, gateway_at(port, protocol="openvpn", transport="udp")))
    assert answers_in_time(found, PARAMS).reason is Reason.NO_ANSWER


def test_a_udp_port_that_nobody_holds_fails_as_refused() -> None:
    port = free_port(socket.SOCK_DGRAM)
    found = reach(asked(ask_reach, gateway_at(port, protocol="openvpn", transport="udp")))
    assert answers_in_time(found, PARAMS).key == "refused"


def test_a_web_server_where_openvpn_is_declared_is_the_wrong_service(entrance: int) -> None:
    found = reach(asked(ask_reach, gateway_at(entrance, protocol="openvpn")))
    assert answers_in_time(found, PARAMS).reason is Reason.WRONG_SERVICE


@pytest.mark.parametrize("words", [b"SSH-2.0-OpenSSH_9.2\r\n", b"\x00\x20\x40" + bytes(40), b"\xff" * 100])
def test_other_first_words_than_openvpns_are_the_wrong_service(words: bytes) -> None:
    with rude_server(says(words)) as port:
        found = reach(asked(ask_reach, gateway_at(port, protocol="openvpn")))
    assert answers_in_time(found, PARAMS).reason is Reason.WRONG_SERVICE


def test_a_tcp_server_that_says_nothing_is_silent_within_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.remote.reach.WAIT_S", 0.3)
    with rude_server(stays_silent) as port:
        found = reach(asked(ask_reach, gateway_at(port, protocol="openvpn")))
    assert found.tries == (Try("silent", 0.0),)


def test_a_probe_contacts_nothing_but_the_declared_port() -> None:
    declared, other = gateway_at(free_port()), gateway_at(free_port())
    with pytest.raises(Unreached) as caught:
        ask_reach.collect(other, dial_to(declared, []))
    assert caught.value.reason is Reason.NOT_DECLARED


@given(st.lists(st.tuples(st.sampled_from(OUTCOMES), st.floats(0, 10_000)), min_size=1, max_size=3))
def test_only_answers_alone_can_pass(tries: list[tuple[str, float]]) -> None:
    judgement = answers_in_time(tried(*tries), PARAMS)
    if judgement.verdict is Verdict.PASS:
        assert all(outcome == "answered" for outcome, _ in tries)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text("aé", max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["lookup_ms", "tries", "outcome", "ms"]), inner, max_size=4)
        ),
        max_leaves=8,
    )
)
def test_no_other_answer_is_understood(value: object) -> None:
    body = compact({"lookup_ms": 1, "tries": value})
    with pytest.raises(Garbled):
        reach(Answer("gateway.reach", Status.OK, body))
