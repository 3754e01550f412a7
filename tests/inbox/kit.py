"""Real keys, real signatures, and bundles as an endpoint's collector writes them."""

import base64
import json
import subprocess
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from auditor.arrivals.door import Door
from auditor.arrivals.inbox import Inbox, read_inbox
from auditor.arrivals.received import Known
from auditor.arrivals.signers import NAMESPACE, Signers, read_signers
from auditor.run import Standing
from auditor.targets import Endpoint, Person, Town
from tests.core.world import NOW, PC, SOUMU, TARO
from tests.peers.process import need

NONCE = "0123456789abcdef" * 2
KINDS = {
    "ed25519": ("ed25519", ""),
    "nistp256": ("ecdsa", "256"),
    "nistp384": ("ecdsa", "384"),
    "nistp521": ("ecdsa", "521"),
    "rsa2048": ("rsa", "2048"),
    "rsa3072": ("rsa", "3072"),
}
CONTEXTS = {"w.lock": "machine", "w.saver": "user"}
FILED = replace(PC, road="file")
OTHER = replace(PC, id="PC-2", serial="SN2", user="0102", road="file")
GONE = replace(PC, id="PC-9", serial="SN9", road="file", retired_on=NOW.date())
HANA = Person(id="0105", name="花子", section="soumu")


@dataclass(frozen=True)
class Key:
    """A key pair on disk, made by ssh-keygen."""

    path: Path

    @property
    def public(self) -> str:
        """Type and key, as they stand in trusted_signers."""
        return " ".join(self.path.with_name(f"{self.path.name}.pub").read_text("utf-8").split()[:2])

    def sign(self, message: bytes, namespace: str = NAMESPACE, *options: str) -> str:
        """What ``ssh-keygen -Y sign`` makes of it."""
        command = [need("ssh-keygen"), "-Y", "sign", "-q", "-n", namespace, *options, "-f", str(self.path)]
        return subprocess.run(command, input=message, capture_output=True, check=True).stdout.decode()


def new_key(folder: Path, kind: str = "ed25519", name: str = "") -> Key:
    """A fresh key without a passphrase."""
    type_, bits = KINDS[kind]
    path = folder / (name or f"key-{kind}")
    size = ["-b", bits] if bits else []
    command = [need("ssh-keygen"), "-q", "-t", type_, *size, "-N", "", "-C", "host", "-f", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return Key(path)


def framed(answers: dict[str, str], *, nonce: str = NONCE, whole: bool = True) -> bytes:
    """What a collector prints."""
    parts = [f"\n{nonce} ask {id_}\n{body}\n{nonce} got {id_} 0\n" for id_, body in answers.items()]
    return "".join([*parts, f"\n{nonce} end:true\n" if whole else ""]).encode()


def payload(**changes: Any) -> bytes:
    """A payload of PC-1, collected an hour before `NOW`."""
    output = changes.pop("output", framed(changes.pop("answers", {"w.lock": "600"})))
    row = {
        "schema": 1,
        "asset": "",
        "host": "pc-1",
        "system": "linux",
        "context": "machine",
        "machine_id": "aaaa",
        "serial": "SN1",
        "sequence": 1,
        "collected_at": at(-60),
        "collector": "c" * 64,
        "version": "1.0",
        "nonce": NONCE,
        "output": base64.b64encode(output).decode() if isinstance(output, bytes) else output,
    }
    return json.dumps({**row, **changes}).encode()


def at(minutes: float) -> str:
    """So many minutes after `NOW`, as a collector writes it."""
    return (NOW + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def outer(body: bytes, signature: str = "", **changes: Any) -> bytes:
    """The file around a payload."""
    row = {
        "schema": 1,
        "kind": "telework-auditor-bundle",
        "payload": base64.b64encode(body).decode(),
        "signature": signature,
    }
    return json.dumps({**row, **changes}).encode()


def signed(key: Key, **changes: Any) -> bytes:
    """A whole bundle file, signed by that key."""
    body = payload(**changes)
    return outer(body, key.sign(body))


def town_of(*endpoints: Endpoint, unsigned: bool = False, root: Path | None = None) -> Town:
    """A town with these machines in its ledger."""
    rows = endpoints or (FILED, OTHER)
    return Town(
        name="松風町",
        sections=(SOUMU,),
        staff=(TARO, HANA),
        endpoints=rows,
        retired=(GONE,),
        unsigned_inbox=unsigned,
        root=root,
    )


def trusting(folder: Path, *lines: str, town: Town | None = None) -> Signers:
    """The signers of a file with these lines."""
    path = folder / "trusted_signers"
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return read_signers(path, town or town_of())


@dataclass
class Inn:
    """An inbox folder with a door, read again and again with what it remembers given by hand."""

    folder: Path
    door: Door
    known: Known

    def put(self, name: str, body: bytes) -> Path:
        """Drop a file."""
        path = self.folder / name
        path.write_bytes(body)
        return path

    def read(self) -> Inbox:
        """Judge what lies there."""
        return read_inbox(self.folder, self.door, self.known, CONTEXTS)

    def standings(self) -> dict[str, Standing]:
        """What became of each file."""
        return {one.file: one.standing for one in self.read().arrivals}


def inn(tmp_path: Path, *lines: str, town: Town | None = None, known: Known | None = None) -> Inn:
    """An empty inbox before a door that trusts these lines."""
    folder = tmp_path / "inbox"
    folder.mkdir(exist_ok=True)
    declared = town or town_of()
    door = Door(
        town=declared,
        signers=trusting(tmp_path, *lines, town=declared),
        now=NOW,
        oldest=NOW - timedelta(days=14),
    )
    return Inn(folder, door, known or Known())


def later(inn_: Inn, minutes: float) -> Inn:
    """The same door at another time."""
    now: datetime = NOW + timedelta(minutes=minutes)
    door = Door(town=inn_.door.town, signers=inn_.door.signers, now=now, oldest=now - timedelta(days=14))
    return Inn(inn_.folder, door, inn_.known)
