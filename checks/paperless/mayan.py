"""Mayan EDMS: its workflows as approval routes, and which of its document types have a retention period."""

from collections.abc import Mapping
from typing import Any

import msgspec

from auditor.api import (
    Answer,
    Garbled,
    Http,
    Judgement,
    Params,
    Reason,
    System,
    check,
    fact,
    failed,
    passed,
    probe,
    unknown,
)
from checks.paperless import _mayan
from checks.paperless._heard import decoded, kept_routes, routes_of, standing_of
from checks.paperless._identity import Caller, Standing, believed, token, watched
from checks.paperless._pages import Asker, text, whole_number
from checks.paperless._route import Routes

CONTACTS = 1200
"""A town's Mayan has some tens of workflows and roles; each list is one request."""


class Kind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A document type; `kept_days` = after how long its documents leave the files, None = not set."""

    label: str
    kept_days: float | None = None


class Filing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The document types of a records system, and how the audit stands with it."""

    standing: Standing
    kinds: tuple[Kind, ...] = ()


def asker(system: System, http: Http) -> Asker:
    """One that asks with the declared token, or without any."""
    value = token(system, http)
    return Asker(http, system.url, {"Authorization": f"Token {value}"} if value else {})


@probe("mayan.workflows", kind="mayan", most=CONTACTS)
def read_workflows(system: System, http: Http) -> bytes:
    """Every workflow, while Mayan takes us for the declared account at the beginning and at the end."""
    ask = asker(system, http)

    def look(caller: Caller) -> tuple[Routes, bool | None]:
        rights = _mayan.rights(ask, caller)
        everything = None if rights is None else _mayan.SEES_WORKFLOWS in rights.own
        return _mayan.workflows(ask, rights), everything

    outcome, seen = watched(system, system.account, lambda: _mayan.caller(ask), look)
    routes, everything = seen or (None, None)
    visible = len(routes.routes) + len(routes.unread) if routes is not None else 0
    return kept_routes(outcome, routes, visible=visible, everything=everything)


@fact("mayan.standing", probe=read_workflows)
def standing(answer: Answer) -> Standing:
    """How the audit stands with this Mayan."""
    return standing_of(answer)


@fact("mayan.routes", probe=read_workflows)
def routes(answer: Answer) -> Routes:
    """Its workflows; not known when the account is not proved."""
    return routes_of(answer)


@probe("mayan.types", kind="mayan", most=CONTACTS)
def read_types(system: System, http: Http) -> bytes:
    """Every document type with its retention, while Mayan takes us for the declared account."""
    ask = asker(system, http)

    def look(caller: Caller) -> Filing:
        rights = _mayan.rights(ask, caller)
        everything = None if rights is None else _mayan.SEES_TYPES in rights.own
        kinds = tuple(_kind(row) for row in ask.numbered(f"{_mayan.API}/document_types/"))
        return Filing(
            standing=Standing(outcome="proved", visible=len(kinds), everything=everything), kinds=kinds
        )

    outcome, seen = watched(system, system.account, lambda: _mayan.caller(ask), look)
    return msgspec.json.encode(seen or Filing(standing=Standing(outcome=outcome)))


def _kind(row: Mapping[str, Any]) -> Kind:
    """Half a period (a number without a unit) is one that nobody can read."""
    label = text(row.get("label"), "document type")
    if "trash_time_period" not in row or "trash_time_unit" not in row:
        raise Garbled(f"{label}: its retention is not told")
    period, unit = row["trash_time_period"], row["trash_time_unit"]
    if period is None:
        return Kind(label=label)
    if not isinstance(unit, str) or unit not in _mayan.DAYS:
        raise Garbled(f"{label}: retention of {period} {str(unit)[:20]!r}")
    return Kind(label=label, kept_days=whole_number(period, label) * _mayan.DAYS[unit])


@fact("mayan.types", probe=read_types)
def filing(answer: Answer) -> Filing:
    """Its document types; not known when the account is not proved."""
    seen = decoded(answer, Filing)
    believed(seen.standing)
    return seen


@check("PPL-09")
def all_are_kept_for_a_time(seen: Filing, params: Params) -> Judgement:
    """Every document type has a retention period, but for those that the town keeps for ever."""
    for_ever = params.texts("for_ever")
    without = tuple(kind.label for kind in seen.kinds if not kind.kept_days and kind.label not in for_ever)
    if len(without) > params.integer("missing"):
        return failed("missing", places=without, count=len(without), total=len(seen.kinds))
    if seen.standing.everything is not True:
        return unknown(Reason.NOT_MEASURABLE, "some document types may be hidden from this account")
    if not seen.kinds:
        return unknown(Reason.NOT_MEASURABLE, "there is no document type")
    return passed("ok", count=len(seen.kinds))
