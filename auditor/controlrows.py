"""``controls.toml`` as it is written: its tables, read strictly, and the `Control` each of them is."""

import msgspec

from auditor.control import Applies, Attest, Control, Leg, Param, ParamValue, Wording


class _Words(msgspec.Struct, forbid_unknown_fields=True):
    ja: str
    en: str

    def wording(self) -> Wording:
        return Wording(self.ja, self.en)


class _AppliesRow(msgspec.Struct, forbid_unknown_fields=True):
    models: list[str] = []
    zones: list[str] = []
    methods: list[str] = []
    os: list[str] = []


class _ParamRow(msgspec.Struct, forbid_unknown_fields=True):
    value: str | int | float | bool | list[str]
    low: float | None = None
    high: float | None = None
    strict: str = ""
    unit: str = ""
    mark: str = "I"


class _AttestRow(msgspec.Struct, forbid_unknown_fields=True):
    question: _Words
    kind: str
    valid_days: int
    may_not_concern: bool = False


class Row(msgspec.Struct, forbid_unknown_fields=True):
    """One control as it is written; see `auditor.control.Control`."""

    target: str | list[str]
    title: _Words
    plain: _Words
    why: _Words
    fix: _Words
    effort: _Words
    verify: _Words
    severity: str
    leg: Leg
    element: int
    doer: str
    due_days: int
    source: str
    requirement_mark: str
    says: dict[str, _Words]
    article_items: list[str] = []
    applies: _AppliesRow = msgspec.field(default_factory=_AppliesRow)
    params: dict[str, _ParamRow] = {}
    attest: _AttestRow | None = None
    grace_days: int = 0


def control_of(id_: str, row: Row) -> Control:
    """The control that a row of the file is."""
    return Control(
        id=id_,
        area=id_.partition("-")[0],
        targets=(row.target,) if isinstance(row.target, str) else tuple(row.target),
        title=row.title.wording(),
        plain=row.plain.wording(),
        why=row.why.wording(),
        fix=row.fix.wording(),
        effort=row.effort.wording(),
        verify=row.verify.wording(),
        says={key: words.wording() for key, words in row.says.items()},
        severity=row.severity,
        leg=row.leg,
        element=row.element,
        doer=row.doer,
        due_days=row.due_days,
        source=row.source,
        requirement_mark=row.requirement_mark,
        article_items=tuple(row.article_items),
        applies=Applies(
            models=tuple(row.applies.models),
            zones=tuple(row.applies.zones),
            methods=tuple(row.applies.methods),
            os=tuple(row.applies.os),
        ),
        params={name: _param(param) for name, param in row.params.items()},
        attest=_attest(row.attest) if row.attest is not None else None,
        grace_days=row.grace_days,
    )


def _attest(row: _AttestRow) -> Attest:
    return Attest(
        question=row.question.wording(),
        kind=row.kind,
        valid_days=row.valid_days,
        may_not_concern=row.may_not_concern,
    )


def _param(row: _ParamRow) -> Param:
    return Param(
        value=param_value(row.value),
        low=row.low,
        high=row.high,
        strict=row.strict,
        unit=row.unit,
        mark=row.mark,
    )


def param_value(value: str | float | list[str]) -> ParamValue:
    """A TOML value as a frozen parameter value."""
    return tuple(value) if isinstance(value, list) else value
