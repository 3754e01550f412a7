"""IKE against a real strongSwan: exactly what it accepts, and nothing left behind."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from auditor import discover
from auditor.access.dial import Contact
from auditor.api import Answer, Gateway, NotKnown, Params, Reason, Town, Unknown, Verdict
from auditor.catalogue import read_catalogue
from auditor.collect import collect_task
from auditor.judge import Scene, judge
from auditor.model import load_model
from auditor.plan import plan
from auditor.roads import Roads
from checks.remote.ike import (
    IkeOffer,
    ask_ike,
    ike_offer,
    no_hash_for_strangers,
    sound_proposals_only,
    version_1_is_off,
    works_behind_routers,
)
from checks.remote.reach import answers_in_time, ask_reach, reach
from tests.peers.certificates import Files, issue
from tests.peers.netns import inside
from tests.peers.process import need
from tests.peers.strongswan import StrongSwan, strongswan
from tests.remote.conftest import Pki, asked, gateway_at

T = TypeVar("T")

NAME = "vpn.example.jp"
NEW = (
    "aes256gcm16-prfsha384-ecp384",
    "aes256-sha256-prfsha256-modp2048",
    "3des-sha1-prfsha1-modp1024",
)
OLD = ("aes128-sha1-modp1024", "3des-md5-modp1536")
WEAK = Params(
    {
        "weak_ciphers": ("des", "3des"),
        "weak_hashes": ("md5", "sha1"),
        "weak_groups": ("modp768", "modp1024", "modp1536"),
    }
)
NO_V1 = Params({"allow_v1": False})


@pytest.fixture(scope="module")
def files(pki: Pki) -> Files:
    return issue(pki.folder, pki.ca)


@pytest.fixture(scope="module")
def mixed(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StrongSwan]:
    """Three proposals of version 2, two of version 1, and aggressive mode with a shared key."""
    with strongswan(tmp_path_factory.mktemp("mixed"), files, v2=NEW, v1=OLD, aggressive=True) as server:
        yield server


def there(server: StrongSwan, act: Callable[[], T]) -> T:
    """What `act` returns when it is done inside the server's namespace."""
    found: list[T] = []
    inside(server.namespace, lambda: found.append(act()))
    return found[0]


def entrance(port: int = 500, identity: str = "") -> Gateway:
    return gateway_at(port, protocol="ike", transport="udp", ike_identity=identity)


def answered(server: StrongSwan, gateway: Gateway, contacts: list[Contact] | None = None) -> Answer:
    return there(server, lambda: asked(ask_ike, gateway, contacts=contacts))


def judged(offer: IkeOffer | Unknown, gateway: Gateway) -> dict[str, str]:
    verdicts = {
        "GW-20": sound_proposals_only(gateway, offer, WEAK),
        "GW-21": no_hash_for_strangers(gateway, offer),
        "GW-22": version_1_is_off(gateway, offer, NO_V1),
        "GW-23": works_behind_routers(gateway, offer),
    }
    return {control: judgement.verdict.value for control, judgement in verdicts.items()}


@pytest.mark.parametrize("port", [500, 4500])
def test_exactly_the_configured_proposals_are_found(mixed: StrongSwan, port: int) -> None:
    offer = ike_offer(answered(mixed, entrance(port)))
    assert sorted(offer.new.accepted) == sorted(NEW)
    assert sorted(name.removesuffix(" psk") for name in offer.old.accepted) == sorted(OLD)
    assert (offer.new.whole, offer.old.whole) == (True, True)


def test_no_association_is_left_half_open(mixed: StrongSwan) -> None:
    before = mixed.log.stat().st_size
    offer = ike_offer(answered(mixed, entrance(identity=NAME)))
    assert (mixed.associations(), mixed.half_open()) == ((), 0)
    assert (offer.new.took, offer.old.left) == (0, 0)
    told = mixed.log.read_text("utf-8", "replace")[before:]
    assert told.count("CREATED => CONNECTING") == told.count("=> DESTROYING") > 100
    assert told.count("generating IKE_SA_INIT response 0 [ SA") == 0


