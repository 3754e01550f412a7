"""Writes docs/endpoint-corpus.md: how many recorded answers each fact has on each system, and from where.

``python scripts/corpus_table.py`` writes it; ``--check`` only says whether it is current (exit 1 = not).
"""

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / "tests" / "corpus" / "endpoint"
PAGE = ROOT / "docs" / "endpoint-corpus.md"
VERDICTS = ("pass", "fail", "unknown", "not_applicable")
SYSTEMS = ("windows", "linux", "macos", "chromeos", "ipados")
HEADING = """\
# Recorded answers of endpoints

Made by `python scripts/corpus_table.py` from `tests/corpus/endpoint/SYSTEM/FACT/CASE.json`; a test keeps it
current. Every case is judged in the tests, and its verdict stands in the file. Answers of Windows, macOS,
ChromeOS and iPadOS were never recorded by us on such a machine: they are written from the vendors'
documentation, in the shape that our scripts print.
"""


def rows() -> dict[str, dict[str, list[dict[str, str]]]]:
    """All cases by fact and system."""
    found: dict[str, dict[str, list[dict[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for path in sorted(CORPUS.glob("*/*/*.json")):
        case = json.loads(path.read_text("utf-8"))
        if not case.get("from"):
            raise SystemExit(f"{path.relative_to(ROOT)}: no word on where it comes from")
        found[path.parts[-2]][path.parts[-3]].append(case)
    return found


def page() -> str:
    """The whole document."""
    cases = rows()
    lines = [HEADING, f"| fact | controls | {' | '.join(SYSTEMS)} |", "|---|---|" + "---|" * len(SYSTEMS)]
    for fact in sorted(cases):
        every = [case for rows_ in cases[fact].values() for case in rows_]
        controls = ", ".join(sorted({case["control"] for case in every if "control" in case})) or "explains"
        lines.append(
            f"| {fact} | {controls} | " + " | ".join(_cell(cases[fact][one]) for one in SYSTEMS) + " |"
        )
    return "\n".join([*lines, "", *_origins(cases), "", *_verdicts(cases)]) + "\n"


def _cell(cases: list[dict[str, str]]) -> str:
    return str(len(cases)) if cases else "-"


def _origins(cases: dict[str, dict[str, list[dict[str, str]]]]) -> list[str]:
    lines = ["## Where they come from", "", "| system | origin | answers |", "|---|---|---|"]
    for system in SYSTEMS:
        count = Counter(case["from"] for fact in cases.values() for case in fact[system])
        lines += [f"| {system} | {origin} | {number} |" for origin, number in sorted(count.items())]
    return lines


def _verdicts(cases: dict[str, dict[str, list[dict[str, str]]]]) -> list[str]:
    """Every control with its failing, passing and unknown cases."""
    lines = [
        "## Cases of each control",
        "",
        "| control | pass | fail | unknown | not applicable |",
        "|---|---|---|---|---|",
    ]
    by_control: dict[str, Counter[str]] = defaultdict(Counter)
    for fact in cases.values():
        for system in fact.values():
            for case in system:
                if "control" in case:
                    by_control[case["control"]][case["verdict"]] += 1
    for control, count in sorted(by_control.items()):
        cells = " | ".join(str(count[verdict]) for verdict in VERDICTS)
        lines.append(f"| {control} | {cells} |")
    return lines


def main(arguments: list[str]) -> int:
    """Write the page, or compare it."""
    text = page()
    if "--check" in arguments:
        return 0 if PAGE.is_file() and PAGE.read_text("utf-8") == text else 1
    PAGE.write_text(text, "utf-8", newline="\n")
    print(PAGE.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
