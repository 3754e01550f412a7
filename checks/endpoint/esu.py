"""Windows 10 after its ordinary end: only with a commercial extension that the PC itself can show."""

from datetime import date

from auditor.api import (
    Judgement,
    Params,
    Reason,
    Unknown,
    Verdict,
    check,
    failed,
    not_applicable,
    passed,
    unknown,
)
from checks.endpoint._lifetimes import lifetime_of
from checks.endpoint.programmes import Programmes
from checks.endpoint.support import OperatingSystem, extended

FIRST_WINDOWS_11 = 22000
"""The first client build that is not Windows 10."""


@check("EP-04")
def windows_10_is_extended(
    system: OperatingSystem, programmes: Programmes | Unknown, params: Params, today: date
) -> Judgement:
    """A licensed year of the commercial programme that still runs; the last day counts.

    It asks what EP-02 asks, so that both agree. An edition whose own support still runs (LTSC) needs no
    extension.
    """
    if (elsewhere := _elsewhere(system)) is not None:
        return elsewhere
    row = lifetime_of(system.product, system.release, system.edition, system.build)
    if row is None or row.end is None:
        return unknown(Reason.NOT_MEASURABLE, f"{system.shown}: not in the end-of-support table")
    if today <= row.end:
        return not_applicable("own", system=system.shown, end=row.end)
    found = extended(system, row, row.end, programmes, today)
    last = params.day("esu_end_commercial")
    if found.verdict is Verdict.PASS and found.until is not None and today <= last:
        end = min(found.until, last)
        return passed("commercial", until=end, system=system.shown, end=end)
    return found if found.verdict is Verdict.UNKNOWN else _refused(system, programmes, params)


def _elsewhere(system: OperatingSystem) -> Judgement | None:
    """Why the control does not concern this system; None = it is a Windows 10 client."""
    if system.product != "windows":
        return not_applicable("server", system=system.shown)
    if int(system.build) >= FIRST_WINDOWS_11:
        return not_applicable("newer")
    return None


def _refused(system: OperatingSystem, programmes: Programmes | Unknown, params: Params) -> Judgement:
    """No running commercial year; a town that accepts the consumers' programme must look by hand."""
    if not isinstance(programmes, Programmes) or not programmes.consumer:
        return failed("none", system=system.shown)
    if params.flag("accept_consumer_esu"):
        return unknown(Reason.NOT_MEASURABLE, f"{system.shown}: whether the consumer programme runs")
    return failed("consumer", system=system.shown)