def test_a_weak_proposal_fails_with_the_exact_combinations(mixed: StrongSwan) -> None:
    judgement = sound_proposals_only(entrance(), ike_offer(answered(mixed, entrance())), WEAK)
    assert judgement.verdict is Verdict.FAIL
    assert set(judgement.places) == {
        "IKEv2 3des-sha1-prfsha1-modp1024",
        "IKEv1 aes128-sha1-modp1024 psk",
        "IKEv1 3des-md5-modp1536 psk",
    }


def test_the_hash_of_the_shared_key_is_critical_and_never_kept(mixed: StrongSwan) -> None:
    answer = answered(mixed, entrance(identity=NAME))
    judgement = no_hash_for_strangers(entrance(identity=NAME), ike_offer(answer))
    assert (judgement.verdict, judgement.key) == (Verdict.FAIL, "hash")
    assert judgement.values == {"proposal": "aes128-sha1-modp1024 psk"}
    given = json.loads(answer.body)["aggressive"]
    assert set(given.values()) <= {"refused", "aes128-sha1-modp1024 psk"}


def test_aggressive_mode_is_not_asked_unless_the_town_names_an_identity(mixed: StrongSwan) -> None:
    before = mixed.heard("AGGRESSIVE")
    judgement = no_hash_for_strangers(entrance(), ike_offer(answered(mixed, entrance())))
    assert mixed.heard("AGGRESSIVE") == before
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_DECLARED)


def test_a_sound_server_passes_all_four(files: Files, tmp_path: Path) -> None:
    sound = ("aes256gcm16-prfsha384-ecp384", "aes256-sha256-prfsha256-modp2048")
    with strongswan(tmp_path, files, v2=sound) as server:
        offer = ike_offer(answered(server, entrance(identity=NAME)))
        assert server.associations() == ()
    assert judged(offer, entrance(identity=NAME)) == dict.fromkeys(
        ("GW-20", "GW-21", "GW-22", "GW-23"), "pass"
    )


@pytest.mark.parametrize(
    "rare",
    [
        "camellia192-sha1-prfsha1-modp1024",
        "aes192ctr-sha1-prfsha1-modp1024",
        "aes256-aescmac-prfsha1-modp1024",
        "aes192gcm12-prfaescmac-modp1024",
        "aes128ccm8-prfsha1-modp1024",
    ],
)
def test_a_weak_part_beside_a_rare_one_is_found(files: Files, tmp_path: Path, rare: str) -> None:
    with strongswan(tmp_path, files, v2=(NEW[0], rare)) as server:
        offer = ike_offer(answered(server, entrance()))
    assert sorted(offer.new.accepted) == sorted((NEW[0], rare))
    judgement = sound_proposals_only(entrance(), offer, WEAK)
    assert (judgement.verdict, judgement.places) == (Verdict.FAIL, (f"IKEv2 {rare}",))


def test_version_1_with_sound_proposals_still_fails_as_version_1(files: Files, tmp_path: Path) -> None:
    with strongswan(tmp_path, files, v1=("aes256-sha256-modp2048",)) as server:
        offer = ike_offer(answered(server, entrance()))
    assert judged(offer, entrance()) == {
        "GW-20": "pass",
        "GW-21": "unknown",
        "GW-22": "fail",
        "GW-23": "pass",
    }


def test_a_server_that_accepts_hundreds_is_judged_by_its_parts(files: Files, tmp_path: Path) -> None:
    with strongswan(tmp_path, files, v2=("default",)) as server:
        began = time.monotonic()
        answer = answered(server, entrance())
        took_s = time.monotonic() - began
        assert server.associations() == ()
    offer = ike_offer(answer)
    assert len(offer.new.accepted) > 300
    assert not offer.new.whole
    judgement = sound_proposals_only(entrance(), offer, WEAK)
    assert (judgement.verdict, judgement.values["parts"]) == (Verdict.FAIL, "3des, sha1, prfsha1")
    questions = json.loads(answer.body)["v2"]["asked"]
    assert questions >= 140
    assert took_s * 140 / questions <= 1, "the matrix of 140 takes longer than a second"


def test_a_server_under_load_gets_its_cookie_back(files: Files, tmp_path: Path) -> None:
    with strongswan(tmp_path, files, v2=NEW, cookies=1) as server:
        scanned(server, "-2")  # leaves an association half-open, as the audit never does
        assert server.half_open() == 1
        offer = ike_offer(answered(server, entrance()))
        assert server.heard("N(COOKIE)") > 100
        assert server.half_open() == 1
    assert sorted(offer.new.accepted) == sorted(NEW)


