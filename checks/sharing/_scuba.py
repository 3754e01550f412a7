"""Results of CISA's audit tools (ScubaGear, ScubaGoggles): which policies are met, nothing of the tenant.

The file holds ``MetaData`` (tool, version, time, tenant) and ``Results``: by product, groups of policies with
their results. Its other parts hold names and settings of the whole tenant and are not looked at.
"""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

import msgspec

from auditor.api import Garbled, strict_json
from checks._read import members, word

JAPAN = timezone(timedelta(hours=9))
MAX_POLICIES = 2000
MET, UNMET, OPEN = "met", "unmet", "open"


class Result(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One run of a tool. `at` = when (UTC); `policies` = met, unmet or open by known id."""

    tool: str
    version: str
    suite: str
    tenant: str
    at: datetime
    policies: dict[str, str]

    @property
    def on(self) -> date:
        """Its day in Japan."""
        return self.at.astimezone(JAPAN).date()


@cache
def policies() -> Mapping[str, Any]:
    """``policies.toml``, read once."""
    return tomllib.loads(files(__package__).joinpath("policies.toml").read_text(encoding="utf-8"))


@cache
def _wanted() -> frozenset[str]:
    rows = (row for suites in policies()["controls"].values() for row in suites.values())
    return frozenset(id_ for row in rows for id_ in row["all"])


@cache
def _meanings() -> Mapping[str, str]:
    return {text: meaning for meaning, texts in policies()["results"].items() for text in texts}


def read_result(body: bytes, file: str) -> Result:
    """What a result file says of the policies that speak for a control.

    A result in a word that is not known leaves its policy open.

    Raises:
        Garbled: another tool's file, a part is missing, a policy stands in it twice.
    """
    whole = members(strict_json(body, file), file, "MetaData", "Results")
    about = members(whole["MetaData"], file, "Tool", "ToolVersion", "TimestampZulu", "TenantId")
    tool = word(about["Tool"], "Tool")
    if tool not in policies()["tools"]:
        raise Garbled(f"{file}: written by a tool that is not known")
    if not (tenant := word(about["TenantId"], "TenantId")):
        raise Garbled(f"{file}: of no tenant")
    found: dict[str, str] = {}
    seen: set[str] = set()
    for row in _rows(whole["Results"], file):
        id_ = word(row["Control ID"], "Control ID")
        if id_ in seen or len(seen) > MAX_POLICIES:
            raise Garbled(f"{file}: {id_[:60]} twice, or too many policies")
        seen.add(id_)
        if id_ in _wanted():
            found[id_] = _meanings().get(word(row["Result"], "Result"), OPEN)
    if not seen:
        raise Garbled(f"{file}: no policy in it")
    return Result(
        tool=tool,
        version=word(about["ToolVersion"], "ToolVersion")[:40],
        suite=policies()["tools"][tool]["suite"],
        tenant=sha256(tenant.encode()).hexdigest()[:16],
        at=_moment(word(about["TimestampZulu"], "TimestampZulu"), file),
        policies=found,
    )


def _rows(results: Any, file: str) -> Iterator[Mapping[str, Any]]:
    for groups in members(results, file).values():
        for group in _listed(groups, file):
            for row in _listed(members(group, file, "Controls")["Controls"], file):
                yield members(row, file, "Control ID", "Result")


def _listed(value: Any, file: str) -> list[Any]:
    """A list; PowerShell 5.1 writes one of a single element as that element."""
    if isinstance(value, dict):
        return [value]
    if not isinstance(value, list):
        raise Garbled(f"{file}: not a list of policies")
    return value


def _moment(text: str, file: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Garbled(f"{file}: not a time") from None


def newest(results: list[Result]) -> list[Result]:
    """The last run of each tool at each tenant: a folder may keep the older ones."""
    last: dict[tuple[str, str], Result] = {}
    for result in sorted(results, key=lambda one: one.at):
        last[result.tool, result.tenant] = result
    return list(last.values())
