"""Rights on the PC: who works with it every day does not administer it."""

import re
from dataclasses import dataclass
from typing import Any

from auditor.api import (
    Answer,
    Endpoint,
    Garbled,
    Judgement,
    Params,
    Reason,
    Unknown,
    check,
    fact,
    failed,
    passed,
    unknown,
)
from checks.endpoint._fragments import REGISTRY
from checks.endpoint._read import columns, listed, members, record, whole, word
from checks.endpoint._sudoers import read_rules
from checks.endpoint.join import JoinState

PERSON = re.compile(r"S-1-(5-21|12-1)-[0-9-]+")
BUILT_IN = re.compile(r"S-1-5-21-[0-9-]+-500")
KNOWN_ADMINS = re.compile(r"S-1-5-21-[0-9-]+-(512|518|519)")
"""Domain, schema and enterprise administrators: groups of the town's IT staff by their nature."""
EVERYBODY = re.compile(r"S-1-1-0|S-1-5-(4|11|13)|S-1-5-32-54[56]|S-1-5-21-[0-9-]+-51[345]")
"""Everyone, interactive, authenticated users, Users, Guests, Domain Users, Guests and Computers."""
LAPS_DEFAULT_DAYS = 30
KEEPERS = {"entra": "Microsoft Entra ID", "domain": "Active Directory"}
ADMIN_GROUPS = ("sudo", "wheel", "admin", "root", "docker", "lxd", "disk")
"""Groups that administer, or with which a member can make himself administrator."""
NO_LOGIN = re.compile(r".*/(nologin|false|true|sync|shutdown|halt)")
"""Shells nobody signs in with; an empty one is /bin/sh by passwd(5)."""
SETUP_ONLY = re.compile(r"defaultuser[0-9]+")
"""Accounts that Windows makes for its own setup."""
PASSWORD_DAYS = range(1, 366)
"""What Windows takes for a password's age."""


@dataclass(frozen=True, slots=True)
class Rights:
    """`people` = accounts that people sign in with, `admins` = those that administer the PC.

    `everyone` = anybody does. `unresolved` = groups and rules whose members are not known here.
    `managed` = the local administrator's password is changed by management, None = not asked of this
    system; `password_days` = how often; `keeper` = where it is kept, "entra" or "domain".
    """

    people: tuple[str, ...]
    admins: tuple[str, ...]
    everyone: bool
    unresolved: tuple[str, ...]
    managed: bool | None = None
    password_days: int | None = None
    keeper: str = ""


@fact(
    "acct.admins",
    windows=REGISTRY
    + r"""
$sid = New-Object System.Security.Principal.SecurityIdentifier 'S-1-5-32-544'
$local = $sid.Translate([System.Security.Principal.NTAccount]).Value.Split('\')[-1]
$group = [ADSI]"WinNT://$env:COMPUTERNAME/$local,group"
$admins = @()
foreach ($one in @($group.psbase.Invoke('Members'))) {
  $type = $one.GetType()
  $bytes = [byte[]]$type.InvokeMember('objectSid', 'GetProperty', $null, $one, $null)
  $admins += @{
    sid = (New-Object System.Security.Principal.SecurityIdentifier($bytes, 0)).Value
    class = [string]$type.InvokeMember('Class', 'GetProperty', $null, $one, $null)
  }
}
$root = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64')
$people = @()
$profiles = 'SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList'
foreach ($name in $root.OpenSubKey($profiles).GetSubKeyNames()) {
  if ($name -notmatch '^S-1-(5-21|12-1)-') { continue }
  $account = $null
  try {
    $known = New-Object System.Security.Principal.SecurityIdentifier $name
    $account = $known.Translate([System.Security.Principal.NTAccount]).Value.Split('\')[-1]
  } catch { $account = $null }
  $people += @{ sid = $name; account = $account }
}
$laps = @{}
$csp = @('csp', 'SOFTWARE\Microsoft\Policies\LAPS')
$gpo = @('gpo', 'SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\LAPS')
foreach ($pair in $csp, $gpo) {
  $laps[$pair[0]] = @{
    directory = (Read-Value 'LocalMachine' $pair[1] 'BackupDirectory')
    days = (Read-Value 'LocalMachine' $pair[1] 'PasswordAgeDays')
  }
}
$legacy = 'SOFTWARE\Policies\Microsoft Services\AdmPwd'
$laps['legacy'] = @{
  directory = (Read-Value 'LocalMachine' $legacy 'AdmPwdEnabled')
  days = (Read-Value 'LocalMachine' $legacy 'PasswordAgeDays')
}
@{ admins = $admins; people = $people; laps = $laps }
""",
)
def windows_rights(answer: Answer) -> Rights:
    """Members of the group S-1-5-32-544 by SID, people by profile, and the password policy's values."""
    values = record(answer, "admins", "people", "laps")
    names = {}
    for row in listed(values["people"]):
        one = members(row, "people", "sid", "account")
        sid = _sid(one["sid"])
        names[sid] = word(one["account"], "account") or sid
    admins, unresolved, everyone = [], [], False
    for row in listed(values["admins"]):
        one = members(row, "admins", "sid", "class")
        sid = _sid(one["sid"])
        if EVERYBODY.fullmatch(sid):
            everyone = True
        elif sid in names:
            admins.append(names[sid])
        elif not KNOWN_ADMINS.fullmatch(sid) and not (
            word(one["class"], "class") == "User" and PERSON.fullmatch(sid)
        ):
            unresolved.append(sid)
    if not listed(values["admins"]):
        raise Garbled(f"{answer.id}: a group without members")
    managed, days, keeper = _laps(values["laps"])
    people = [
        name
        for sid, name in names.items()
        if not BUILT_IN.fullmatch(sid) and (name in admins or not SETUP_ONLY.fullmatch(name))
    ] or [name for sid, name in names.items() if BUILT_IN.fullmatch(sid)]
    return Rights(tuple(people), tuple(admins), everyone, tuple(unresolved), managed, days, keeper)


