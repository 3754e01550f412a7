"""The exceptions of a town folder, read and matched against what is declared and demanded."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from auditor.control import Control
from auditor.discover import Plugins
from auditor.exceptionfile import NAME, Rules, read_rows
from auditor.exceptions import Exceptions
from auditor.exceptionscope import ground_of, scoped
from auditor.model import Model
from auditor.plan import plan
from auditor.targets import Town

RULED_BY = "GOV-09"
MOST_DAYS = 365
"""The longest exception where the model does not demand `RULED_BY`; 町の基準."""


def rules_of(controls: Mapping[str, Control]) -> Rules:
    """What the parameters in force allow; the usual where the model leaves their control out."""
    params = controls[RULED_BY].params if RULED_BY in controls else {}
    most, other = params.get("exception_max_days"), params.get("exception_other_approver")
    return Rules(
        most_days=int(most.value) if most is not None and isinstance(most.value, int) else MOST_DAYS,
        other_approver=other.value is True if other is not None else True,
    )


def read_exceptions(
    town: Town, model: Model, plugins: Plugins, today: date, text: str | None = None
) -> Exceptions:
    """All of the whole town's exceptions; `text` = what the file would hold, None = what it holds.

    Raises:
        ConfigError: everything wrong in ``exceptions.toml``.
    """
    if town.root is None:
        return Exceptions()
    path = Path(town.root) / NAME
    if text is None and not path.is_symlink() and not path.exists():
        return Exceptions()
    toml, written = read_rows(path, town, rules_of(model.controls), today, text)
    ground = ground_of(town, model.controls, model.excluded, plan(town, model, plugins))
    rows = scoped(toml, written, ground, today)
    return Exceptions(rows=rows, kept=True, checked=written.checked)
