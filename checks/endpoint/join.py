"""Whose accounts sign in: the PC's own, or those of a domain or directory; and who manages the PC."""

import re
from dataclasses import dataclass
from typing import Any

from auditor.api import Answer, Garbled, Judgement, Params, Reason, Unknown, fact, unknown
from checks.endpoint._parts import PARTS, part
from checks.endpoint._read import columns, listed, members, record, truth, whole, word

ROLES = range(6)
"""DomainRole: 0 standalone workstation, 1 member workstation, 2 and 3 servers, 4 and 5 domain controllers."""
OF_THE_PC = frozenset({"files", "compat", "db", "systemd", "altfiles", "extrausers", "nis_files"})
"""Sources of nsswitch.conf that hold accounts of this machine alone."""
MINE = re.compile(r"/Local/Default|/BSD/local|/Contacts|CSPSearchPath:")
ENROLMENT = re.compile(r"MDM enrollment: (Yes( \(User Approved\))?|No)")


@dataclass(frozen=True, slots=True)
class JoinState:
    """`domain` = accounts of a domain or directory can sign in, `cloud` = joined to Entra ID.

    `managers` = management services (MDM) the PC is enrolled at, by the id they gave themselves.
    """

    domain: bool
    cloud: bool
    managers: tuple[str, ...] | Unknown

    @property
    def joined(self) -> bool:
        """True where people may sign in with accounts whose rules are kept elsewhere."""
        return self.domain or self.cloud


@fact(
    "join.state",
    explains=("EP-13",),
    windows=PARTS
    + r"""
$one = Get-CimInstance -ClassName Win32_ComputerSystem -OperationTimeoutSec 15 -ErrorAction Stop
$root = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64')
$key = $root.OpenSubKey('SYSTEM\CurrentControlSet\Control\CloudDomainJoin\JoinInfo')
$cloud = 0
if ($null -ne $key) { $cloud = $key.SubKeyCount }
$managers = Get-Part {
  $found = @()
  $all = $root.OpenSubKey('SOFTWARE\Microsoft\Enrollments')
  if ($null -ne $all) {
    foreach ($name in $all.GetSubKeyNames()) {
      $row = $all.OpenSubKey($name)
      if (($null -ne $row) -and ($row.GetValue('EnrollmentState') -eq 1)) {
        $found += [string]$row.GetValue('ProviderID')
      }
    }
  }
  @{ found = $found }
}
@{ role = $one.DomainRole; member = $one.PartOfDomain; cloud = $cloud; managers = $managers }
""",
)
def windows_join(answer: Answer) -> JoinState:
    """Win32_ComputerSystem's DomainRole and PartOfDomain, CloudDomainJoin, and enrolments in force."""
    values = record(answer, "role", "member", "cloud", "managers")
    role, member = whole(values["role"], "role"), truth(values["member"], "member")
    cloud = whole(values["cloud"], "cloud")
    if role not in ROLES or member is None or member != (role not in (0, 2)) or cloud is None or cloud < 0:
        raise Garbled(f"{answer.id}: a role that Windows does not have")
    return JoinState(member, cloud > 0, part(values["managers"], "managers", _managers))


def _managers(value: Any) -> tuple[str, ...]:
    found = [word(one, "found") for one in listed(members(value, "managers", "found")["found"])]
    return tuple(sorted({one for one in found if one}))


@fact(
    "join.state",
    explains=("EP-13",),
    linux=r"""
f=/etc/nsswitch.conf
[ -e "$f" ] || { printf 'source\tfiles\n'; exit 0; }
[ -r "$f" ] || exit 11
awk '
  { sub(/#.*/, "") }
  /^[ \t]*passwd[ \t]*:/ { sub(/^[^:]*:/, ""); gsub(/\[[^]]*\]/, " ")
    for (i = 1; i <= NF; i++) print "source\t" $i }' "$f"
""",
)
def linux_join(answer: Answer) -> JoinState:
    """Where nsswitch.conf looks accounts up; anything but the machine's own files is a directory."""
    sources = {row[1] for row in columns(answer, {"source": 2})}
    if not sources:
        raise Garbled(f"{answer.id}: no source of accounts")
    return JoinState(not sources <= OF_THE_PC, cloud=False, managers=())


@fact(
    "join.state",
    explains=("EP-13",),
    macos=r"""
dscl /Search -read / CSPSearchPath | awk 'NF { print "node\t" $0 }'
profiles status -type enrollment | awk '/^MDM enrollment/ { print "mdm\t" $0 }'
:
""",
)
def macos_join(answer: Answer) -> JoinState:
    """The nodes that accounts are looked up in, and whether a management service holds the Mac."""
    rows = columns(answer, {"node": 2, "mdm": 2})
    nodes = " ".join(row[1] for row in rows if row[0] == "node")
    if "/Local/Default" not in nodes:
        raise Garbled(f"{answer.id}: incomplete")
    told = [ENROLMENT.fullmatch(row[1].strip()) for row in rows if row[0] == "mdm"]
    managers: tuple[str, ...] | Unknown = Unknown(Reason.NOT_MEASURABLE, "profiles did not tell")
    if len(told) == 1 and told[0] is not None:
        managers = () if told[0][1] == "No" else ("MDM",)
    return JoinState(bool(MINE.sub("", nodes).strip()), cloud=False, managers=managers)


def rules_elsewhere(join: JoinState | Unknown, params: Params) -> Judgement | None:
    """Why the PC's own rules do not speak for all; None = they do, or the town confirmed the domain's."""
    if isinstance(join, Unknown):
        return unknown(join.reason, join.note)
    if join.joined and params.text("domain_policy") != "confirmed":
        return unknown(
            Reason.NOT_DECLARED, "accounts of a domain follow its own policy, which a PC does not tell"
        )
    return None
