"""Time limits of BPMN steps: timers on a step or around it, due dates, zeebe's task schedule.

Lengths are ISO 8601 durations; a month counts 31 days and a year 366, the longest they can be.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from checks.paperless._assigned import engine_of, split_name

MODEL = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
FRAMES = frozenset(MODEL + name for name in ("process", "subProcess", "adHocSubProcess", "transaction"))
Limited = Literal["no", "yes", "computed"]
Limit = tuple[float | None, Limited]
"""Days, None = not written; and whether there is a limit at all."""


@dataclass(frozen=True, slots=True)
class Held:
    """As `limit_days`, `limited` and `passive` of `_route.Step`."""

    days: float | None
    limited: Limited
    passive: bool


NONE: Limit = (None, "no")
_FREE = Held(None, "no", passive=False)
_COMPUTED: Limit = (None, "computed")
TIMER = f"{MODEL}timerEventDefinition"
_DAYS = {"Y": 366.0, "M": 31.0, "W": 7.0, "D": 1.0}
_CLOCK = {"H": 1 / 24, "M": 1 / 1440, "S": 1 / 86400}
_NUMBER = r"\d{1,6}(?:[.,]\d{1,6})?"
_DURATION = re.compile(
    rf"(?:R\d{{0,6}}/)?P(?P<days>(?:{_NUMBER}[YMWD])*)(?:T(?P<clock>(?:{_NUMBER}[HMS])+))?\Z", re.ASCII
)
_PART = re.compile(rf"({_NUMBER})([YMWDHS])", re.ASCII)


def days_of(text: str) -> float | None:
    """Days of an ISO 8601 duration or repeating interval; None = it is not one (a date, an expression)."""
    found = _DURATION.match(text.strip())
    if found is None or not (found["days"] or found["clock"]):
        return None
    days = sum(_DAYS[unit] * float(number.replace(",", ".")) for number, unit in _PART.findall(found["days"]))
    clock = _PART.findall(found["clock"] or "")
    return days + sum(_CLOCK[unit] * float(number.replace(",", ".")) for number, unit in clock)


class Limits:
    """The limits of one process. Frames pass theirs on to the steps inside of them."""

    def __init__(self, timers: Iterable[Any]) -> None:
        self._attached: dict[str, list[Limit]] = {}
        self._around: dict[Any, list[Limit]] = {}
        for timer in timers:
            self._note(timer.getparent(), _timer(timer))

    def of(self, element: Any, said: Mapping[str, str], inside: Sequence[Any]) -> Held:
        """The tightest limit of a step; one written goes before one computed.

        `said` = its attributes, `inside` = its extensions.
        """
        dates = _own(said, inside)
        timers: list[Limit] = []
        at = element
        if self._attached or self._around:
            while at is not None:
                timers += self._attached.get(at.get("id") or "", ())
                frame = at.getparent()
                started = at.get("triggeredByEvent") == "true"
                timers += () if started else self._around.get(frame, ())
                at = frame if frame is not None and frame.tag in FRAMES else None
        timers = [limit for limit in timers if limit != NONE]
        limits = dates + timers
        if not limits:
            return _FREE
        written = [days for days, _ in limits if days is not None]
        if written:
            return Held(min(written), "yes", passive=not timers)
        return Held(None, "computed", passive=not timers)

    def _note(self, event: Any, limit: Limit) -> None:
        """A timer at the edge of a step, or one that starts a subprocess of its own beside the others."""
        attached = event.get("attachedToRef")
        sub = event.getparent()
        if attached:
            self._attached.setdefault(attached, []).append(limit)
        elif event.tag == f"{MODEL}startEvent" and sub.get("triggeredByEvent") == "true":
            self._around.setdefault(sub.getparent(), []).append(limit)


def _timer(timer: Any) -> Limit:
    """A timer's length; a fixed date and a calendar expression say nothing of it."""
    for kind in ("timeDuration", "timeCycle", "timeDate"):
        text = (timer.findtext(MODEL + kind) or "").strip()
        if text:
            return _limit(text)
    return NONE


def _limit(text: str) -> Limit:
    days = days_of(text)
    return (days, "yes") if days is not None else _COMPUTED


def _own(said: Mapping[str, str], inside: Sequence[Any]) -> list[Limit]:
    """Due dates in the engines' words."""
    found = [
        value for name, value in said.items() if name.endswith("}dueDate") and engine_of(split_name(name)[0])
    ]
    found += [
        child.get("dueDate") or ""
        for child in inside
        if child.tag.endswith("}taskSchedule") and engine_of(split_name(child.tag)[0])
    ]
    return [_limit(value) for value in found if value.strip()]
