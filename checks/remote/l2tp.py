"""L2TP: it must not answer anybody who comes without IPsec around it.

L2TP itself encrypts nothing. An answer in the clear is its own proof; silence is believed only next to an
answer of the IKE on the same host, which shows that the line carries such packets.
"""

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
from checks.remote import _l2tp
from checks.remote._read import compact, flag, members, one_of, word
from checks.remote._wire import ANSWERED, CLOSED, NAME_NOT_FOUND, PROHIBITED, REFUSED, SILENT, WRONG_SERVICE

WAIT_S = 3.0
OUTCOMES = (ANSWERED, REFUSED, SILENT, CLOSED, WRONG_SERVICE, NAME_NOT_FOUND, PROHIBITED)


@dataclass(frozen=True, slots=True)
class PlainL2tp:
    """How L2TP answered without IPsec; `guard` = how the IKE beside it did ("" = it was not asked).

    `opened` = it opened a tunnel, `declined` = it refused in its own words; `device` = its own words.
    """

    outcome: str
    opened: bool
    declined: bool
    device: str
    guard: str


@probe("gateway.l2tp", kind="gateway")
def ask_l2tp(gateway: Gateway, dial: Dial) -> bytes:
    """One request and, if it is answered, the end of what it opened; after silence the IKE beside it."""
    if gateway.protocol != "l2tp":
        return compact({})
    heard = _l2tp.ask(gateway, dial, WAIT_S)
    guard = _l2tp.guard(gateway, dial, WAIT_S)[0] if heard.outcome == SILENT else ""
    told = (heard.host, heard.vendor, heard.firmware)
    return compact(
        {
            "outcome": heard.outcome,
            "opened": heard.opened,
            "declined": heard.declined,
            "device": ", ".join(part for part in told if part),
            "guard": guard,
        }
    )


@fact("gateway.l2tp", probe=ask_l2tp)
def plain_l2tp(answer: Answer) -> PlainL2tp:
    """The outcome as it was written down.

    Raises:
        NotKnown: the entrance is not declared as L2TP, so nothing was asked.
    """
    value = answer.json()
    if value == {}:
        raise NotKnown(Reason.NOT_MEASURABLE, "not an L2TP entrance")
    value = members(value, answer.id, "outcome", "opened", "declined", "device", "guard")
    return PlainL2tp(
        one_of(value["outcome"], "outcome", OUTCOMES),
        flag(value["opened"], "opened"),
        flag(value["declined"], "declined"),
        word(value["device"], "device")[:250],
        one_of(value["guard"], "guard", ("", *OUTCOMES)),
    )


@check("GW-24")
def only_inside_ipsec(gateway: Gateway, found: PlainL2tp | Unknown) -> Judgement:
    """An opened tunnel fails; a pass needs a refusal, or silence next to an IKE that answers."""
    if gateway.protocol != "l2tp":
        return not_applicable("not_l2tp")
    if isinstance(found, Unknown):
        return unknown(found.reason, found.note)
    if found.opened:
        return failed("open", places=(found.device,) if found.device else ())
    if found.declined or found.outcome == REFUSED:
        return passed("refused")
    if found.outcome == SILENT:
        note = f"L2TP is silent, and the IKE beside it: {found.guard}"
        return passed("silent") if found.guard == ANSWERED else unknown(Reason.NO_CONTROL, note)
    reason = Reason.WRONG_SERVICE if found.outcome == WRONG_SERVICE else Reason.NO_ANSWER
    return unknown(reason, f"L2TP: {found.outcome}")
