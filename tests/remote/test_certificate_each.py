"""A name with several addresses: the certificate of each counts, for people are sent to any of them."""

from collections.abc import Iterator
from itertools import count

import pytest

from auditor.access.dial import Contact
from auditor.api import Answer, Dial, Garbled, Gateway, Reason, Status, Unreached, Verdict
from checks.remote import _presented
from checks.remote._presented import MOST_ADDRESSES
from checks.remote._read import compact
from checks.remote.certificate import ask_certificate, certificate
from tests.peers.certificates import Files, issue
from tests.peers.nginx import Block, nginx
from tests.peers.process import free_port
from tests.remote.conftest import HOST, Pki, asked, gateway_at, judged

ALSO, GONE = "127.0.0.2", "127.0.0.3"
NAME = "gw.example.lg.jp"


@pytest.fixture(scope="module")
def ports(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """Ports by what the second address presents; the first one's certificate is in order."""

    def made(ends_days: float = 200) -> Files:
        return issue(pki.folder, pki.ca, ends_days=ends_days)

    seconds = {
        "good": made(),
        "soon": made(3.5),
        "renew": made(20.5),
        "expired": made(-3),
        "plain": None,
    }
    numbers = {name: free_port() for name in seconds}
    blocks = [Block(made(), port=port) for port in numbers.values()]
    blocks += [Block(files, host=ALSO, port=numbers[name]) for name, files in seconds.items()]
    with nginx(tmp_path_factory.mktemp("each"), blocks):
        yield numbers


@pytest.fixture(autouse=True)
def several(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name has an address where nobody listens, and two that answer."""
    monkeypatch.setattr("auditor.access.dial.resolve", lambda _host, _deadline: (GONE, HOST, ALSO))


@pytest.mark.parametrize("kind", ["good", "soon", "renew", "expired"])
def test_the_worst_of_all_addresses_is_told(ports: dict[str, int], pki: Pki, kind: str) -> None:
    contacts: list[Contact] = []
    gateway = gateway_at(ports[kind], host=NAME, ca_file=pki.ca_file)
    answer = asked(ask_certificate, gateway, contacts=contacts)
    assert judged(answer).key == {"good": "ok"}.get(kind, kind)
    assert len(contacts) == 3 + (kind == "expired")


def test_an_address_that_speaks_no_tls_leaves_the_name_unknown_and_hides_no_fault(
    ports: dict[str, int], pki: Pki
) -> None:
    answer = asked(ask_certificate, gateway_at(ports["plain"], host=NAME, ca_file=pki.ca_file))
    assert judged(answer).verdict is Verdict.UNKNOWN
    assert ALSO in judged(answer).note
    assert judged(answer, server_name="other.example.lg.jp").key == "other_name"


def test_of_very_many_addresses_some_are_asked_and_the_rest_is_a_gap(
    ports: dict[str, int], pki: Pki, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = (HOST, ALSO, *(f"127.0.1.{last}" for last in range(1, 15)))
    monkeypatch.setattr("auditor.access.dial.resolve", lambda _host, _deadline: many)
    contacts: list[Contact] = []
    gateway = gateway_at(ports["good"], host=NAME, ca_file=pki.ca_file)
    judgement = judged(asked(ask_certificate, gateway, contacts=contacts))
    assert judgement.verdict is Verdict.UNKNOWN
    assert many[-1] in judgement.note
    assert len(contacts) == MOST_ADDRESSES
    gateway = gateway_at(ports["expired"], host=NAME, ca_file=pki.ca_file)
    assert judged(asked(ask_certificate, gateway)).key == "expired"


def test_a_name_whose_addresses_all_refuse_is_refused(pki: Pki) -> None:
    with pytest.raises(Unreached) as caught:
        asked(ask_certificate, gateway_at(free_port(), host=NAME, ca_file=pki.ca_file))
    assert caught.value.reason is Reason.REFUSED


@pytest.mark.parametrize("first", range(3))
def test_a_name_is_not_refused_where_one_of_its_addresses_is_only_silent(
    monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    """Behind the silent one people may well come in from home."""
    reasons = [Reason.REFUSED] * 3
    reasons[first] = Reason.NO_ANSWER
    left = iter(reasons)

    def seen(gateway: Gateway, dial: Dial) -> _presented.Row:
        del gateway, dial
        raise Unreached(next(left), "")

    monkeypatch.setattr(_presented, "presented", seen)
    with pytest.raises(Unreached) as caught:
        asked(ask_certificate, gateway_at(443, host=NAME))
    assert caught.value.reason is Reason.NO_ANSWER


@pytest.mark.parametrize(
    ("reason", "good", "bad"),
    [(Reason.REFUSED, "ok", "soon"), (Reason.NO_ANSWER, "no_answer", "soon"),
     (Reason.PROHIBITED, "no_answer", "soon")],
)  # fmt: skip
def test_nothing_passes_for_an_address_that_was_not_seen(
    ports: dict[str, int], pki: Pki, monkeypatch: pytest.MonkeyPatch, reason: Reason, good: str, bad: str
) -> None:
    """Over IPv6 people may come from home where the audit's machine cannot go; a fault seen stays one."""
    real, asked_for = _presented.presented, count()

    def seen(gateway: Gateway, dial: Dial) -> _presented.Row:
        if next(asked_for) % 3 == 0:
            raise Unreached(reason, "the first of three")
        return real(gateway, dial)

    monkeypatch.setattr(_presented, "presented", seen)
    for kind, told in (("good", good), ("soon", bad)):
        gateway = gateway_at(ports[kind], host=NAME, ca_file=pki.ca_file)
        judgement = judged(asked(ask_certificate, gateway))
        assert (judgement.key or str(judgement.reason)) == told
        assert judgement.verdict is not Verdict.UNKNOWN or GONE in judgement.note


@pytest.mark.parametrize(
    "written",
    [
        {"each": []},
        {"each": [], "unseen": []},
        {"each": [{}], "unseen": []},
        {"each": {}, "unseen": []},
        {"each": [], "unseen": [], "leaf": ""},
    ],
)
def test_an_answer_about_no_address_is_not_understood(written: dict[str, object]) -> None:
    with pytest.raises(Garbled):
        certificate(Answer("gateway.certificate", Status.OK, compact(written)))
