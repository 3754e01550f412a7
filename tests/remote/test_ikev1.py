"""IKEv1 against a real strongSwan: every group and cipher is asked, and no pass where something was not."""

from pathlib import Path

import pytest

from auditor.access.dial import Contact
from auditor.api import Params, Verdict
from checks.remote.ike import ike_offer, no_hash_for_strangers, sound_proposals_only
from tests.peers.certificates import Files, issue
from tests.peers.strongswan import strongswan
from tests.remote.conftest import Pki
from tests.remote.test_ike import NAME, NEW, answered, entrance, scanned


@pytest.fixture(scope="module")
def files(pki: Pki) -> Files:
    return issue(pki.folder, pki.ca)


RARE = (
    "3des-sha1-modp1024s160",
    "camellia128-sha1-modp1024",
    "aes256-sha256-modp2048s224",
    "aes256-sha256-modp2048s256",
    "aes192-sha384-modp6144",
    "camellia192-sha512-modp8192",
    "aes256-sha256-ecp192",
    "aes256-sha256-ecp256bp",
    "aes256-sha256-curve25519",
)
"""What few devices are set to, and ike-scan's default question does not find either."""


def test_rare_proposals_of_version_1_behind_a_sound_version_2_are_found(files: Files, tmp_path: Path) -> None:
    with strongswan(tmp_path, files, v2=NEW[:1], v1=RARE) as server:
        offer = ike_offer(answered(server, entrance()))
        assert (server.associations(), offer.old.left) == ((), 0)
        assert "Group=22" in scanned(server, "--trans=5,2,1,22")  # leaves one, as the audit never does
    assert sorted(name.removesuffix(" psk") for name in offer.old.accepted) == sorted(RARE)
    assert offer.old.whole
    weak = Params({"weak_ciphers": (), "weak_hashes": (), "weak_groups": ("modp1024s160", "ecp192")})
    judgement = sound_proposals_only(entrance(), offer, weak)
    assert (judgement.verdict, judgement.values["parts"]) == (Verdict.FAIL, "modp1024s160, ecp192")


@pytest.mark.parametrize(
    "proposal",
    [
        "aes256-sha256-modp2048",
        "aes256-sha256-modp3072",
        "aes256-sha256-modp4096",
        "camellia256-sha512-modp8192",
        "aes256-sha256-modp1024s160",
        "aes256-sha256-modp2048s256",
        "aes256-sha256-ecp256",
        "aes256-sha256-ecp521",
        "aes256-sha256-ecp224bp",
        "aes256-sha256-ecp512bp",
        "aes256-sha256-curve25519",
    ],
)
def test_aggressive_mode_hands_its_hash_out_in_every_group(
    files: Files, tmp_path: Path, proposal: str
) -> None:
    """The value sent along has to be a member of the group, or the server stops before its hash."""
    contacts: list[Contact] = []
    gateway = entrance(identity=NAME)
    with strongswan(tmp_path, files, v2=NEW[:1], v1=(proposal,), aggressive=True) as server:
        offer = ike_offer(answered(server, gateway, contacts))
        assert (server.associations(), server.half_open()) == ((), 0)
    assert no_hash_for_strangers(gateway, offer).values == {"proposal": f"{proposal} psk"}
    assert len(contacts) == 4  # version 2, version 1, port 4500, aggressive mode
