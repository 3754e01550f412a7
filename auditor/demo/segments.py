"""The sample town's segments: what it declares of them, and what was seen from its two places."""

import json
import tomllib
from collections.abc import Iterator
from importlib.resources import files

from auditor.answers import Answer, Status
from auditor.zones import OPEN

LEFT_OPEN = ("192.0.2.22", 445)
"""The file share that somebody opened over the border and forgot."""
MUTE_PORT = 3389
"""The firewall drops what asks for remote desktops; everything else is turned away."""


def segment_tables() -> str:
    """The part of ``town.toml`` that declares them."""
    return (files(__package__) / "segments.toml").read_text("utf-8")


def flow_answers() -> Iterator[tuple[str, Answer]]:
    """What was seen of each flow, by its id."""
    for flow in tomllib.loads(segment_tables())["flows"]:
        ways = [_way(host, port, flow["expect"]) for host in flow["hosts"] for port in flow["ports"]]
        body = {"ways": ways, "before": "answered", "after": "answered", "over": ["IPv4"]}
        yield flow["id"], Answer("flow.ways", Status.OK, json.dumps(body).encode())


def _way(host: str, port: int, expect: str) -> dict[str, object]:
    if expect == OPEN or (host, port) == LEFT_OPEN:
        outcome = "answered"
    else:
        outcome = "silent" if port == MUTE_PORT else "refused"
    return {"host": host, "port": port, "outcome": outcome, "mute": ["IPv4"] if outcome == "silent" else []}
