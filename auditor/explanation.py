"""Why one control stands as it does on one target: all that a reader needs to check it by hand."""

from dataclasses import dataclass, field
from datetime import date, datetime

from auditor.answers import Status
from auditor.control import Control
from auditor.findings import Finding, Reason
from auditor.run import ModelCard, TargetCard

MAX_LINES = 40
MAX_LINE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One answer and what was made of it.

    `question` = the lines that were run there, "" = the answer came from an export or a probe. `answer` is
    cut to `MAX_LINES` lines; `read` is the value the parser found, "" = none. `status` None = no such
    answer is kept. `judged` = the control's check asks for it; False = it only explains.
    """

    id: str
    question: str = ""
    status: Status | None = None
    answer: str = ""
    note: str = ""
    reason: Reason | None = None
    read: tuple[str, ...] = ()
    at: datetime | None = None
    judged: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A finding with its control as demanded, its target and the answers behind it; `run` 0 = not kept."""

    control: Control
    finding: Finding
    target: TargetCard
    model: ModelCard
    today: date
    run: int = 0
    origin: str = ""
    told: tuple[Told, ...] = field(default=())
