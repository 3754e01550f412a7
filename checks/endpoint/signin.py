"""How people get in: special accounts, elevation, second factors, cached sign-ins; to explain findings."""

import re
from dataclasses import dataclass
from typing import Any

from auditor.api import Answer, Garbled, Reason, Unknown, fact
from checks.endpoint._fragments import REGISTRY
from checks.endpoint._parts import PARTS, part
from checks.endpoint._read import columns, listed, members, record, truth, whole, word

FACTOR = re.compile(r"pam_(u2f|google_authenticator|oath|yubico|pkcs11|fprintd)")
CLASS_ID = re.compile(r"\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}", re.IGNORECASE)
NOT_ASKED = Unknown(Reason.NOT_MEASURABLE, "not a matter of this system")


@dataclass(frozen=True, slots=True)
class Special:
    """Local accounts by their number, never by a name: `administrator` (-500) and `guest` (-501) in use.

    `no_password` = how many accounts in use need no password.
    """

    administrator: bool | Unknown
    guest: bool | Unknown
    no_password: int | Unknown


@dataclass(frozen=True, slots=True)
class SignIn:
    """`elevation` = Windows asks before a program administers the PC, None = not set.

    `factors` = what lets people in: the credential providers' program files and Windows Hello for Business,
    or PAM modules of a second factor. `cached` = how many people can sign in without the office network,
    None = not set (0 blocks telework). `people` = how many have used the PC: one, or is it shared?
    """

    special: Special | Unknown
    elevation: bool | None
    factors: tuple[str, ...] | Unknown
    cached: int | Unknown | None
    people: int | Unknown


@fact(
    "signin.state",
    explains=("EP-07", "EP-13", "EP-18"),
    windows=REGISTRY
    + PARTS
    + r"""
$root = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64')
$providers = 'SOFTWARE\Microsoft\Windows\CurrentVersion\Authentication\Credential Providers'
$policies = 'SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System'
$windows = 'SOFTWARE\Microsoft\Windows NT\CurrentVersion'
@{
  uac = (Read-Value 'LocalMachine' $policies 'EnableLUA')
  hello = (Read-Value 'LocalMachine' 'SOFTWARE\Policies\Microsoft\PassportForWork' 'Enabled')
  cached = (Read-Value 'LocalMachine' "$windows\Winlogon" 'CachedLogonsCount')
  people = @($root.OpenSubKey("$windows\ProfileList").GetSubKeyNames() -match '^S-1-(5-21|12-1)-').Count
  providers = (Get-Part {
    $found = @()
    foreach ($name in $root.OpenSubKey($providers).GetSubKeyNames()) {
      $file = [string](Read-Value 'LocalMachine' "SOFTWARE\Classes\CLSID\$name\InprocServer32" '')
      $found += @{ id = $name; file = $file.Split('\')[-1] }
    }
    @{ found = $found }
  })
  accounts = (Get-Part {
    $found = @()
    $all = Get-CimInstance -ClassName Win32_UserAccount -Filter 'LocalAccount=TRUE' -OperationTimeoutSec 15 `
      -ErrorAction Stop
    foreach ($one in $all) {
      $number = ([string]$one.SID).Split('-')[-1]
      $found += @{ number = $number; off = $one.Disabled; password = $one.PasswordRequired }
    }
    @{ found = $found }
  })
}
""",
)
def windows_signin(answer: Answer) -> SignIn:
    """Registry values, credential providers by program file, and local accounts by the end of their SID."""
    values = record(answer, "uac", "hello", "cached", "people", "providers", "accounts")
    factors = part(values["providers"], "providers", _providers)
    if not isinstance(factors, Unknown) and whole(values["hello"], "hello") == 1:
        factors = (*factors, "Windows Hello for Business")
    people = whole(values["people"], "people")
    if people is None or people < 0:
        raise Garbled(f"{answer.id}: no number of people")
    return SignIn(
        part(values["accounts"], "accounts", _accounts),
        truth(values["uac"], "uac"),
        factors,
        whole(values["cached"], "cached"),
        people,
    )


