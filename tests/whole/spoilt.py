"""A machine with real bundles, and every way in which somebody could spoil one."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.inbox.kit import Key, new_key, outer


@dataclass(frozen=True)
class Machine:
    """A machine with a host key, and the first two bundles it made."""

    key: Key
    first: Path
    second: Path

    @property
    def told(self) -> dict[str, Any]:
        """The second payload."""
        return payload_of(self.second)


def payload_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.b64decode(json.loads(path.read_bytes())["payload"]))
    return found


def tampered(machine: Machine) -> bytes:
    row = json.loads(machine.second.read_bytes())
    inner = machine.told
    output = base64.b64decode(inner["output"])
    inner["output"] = base64.b64encode(output.replace(b"1", b"2")).decode()
    return json.dumps(row | {"payload": base64.b64encode(json.dumps(inner).encode()).decode()}).encode()


def stranger(machine: Machine) -> bytes:
    key = new_key(machine.key.path.parent, name=f"stranger-{datetime.now(UTC).timestamp()}")
    body = base64.b64decode(json.loads(machine.second.read_bytes())["payload"])
    return outer(body, key.sign(body))


def tomorrow(machine: Machine) -> bytes:
    moment = datetime.now(UTC) + timedelta(days=1)
    body = json.dumps(machine.told | {"collected_at": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}).encode()
    return outer(body, machine.key.sign(body))


def unsigned(machine: Machine) -> bytes:
    row: dict[str, Any] = json.loads(machine.second.read_bytes())
    return json.dumps(row | {"signature": ""}).encode()


def another_machine(machine: Machine) -> bytes:
    body = json.dumps(machine.told | {"serial": "NOT-THE-LEDGERS", "system": "macos"}).encode()
    return outer(body, machine.key.sign(body))
