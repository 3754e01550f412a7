"""Public Wi-Fi: where nothing encrypts the air, the town's tunnel does."""

from auditor.api import Judgement, Reason, Town, Unknown, check, failed, not_applicable, passed, unknown
from checks.away.tunnel import Tunnels
from checks.away.wifi import Wifi


@check("NET-11")
def open_wifi_only_through_the_tunnel(wifi: Wifi, tunnels: Tunnels | Unknown, town: Town) -> Judgement:
    """Joined to an open Wi-Fi, everything goes through a tunnel to a declared entrance."""
    if not wifi.radio or wifi.joined == ():
        return not_applicable("not_joined")
    schemes = {one.scheme for one in wifi.joined or ()}
    if schemes & {"open", "owe"}:
        return (
            unknown(tunnels.reason, tunnels.note) if isinstance(tunnels, Unknown) else _through(tunnels, town)
        )
    if not schemes or "" in schemes:
        return unknown(Reason.NOT_MEASURABLE, "the system does not tell the protection of the Wi-Fi")
    return not_applicable("closed")


def _through(tunnels: Tunnels, town: Town) -> Judgement:
    mine = [one for one in tunnels.of(town) if one.up]
    if any(one.takes4 and one.takes6 is not False for one in mine):
        return passed()
    if any(one.takes4 is False or one.takes6 is False for one in mine):
        return failed("beside")
    if mine or tunnels.way4 in ("tunnel", ""):
        return unknown(Reason.NOT_MEASURABLE, "nothing tells whether the way out is the town's tunnel")
    return failed("bare")
