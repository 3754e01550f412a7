"""Controls as data: one requirement each, with wording, source and bounded parameters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

ParamValue = str | int | float | bool | tuple[str, ...]


class Leg(StrEnum):
    """Which leg of a person's readiness a control belongs to; `none` = matters to the town, stops nobody."""

    DEVICE = "device"
    PATH = "path"
    WORK = "work"
    PERSON = "person"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Wording:
    """The same sentence in both languages."""

    ja: str
    en: str

    def in_(self, lang: str) -> str:
        """The sentence in `lang` ("ja" or "en")."""
        return self.ja if lang == "ja" else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """A parameter with its bounds.

    `strict` tells which way is stricter: "low" (smaller is stricter), "high", or "" where there is no
    order (then any change counts as looser). `low`/`high` are the catalogue's bounds, None = unbounded.
    `mark` is the evidence mark of the value: S, S2, M or I; M and I are shown as 「町の基準」.
    """

    value: ParamValue
    low: float | None = None
    high: float | None = None
    strict: str = ""
    unit: str = ""
    mark: str = "I"
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applies:
    """Where a control applies; an empty tuple = everywhere."""

    models: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    os: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attest:
    """What a section (or the town) is asked on the attestation form, where nothing can measure it.

    `kind` is "section" or "town". `valid_days` = an answer counts so many days, its own not counted.
    `may_not_concern` = 「該当なし」 is an answer too.
    """

    question: Wording
    kind: str
    valid_days: int
    may_not_concern: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One requirement with a permanent id.

    `targets` = the kinds it is judged on, () only in runs that an earlier version kept.
    `plain` says to a section head what a fail means for the work, `why` the consequence, `fix` the act
    asked for (it begins with what the head does), `effort` its cost, `verify` how IT staff check by hand.
    `doer` is who acts: "head", "officer" or "it". `due_days` = days until it should be done.
    `requirement_mark` is the evidence mark of the requirement itself. `says` maps a judgement's key to its
    sentence, which may use the values seen and the parameters by name. `attest` = it may be judged by
    somebody's word, None = it may not. `grace_days` = so many days after the first of a fault it counts as
    期限内に改善, 0 = it fails at once.
    """

    id: str
    area: str
    title: Wording
    plain: Wording
    why: Wording
    fix: Wording
    effort: Wording
    verify: Wording
    says: Mapping[str, Wording]
    severity: str
    leg: Leg
    element: int
    doer: str
    due_days: int
    source: str
    requirement_mark: str
    targets: tuple[str, ...] = ()
    article_items: tuple[str, ...] = ()
    applies: Applies = field(default_factory=Applies)
    params: Mapping[str, Param] = field(default_factory=dict)
    attest: Attest | None = None
    grace_days: int = 0


class Params:
    """The parameter values one check gets, by name and wanted type; a wrong name is the check's bug."""

    def __init__(self, values: Mapping[str, ParamValue]) -> None:
        self._values = dict(values)

    def integer(self, name: str) -> int:
        """A whole number."""
        value = self._values[name]
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{name} is not a whole number")
        return value

    def number(self, name: str) -> float:
        """A number."""
        value = self._values[name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"{name} is not a number")
        return float(value)

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self._values[name]
        if not isinstance(value, bool):
            raise TypeError(f"{name} is not true or false")
        return value

    def text(self, name: str) -> str:
        """A word."""
        value = self._values[name]
        if not isinstance(value, str):
            raise TypeError(f"{name} is not text")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of words."""
        value = self._values[name]
        if not isinstance(value, tuple):
            raise TypeError(f"{name} is not a list")
        return value

    def day(self, name: str) -> date:
        """A date (written as ISO text in the controls file)."""
        return date.fromisoformat(self.text(name))
