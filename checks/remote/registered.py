"""What the town's register tells of an entrance: version in support, no removed feature, idle limit, gate.

None of it can be seen from outside. It is the town's own word with a date; older than a year it says nothing.
"""

from datetime import date, timedelta

from auditor.api import (
    Gateway,
    Judgement,
    Params,
    Reason,
    TableContent,
    TableRow,
    TableSource,
    Wording,
    check,
    failed,
    not_applicable,
    passed,
    table,
    unknown,
)
from checks.remote._register import good_until, told
from checks.remote._versions import Release, versions

OPERATED = ("relay",)
"""Entrances that belong to an operator, who answers for their versions."""
NO_GATE = "none"


@table("gateway-versions")
def gateway_versions() -> TableContent:
    """Ends of support of what entrances run on."""
    found = versions()
    return TableContent(
        as_of=found.as_of,
        stale_after_days=found.stale_after_days,
        rows=tuple(
            TableRow(
                product=row.software,
                release=row.release,
                end=row.end,
                seen_on=row.maintained_on,
                mark=row.mark,
                source=row.source,
            )
            for row in found.releases
        ),
        sources={
            key: TableSource(title=Wording(words["ja"], words["en"]), where=words["where"])
            for key, words in found.sources.items()
        },
    )


@check("RA-06")
def version_in_support(gateway: Gateway, params: Params, today: date) -> Judgement:
    """The declared version gets security updates today; what the table does not list is unknown."""
    if gateway.protocol in OPERATED:
        return not_applicable("operated")
    found = told(gateway, params, today, "software")
    if isinstance(found, Judgement):
        return found
    running = f"{found.software} {found.version}"
    row = versions().release_of(found.software, found.version)
    if row is None:
        return unknown(Reason.NOT_MEASURABLE, f"{running}: not in the table of entrances' versions")
    known = good_until(found, params)
    if row.end is None:
        return _without_end(running, row, params, known, today)
    if today > row.end:
        return failed("ended", running=running, end=row.end)
    soon = row.end - today <= timedelta(days=params.integer("warn_days"))
    return passed("soon" if soon else "ok", until=min(row.end, known), running=running, end=row.end)


def _without_end(running: str, row: Release, params: Params, known: date, today: date) -> Judgement:
    """A release whose end nobody published counts only for a while after it was seen maintained."""
    if row.maintained_on is None:
        return unknown(Reason.NOT_MEASURABLE, f"{running}: no end of support is published")
    until = row.maintained_on + timedelta(days=params.integer("no_end_days"))
    if today > until:
        return unknown(Reason.TABLE_OLD, f"{running}: seen maintained on {row.maintained_on.isoformat()}")
    return passed("no_end", until=min(until, known), running=running, seen=row.maintained_on)


@check("RA-07")
def no_removed_feature(gateway: Gateway, params: Params, today: date) -> Judgement:
    """None of the ways of connecting in use is one that newer versions have no more.

    Whatever version runs today: keeping it is no way out. The list's silence counts only for software that
    the table knows, and only while the table is recent.
    """
    if gateway.protocol in OPERATED:
        return not_applicable("operated")
    found = told(gateway, params, today, "software", "features")
    if isinstance(found, Judgement):
        return found
    listed = versions()
    used = found.features or ()
    gone = [row for row in listed.removed if row.software == found.software and row.feature in used]
    if gone:
        return failed("relies", software=found.software, feature=gone[0].feature, since=gone[0].since)
    if not any(row.software == found.software for row in listed.releases):
        return unknown(Reason.NOT_MEASURABLE, f"{found.software}: not in the table of entrances' versions")
    fresh = listed.as_of + timedelta(days=listed.stale_after_days)
    if today > fresh:
        return unknown(Reason.TABLE_OLD, f"gone through on {listed.as_of.isoformat()}")
    return passed("ok", until=min(fresh, good_until(found, params)), software=found.software)


@check("RA-11")
def idle_sessions_end(gateway: Gateway, params: Params, today: date) -> Judgement:
    """The declared idle limit is set and not longer than wanted; 0 minutes = sessions are never cut."""
    found = told(gateway, params, today, "idle_min")
    if isinstance(found, Judgement):
        return found
    if not found.idle_min:
        return failed("never")
    if found.idle_min > params.integer("idle_min"):
        return failed("long", seen=found.idle_min)
    return passed(until=good_until(found, params), seen=found.idle_min, as_of=found.as_of)


@check("RA-14")
def only_registered_devices(gateway: Gateway, params: Params, today: date) -> Judgement:
    """The declared gate is one of those that keep unregistered devices out."""
    found = told(gateway, params, today, "device_gate")
    if isinstance(found, Judgement):
        return found
    if found.device_gate == NO_GATE:
        return failed("open")
    if found.device_gate not in params.texts("device_gate"):
        return failed("weak", gate=found.device_gate)
    return passed(until=good_until(found, params), gate=found.device_gate, as_of=found.as_of)
