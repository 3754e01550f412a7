"""Screen transfer: nothing but the picture leaves the session host."""

from dataclasses import dataclass
from typing import Any

from auditor.api import (
    Answer,
    Garbled,
    Judgement,
    Params,
    Reason,
    check,
    fact,
    failed,
    not_applicable,
    passed,
    unknown,
)
from checks._fragments import REGISTRY
from checks._read import listed, members, record, whole, word

OFF = 1
KINDS = {"clipboard": "clip", "drive": "drive", "printer": "printer"}


@dataclass(frozen=True, slots=True)
class Redirection:
    """What a remote session may carry over; `host` = this PC lets remote desktop sessions in.

    `allowed` names the redirections that are not switched off (clipboard, drive, printer). `agents` are
    services of other screen-transfer products, whose own settings decide and are not read here.
    """

    host: bool
    allowed: frozenset[str]
    agents: tuple[str, ...] = ()


@fact(
    "rdp.redirect",
    explains=("EP-14",),
    windows=REGISTRY
    + r"""
function Read-Kinds($path) {
  @{
    clip = (Read-Value 'LocalMachine' $path 'fDisableClip')
    drive = (Read-Value 'LocalMachine' $path 'fDisableCdm')
    printer = (Read-Value 'LocalMachine' $path 'fDisableCpm')
  }
}
$server = 'SYSTEM\CurrentControlSet\Control\Terminal Server'
$policy = 'SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services'
$agents = @()
foreach ($name in @('WSNM', 'BrokerAgent')) {
  if ($null -ne (Read-Value 'LocalMachine' "SYSTEM\CurrentControlSet\Services\$name" 'Start')) {
    $agents += $name
  }
}
@{
  deny = (Read-Value 'LocalMachine' $server 'fDenyTSConnections')
  deny_policy = (Read-Value 'LocalMachine' $policy 'fDenyTSConnections')
  policy = (Read-Kinds $policy)
  local = (Read-Kinds "$server\WinStations\RDP-Tcp")
  agents = $agents
}
""",
)
def windows_redirection(answer: Answer) -> Redirection:
    """The policy wins over the listener's own value; unset = carried over, as Microsoft documents.

    fDenyTSConnections: 1 (or unset, the default of every edition) = nobody comes in from afar.
    """
    values = record(answer, "deny", "deny_policy", "policy", "local", "agents")
    policy = members(values["policy"], "policy", *KINDS.values())
    local = members(values["local"], "local", *KINDS.values())
    allowed = frozenset(kind for kind, name in KINDS.items() if not _off(policy[name], local[name], name))
    deny = whole(values["deny_policy"], "deny_policy")
    if deny is None:
        deny = whole(values["deny"], "deny")
    if deny not in (None, 0, 1):
        raise Garbled(f"{answer.id}: fDenyTSConnections is {deny}")
    agents = tuple(word(name, "agents") for name in listed(values["agents"]))
    return Redirection(deny == 0, allowed, agents)


def _off(policy: Any, local: Any, name: str) -> bool:
    prescribed = whole(policy, name)
    own = whole(local, name)
    return (own if prescribed is None else prescribed) == OFF


@check("RA-09")
def only_the_picture_leaves(redirection: Redirection, params: Params) -> Judgement:
    """On a session host every redirection the town wants off is off; a PC that lets nobody in is no host."""
    wanted = [kind for kind in KINDS if params.text(kind) == "off"]
    still = tuple(kind for kind in wanted if kind in redirection.allowed)
    if redirection.host and still:
        return failed("allowed", places=still, count=len(still))
    if redirection.agents:
        return unknown(Reason.NOT_MEASURABLE, f"{', '.join(redirection.agents)} decides by its own policy")
    if not redirection.host:
        return not_applicable("no_host")
    return passed()
