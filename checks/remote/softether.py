"""SoftEther VPN Server: product and build by its own word, and whether its web administration is in sight.

Its HTTP service answers on every port of the VPN. ``/admin/`` and ``/api/`` ask for the administrator's
password there, unless DisableJsonRpcWebApi is set; the administration by its own programmes uses the VPN
protocol itself and is not seen here.
"""

from dataclasses import dataclass, replace

from auditor.api import (
    Answer,
    Dial,
    Garbled,
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
from checks.remote import _alive, _pack, _web
from checks.remote._read import compact, members, one_of, whole, word
from checks.remote._wire import ANSWERED

WAIT_S = 4.0
NOT_ASKED: dict[str, object] = {}
PLACES = ("/admin/", "/api/")
OPEN, SHUT, UNCLEAR = "open", "shut", "unclear"
OK, WHO_ARE_YOU = 200, 401
GONE = (403, 404)
MOST = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class SoftEther:
    """What the server says it is: `product` in its words, `version` like "5.01", `build`.

    `open_places` of the web administration answer, `unclear_places` did so in no known way. `openvpn` = the
    same port also speaks OpenVPN.
    """

    product: str
    version: str
    build: int
    open_places: tuple[str, ...]
    unclear_places: tuple[str, ...]
    openvpn: bool


@probe("gateway.softether", kind="gateway")
def ask_softether(gateway: Gateway, dial: Dial) -> bytes:
    """The hello, one GET for each place of the administration, one OpenVPN reset; one after the other.

    Raises:
        NotKnown: NO_ANSWER, or WRONG_SERVICE (what answers is no SoftEther server).
    """
    if gateway.protocol != "softether":
        return compact(NOT_ASKED)
    try:
        hello, _ = _pack.ask(gateway, dial, WAIT_S)
    except _web.NoPage as error:
        raise NotKnown(error.reason, error.note) from None
    except _pack.NotPack as error:
        raise NotKnown(Reason.WRONG_SERVICE, str(error)) from None
    clone, _ = _alive.ask(replace(gateway, protocol="openvpn", transport="tcp"), dial, WAIT_S)
    return compact(
        {
            "product": hello.product,
            "version": hello.version,
            "build": hello.build,
            "places": {place: _place(gateway, dial, place) for place in PLACES},
            "openvpn": clone == ANSWERED,
        }
    )


def _place(gateway: Gateway, dial: Dial, path: str) -> str:
    """Open: it answers, or asks who we are. Shut: it says that there is nothing for us."""
    try:
        page = _web.exchange(gateway, dial, _web.request(gateway, "GET", path), WAIT_S)
    except _web.NoPage:
        return UNCLEAR
    if page.status == OK or (page.status == WHO_ARE_YOU and "www-authenticate" in page.headers):
        return OPEN
    return SHUT if page.status in GONE else UNCLEAR


@fact("gateway.softether", probe=ask_softether)
def softether(answer: Answer) -> SoftEther:
    """The server's words as they were written down.

    Raises:
        NotKnown: NOT_MEASURABLE, the entrance is not declared as SoftEther.
    """
    written = answer.json()
    if written == NOT_ASKED:
        raise NotKnown(Reason.NOT_MEASURABLE, "not a SoftEther entrance")
    value = members(written, answer.id, "product", "version", "build", "places", "openvpn")
    places = members(value["places"], "places", *PLACES)
    found = {place: one_of(places[place], place, (OPEN, SHUT, UNCLEAR)) for place in PLACES}
    version = whole(value["version"], "version", MOST)
    if not isinstance(value["openvpn"], bool):
        raise Garbled("openvpn: not true or false")
    return SoftEther(
        product=word(value["product"], "product"),
        version=f"{version // 100}.{version % 100:02}",
        build=whole(value["build"], "build", MOST),
        open_places=tuple(place for place in PLACES if found[place] == OPEN),
        unclear_places=tuple(place for place in PLACES if found[place] == UNCLEAR),
        openvpn=value["openvpn"],
    )


@check("GW-31")
def administration_out_of_sight(gateway: Gateway, seen: SoftEther | Unknown) -> Judgement:
    """No place of the web administration answers at the entrance that everybody may reach."""
    if gateway.protocol != "softether":
        return not_applicable("other")
    if isinstance(seen, Unknown):
        return unknown(seen.reason, seen.note)
    if seen.open_places:
        return failed("open", places=seen.open_places, count=len(seen.open_places))
    if seen.unclear_places:
        return unknown(Reason.NOT_MEASURABLE, f"no clear answer at {', '.join(seen.unclear_places)}")
    return passed("ok")
