"""Our client as the process that is measured: start-up, pins, key, every endpoint, every frame read."""

import json
import re
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from auditor.access.hostkeys import read_known_hosts
from auditor.access.secrets import load_key
from auditor.access.ssh import SshRoad, collect
from auditor.answers import Answer
from auditor.crew import Crew
from auditor.frames import split
from auditor.targets import Endpoint

DEADLINE_S = 120.0
_ASKED = re.compile(r" ask ([a-z][a-z0-9._-]*)")


def main(wish: Mapping[str, Any]) -> int:
    """0 when every endpoint answered whole."""
    keys = (load_key(Path(wish["key"])),)
    road = SshRoad(pins=read_known_hosts(Path(wish["pins"])), keys=keys, password=lambda _: None)
    script = Path(wish["script"]).read_text()
    ids = list(dict.fromkeys(_ASKED.findall(script)))

    def one(endpoint: Endpoint) -> tuple[Answer, ...]:
        nonce = secrets.token_hex(16)
        heard = collect(endpoint, script.replace(wish["nonce"], nonce), road, DEADLINE_S, nonce)
        return split(heard.output, nonce, ids)

    place = {"port": wish["port"], "account": wish["account"], "road": "ssh"}
    endpoints = [
        Endpoint(id=f"PC-{number}", serial="", name="", os="linux", host=host, **place)
        for number, host in enumerate(Path(wish["hosts"]).read_text().split())
    ]
    bad = 0
    for endpoint, answers, error in Crew(endpoints, one).finished():
        notes = [answer.note for answer in answers or () if "incomplete" in answer.note]
        if error is not None or not answers or notes:
            sys.stderr.write(f"{endpoint.id}: {error!r} {notes[:1]}\n")
            bad += 1
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
