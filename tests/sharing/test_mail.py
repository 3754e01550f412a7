"""CLD-01: what a domain publishes about its senders, asked of a real name server and judged."""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.names import DirectNames
from auditor.answers import Answer, Status
from auditor.collect import collect_task
from auditor.control import Params
from auditor.errors import Garbled, NotKnown, Unreached
from auditor.findings import Judgement, Reason, Verdict
from auditor.model import load_model
from auditor.plan import plan
from auditor.probing import probed as probed_by_the_engine
from auditor.register import Place
from auditor.roads import Roads
from auditor.seams import Texts
from auditor.session import read_controls
from auditor.targets import Town
from auditor.work import System
from checks.sharing import mail as subject
from checks.sharing._mailrecords import dkim_fault, dmarc_fault, spf_fault
from tests.peers.nameserver import BROKEN, nameserver, text
from tests.sharing.conftest import says

ZONE = "town.example"
QUARANTINE = Params({"dmarc_min": "quarantine"})


def key(bits: int = 2048) -> str:
    public = rsa.generate_private_key(65537, bits).public_key()
    return base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


GOOD = f"v=DKIM1; k=rsa; p={key()}"
SPF = "v=spf1 include:_spf.mail.example ip4:192.0.2.0/24 ~all"
DMARC = "v=DMARC1; p=quarantine; rua=mailto:report@town.example"


class Told:
    """`seams.Names` out of a table; what stands for a reason is raised."""

    def __init__(self, held: Mapping[str, tuple[str, ...] | Reason | None]) -> None:
        self._held = held

    def texts(self, name: str) -> Texts:
        found = self._held.get(name)
        if isinstance(found, Reason):
            raise Unreached(found, name)
        return Texts(exists=found is not None, records=found or ())


def system(*selectors: str, port: int = 53, domain: str = ZONE) -> System:
    return System(
        id="m",
        name="メール",
        kind="mail-domain",
        domain=domain,
        selectors=selectors,
        resolver=Place("127.0.0.1", port),
    )


def judged(
    spf: tuple[str, ...] | Reason | None = (SPF,),
    dmarc: tuple[str, ...] | Reason | None = (DMARC,),
    **keys: tuple[str, ...] | Reason | None,
) -> Judgement:
    held = {ZONE: spf, f"_dmarc.{ZONE}": dmarc} | {
        f"{one}._domainkey.{ZONE}": row for one, row in keys.items()
    }
    body = subject.ask.collect(system(*keys), Told(held))
    result = subject.senders_are_provable(
        subject.mail_domain(Answer("mail.names", Status.OK, body)), QUARANTINE
    )
    assert says("CLD-01", result)
    return result


def test_all_three_published_pass() -> None:
    result = judged(s1=(GOOD,))
    assert (result.verdict, result.values["keys"]) == (Verdict.PASS, 1)


@pytest.mark.parametrize(
    ("spf", "key_"),
    [
        ((), "spf_none"),
        (("v=spf10 -all",), "spf_none"),
        ((SPF, "v=spf1 -all"), "spf_many"),
        (("v=spf1 +all",), "spf_open"),
        (("v=spf1 all",), "spf_open"),
        (("v=spf1 ?all",), "spf_open"),
        (("v=spf1 mx",), "spf_open"),
        (("v=spf1 mx all -all",), "spf_open"),
        (("v=spf1 ipv4:192.0.2.1 -all",), "spf_broken"),
        (("v=spf1 include -all",), "spf_broken"),
        (("v=spf1 include: -all",), "spf_broken"),
        (("v=spf1 ip4:192.0.2.999 -all",), "spf_broken"),
        (("v=spf1 ip4:0.0.0.0/0 -all",), "spf_open"),
        (("v=spf1 ip6:::/0 -all",), "spf_open"),
        (("v=spf1 a/0 -all",), "spf_open"),
        (("v=spf1 mx:x.example/1//64 -all",), "spf_open"),
        (("v=spf1 " + "include:a.example " * 11 + "-all",), "spf_lookups"),
        (("v=spf1 " + "a " * 10 + "redirect=b.example",), "spf_lookups"),
    ],
)
def test_a_sender_policy_that_stops_nobody_fails(spf: tuple[str, ...], key_: str) -> None:
    result = judged(spf, s1=(GOOD,))
    assert (result.verdict, result.key, result.places) == (Verdict.FAIL, key_, (ZONE,))


