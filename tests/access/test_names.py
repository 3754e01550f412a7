"""The name service: only the declared domain's names are asked, and no gap is read as "there is none"."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from auditor.access.dial import Contact
from auditor.access.names import DirectNames, mail_names, name_servers
from auditor.errors import Unreached
from auditor.findings import Reason
from auditor.register import Place
from auditor.seams import Texts
from auditor.work import System
from tests.peers.nameserver import BROKEN, nameserver, text
from tests.peers.process import free_port

ZONE = "town.example"
LONG = "v=DKIM1; p=" + "A" * 6000


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    records = {
        "@": (text("v=spf1 -all"), text("other=1")),
        "_dmarc": (text("v=DMARC1; ", "p=reject"),),
        "long._domainkey": (text(LONG),),
        "moved._domainkey": ("CNAME keys.elsewhere.example.",),
        "notext": ("A 127.0.0.1",),
    }
    with nameserver(tmp_path_factory.mktemp("dns"), ZONE, records) as number:
        yield number


def names(
    port: int, domain: str = ZONE, *selectors: str, wait_s: float = 5.0
) -> tuple[DirectNames, list[Contact]]:
    system = System(
        id="m",
        name="メール",
        kind="mail-domain",
        domain=domain,
        resolver=Place("127.0.0.1", port),
        selectors=selectors,
    )
    seen: list[Contact] = []
    return DirectNames(system, wait_s, seen.append), seen


def refusal(asked: DirectNames, name: str) -> Reason:
    with pytest.raises(Unreached) as caught:
        asked.texts(name)
    return caught.value.reason


def test_a_real_server_s_records_come_back_whole_and_joined(port: int) -> None:
    asked, seen = names(port)
    assert set(asked.texts(ZONE).records) == {"v=spf1 -all", "other=1"}
    assert asked.texts(f"_dmarc.{ZONE}").records == ("v=DMARC1; p=reject",)
    assert [(one.port, one.transport, one.outcome) for one in seen] == [(port, "udp", "reached")] * 2


def test_what_does_not_fit_into_a_datagram_is_asked_for_over_tcp(port: int) -> None:
    asked, seen = names(port, ZONE, "long")
    assert asked.texts(f"long._domainkey.{ZONE}").records == (LONG,)
    assert [one.transport for one in seen] == ["udp", "tcp"]


def test_no_such_name_and_no_text_under_a_name_are_told_apart(port: int) -> None:
    assert names(port, ZONE, "none")[0].texts(f"none._domainkey.{ZONE}") == Texts(exists=False)
    assert names(port, f"notext.{ZONE}")[0].texts(f"notext.{ZONE}") == Texts(exists=True)


def test_a_server_that_cannot_find_out_says_nothing_about_the_record(port: int) -> None:
    assert refusal(names(port, BROKEN)[0], BROKEN) is Reason.NO_ANSWER


def test_a_server_that_refuses_is_told_as_such(port: int) -> None:
    assert refusal(names(port, "foreign.example")[0], "foreign.example") is Reason.REFUSED


def test_an_alias_nobody_followed_is_not_an_absent_key(port: int) -> None:
    assert refusal(names(port, ZONE, "moved")[0], f"moved._domainkey.{ZONE}") is Reason.NOT_MEASURABLE


@pytest.mark.parametrize(
    "name", ["www.town.example", "keys.elsewhere.example", "x._domainkey.town.example", ""]
)
def test_no_other_name_is_asked(port: int, name: str) -> None:
    asked, seen = names(port)
    assert refusal(asked, name) is Reason.NOT_DECLARED
    assert not seen


@contextmanager
def answering(make: object) -> Iterator[int]:
    """A server that answers every datagram with what `make` makes of the query (None = silence)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(0.1)
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                try:
                    body, sender = sock.recvfrom(4096)
                except TimeoutError:
                    continue
                if reply := make(body):  # type: ignore[operator]
                    sock.sendto(reply, sender)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield sock.getsockname()[1]
        finally:
            stop.set()
            thread.join()


def made(body: bytes, *, flags: int = 0, rcode: dns.rcode.Rcode = dns.rcode.NOERROR) -> bytes:
    reply = dns.message.make_response(dns.message.from_wire(body))
    reply.flags |= flags
    reply.set_rcode(rcode)
    return reply.to_wire()


def test_silence_ends_at_the_deadline_and_is_no_answer() -> None:
    with answering(lambda _: None) as port:
        began = time.monotonic()
        asked, seen = names(port, wait_s=1.0)
        assert refusal(asked, ZONE) is Reason.NO_ANSWER
        assert time.monotonic() - began < 3
        assert {one.outcome for one in seen} != {"reached"}


def test_a_cut_answer_whose_whole_cannot_be_had_is_no_answer() -> None:
    with answering(lambda body: made(body, flags=dns.flags.TC)) as port:
        asked, seen = names(port)
        assert refusal(asked, ZONE) in {Reason.REFUSED, Reason.NO_ANSWER}
        assert [one.transport for one in seen] == ["udp", "tcp"]


def test_a_server_that_only_points_to_others_proves_no_absence() -> None:
    with answering(made) as port:
        assert refusal(names(port)[0], ZONE) is Reason.NOT_MEASURABLE
    with answering(lambda body: made(body, flags=dns.flags.RA)) as port:
        assert names(port)[0].texts(ZONE) == Texts(exists=True)


@pytest.mark.parametrize("junk", [b"\0", b"x" * 300, b"\xff" * 12])
def test_a_datagram_that_is_no_answer_is_not_believed(junk: bytes) -> None:
    with answering(lambda body: body[:2] + junk) as port:
        assert refusal(names(port, wait_s=1.0)[0], ZONE) in {Reason.NO_ANSWER, Reason.UNREADABLE}


def test_another_s_answer_is_not_taken_for_ours() -> None:
    def foreign(body: bytes) -> bytes:
        query = dns.message.from_wire(body)
        reply = dns.message.make_response(query)
        reply.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "TXT", '"v=spf1 -all"'))
        return bytes([body[0] ^ 255]) + reply.to_wire()[1:]

    with answering(foreign) as port:
        assert refusal(names(port, wait_s=1.0)[0], ZONE) is Reason.NO_ANSWER


def test_a_closed_port_is_unknown() -> None:
    port = free_port(socket.SOCK_DGRAM)
    assert refusal(names(port, wait_s=1.0)[0], ZONE) in {Reason.NO_ANSWER, Reason.REFUSED}


def test_the_names_and_servers_of_a_domain_are_the_declared_ones(tmp_path: Path) -> None:
    system = System(id="m", name="メール", kind="mail-domain", domain="Town.Example", selectors=("S1",))
    assert mail_names(system) == (ZONE, f"_dmarc.{ZONE}", f"s1._domainkey.{ZONE}")
    assert all(server.port == 53 for server in name_servers(system))
