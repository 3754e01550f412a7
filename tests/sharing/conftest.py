"""What the tests of sharing share: the area's controls, and whether a judgement can be said."""

import tomllib
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from string import Formatter
from typing import Any

from auditor.control import Params
from auditor.findings import Judgement, Verdict

AREA = Path(import_module("checks.sharing").__path__[0])
CONTROLS: Mapping[str, Any] = tomllib.loads((AREA / "controls.toml").read_text(encoding="utf-8"))


def params(control: str, **changed: Any) -> Params:
    """The shipped parameters of a control, some of them changed."""
    shipped = {name: row["value"] for name, row in CONTROLS[control].get("params", {}).items()}
    return Params(shipped | changed)


def says(control: str, result: Judgement) -> bool:
    """True when both languages have a sentence for a judgement, and its values are all there."""
    if result.verdict is Verdict.UNKNOWN:
        return result.reason is not None
    sentence = CONTROLS[control]["says"][result.key]
    known = {*result.values, *CONTROLS[control].get("params", {})}
    for lang in ("ja", "en"):
        fields = {name.partition(":")[0] for _, name, _, _ in Formatter().parse(sentence[lang]) if name}
        assert fields <= known, (control, result.key, fields - known)
    return True