@pytest.mark.parametrize(
    "term", ["ip4:10.0.0.0/8", "ip6:2001:db8::/32", "a/24", "mx//64", "-ip4:0.0.0.0/0", "a:x.example/24//64"]
)
def test_a_network_of_one_s_own_is_no_open_door(term: str) -> None:
    assert judged((f"v=spf1 {term} -all",), s1=(GOOD,)).verdict is Verdict.PASS


def test_ten_lookups_are_still_allowed() -> None:
    assert judged(("v=spf1 " + "include:a.example " * 10 + "-all",), s1=(GOOD,)).verdict is Verdict.PASS


def test_a_policy_under_another_name_is_unknown() -> None:
    assert judged(("v=spf1 redirect=_spf.other.example",), s1=(GOOD,)).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("dmarc", "key_"),
    [
        (None, "dmarc_none"),
        ((), "dmarc_none"),
        (("v=DMARC10; p=reject",), "dmarc_none"),
        ((DMARC, DMARC), "dmarc_many"),
        (("v=DMARC1; p=none",), "dmarc_weak"),
        (("v=DMARC1; p=block",), "dmarc_broken"),
        (("v=DMARC1; rua=mailto:a@b.example",), "dmarc_broken"),
        (("v=DMARC1; p=reject; p=none",), "dmarc_broken"),
        (("v=DMARC1; p=reject; pct=10",), "dmarc_partly"),
        (("v=DMARC1; p=reject; t=y",), "dmarc_partly"),
        (("v=DMARC1; p=reject; pct=-1",), "dmarc_broken"),
    ],
)
def test_a_domain_policy_that_stops_nothing_fails(dmarc: tuple[str, ...] | None, key_: str) -> None:
    result = judged(dmarc=dmarc, s1=(GOOD,))
    assert (result.verdict, result.key, result.places) == (Verdict.FAIL, key_, (f"_dmarc.{ZONE}",))


@pytest.mark.parametrize(
    ("records", "key_"),
    [
        (None, "key_none"),
        (("v=DKIM1; p=",), "key_revoked"),
        (("v=DKIM1; p=AAAA",), "key_broken"),
        (("v=DKIM1; p=@@",), "key_broken"),
        (("hello",), "key_broken"),
        ((GOOD, GOOD), "key_broken"),
        ((GOOD.replace("DKIM1", "DKIM2"),), "key_broken"),
        ((GOOD.replace("k=rsa", "k=ed25519"),), "key_broken"),
        ((GOOD.replace("k=rsa", "t=y"),), "key_testing"),
        ((GOOD.replace("k=rsa", "t=s:y"),), "key_testing"),
        ((GOOD.replace("k=rsa", "s=other"),), "key_broken"),
        ((GOOD.replace("k=rsa", "h=sha1"),), "key_broken"),
    ],
)
def test_a_key_no_receiver_goes_by_fails(records: tuple[str, ...] | None, key_: str) -> None:
    assert judged(s1=records).key == key_
    assert judged(s1=records, s2=(GOOD,)).verdict is Verdict.PASS, "keys are rotated: one is enough"


def test_a_key_too_short_for_today_fails() -> None:
    short = (
        bytes.fromhex("305c300d06092a864886f70d0101010500034b003048024100")
        + b"\xc1" * 64
        + bytes.fromhex("0203010001")
    )
    assert dkim_fault([f"p={base64.b64encode(short).decode()}"]) == "key_short"


def test_an_elliptic_key_is_a_key() -> None:
    assert dkim_fault([f"k=ed25519; p={base64.b64encode(bytes(32)).decode()}"]) == ""


def test_without_declared_selectors_keys_are_unknown_not_absent() -> None:
    assert judged().reason is Reason.NOT_DECLARED
    assert judged(spf=()).verdict is Verdict.FAIL


@pytest.mark.parametrize("where", ["dmarc", "s1"])
def test_a_name_that_nobody_answered_is_unknown_and_hides_no_fault(where: str) -> None:
    gap: dict[str, tuple[str, ...] | Reason | None] = {"s1": (GOOD,), where: Reason.NO_ANSWER}
    assert judged(**gap).reason is Reason.NO_ANSWER
    assert judged(spf=("v=spf1 +all",), **gap).key == "spf_open"


