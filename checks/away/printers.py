"""Printers that are set up, to explain findings: how many, and whether anybody may add drivers."""

from dataclasses import dataclass

from auditor.api import Answer, Garbled, fact
from checks._fragments import REGISTRY
from checks._read import columns, record, whole


@dataclass(frozen=True, slots=True)
class Printers:
    """`count` = queues of the machine; `drivers_by_anybody` = no administrator is needed for a driver."""

    count: int
    drivers_by_anybody: bool | None


@fact(
    "data.printers",
    explains=("RA-09", "EP-13"),
    windows=REGISTRY
    + r"""
$base = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64')
$queues = $base.OpenSubKey('SYSTEM\CurrentControlSet\Control\Print\Printers')
$count = 0
if ($null -ne $queues) { $count = $queues.GetSubKeyNames().Count }
$policy = 'SOFTWARE\Policies\Microsoft\Windows NT\Printers\PointAndPrint'
@{
  count = $count
  admins = (Read-Value 'LocalMachine' $policy 'RestrictDriverInstallationToAdministrators')
}
""",
)
def windows_printers(answer: Answer) -> Printers:
    """RestrictDriverInstallationToAdministrators: only 0 lets anybody (the default since 2021 is 1)."""
    values = record(answer, "count", "admins")
    count = whole(values["count"], "count")
    if count is None or count < 0:
        raise Garbled("not a count")
    return Printers(count, whole(values["admins"], "admins") == 0)


@fact(
    "data.printers",
    explains=("EP-13",),
    linux=r"""
[ -f /etc/cups/printers.conf ] || exit 10
[ -r /etc/cups/printers.conf ] || exit 11
exec awk '/^<(Default)?Printer / { count++ } END { print "count\t" count + 0 }' /etc/cups/printers.conf
""",
)
def linux_printers(answer: Answer) -> Printers:
    """The queues of CUPS."""
    rows = columns(answer, {"count": 2})
    if len(rows) != 1:
        raise Garbled(f"{answer.id}: incomplete")
    return Printers(whole(rows[0][1], "count") or 0, None)
