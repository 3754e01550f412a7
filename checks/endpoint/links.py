"""Which network link the machine is on, and how fast (explains slow updates). Advice, never a demand."""

import re
from dataclasses import dataclass

from auditor.api import Answer, Garbled, fact
from checks.endpoint._read import columns, listed, members, record, whole

WIRED, WIRELESS = 6, 71
"""Interface types of the IANA registry (ifType): Ethernet and IEEE 802.11."""
NOT_TOLD = 2**63 - 1
MEGA = 1_000_000


@dataclass(frozen=True, slots=True)
class Link:
    """A link that is up; `mbps` None = it does not tell its speed."""

    wireless: bool
    mbps: int | None


@dataclass(frozen=True, slots=True)
class Links:
    """All links that are up, the machine's own loop and tunnels left out."""

    links: tuple[Link, ...]


@fact(
    "hw.link",
    explains=("EP-03",),
    windows=r"""
$links = @()
foreach ($one in [System.Net.NetworkInformation.NetworkInterface]::GetAllNetworkInterfaces()) {
  if ([int]$one.OperationalStatus -eq 1) {
    $links += @{ type = [int]$one.NetworkInterfaceType; bps = [int64]$one.Speed }
  }
}
@{ links = $links }
""",
)
def windows_links(answer: Answer) -> Links:
    """Ethernet and wireless interfaces that are up, without their (Japanese) names."""
    found = []
    for row in listed(record(answer, "links")["links"]):
        one = members(row, "link", "type", "bps")
        kind, speed = whole(one["type"], "type"), whole(one["bps"], "bps")
        if kind in (WIRED, WIRELESS):
            told = speed is not None and 0 < speed < NOT_TOLD
            found.append(Link(kind == WIRELESS, speed // MEGA if speed is not None and told else None))
    return Links(tuple(found))


@fact(
    "hw.link",
    explains=("EP-03",),
    linux=r"""
for d in /sys/class/net/*; do
  [ -e "$d/device" ] || continue
  state= ; speed= ; air=0
  [ -r "$d/operstate" ] && read -r state <"$d/operstate"
  [ "$state" = up ] || continue
  if [ -d "$d/wireless" ] || [ -e "$d/phy80211" ]; then air=1; fi
  [ "$air" = 0 ] && read -r speed 2>/dev/null <"$d/speed"
  printf 'link\t%s\t%s\n' "$air" "$speed"
done
printf 'end\n'
""",
)
def linux_links(answer: Answer) -> Links:
    """Interfaces of real devices that are up; the kernel gives -1 or nothing for a speed it does not know."""
    rows = columns(answer, {"link": 3, "end": 1})
    if [row for row in rows if row[0] == "end"] != rows[-1:]:
        raise Garbled(f"{answer.id}: incomplete")
    found = []
    for row in rows[:-1]:
        if row[1] not in ("0", "1") or re.fullmatch(r"-?[0-9]{0,7}", row[2]) is None:
            raise Garbled(f"{answer.id}: not understood")
        speed = int(row[2]) if row[2] not in ("", "-") else -1
        found.append(Link(row[1] == "1", speed if speed > 0 else None))
    return Links(tuple(found))