def _sid(value: Any) -> str:
    sid = word(value, "sid")
    if re.fullmatch(r"S-1-[0-9]+(-[0-9]+)*", sid) is None:
        raise Garbled("not a SID")
    return sid


def _laps(value: Any) -> tuple[bool, int | None, str]:
    """BackupDirectory 1 (Entra) or 2 (domain) of the first policy that sets it; the old flag last."""
    sources = members(value, "laps", "csp", "gpo", "legacy")
    rows = {name: members(sources[name], name, "directory", "days") for name in ("csp", "gpo", "legacy")}
    for source, row in rows.items():
        if (directory := whole(row["directory"], "directory")) is None:
            continue
        keeper = {1: "domain"} if source == "legacy" else {1: "entra", 2: "domain"}
        if directory not in keeper:
            return False, None, ""
        days = whole(row["days"], "days")
        if days is not None and days not in PASSWORD_DAYS:
            raise Garbled("a password's age that Windows does not take")
        return True, LAPS_DEFAULT_DAYS if days is None else days, keeper[directory]
    return False, None, ""


@fact(
    "acct.admins",
    linux=r"""
awk -F: '{ print "user\t" $1 "\t" $3 "\t" $4 "\t" $7 }' /etc/passwd
awk -F: '{ print "group\t" $1 "\t" $3 "\t" $4 }' /etc/group
[ -r /etc/nsswitch.conf ] && awk '
  /^(passwd|group|sudoers):/ && /sss|ldap|winbind/ { print "directory\t" $1 }' /etc/nsswitch.conf
[ -e /etc/doas.conf ] && printf 'unclear\tdoas\n'
for f in /etc/sudoers /etc/sudoers.d/* /usr/local/etc/sudoers; do
  [ -f "$f" ] || continue
  case ${f##*/} in *.* | *~) continue ;; esac
  if [ -r "$f" ]; then awk '{ print "rule\t" $0 }' "$f"; else printf 'unclear\tdenied: %s\n' "$f"; fi
done
[ -d /etc/sudoers.d ] && [ ! -r /etc/sudoers.d ] && printf 'unclear\tdenied: /etc/sudoers.d\n'
:
""",
)
def linux_rights(answer: Answer) -> Rights:
    """Members of the usual groups, holders of uid 0, and sudoers rules; people = all with a login shell."""
    rows = columns(answer, {"user": 5, "group": 4, "directory": 2, "unclear": 2, "rule": 2})
    users = [_user(row) for row in rows if row[0] == "user"]
    if not users:
        raise Garbled(f"{answer.id}: no account")
    rules = read_rules(row[1] for row in rows if row[0] == "rule")
    in_group: dict[str, set[str]] = {}
    numbers: dict[str, set[str]] = {}
    for row in rows:
        if row[0] == "group":
            in_group.setdefault(row[1], set()).update(one.strip() for one in row[3].split(",") if one.strip())
            numbers.setdefault(row[1], set()).add(row[2])
    if not in_group:
        raise Garbled(f"{answer.id}: no group")
    people = [name for name, _, _, shell in users if name != "root" and not NO_LOGIN.fullmatch(shell)]
    admins = {name for name, uid, _, _ in users if uid == 0} | set(rules.users)
    for group in {*ADMIN_GROUPS, *rules.groups} & set(in_group):
        admins |= in_group[group] | {name for name, _, gid, _ in users if str(gid) in numbers[group]}
    unresolved = [row[1] for row in rows if row[0] in ("unclear", "directory")]
    unresolved += [f"%{group}" for group in rules.groups - set(in_group) - {"sudo", "wheel", "admin"}]
    people += sorted(admins - {name for name, *_ in users})
    return Rights(
        tuple(people), tuple(sorted(admins - {"root"})), rules.everyone, (*unresolved, *rules.unclear)
    )


