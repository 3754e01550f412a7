"""SSTP: the call is bound to the server's certificate by a hash that still holds."""

from dataclasses import dataclass

from auditor.api import (
    Answer,
    Dial,
    Gateway,
    Judgement,
    NotKnown,
    Reason,
    Unknown,
    check,
    fact,
    failed,
    not_applicable,
    passed,
    probe,
    unknown,
)
from checks.remote import _sstp
from checks.remote._read import compact, members, one_of, whole
from checks.remote._wire import ANSWERED, CLOSED, NAME_NOT_FOUND, PROHIBITED, REFUSED, SILENT, WRONG_SERVICE

WAIT_S = 4.0
OUTCOMES = (ANSWERED, REFUSED, SILENT, CLOSED, WRONG_SERVICE, NAME_NOT_FOUND, PROHIBITED)
REASONS = {
    REFUSED: Reason.REFUSED,
    NAME_NOT_FOUND: Reason.NAME_NOT_FOUND,
    PROHIBITED: Reason.PROHIBITED,
    WRONG_SERVICE: Reason.WRONG_SERVICE,
}
SHA1, SHA256 = 1, 2


@dataclass(frozen=True, slots=True)
class SstpBinding:
    """The hashes offered for the crypto binding ([MS-SSTP] 2.2.6): bit 1 SHA-1, bit 2 SHA-256.

    0 = the server did not take the call.
    """

    mask: int


@probe("gateway.sstp", kind="gateway")
def ask_sstp(gateway: Gateway, dial: Dial) -> bytes:
    """One connection: the opening, the call's first message, and its taking back."""
    if gateway.protocol != "sstp":
        return compact({})
    heard = _sstp.call(gateway, dial, WAIT_S, all_of_it=True)
    return compact({"outcome": heard.outcome, "mask": heard.mask})


@fact("gateway.sstp", probe=ask_sstp)
def sstp_binding(answer: Answer) -> SstpBinding:
    """The mask as it was written down.

    Raises:
        NotKnown: no SSTP server answered, or the entrance is not declared as SSTP.
    """
    value = answer.json()
    if value == {}:
        raise NotKnown(Reason.NOT_MEASURABLE, "not an SSTP entrance")
    value = members(value, answer.id, "outcome", "mask")
    outcome = one_of(value["outcome"], "outcome", OUTCOMES)
    if outcome != ANSWERED:
        raise NotKnown(REASONS.get(outcome, Reason.NO_ANSWER), f"SSTP: {outcome}")
    return SstpBinding(whole(value["mask"], "mask", SHA1 | SHA256))


@check("GW-25")
def bound_by_a_sound_hash(gateway: Gateway, binding: SstpBinding | Unknown) -> Judgement:
    """SHA-256 among those offered passes: both sides then use it."""
    if gateway.protocol != "sstp":
        return not_applicable("not_sstp")
    if isinstance(binding, Unknown):
        return unknown(binding.reason, binding.note)
    if binding.mask & SHA256:
        return passed("ok")
    if binding.mask & SHA1:
        return failed("sha1")
    return unknown(Reason.NOT_MEASURABLE, "the server did not take the call")
