"""The PC's own firewall: on in every place it may be plugged in."""

from dataclasses import dataclass
from typing import Any

from auditor.api import (
    CONSOLE,
    Answer,
    Garbled,
    Judgement,
    NotKnown,
    Params,
    Reason,
    check,
    fact,
    failed,
    passed,
    unknown,
)
from checks.endpoint._fragments import REGISTRY
from checks.endpoint._nft import Input, iptables, nftables, strongest
from checks.endpoint._read import columns, listed, members, record, whole, word

RUNNING = 4
BLOCK = 1
PRODUCT_ON = 1


@dataclass(frozen=True, slots=True)
class Side:
    """One profile or address family: `on` None = not told; `lets_in` = on, and accepts everything."""

    name: str
    on: bool | None
    lets_in: bool = False


@dataclass(frozen=True, slots=True)
class Firewall:
    """All sides of the system's own firewall, and `others` = other products registered as on."""

    sides: tuple[Side, ...]
    others: tuple[str, ...] = ()


@fact(
    "fw.profiles",
    windows=REGISTRY
    + r"""
function Read-Profile($path) {
  @{
    enabled = (Read-Value 'LocalMachine' $path 'EnableFirewall')
    inbound = (Read-Value 'LocalMachine' $path 'DefaultInboundAction')
  }
}
$local = 'SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy'
$policy = 'SOFTWARE\Policies\Microsoft\WindowsFirewall'
$products = $null
try {
  $products = @()
  $found = Get-CimInstance -Namespace 'root/SecurityCenter2' -ClassName FirewallProduct `
    -OperationTimeoutSec 15 -ErrorAction Stop
  foreach ($one in $found) {
    $products += @{ name = [string]$one.displayName; state = [int64]$one.productState }
  }
} catch { $products = $null }
@{
  service = [int](Get-Service -Name MpsSvc -ErrorAction Stop).Status
  domain = (Read-Profile "$local\DomainProfile")
  private = (Read-Profile "$local\StandardProfile")
  public = (Read-Profile "$local\PublicProfile")
  domain_policy = (Read-Profile "$policy\DomainProfile")
  private_policy = (Read-Profile "$policy\PrivateProfile")
  standard_policy = (Read-Profile "$policy\StandardProfile")
  public_policy = (Read-Profile "$policy\PublicProfile")
  products = $products
}
""",
)
def windows_firewall(answer: Answer) -> Firewall:
    """EnableFirewall of each profile, 1 = on; a policy's value wins, and an unset one says nothing.

    On the policy side the private profile may stand under either of two names. A stopped service is off.
    """
    names = ("domain", "private", "public")
    ways = (*names, "domain_policy", "private_policy", "standard_policy", "public_policy")
    values = record(answer, "service", "products", *ways)
    rows = {name: members(values[name], name, "enabled", "inbound") for name in ways}
    running = whole(values["service"], "service") == RUNNING
    sides = []
    for name in names:
        policies = [rows[f"{name}_policy"]] + ([rows["standard_policy"]] if name == "private" else [])
        enabled = _effective(policies, rows[name], "enabled")
        inbound = _effective(policies, rows[name], "inbound")
        on = None if not enabled else enabled == {1}
        sides.append(Side(name, on=on if running else False, lets_in=not inbound <= {BLOCK}))
    return Firewall(tuple(sides), _products(values["products"]))


def _effective(policies: list[Any], local: Any, field: str) -> set[int]:
    """The values in force: those of the policies where any is set, else the local one; empty = unset."""
    prescribed = {value for row in policies if (value := whole(row[field], field)) is not None}
    own = whole(local[field], field)
    return prescribed or (set() if own is None else {own})


def _products(value: Any) -> tuple[str, ...]:
    """Products that the Security Center holds for running; bits 12-15 of productState, 1 = on."""
    rows = [members(row, "products", "name", "state") for row in listed(value)]
    return tuple(
        word(row["name"], "name")
        for row in rows
        if ((whole(row["state"], "state") or 0) >> 12) & 15 == PRODUCT_ON
    )