def _providers(value: Any) -> tuple[str, ...]:
    """Program files of the providers; one without a file of its own by its class id."""
    found = set()
    for row in listed(members(value, "providers", "found")["found"]):
        one = members(row, "providers", "id", "file")
        id_ = word(one["id"], "id")
        if CLASS_ID.fullmatch(id_) is None:
            raise Garbled("providers: not a class id")
        found.add(word(one["file"], "file") or id_)
    return tuple(sorted(found))


def _accounts(value: Any) -> Special:
    used: dict[str, bool] = {}
    for row in listed(members(value, "accounts", "found")["found"]):
        one = members(row, "accounts", "number", "off", "password")
        off, asked = truth(one["off"], "off"), truth(one["password"], "password")
        if off is None or asked is None:
            raise Garbled("accounts: incomplete")
        if not off:
            used[word(one["number"], "number")] = asked
    return Special("500" in used, "501" in used, sum(not asked for asked in used.values()))


@fact(
    "signin.state",
    explains=("EP-07", "EP-13", "EP-18"),
    linux=r"""
[ ! -d /etc/pam.d ] || awk '
  $1 !~ /^#/ && match($0, /pam_(u2f|google_authenticator|oath|yubico|pkcs11|fprintd)/) {
    print "factor\t" substr($0, RSTART, RLENGTH) }' /etc/pam.d/* || printf 'denied\n'
awk -F: '$7 !~ /(nologin|false|sync|shutdown|halt)$/ && ($3 == 0 || $3 >= 1000) { n++ }
  END { print "people\t" n + 0 }' /etc/passwd
if [ -r /etc/shadow ]; then
  awk -F: '$2 == "" { n++ } END { print "empty\t" n + 0 }' /etc/shadow
fi
f=/etc/sssd/sssd.conf
[ -r "$f" ] && awk 'tolower($0) ~ /^[ \t]*cache_credentials[ \t]*=[ \t]*true/ { on = 1 }
  END { print "cached\t" on + 0 }' "$f"
:
""",
)
def linux_signin(answer: Answer) -> SignIn:
    """Modules of a second factor named in PAM, accounts with a shell, and (as root) empty passwords."""
    rows = columns(answer, {"factor": 2, "denied": 1, "people": 2, "empty": 2, "cached": 2})
    told = {row[0]: row[-1] for row in rows}
    factors = sorted({row[1] for row in rows if row[0] == "factor"})
    people = whole(told.get("people"), "people")
    if people is None or not all(FACTOR.fullmatch(one) for one in factors):
        raise Garbled(f"{answer.id}: incomplete")
    empty = whole(told.get("empty"), "empty")
    return SignIn(
        Special(NOT_ASKED, NOT_ASKED, Unknown(Reason.NO_PERMISSION, "shadow") if empty is None else empty),
        None,
        Unknown(Reason.NO_PERMISSION, "pam.d") if "denied" in told else tuple(factors),
        whole(told.get("cached"), "cached"),
        people,
    )


@fact(
    "signin.state",
    explains=("EP-07", "EP-13"),
    macos=r"""
f=/Library/Preferences/com.apple.loginwindow
[ -e "$f.plist" ] || exit 10
[ -r "$f.plist" ] || exit 11
printf 'guest\t%s\n' "$(defaults read "$f" GuestEnabled)"
dscl . -list /Users UniqueID | awk '$2 >= 501 { n++ } END { print "people\t" n + 0 }'
""",
)
def macos_signin(answer: Answer) -> SignIn:
    """GuestEnabled of loginwindow (an empty value = not set), and the accounts from uid 501 on."""
    told = dict(columns(answer, {"guest": 2, "people": 2}))
    if set(told) != {"guest", "people"}:
        raise Garbled(f"{answer.id}: incomplete")
    guest = truth(whole(told["guest"] or None, "guest"), "guest")
    people = whole(told["people"], "people")
    if people is None:
        raise Garbled(f"{answer.id}: no number of people")
    unset = Unknown(Reason.NOT_COLLECTED, "GuestEnabled is not set")
    special = Special(NOT_ASKED, unset if guest is None else guest, NOT_ASKED)
    return SignIn(special, None, NOT_ASKED, NOT_ASKED, people)
