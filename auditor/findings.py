"""The vocabulary of judgement: verdicts, reasons, findings, and the one function that counts them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

Scalar = str | int | float | bool
"""What a finding may carry. A date travels as ISO text; wording asks for it as ``{end:date}``."""


class Verdict(StrEnum):
    """The four verdicts (適合, 不適合, 未確認, 対象外). `unknown` never counts as either side."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


class Overlay(StrEnum):
    """What lies over a `fail` without hiding it: inside the deadline, or an approved exception."""

    NONE = ""
    GRACE = "grace"
    EXCEPTION = "exception"


class Reason(StrEnum):
    """Why a verdict is `unknown`; each has a sentence in ``auditor/words.*.toml`` (``reason.<code>``)."""

    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    NAME_NOT_FOUND = "name_not_found"
    PROHIBITED = "prohibited"
    NOT_AUTHORISED = "not_authorised"
    IDENTITY = "identity"
    NO_PERMISSION = "no_permission"
    KEY_CHANGED = "key_changed"
    KEY_UNKNOWN = "key_unknown"
    TOO_OLD = "too_old"
    SHELL_UNUSABLE = "shell_unusable"
    JUMP_UNREACHED = "jump_unreached"
    WRONG_SERVICE = "wrong_service"
    NOT_COLLECTED = "not_collected"
    STALE = "stale"
    TABLE_OLD = "table_old"
    EXPIRED = "expired"
    UNREADABLE = "unreadable"
    BLANK = "blank"
    UNTRUSTED = "untrusted"
    IMAGE_ONLY = "image_only"
    NOT_MEASURABLE = "not_measurable"
    WINDOW_SHORT = "window_short"
    NO_CONTROL = "no_control"
    NOT_DECLARED = "not_declared"
    NOT_ATTESTED = "not_attested"
    NOT_KEPT = "not_kept"
    UNSURE = "unsure"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Unknown:
    """A fact that is not known, and why. A value, so that it can be passed, kept and shown."""

    reason: Reason
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Whose word a finding rests on: a person's answer on a form, never a measurement.

    `office` = the section's id ("_town" for the town's own form), `post` = the post of who answered, never a
    name; "" = nobody answered. `on` = the day of the answer, `until` = the last day it counts; None = there
    is none.
    """

    office: str = ""
    post: str = ""
    on: date | None = None
    until: date | None = None


MAX_PLACES = 50
"""A judgement names at most this many places; the last one then says how many more there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a check concluded.

    `key` names a sentence in the control's ``says`` table (empty for `unknown`, which has a reason).
    `places` are the proofs: step names, clauses, queues, in the order found. `until` is the last day on
    which a pass still holds (a certificate's, a product's end), None = no known end. `concerns` = staff ids
    of those it is about, where a target speaks of many people (a list of accounts); () = all of them.
    `doubts` = staff ids of those of whom such a list tells nothing, beside a `fail` that is about others.
    """

    verdict: Verdict
    key: str = ""
    values: Mapping[str, Scalar] = field(default_factory=dict)
    places: tuple[str, ...] = ()
    until: date | None = None
    reason: Reason | None = None
    note: str = ""
    concerns: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def _plain(values: Mapping[str, Scalar | date]) -> dict[str, Scalar]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def passed(
    key: str = "ok", /, *, places: tuple[str, ...] = (), until: date | None = None, **values: Scalar | date
) -> Judgement:
    """The requirement is met, as the sentence `key` says; `until` = the last day this holds."""
    return Judgement(
        verdict=Verdict.PASS, key=key, values=_plain(values), places=places[:MAX_PLACES], until=until
    )


def failed(
    key: str,
    /,
    *,
    places: tuple[str, ...] = (),
    concerns: tuple[str, ...] = (),
    doubts: tuple[str, ...] = (),
    **values: Scalar | date,
) -> Judgement:
    """The requirement is not met, as the sentence `key` says; `places` are the proofs."""
    return Judgement(
        verdict=Verdict.FAIL,
        key=key,
        values=_plain(values),
        places=places[:MAX_PLACES],
        concerns=concerns,
        doubts=doubts,
    )


def unknown(
    reason: Reason, note: str = "", *, places: tuple[str, ...] = (), concerns: tuple[str, ...] = ()
) -> Judgement:
    """Nobody can tell, and why. Never counts as met."""
    return Judgement(
        verdict=Verdict.UNKNOWN, reason=reason, note=note, places=places[:MAX_PLACES], concerns=concerns
    )


def not_applicable(key: str, /, **values: Scalar | date) -> Judgement:
    """The requirement does not concern this target, as the sentence `key` says."""
    return Judgement(verdict=Verdict.NOT_APPLICABLE, key=key, values=_plain(values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One control judged on one target, ready to be stored and shown in either language.

    `values` hold the seen values and the parameters wanted. `evidence` lists the answer ids it rests on,
    `collected_at` when they were learnt (UTC; None = nothing was collected). `since` = the day (Japan) from
    which it has been shown as it is without a break, None = no history tells. `whole_target` is true when
    the target as a whole gave nothing, so that pages show one line instead of one per control. `attested` =
    whose word it is, None = it was measured; the two are never counted together. `exception` = the number of
    the exception over a `fail`, "" = none. `until` is the last day of a pass, of an exception, or of the time
    that the model allows for mending a `fail`.
    """

    control: str
    target: str
    verdict: Verdict
    key: str = ""
    values: Mapping[str, Scalar] = field(default_factory=dict)
    places: tuple[str, ...] = ()
    until: date | None = None
    since: date | None = None
    reason: Reason | None = None
    note: str = ""
    overlay: Overlay = Overlay.NONE
    exception: str = ""
    evidence: tuple[str, ...] = ()
    collected_at: datetime | None = None
    whole_target: bool = False
    concerns: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    attested: Said | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many findings of one kind stand where."""

    fail: int = 0
    unknown: int = 0
    grace: int = 0
    exception: int = 0
    passed: int = 0
    not_applicable: int = 0

    @property
    def total(self) -> int:
        """All findings, 対象外 included."""
        return self.fail + self.unknown + self.grace + self.exception + self.passed + self.not_applicable


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally(Counts):
    """How many findings stand where; the same figures on every page, file and screen.

    The figures of its own are of what was measured; `attested` are of what people said.
    """

    attested: Counts = field(default_factory=Counts)


ATTESTED = "attested_"
"""Stands before the status of a finding that rests on somebody's word."""


def shown_as(finding: Finding) -> str:
    """The status a finding is shown and counted under: a verdict's code, or the overlay over a `fail`.

    What somebody said has statuses of its own: ``attested_pass`` is not ``pass``.
    """
    overlaid = finding.verdict is Verdict.FAIL and finding.overlay is not Overlay.NONE
    state = finding.overlay.value if overlaid else finding.verdict.value
    return state if finding.attested is None else ATTESTED + state


def tally(findings: Iterable[Finding]) -> Tally:
    """Count findings, the measured and the attested apart; the only counting function of the product."""
    seen = Counter(shown_as(finding) for finding in findings)

    def figures(before: str) -> dict[str, int]:
        codes = {"passed": "pass"} | {
            name: name for name in ("fail", "unknown", "grace", "exception", "not_applicable")
        }
        return {name: seen[before + code] for name, code in codes.items()}

    return Tally(**figures(""), attested=Counts(**figures(ATTESTED)))