@fact(
    "fw.profiles",
    linux=r"""
[ "$(id -u)" = 0 ] || exit 11
ipv6=off
if [ -r /proc/net/if_inet6 ]; then
  ipv6=$(awk '$6 != "lo" { on = 1 } END { print on ? "on" : "off" }' /proc/net/if_inet6)
fi
printf 'ipv6\t%s\n' "$ipv6"
tool=
nft=
if command -v nft >/dev/null; then
  tool=nft
  nft=$(nft -j list ruleset 2>&1) || case $nft in *permitted*) exit 11 ;; *) exit 1 ;; esac
  printf 'nft\t'
  printf '%s' "$nft" | tr '\n' ' '
  echo
fi
for family in iptables ip6tables; do
  command -v "$family-save" >/dev/null || continue
  case $tool in
    nft)
      case $nft in
        *'"xt"'*) ;;
        *) grep -q filter "/proc/net/${family%tables}_tables_names" || continue ;;
      esac
      ;;
    *) tool=$family ;;
  esac
  rules=$("$family-save" -t filter 2>&1) || case $rules in *permitted*) exit 11 ;; *) exit 1 ;; esac
  printf '%s\n' "$rules" | awk -v tag="$family" '{ print tag "\t" $0 }'
done
[ -n "$tool" ] || exit 10
""",
)
def linux_firewall(answer: Answer) -> Firewall:
    """What the kernel does now (root only), not what a configuration file wishes; both address families."""
    rows = columns(answer, {"ipv6": 2, "nft": 2, "iptables": 2, "ip6tables": 2})
    text = {
        tag: "\n".join(row[1] for row in rows if row[0] == tag)
        for tag in ("ipv6", "nft", "iptables", "ip6tables")
    }
    if text["ipv6"] not in ("on", "off") or not any((text["nft"], text["iptables"], text["ip6tables"])):
        raise Garbled(f"{answer.id}: incomplete")
    seen = nftables(text["nft"]) if text["nft"] else {"ipv4": Input.NO_FILTER, "ipv6": Input.NO_FILTER}
    sides = []
    for family, tag in (("ipv4", "iptables"), ("ipv6", "ip6tables")):
        if family == "ipv6" and text["ipv6"] == "off":
            continue
        state = strongest((seen[family], iptables(text[tag])))
        on = None if state is Input.UNCLEAR else state is not Input.NO_FILTER
        sides.append(Side(family, on=on, lets_in=state is Input.OPEN))
    return Firewall(tuple(sides))


@fact("fw.profiles", macos="/usr/libexec/ApplicationFirewall/socketfilterfw --getglobalstate")
def macos_firewall(answer: Answer) -> Firewall:
    """The number in "State = 0/1/2": 0 off, 1 on, 2 on and everything blocked."""
    state = answer.text().strip().rpartition("State = ")[2].rstrip(")")
    if state not in ("0", "1", "2"):
        raise Garbled(f"{answer.id}: no state")
    return Firewall((Side("application", on=state != "0"),))


@fact("fw.profiles", chromeos=CONSOLE)
def chromeos_firewall(answer: Answer) -> Firewall:
    """The device signal ``osFirewall`` of the admin console's export."""
    signal = word(record(answer, "os_firewall")["os_firewall"], "os_firewall")
    if signal not in ("ENABLED", "DISABLED"):
        raise NotKnown(Reason.NOT_MEASURABLE, "the export does not tell the firewall")
    return Firewall((Side("system", on=signal == "ENABLED"),))


@check("EP-08")
def firewall_on_everywhere(firewall: Firewall, params: Params) -> Judgement:
    """Every side is on and refuses what nobody allowed; another product that is on stands in for it."""
    wanted = params.texts("profiles")
    sides = [
        side
        for side in firewall.sides
        if side.name in wanted or side.name not in ("domain", "private", "public")
    ]
    off = tuple(side.name for side in sides if side.on is False)
    lets_in = tuple(side.name for side in sides if side.on and side.lets_in)
    if (off or lets_in) and firewall.others:
        return passed("other", product=firewall.others[0])
    if off:
        return failed("off", places=off, count=len(off))
    if lets_in:
        return failed("lets_in", places=lets_in, count=len(lets_in))
    if not sides or any(side.on is None for side in sides):
        return unknown(Reason.NOT_MEASURABLE, "a profile is not set, or its rules are not understood")
    return passed(count=len(sides))
