"""The office's Wi-Fi: nobody joins it by a password that can be passed on."""

from auditor.api import Endpoint, Judgement, Params, Reason, check, failed, not_applicable, passed, unknown
from checks.away._protection import Protection
from checks.away.wifi import Wifi

TLS = frozenset({"13", "tls"})
"""EAP-TLS by its number (IANA) and by the name of the Linux programs."""
CARRIERS = frozenset({"55", "21"})
"""TEAP and TTLS in a profile of Windows, which name the method inside them as well."""


@check("NET-09")
def office_wlan_asks_for_a_certificate(wifi: Wifi, endpoint: Endpoint, params: Params) -> Judgement:
    """Enterprise mode with EAP-TLS: on the office's Wi-Fi it is joined to, else in every profile it keeps.

    A PC that goes home keeps the home's profile too, and nothing tells the two apart: then a shared
    password is unknown, not a failure.
    """
    wanted = {each.casefold() for each in params.texts("auth")}
    if not wifi.radio:
        return not_applicable("no_wifi")
    office = [one for one in wifi.joined or () if one.domain and _named(one) not in wanted]
    if office:
        return failed("shared", count=len(office))
    if wifi.profiles is None:
        return unknown(Reason.NO_PERMISSION, "the profiles cannot be read")
    return _kept(wifi, wanted, goes_home=endpoint.method != "")


def _kept(wifi: Wifi, wanted: set[str], *, goes_home: bool) -> Judgement:
    bad = [one for one in wifi.profiles or () if _named(one) not in wanted or not _certified(one)]
    if bad and not goes_home and all(one.scheme for one in bad):
        return failed("shared", count=len(bad))
    if bad:
        return unknown(Reason.NOT_MEASURABLE, "a profile without a certificate, which may be the home's")
    if wifi.hidden or (wifi.joined and not wifi.profiles):
        return unknown(Reason.NOT_MEASURABLE, "further profiles cannot be read")
    return passed(count=len(wifi.profiles)) if wifi.profiles else not_applicable("no_profile")


def _certified(one: Protection) -> bool:
    """True when nothing but a certificate opens it; a method of passwords beside it would be taken too."""
    return bool(TLS & set(one.eap)) and set(one.eap) <= TLS | CARRIERS


def _named(one: Protection) -> str:
    return f"{one.scheme}-{'enterprise' if one.enterprise else 'personal'}"
