"""Fuzzes every parser of endpoint answers, the frame splitter and the evidence reader, guided by coverage.

Needs the package atheris (Linux), which is no dependency of the project: ``pip install atheris`` and then
``python -m benchmarks.fuzz -max_total_time=60``; the options are libFuzzer's. Anything but our own refusals
is a crash, and the input that caused it is written to the current folder.
"""

import json
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["auditor", "checks"]):
    from auditor.answers import Answer, Status
    from auditor.discover import discover
    from auditor.errors import Garbled, NotKnown, Unreached
    from auditor.evidence import decode
    from auditor.script import split

    FACTS = tuple(fact for fact in discover().facts if fact.scripts)  # loads the check modules, instrumented

REFUSALS = (Garbled, NotKnown, Unreached)
NONCE = "0123456789abcdef0123456789abcdef"
CORPUS = Path(__file__).resolve().parents[1] / "tests" / "corpus" / "endpoint"
PARSERS = sorted(FACTS, key=lambda fact: (fact.id, *fact.scripts))


def one(data: bytes) -> None:
    """The first two bytes choose what reads the rest."""
    if len(data) < 2:
        return
    choice, body = int.from_bytes(data[:2], "big"), data[2:]
    try:
        match choice % (len(PARSERS) + 2):
            case 0:
                split(body, NONCE, ["a.b", "c.d"])
            case 1:
                decode(body)
            case nth:
                fact = PARSERS[nth - 2]
                value = fact.parse(Answer(fact.id, Status.OK, body))
                if not isinstance(value, fact.type):
                    raise TypeError(f"{fact.id} gave {type(value).__name__}")
    except REFUSALS:
        return


def seeds(folder: Path) -> None:
    """Every recorded answer as a seed for its own parser."""
    folder.mkdir(exist_ok=True)
    for number, path in enumerate(sorted(CORPUS.glob("*/*/*.json"))):
        system, id_ = path.parts[-3], path.parts[-2]
        body = json.loads(path.read_text("utf-8")).get("body", "")
        text = body if isinstance(body, str) else json.dumps(body)
        for nth, fact in enumerate(PARSERS):
            if fact.id == id_ and system in fact.scripts:
                (folder / f"{number:05}").write_bytes((nth + 2).to_bytes(2, "big") + text.encode())


def main() -> None:
    """Write the seeds beside the build and fuzz."""
    folder = Path("build") / "fuzz"
    folder.parent.mkdir(exist_ok=True)
    seeds(folder)
    atheris.Setup([*sys.argv, str(folder)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