@pytest.mark.parametrize("port", [500, 4500])
def test_the_entrance_is_reached_by_a_question_that_leaves_nothing(mixed: StrongSwan, port: int) -> None:
    found = reach(there(mixed, lambda: asked(ask_reach, entrance(port))))
    assert answers_in_time(found, Params({"p95_ms": 300})).verdict is Verdict.PASS
    assert mixed.half_open() == 0


def scanned(server: StrongSwan, *words: str) -> str:
    """What ike-scan says of the same server, from inside its namespace."""
    argv = ["ip", "netns", "exec", server.namespace, need("ike-scan"), "--sport=0", "-M", *words, "127.0.0.1"]
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=20).stdout


def test_ike_scan_says_the_same(files: Files, tmp_path: Path) -> None:
    """Field by field: both versions, what each picks of what is known, the hash of aggressive mode.

    No cookies, which ike-scan does not send back: a busy machine may ask for one after so many questions.
    """
    old = ("3des-sha1-modp1024",)
    with strongswan(tmp_path, files, v2=NEW, v1=old, aggressive=True, cookies=1000) as server:
        offer = ike_offer(answered(server, entrance(identity=NAME)))
        main, new = scanned(server), scanned(server, "-2")
        handed = scanned(server, "-A", "-n", NAME)
        refused = scanned(server, "--trans=7/256,4,1,14")  # AES-256, SHA-256, group 14: not configured
    assert "Enc=3DES Hash=SHA1 Group=2:modp1024 Auth=PSK" in main
    assert offer.old.accepted == ("3des-sha1-modp1024 psk",)
    assert "SA=(Encr=3DES Integ=HMAC_SHA1_96 Prf=HMAC_SHA1 DH_Group=2:modp1024)" in new
    assert "3des-sha1-prfsha1-modp1024" in offer.new.accepted
    assert "Hash(20 bytes)" in handed
    assert offer.hash_given == "3des-sha1-modp1024 psk"
    assert "NO-PROPOSAL-CHOSEN" in refused
    assert "aes256-sha256-modp2048 psk" not in offer.old.accepted


def test_a_port_that_nobody_holds_is_refused(mixed: StrongSwan) -> None:
    found = reach(there(mixed, lambda: asked(ask_reach, entrance(501))))
    assert answers_in_time(found, Params({"p95_ms": 300})).key == "refused"


def test_another_protocols_entrance_is_not_contacted_and_not_judged() -> None:
    contacts: list[Contact] = []
    answer = asked(ask_ike, gateway_at(443), contacts=contacts)
    assert contacts == []
    with pytest.raises(NotKnown):
        ike_offer(answer)
    nothing = Unknown(Reason.NOT_COLLECTED)
    assert set(judged(nothing, gateway_at(443)).values()) == {"not_applicable"}
    assert set(judged(nothing, entrance()).values()) == {"unknown"}


def test_the_engine_judges_an_ipsec_entrance_from_ports_500_and_4500_alone(mixed: StrongSwan) -> None:
    plugins = discover.discover()
    controls = {control.id: control for control in read_catalogue(plugins)}
    model = load_model(tuple(controls.values()))
    town = Town(name="松風町", gateways=(entrance(identity=NAME),))
    task = next(each for each in plan(town, model, plugins) if each.target.kind == "gateway")
    roads = Roads()
    evidence = there(mixed, lambda: collect_task(task, plugins, roads))
    now = datetime.now(UTC)
    scene = Scene(town=town, model=model, plugins=plugins, now=now, today=now.date())
    findings, broken = judge(task, evidence, scene)
    assert broken == ()
    verdicts = {finding.control: finding.verdict.value for finding in findings}
    assert {id_: verdicts[id_] for id_ in ("RA-02", "RA-04", "RA-05", "GW-24", "GW-25")} == {
        "RA-02": "pass",
        "RA-04": "not_applicable",
        "RA-05": "not_applicable",
        "GW-24": "not_applicable",
        "GW-25": "not_applicable",
    }
    assert [verdicts[f"GW-2{digit}"] for digit in range(4)] == ["fail", "fail", "fail", "pass"]
    assert {(each.port, each.transport) for each in roads.contacts} == {(500, "udp"), (4500, "udp")}
    assert mixed.associations() == ()