def _user(row: list[str]) -> tuple[str, int, int, str]:
    uid, gid = whole(row[2], "uid"), whole(row[3], "gid")
    if uid is None or gid is None or uid < 0:
        raise Garbled("not an account")
    return row[1], uid, gid, row[4]


@fact(
    "acct.admins",
    macos=r"""
dscl . -list /Users UniqueID | awk '$2 >= 501 { print "user\t" $1 }'
dscl . -read /Groups/admin GroupMembership | awk '{ for (i = 2; i <= NF; i++) print "admin\t" $i }'
dscl . -read /Groups/admin NestedGroups |
  awk '/^NestedGroups:/ { for (i = 2; i <= NF; i++) print "nested\t" $i }'
:
""",
)
def macos_rights(answer: Answer) -> Rights:
    """Members of the group admin and the accounts from uid 501 on; nested groups are not resolved."""
    rows = columns(answer, {"user": 2, "admin": 2, "nested": 2})
    found = {tag: tuple(row[1] for row in rows if row[0] == tag) for tag in ("user", "admin", "nested")}
    if not found["user"] or not found["admin"]:
        raise Garbled(f"{answer.id}: incomplete")
    admins = tuple(name for name in found["admin"] if name != "root")
    return Rights(found["user"], admins, everyone=False, unresolved=found["nested"])


@check("EP-13")
def works_without_rights(
    rights: Rights, join: JoinState | Unknown, endpoint: Endpoint, params: Params
) -> Judgement:
    """The ledger's user, or else everybody who signs in, is no administrator; nothing is unresolved."""
    mine = [
        name for name in (*rights.people, *rights.admins) if name.casefold() == endpoint.user.casefold() != ""
    ]
    admins = tuple(name for name in rights.people if name in rights.admins)
    holders = [name for name in mine if name in rights.admins]
    if not mine and len(rights.people) == 1:
        holders = list(admins)
    if rights.everyone or holders:
        return failed("daily", account=holders[0]) if holders else failed("everyone")
    if admins and not mine:
        return unknown(Reason.NOT_DECLARED, "which account is the daily user's", places=admins)
    if rights.unresolved:
        denied = any(one.startswith("denied") for one in rights.unresolved)
        reason = Reason.NO_PERMISSION if denied else Reason.NOT_MEASURABLE
        return unknown(reason, "members not known", places=rights.unresolved)
    if not rights.people:
        return unknown(Reason.NOT_MEASURABLE, "nobody but the administrator has an account")
    return _password(rights, join, params)


def _password(rights: Rights, join: JoinState | Unknown, params: Params) -> Judgement:
    """Where the system has it: the local administrator's password is managed and changes often enough.

    A policy that keeps it at a directory which the PC has not joined does nothing.
    """
    if rights.managed is None or params.text("laps") != "on":
        return passed(count=len(rights.people))
    if not rights.managed:
        return failed("unmanaged")
    days = rights.password_days or 0
    if days > params.integer("laps_max_age_days"):
        return failed("password_old", days=days)
    if isinstance(join, Unknown):
        return unknown(join.reason, join.note)
    if not (join.cloud if rights.keeper == "entra" else join.domain):
        return failed("unreachable", where=KEEPERS[rights.keeper])
    return passed("managed", days=days)
