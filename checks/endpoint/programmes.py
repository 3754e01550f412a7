"""Proved extensions of an operating system's support (they judge nothing by themselves)."""

import re
from dataclasses import dataclass
from datetime import date

from auditor.api import Answer, Garbled, fact, strict_json
from checks.endpoint._fragments import SIGNED_IN
from checks.endpoint._read import columns, listed, members, record, whole, word

LICENSED = 1
ESU_YEARS = {
    "f520e45e-7413-4a34-a497-d2765967d094": "esu-1",
    "1043add5-23b1-4afb-9a0f-64343c8f3f8d": "esu-2",
    "83d49986-add3-41d7-ba33-87c7bfb5c0fb": "esu-3",
}
"""Activation ids of the commercial extended security updates of Windows 10, the same on every edition."""


@dataclass(frozen=True, slots=True)
class Programmes:
    """Proved extensions of support: "esu-2", "debian-lts:bookworm", "ubuntu-pro".

    `pro_until` = last day of the Ubuntu Pro contract, None = none is told (then "ubuntu-pro" proves nothing).
    `consumer` = Windows shows a trace of the consumers' programme, which proves no enrolment and is not
    meant for an office's PC.
    """

    names: frozenset[str]
    pro_until: date | None = None
    consumer: bool = False


@fact(
    "os.esu",
    windows=SIGNED_IN
    + r"""
$nt = 'SOFTWARE\Microsoft\Windows NT\CurrentVersion'
$rows = @()
$consumer = $null
if ([int](Read-Value 'LocalMachine' $nt 'CurrentBuildNumber') -lt 22000) {
  $ids = @("""
    + ", ".join(f"'{id_}'" for id_ in ESU_YEARS)
    + r""")
  $filter = "ID='" + ($ids -join "' OR ID='") + "'"
  $found = Get-CimInstance -ClassName SoftwareLicensingProduct -Filter $filter `
    -Property 'ID', 'LicenseStatus' -OperationTimeoutSec 15 -ErrorAction Stop
  foreach ($one in $found) { $rows += @{ id = [string]$one.ID; status = [int]$one.LicenseStatus } }
  if ($loaded) {
    try {
      $consumer = Read-Value 'Users' "$daily\$nt\Windows\ConsumerESU" 'ESUEligibilityResult'
    } catch { $consumer = $null }
  }
}
@{ licences = $rows; consumer = $consumer }
""",
)
def windows_esu(answer: Answer) -> Programmes:
    """Licensed (LicenseStatus 1) years of the commercial programme; asked before build 22000 only.

    The consumers' programme leaves no licence: ESUEligibilityResult of the daily user, a value without a
    specification, is a trace of it and nothing more.
    """
    names = set()
    values = record(answer, "licences", "consumer")
    for row in listed(values["licences"]):
        one = members(row, answer.id, "id", "status")
        year = ESU_YEARS.get(word(one["id"], "id").casefold())
        if year is None:
            raise Garbled(f"{answer.id}: unknown activation id")
        if whole(one["status"], "status") == LICENSED:
            names.add(year)
    return Programmes(frozenset(names), consumer=whole(values["consumer"], "consumer") is not None)


@fact(
    "os.esu",
    linux=r"""
for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
  [ -e "$f" ] || continue
  [ -r "$f" ] || exit 11
  case $f in
    *.sources) awk '
      function flush() { if (suites != "" && on && deb) print "suites\t" suites
        suites = ""; on = 1; deb = 0 }
      BEGIN { on = 1 }
      /^[ \t]*$/ { flush() }
      { low = tolower($0) }
      low ~ /^suites:/ { sub(/^[^:]*:[ \t]*/, ""); suites = $0 }
      low ~ /^types:(.*[ \t])?deb([ \t]|$)/ { deb = 1 }
      low ~ /^enabled:[ \t]*(no|false|0|off|without|disable)/ { on = 0 }
      END { flush() }' "$f" ;;
    *) awk '/^[ \t]*deb[ \t]/ { sub(/\[[^]]*\]/, ""); print "suites\t" $3 }' "$f" ;;
  esac
done
f=/var/lib/ubuntu-advantage/status.json
if [ -e "$f" ]; then
  [ -r "$f" ] || exit 11
  printf 'pro\t'
  tr '\n' ' ' <"$f"
  echo
fi
""",
)
def linux_programmes(answer: Answer) -> Programmes:
    """Debian LTS where apt follows the release's security suite; Ubuntu Pro where esm-infra is enabled."""
    names: set[str] = set()
    until = None
    for tag, value in columns(answer, {"suites": 2, "pro": 2}):
        if tag == "suites":
            names |= {
                f"debian-lts:{suite.partition('-')[0]}"
                for suite in value.split()
                if re.fullmatch(r"[a-z]+-security", suite)
            }
        else:
            enabled, until = _pro(value)
            names |= {"ubuntu-pro"} if enabled else set()
    return Programmes(frozenset(names), until)


def _pro(status: str) -> tuple[bool, date | None]:
    """Is esm-infra enabled, and the last day of the contract."""
    values = members(strict_json(status.encode(), "pro"), "pro", "attached", "services")
    services = [members(one, "pro", "name", "status") for one in listed(values["services"])]
    enabled = any(one["name"] == "esm-infra" and one["status"] == "enabled" for one in services)
    text = word(values.get("expires"), "expires")
    try:
        return values["attached"] is True and enabled, date.fromisoformat(text[:10]) if text else None
    except ValueError:
        raise Garbled("pro: no end of the contract") from None
