"""Judges a declared system as a scan would, and a stub that answers in a product's place."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from auditor.collect import collect_task
from auditor.discover import Plugins
from auditor.evidence import Evidence
from auditor.findings import Finding
from auditor.judge import Scene, judge
from auditor.model import Model, load_model
from auditor.plan import plan
from auditor.roads import Roads
from auditor.session import read_controls
from auditor.targets import Person, Town
from auditor.work import System

STAFF = tuple(Person(id=id_, name="甲", section="x") for id_ in ("E001", "E002"))
TOKEN = "0123456789abcdef0123456789abcdef01234567"


@dataclass(frozen=True, slots=True)
class Looked:
    """What a scan of one system gave."""

    findings: Mapping[str, Finding]
    evidence: Evidence

    def __getitem__(self, control: str) -> Finding:
        return self.findings[control]

    @property
    def kept(self) -> bytes:
        """All that is kept as evidence."""
        return b"\n".join(answer.body + answer.note.encode() for answer in self.evidence.answers)


def look(system: System, *, deadline_s: float = 60.0) -> Looked:
    """Ask the system and judge every control of its kind."""
    plugins, model = _known()
    town = Town(name="見本町", staff=STAFF, systems=(system,))
    (task,) = (task for task in plan(town, model, plugins) if task.target is system)
    evidence = collect_task(task, plugins, Roads(system_deadline_s=deadline_s))
    assert evidence is not None
    now = datetime.now(UTC)
    scene = Scene(town=town, model=model, plugins=plugins, now=now, today=now.date())
    findings, broken = judge(task, evidence, scene)
    assert not broken
    return Looked({finding.control: finding for finding in findings}, evidence)


@cache
def _known() -> tuple[Plugins, Model]:
    plugins, controls = read_controls()
    return plugins, load_model(controls)


def token_file(folder: Path, token: str = TOKEN) -> Path:
    path = folder / "token"
    path.write_text(token + "\n")
    path.chmod(0o600)
    return path


@dataclass(frozen=True, slots=True)
class Said:
    """A reply of the stub: JSON, unless `body` is bytes; `cut` = the connection breaks in the middle."""

    body: Any = field(default_factory=dict)
    status: int = 200
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False


Answers = Callable[[str, Mapping[str, str]], Said]
"""From the path with its query, and the request's headers in lower case, to what is said."""


@contextmanager
def stub(answers: Answers) -> Iterator[str]:
    """A stub on this machine, no product: it says what documentation or a recording says. Yields its URL."""

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = answers(self.path, {name.lower(): value for name, value in self.headers.items()})
            body = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
            self.send_response(said.status)
            self.send_header("Content-Type", said.kind)
            self.send_header("Content-Length", str(len(body) + 100 * said.cut))
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that hang up are expected
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
