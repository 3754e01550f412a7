from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.dial import Contact
from auditor.api import Answer, Garbled, Judgement, NotKnown, Params, Reason, Status, Unreached, Verdict
from checks.remote import _hello, _oldssl, _suites
from checks.remote._elimination import ACCEPTED, UNCLEAR, Pick, Taken, eliminate
from checks.remote._read import compact
from checks.remote._wire import CLOSED, REFUSED, SILENT
from checks.remote.suites import ORDER, OUTCOMES, ask_suites, nothing_weak, suite_offer
from checks.remote.tls import TlsOffer, current_versions_only
from tests.peers.certificates import Files, issue
from tests.peers.nginx import EVERY, Block, nginx
from tests.peers.process import free_port
from tests.peers.weaktls import gnutls_serv
from tests.remote.conftest import Pki, asked, drips, gateway_at, rude_server, says, stays_silent
from tests.remote.firstwords import Bytes, hello_of

DENY = ("NULL", "EXPORT", "RC4", "RC2", "DES", "3DES", "IDEA", "anon", "MD5", "non-PFS")
PARAMS = Params({"deny": DENY, "dhe_bits": 2048})
STRICTER = Params({"deny": (*DENY, "CBC-SHA1"), "dhe_bits": 2048})


@pytest.fixture(scope="module")
def files(pki: Pki) -> Files:
    return issue(pki.folder, pki.ca, key=rsa.generate_private_key(65537, 2048))


