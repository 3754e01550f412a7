"""Approval routes read and judged, against the pace that a large collection of models asks for.

The models are the shared samples where they lie beside the checkout, else the sample town's own. Every copy
has names of its own, so that nothing remembered from one helps with the next.
"""

import re
import statistics
from pathlib import Path

import auditor.demo
from auditor.api import Answer, Params, Status, Town
from benchmarks.timing import Result, own_cpu_s
from checks.paperless import approvers, routes
from checks.paperless._bpmn import routes_in
from checks.paperless._route import Routes, kept, told

SAMPLES = Path(__file__).parents[2] / "shared" / "samples" / "bpmn"
FILES_PER_S = 800
COPIES = 20
ROUNDS = 5
_LIMITS = Params(
    {"paper_steps": 0, "allow": (), "min_candidates": 2, "broken": 0, "max_days": 3, "max_all": 3}
)


def files_a_second(folder: Path) -> Result:
    """CPU time of one file, in turn over all models."""
    del folder
    source = SAMPLES if SAMPLES.is_dir() else Path(auditor.demo.__file__).parent / "routes"
    models = [path.read_bytes() for path in sorted(source.glob("*.bpmn"))]
    bodies = [re.sub(rb' name="', b' name="%d ' % copy, body) for copy in range(COPIES) for body in models]
    for body in models:  # the words are compiled once a run
        _judge(body)

    def all_of_them() -> None:
        for body in bodies:
            _judge(body)

    spent = statistics.median(own_cpu_s(all_of_them) for _ in range(ROUNDS))
    size_kb = sum(map(len, models)) / len(models) / 1000
    name = f"a route of {size_kb:.0f} kB read and judged : 1/{FILES_PER_S} s"
    return Result(name, spent / len(bodies), 1 / FILES_PER_S, 1)


def _judge(body: bytes) -> None:
    seen = told(Answer("routes.bpmn", Status.OK, kept(Routes(routes=tuple(routes_in(body, "x"))))))
    for check in (
        routes.no_paper,
        routes.whole,
        approvers.deputies,
        approvers.in_time,
        approvers.few_at_once,
    ):
        check(seen, _LIMITS)
    approvers.nobody_gone(seen, Town(name=""))
