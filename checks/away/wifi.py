"""Wi-Fi: what it is joined to and which profiles it keeps; the home's has a current cipher."""

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date

from auditor.api import (
    Answer,
    Endpoint,
    Judgement,
    Params,
    Reason,
    Town,
    Verdict,
    check,
    fact,
    failed,
    not_applicable,
    passed,
    unknown,
)
from checks._read import columns, listed, record, truth
from checks.away import _protection, _wifi
from checks.away._protection import Protection

ORDER = ("open", "wep", "wpa", "wpa2", "wpa3")


@dataclass(frozen=True, slots=True)
class Wifi:
    """`joined` = what it is connected to now, None = cannot be told; `profiles` None = cannot be read.

    `hidden` = there are more profiles than those: of a group policy, or files without the right to read.
    """

    radio: bool
    joined: tuple[Protection, ...] | None
    profiles: tuple[Protection, ...] | None
    hidden: bool = False

    @property
    def unresolved(self) -> tuple[str, ...]:
        """What this account could not see."""
        return ("profiles",) if self.hidden else ()


@fact("net.wifi", windows=_wifi.WINDOWS)
def windows_wifi(answer: Answer) -> Wifi:
    """Names of constants and elements; without a radio nothing is joined."""
    values = record(answer, "radio", "joined", "profiles", "policy")
    joined, kept = values["joined"], values["profiles"]
    return Wifi(
        truth(values["radio"], "radio") is True,
        None if joined is None else tuple(_protection.now(row) for row in listed(joined)),
        None if kept is None else tuple(_protection.kept(row) for row in listed(kept)),
        hidden=truth(values["policy"], "policy") is not False,
    )


@fact("net.wifi", linux=_wifi.LINUX, macos=_wifi.MACOS)
def unix_wifi(answer: Answer) -> Wifi:
    """wpa_supplicant's own words where it answers, else NetworkManager's or Apple's; profiles of Linux."""
    tags = {"radio": 2, "joined": 3, "beacon": 2, "apple": 2, "profile": 5, "unread": 1}
    rows = columns(answer, tags)
    tagged = {tag: [row[1:] for row in rows if row[0] == tag] for tag in tags}
    joined = [
        *(_protection.supplicant(how, cipher) for how, cipher in tagged["joined"]),
        *(_protection.beacon(text) for (text,) in tagged["beacon"]),
        *(_protection.apple(text) for (text,) in tagged["apple"]),
    ]
    profiles = tuple(_protection.profile(*row) for row in tagged["profile"])
    return Wifi(bool(tagged["radio"]), tuple(joined), profiles, hidden=bool(tagged["unread"]))


@check("NET-10")
def home_wifi_is_current(
    wifi: Wifi, endpoint: Endpoint, town: Town, params: Params, today: date
) -> Judgement:
    """The cipher of the Wi-Fi it is joined to, and its user's word on the router, which no PC can tell.

    An open Wi-Fi is the public's, whose rule is NET-11.
    """
    joined = wifi.joined
    if not wifi.radio or joined == ():
        return not_applicable("not_joined")
    if joined is not None and any(one.domain for one in joined):
        return not_applicable("office")
    if joined is None:
        return unknown(Reason.NOT_MEASURABLE, "the system does not tell the Wi-Fi it is joined to")
    judgement = _protected(joined, ORDER.index(params.text("wifi_min").casefold()))
    if judgement.verdict is not Verdict.PASS:
        return judgement
    told = next((one.router_attested_on for one in town.staff if one.id == endpoint.user), None)
    return _vouched(judgement, told, params.integer("router_attest_months"), today)


def _vouched(judgement: Judgement, told: date | None, months: int, today: date) -> Judgement:
    """The pass, as long as the user's word on the router lasts; a day to come is no word yet."""
    if told is None or told > today:
        return unknown(Reason.NOT_DECLARED, "the Wi-Fi is in order; staff.csv holds no word on the router")
    until = _later(told, months)
    if today > until:
        note = f"the Wi-Fi is in order; the word on the router is of {told.isoformat()}"
        return unknown(Reason.EXPIRED, note)
    return replace(judgement, until=until, values={**judgement.values, "on": told.isoformat()})


def _later(day: date, months: int) -> date:
    """The same day so many months later, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return day.replace(year=year, month=month + 1, day=min(day.day, monthrange(year, month + 1)[1]))


def _protected(joined: tuple[Protection, ...], least: int) -> Judgement:
    old = [one.scheme for one in joined if one.scheme in ORDER[1:least]]
    if old:
        return failed("old", seen=min(old).upper())
    if any(one.scheme in ORDER and one.cipher == "weak" for one in joined):
        return failed("cipher")
    if all(one.scheme == "open" for one in joined):
        return not_applicable("public")
    if not all(one.scheme in ORDER[least:] for one in joined):
        return unknown(Reason.NOT_MEASURABLE, "the protection of the Wi-Fi is not told")
    return passed(seen=min(one.scheme for one in joined).upper())