@pytest.fixture(scope="module")
def ports(pki: Pki, files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    demand = f"ssl_verify_client on; ssl_client_certificate {pki.ca_file};"
    blocks = {
        "good": Block(files, ciphers="ECDHE+AESGCM:ECDHE+CHACHA20"),
        "sha1": Block(files, ciphers="ECDHE-RSA-AES128-SHA"),
        "no_secrecy": Block(files, "TLSv1.2", "AES128-GCM-SHA256"),
        "null": Block(files, "TLSv1.2", "ECDHE-RSA-NULL-SHA:ECDHE+AESGCM:@SECLEVEL=0"),
        "old_only": Block(files, EVERY, "ECDHE-RSA-AES128-SHA:@SECLEVEL=0"),
        "demand": Block(files, ciphers="ECDHE+AESGCM", extra=demand),
        "forbidden": Block(files, EVERY, "DEFAULT:@SECLEVEL=2"),
        "anonymous": Block(files, "TLSv1.2", "aNULL:@SECLEVEL=0"),
        "plain": Block(None),
    }
    with nginx(tmp_path_factory.mktemp("suites"), list(blocks.values())) as numbers:
        yield dict(zip(blocks, numbers, strict=True))


def judged(port: int, params: Params = PARAMS) -> Judgement:
    gateway = gateway_at(port)
    return nothing_weak(gateway, suite_offer(asked(ask_suites, gateway)), params)


def taken(port: int, version: str) -> set[str]:
    offer = suite_offer(asked(ask_suites, gateway_at(port)))
    return next(set(each.suites) for each in offer.versions if each.version == version)


def test_an_entrance_with_nothing_weak_passes(ports: dict[str, int]) -> None:
    judgement = judged(ports["good"])
    assert (judgement.verdict, judgement.values["count"]) == (Verdict.PASS, 6)


def test_an_operators_relay_is_not_asked_for_its_suites() -> None:
    contacts: list[Contact] = []
    relay = gateway_at(1, protocol="relay")
    offer = suite_offer(asked(ask_suites, relay, contacts=contacts))
    assert (nothing_weak(relay, offer, PARAMS).key, contacts) == ("not_ours", [])


def test_one_connection_per_suite_and_a_few_per_version(ports: dict[str, int]) -> None:
    contacts: list[Contact] = []
    asked(ask_suites, gateway_at(ports["good"]), contacts=contacts)
    suites, refused_versions, groups_that_end = 6, 3, 4
    assert len(contacts) == suites + 2 * refused_versions + groups_that_end + 1  # and SSL 2.0


@pytest.mark.parametrize(
    ("entrance", "suite", "kinds"),
    [
        ("no_secrecy", "TLS_RSA_WITH_AES_128_GCM_SHA256", "non-PFS"),
        ("null", "TLS_ECDHE_RSA_WITH_NULL_SHA", "NULL"),
        ("anonymous", "TLS_ECDH_anon_WITH_AES_128_CBC_SHA", "anon"),
    ],
)
def test_a_weak_suite_fails_with_its_name_and_version(
    ports: dict[str, int], entrance: str, suite: str, kinds: str
) -> None:
    judgement = judged(ports[entrance])
    assert judgement.key == "weak"
    assert f"TLS 1.2 {suite}" in judgement.places
    assert kinds in str(judgement.values["kinds"]).split(", ")


def test_cbc_with_sha1_is_the_models_matter(ports: dict[str, int]) -> None:
    assert judged(ports["sha1"]).verdict is Verdict.PASS
    assert judged(ports["sha1"], STRICTER).values["kinds"] == "CBC-SHA1"


def test_each_version_has_suites_of_its_own(ports: dict[str, int]) -> None:
    assert taken(ports["old_only"], "TLS 1.0") == {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"}
    assert len(taken(ports["old_only"], "TLS 1.3")) == 3


def test_a_server_that_demands_a_client_certificate_is_read_like_any_other(ports: dict[str, int]) -> None:
    assert judged(ports["demand"]).verdict is Verdict.PASS
    assert len(taken(ports["demand"], "TLS 1.2")) == 2


def test_versions_that_only_the_security_level_stops_do_not_hide_the_rest(ports: dict[str, int]) -> None:
    offer = suite_offer(asked(ask_suites, gateway_at(ports["forbidden"])))
    assert [each.version for each in offer.versions if each.suites] == ["TLS 1.2", "TLS 1.3"]


def test_rc4_and_3des_are_found_though_our_own_library_has_neither(files: Files, tmp_path: Path) -> None:
    with gnutls_serv(tmp_path, files, demand=True) as port:
        judgement = judged(port)
    assert {"RC4", "3DES", "anon"} <= set(str(judgement.values["kinds"]).split(", "))


def test_a_plain_web_server_is_the_wrong_service(ports: dict[str, int]) -> None:
    with pytest.raises(NotKnown) as caught:
        judged(ports["plain"])
    assert caught.value.reason is Reason.WRONG_SERVICE


def test_a_stopped_entrance_is_refused_not_free_of_weak_suites() -> None:
    with pytest.raises(Unreached) as caught:
        asked(ask_suites, gateway_at(free_port()))
    assert caught.value.reason is Reason.REFUSED


@pytest.mark.parametrize("protocol", ["tcp", "openvpn", "ike", "ssh"])
def test_an_entrance_without_tls_is_not_asked(protocol: str) -> None:
    contacts: list[Contact] = []
    found = asked(ask_suites, gateway_at(free_port(), protocol=protocol), contacts=contacts)
    assert contacts == []
    assert nothing_weak(gateway_at(1), suite_offer(found), PARAMS).verdict is Verdict.NOT_APPLICABLE


def test_a_silent_or_dripping_server_cannot_hold_the_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.remote.suites.WAIT_S", 0.1)
    for behave in (stays_silent, drips(b"\x16\x03\x03\x40\x00" + bytes(60))):
        with rude_server(behave) as port, pytest.raises(NotKnown) as caught:
            suite_offer(asked(ask_suites, gateway_at(port), deadline_s=2.0))
        assert caught.value.reason is Reason.NO_ANSWER


def test_ssl_3_is_found_on_a_server_that_answers_in_it() -> None:
    with rude_server(says(hello_of(_hello.SSL_3, 0x0005))) as port:
        offer = suite_offer(asked(ask_suites, gateway_at(port)))
    assert offer.old_ssl == ("SSL 3.0",)
    current = TlsOffer(("1.2",), ("1.0", "1.1"), ())
    versions = Params({"allow": ("1.2",), "deny": ("1.0", "1.1")})
    assert current_versions_only(current, versions, offer).values["versions"] == "SSL 3.0"


def test_ssl_2_is_found_by_its_own_hello() -> None:
    answer = b"\4\0\1\0\2" + (4).to_bytes(2) + (3).to_bytes(2) + (16).to_bytes(2) + bytes(4 + 3 + 16)
    hello = (0x8000 | len(answer)).to_bytes(2) + answer
    assert _oldssl.is_spoken(Bytes(hello))
    for wrong in (
        b"\x15\x03\x00\x00\x02\x02\x28",
        b"HTTP/1.1 400 Bad Request",
        hello.replace(b"\0\2\0", b"\0\3\0", 1),
    ):
        assert not _oldssl.is_spoken(Bytes(wrong + bytes(20)))


def answer(rows: dict[str, object]) -> Answer:
    return Answer("gateway.suites", Status.OK, compact({"versions": rows, "ssl2": REFUSED}))


def row(outcome: str, *suites: str, whole: bool = True, group: object = None) -> dict[str, object]:
    return {"outcome": outcome, "suites": list(suites), "whole": whole, "group": group}


GOOD, DHE = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"


@given(
    st.fixed_dictionaries({name: st.sampled_from(OUTCOMES) for name in ORDER}),
    st.fixed_dictionaries({name: st.booleans() for name in ORDER}),
)
def test_a_pass_needs_everything_taken_to_be_known(outcomes: dict[str, str], whole: dict[str, bool]) -> None:
    rows: dict[str, object] = {
        name: row(outcomes[name], *([GOOD] if outcomes[name] == ACCEPTED else []), whole=whole[name])
        for name in ORDER
    }
    try:
        judgement = nothing_weak(gateway_at(1), suite_offer(answer(rows)), PARAMS)
    except NotKnown:
        return
    if judgement.verdict is Verdict.PASS:
        assert ACCEPTED in outcomes.values()
        assert all(whole[name] or outcomes[name] in (REFUSED, CLOSED) for name in ORDER)


@pytest.mark.parametrize(
    "first",
    [
        row(ACCEPTED),
        row(ACCEPTED, "TLS_WITH_NOTHING"),
        row(ACCEPTED, GOOD, GOOD),
        row(REFUSED, GOOD),
        row("perhaps"),
        row(ACCEPTED, GOOD, group=2048),
        row(ACCEPTED, DHE),
        row(ACCEPTED, DHE, group="2048"),
        {**row(REFUSED), "whole": "yes"},
        {**row(REFUSED), "suites": GOOD},
    ],
)
def test_an_answer_that_says_something_else_is_not_understood(first: dict[str, object]) -> None:
    rows: dict[str, object] = {name: row(REFUSED) for name in ORDER}
    with pytest.raises(Garbled):
        suite_offer(answer({**rows, "TLS 1.2": first}))


@pytest.mark.parametrize(
    ("suites", "verdict"),
    [((GOOD,), Verdict.PASS), ((GOOD, DHE), Verdict.UNKNOWN), (("TLS_RSA_WITH_NULL_SHA",), Verdict.FAIL)],
)
def test_an_answer_kept_before_groups_were_looked_at_says_nothing_of_them(
    suites: tuple[str, ...], verdict: Verdict
) -> None:
    rows: dict[str, object] = {name: row(REFUSED) for name in ORDER}
    before = row(ACCEPTED, *suites)
    del before["group"]
    judgement = nothing_weak(gateway_at(1), suite_offer(answer({**rows, "TLS 1.2": before})), PARAMS)
    assert judgement.verdict is verdict


class Server:
    """Takes `takes` in its own order; `says_no` is what it answers to the rest; counts its connections."""

    def __init__(self, takes: Sequence[int], says_no: str = REFUSED, *, tires_after: int = 10**6) -> None:
        self.takes, self.says_no, self.tires_after, self.asked = takes, says_no, tires_after, 0

    def __call__(self, suites: Sequence[int]) -> Pick:
        self.asked += 1
        if self.asked > self.tires_after:
            return Pick(CLOSED)
        picked = next((each for each in self.takes if each in suites), None)
        return Pick(self.says_no) if picked is None else Pick(ACCEPTED, picked)


@given(
    st.lists(st.integers(0, 40), unique=True),
    st.sampled_from([REFUSED, CLOSED, UNCLEAR]),
    st.integers(0, 41),
)
def test_elimination_finds_exactly_what_a_server_takes(takes: list[int], says_no: str, cut: int) -> None:
    everything = range(41)
    server = Server(takes, says_no)
    found = eliminate(server, everything, [everything[:cut], everything[cut:]], lambda: True)
    if takes:
        assert set(found.suites) == set(takes)
        assert (found.outcome, found.whole) == (ACCEPTED, True)
        assert server.asked <= len(takes) + 2 * (1 if says_no == REFUSED else 3)
    else:
        assert (found.outcome, found.suites) == (says_no, ())


@given(st.integers(2, 12))
def test_a_device_that_stops_answering_after_a_while_makes_nothing_look_refused(after: int) -> None:
    server = Server(range(20), tires_after=after)
    found = eliminate(server, range(30), [range(30)], lambda: True)
    assert not found.whole


def test_a_server_that_falls_silent_leaves_the_list_open() -> None:
    assert eliminate(Server([1], SILENT), range(3), [range(3)], lambda: True) == Taken(
        ACCEPTED, (1,), whole=False
    )


def test_time_that_runs_out_leaves_the_list_open() -> None:
    turns = iter([True, False])
    found = eliminate(Server(range(9)), range(9), [range(9)], lambda: next(turns))
    assert (len(found.suites), found.whole) == (2, False)


def test_what_a_name_tells_against_a_suite() -> None:
    assert _suites.flaws("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256") == ()
    assert _suites.flaws("TLS_AES_256_GCM_SHA384") == ()
    assert _suites.flaws("TLS_RSA_EXPORT_WITH_RC4_40_MD5") == ("EXPORT", "RC4", "MD5", "non-PFS")
    assert _suites.flaws("TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA") == ("3DES", "CBC-SHA1")
    assert _suites.flaws("TLS_ECDH_RSA_WITH_AES_128_CBC_SHA256") == ("non-PFS",)
    assert _suites.flaws("TLS_DHE_RSA_WITH_DES_CBC_SHA") == ("DES", "CBC-SHA1")
    assert _suites.flaws("TLS_PSK_DHE_WITH_AES_128_CCM_8") == ()
    assert "NULL" in _suites.flaws("TLS_ECDHE_PSK_WITH_NULL_SHA256")
