"""The frozen Linux collector in dash: CPU time of one run, all its children included.

Absolute, not a ratio: the goal is a budget of 150 ms for 50 facts, 3 ms each. A process costs 0.5 to 1 ms,
so that a fact may start one or two and no more.
"""

import shutil
from pathlib import Path

from auditor.collector import facts_of, freeze
from auditor.session import read_controls
from benchmarks.timing import Result, child_cpu_s, interleaved

BUDGET_S = 0.150
FACTS = 50


def linux_script(folder: Path) -> Result:
    """Every machine fact of Linux; with fewer than 50 facts the budget shrinks in proportion."""
    plugins, _ = read_controls()
    frozen = freeze(facts_of(plugins, "linux", "machine"), "linux", "machine")
    script = folder / "collect.sh"
    script.write_text(frozen.text)
    shell = shutil.which("dash") or "/bin/sh"
    ten = "for nth in 1 2 3 4 5 6 7 8 9 10; "  # the clock of child processes ticks every 10 ms
    budget_s = BUDGET_S * min(1, len(frozen.ids) / FACTS)
    return interleaved(
        f"collector, {len(frozen.ids)} Linux facts in dash : its budget",
        lambda: child_cpu_s([shell, "-c", f"{ten}do {shell} {script}; done"]) / 10,
        lambda: budget_s,
        1,
    )