def test_an_unanswered_selector_is_no_matter_beside_a_good_key() -> None:
    assert judged(s1=(GOOD,), s2=Reason.NO_ANSWER).verdict is Verdict.PASS


def test_a_domain_that_does_not_exist_is_a_wrong_declaration() -> None:
    with pytest.raises(NotKnown) as caught:
        judged(spf=None)
    assert caught.value.reason is Reason.NAME_NOT_FOUND


def test_tokens_of_other_services_are_not_kept() -> None:
    body = subject.ask.collect(system(), Told({ZONE: (SPF, "vendor-verification=s3cr3t")}))
    assert b"s3cr3t" not in body


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    records = {
        "@": (text("v=spf1 ip4:192.0.2.0/24 -all"), text("vendor=1")),
        "_dmarc": (text("v=DMARC1; p=reject"),),
        "big._domainkey": (text(f"v=DKIM1; p={key(4096)}"),),
        "weak": (text("v=spf1 -all"),),
        "_dmarc.weak": (text("v=DMARC1; p=none"),),
    }
    with nameserver(tmp_path_factory.mktemp("dns"), ZONE, records) as number:
        yield number


def probed(target: System) -> Judgement:
    body = subject.ask.collect(target, DirectNames(target, 8.0, lambda _: None))
    return subject.senders_are_provable(
        subject.mail_domain(Answer("mail.names", Status.OK, body)), QUARANTINE
    )


def test_a_real_name_server_s_domain_passes_with_a_key_longer_than_a_piece(port: int) -> None:
    assert probed(system("big", port=port)).verdict is Verdict.PASS


def test_a_real_domain_that_only_watches_fails(port: int) -> None:
    assert probed(system("big", port=port, domain=f"weak.{ZONE}")).key == "dmarc_weak"


def test_a_real_server_s_failure_is_unknown(port: int) -> None:
    with pytest.raises(Unreached) as caught:
        probed(system("big", port=port, domain=BROKEN))
    assert caught.value.reason is Reason.NO_ANSWER


EMPTY = '{"records": [], "gap": ""}'


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "{}",
        '{"domain": "a", "policy": {}, "dmarc": {}, "keys": {}}',
        f'{{"domain": "a", "policy": {{"records": [1], "gap": ""}}, "dmarc": {EMPTY}, "keys": {{}}}}',
        f'{{"domain": "a", "policy": {{"records": [], "gap": "x"}}, "dmarc": {EMPTY}, "keys": {{}}}}',
    ],
)
def test_kept_records_of_another_shape_are_refused(body: str) -> None:
    with pytest.raises(Garbled):
        subject.mail_domain(Answer("mail.names", Status.OK, body.encode()))


@given(st.lists(st.text(max_size=80), max_size=3))
def test_no_record_crashes_the_readers(records: list[str]) -> None:
    spf_fault([f"v=spf1 {record}" for record in records])
    dkim_fault(records)
    dmarc_fault([f"v=DMARC1;{record}" for record in records], "reject")


def test_the_engine_asks_by_the_declared_server_and_logs_every_contact(port: int) -> None:
    roads = Roads()
    found = probed_by_the_engine(system("big", "none", port=port), [subject.ask], roads)
    assert found.outcome is None
    seen = subject.mail_domain(found.answers[0])
    assert subject.senders_are_provable(seen, QUARANTINE).verdict is Verdict.PASS
    made = [(one.host, one.port, one.transport, one.outcome, one.what) for one in roads.contacts]
    assert set(made) == {("127.0.0.1", port, "udp", "reached", "mail.names")}
    assert len(made) == 4, "the domain, its policy and two selectors"
    assert {one.target for one in roads.contacts} == {"mail-domain:m"}


def test_a_domain_is_not_asked_for_where_a_file_tells_of_it(port: int) -> None:
    silent = replace(system("big", port=port), road="file")
    roads = Roads()
    plugins, controls = read_controls()
    town = Town(name="町", systems=(silent,))
    for task in plan(town, load_model(controls, "base"), plugins):
        if task.target is silent:
            collect_task(task, plugins, roads)
    assert roads.contacts == []
