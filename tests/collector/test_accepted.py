"""From the endpoint to the judge: what the frozen collector drops is accepted at the door, and only that."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from auditor.arrivals.door import Door, Looked, look
from auditor.arrivals.signers import read_signers
from auditor.collector import Frozen
from auditor.run import Standing
from auditor.targets import Endpoint, Section, Town
from tests.collector.conftest import Account

ASSET = "PC-0123"


def door(folder: Path, *trusted: Path) -> Door:
    """A town of one machine that trusts these public keys to speak for it."""
    machine = Endpoint(id=ASSET, serial="", name=ASSET, os="linux", road="file", section="soumu")
    town = Town(
        name="松風町", sections=(Section(id="soumu", name="総務課"),), endpoints=(machine,), root=folder
    )
    signers = folder / "trusted_signers"
    signers.write_text("".join(f"{ASSET} {key.with_suffix('.pub').read_text()}" for key in trusted))
    now = datetime.now(UTC)
    return Door(town=town, signers=read_signers(signers, town), now=now, oldest=now - timedelta(days=7))


def at(place: Door, path: Path, body: bytes | None = None) -> Looked:
    return look(place, path.name, path.read_bytes() if body is None else body)


def test_a_bundle_of_the_real_collector_is_accepted_and_tampered_or_by_a_stranger_it_is_not(
    account: Account, shell: str, real: Frozen, tmp_path: Path
) -> None:
    account.drops(shell, real, "--asset", ASSET)
    (path,) = account.bundles()
    accepted = at(door(tmp_path, account.key), path)
    assert (accepted.arrival.standing, accepted.arrival.signer) == (Standing.ACCEPTED, ASSET)
    assert accepted.evidence is not None
    assert [answer.id for answer in accepted.evidence.answers] == list(real.ids)
    assert accepted.evidence.answer("os.build") is not None
    file = json.loads(path.read_bytes())
    payload = base64.b64decode(file["payload"]).replace(b'"sequence":1', b'"sequence":2')
    tampered = json.dumps({**file, "payload": base64.b64encode(payload).decode()}).encode()
    assert at(door(tmp_path, account.key), path, tampered).arrival.standing is Standing.BAD_SIGNATURE
    assert at(door(tmp_path), path).arrival.standing is Standing.UNKNOWN_SIGNER


def test_an_unsigned_bundle_is_told_apart(account: Account, small: Frozen, tmp_path: Path) -> None:
    account.drops("dash", small, "--asset", ASSET)
    (path,) = account.bundles()
    bare = json.dumps({**json.loads(path.read_bytes()), "signature": ""}).encode()
    assert at(door(tmp_path, account.key), path, bare).arrival.standing is Standing.UNSIGNED
