"""What a PC demands of its accounts' passwords: long, and not changed by the calendar."""

import plistlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from xml.parsers.expat import ExpatError

from auditor.api import (
    Answer,
    Garbled,
    Judgement,
    NotKnown,
    Params,
    Reason,
    Unknown,
    check,
    fact,
    failed,
    passed,
    unknown,
)
from checks.endpoint._pamrules import Lockout, locks, shortest
from checks.endpoint._read import columns, record, whole
from checks.endpoint.join import JoinState, rules_elsewhere

DAY_S = 24 * 3600
FOREVER = frozenset({-1, 4294967295})
"""How the WinNT provider gives a time without end, signed or not."""
AS_NEVER = 10_000
"""From so many days on (27 years) nobody is forced: distributions ship 99999."""
MAX_TRIES = 999
MAX_LENGTH = 128
MODULE = re.compile(r"pam_(?:faillock|tally2?|pwquality|cracklib|passwdqc)\b")
"""Modules that the rules rest on; one that is named and not installed locks and demands nothing."""
LONG = re.compile(r"policyAttributePassword matches '(?:\^\(?)?\.\{([0-9]{1,3}),\}\+?\)?\$?'")
COUNTS = re.compile(r"\{([0-9]{1,3})")
DAYS = "policyAttributeExpiresEveryNDays"
_PLIST_ERRORS = (plistlib.InvalidFileException, ExpatError, AttributeError, IndexError, LookupError)
_MORE_ERRORS = (RecursionError, OverflowError, TypeError, ValueError)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PasswordRules:
    """What the PC demands of its own accounts.

    `length` = the shortest password it takes, in characters (0 = an empty one). `max_days` = after how many
    days a new one is forced, None = never. `lock` None = wrong passwords may be tried for ever.
    """

    length: int | Unknown
    max_days: int | Unknown | None
    lock: Lockout | Unknown | None


@fact(
    "pw.policy",
    windows=r"""
$pc = [ADSI]"WinNT://$env:COMPUTERNAME,computer"
@{
  length = $pc.MinPasswordLength.Value
  max_age_s = $pc.MaxPasswordAge.Value
  tries = $pc.MaxBadPasswordsAllowed.Value
  window_s = $pc.LockoutObservationInterval.Value
  locked_s = $pc.AutoUnlockInterval.Value
}
""",
)
def windows_rules(answer: Answer) -> PasswordRules:
    """The account policy in force for local accounts, as numbers of the WinNT provider (no rights needed).

    Times are seconds, -1 = without end; no wrong password is ever too many where the number is 0.
    """
    names = ("length", "max_age_s", "tries", "window_s", "locked_s")
    values = {name: whole(value, name) for name, value in record(answer, *names).items() if name in names}
    told = {name: value for name, value in values.items() if value is not None}
    if len(told) < len(names):
        raise NotKnown(Reason.NOT_MEASURABLE, "the account policy is not told whole")
    age, tries = _span(told["max_age_s"], "max_age_s"), told["tries"]
    if not 0 <= told["length"] <= MAX_LENGTH or not 0 <= tries <= MAX_TRIES:
        raise Garbled(f"{answer.id}: out of range")
    lock = Lockout(tries, _span(told["locked_s"], "locked_s"), _span(told["window_s"], "window_s"))
    return PasswordRules(told["length"], None if age is None else -(-age // DAY_S), lock if tries else None)


def _span(seconds: int, what: str) -> int | None:
    """Seconds, None = without end.

    Raises:
        Garbled: another negative number, or longer than Windows takes.
    """
    if seconds in FOREVER:
        return None
    if not 0 <= seconds <= AS_NEVER * DAY_S:
        raise Garbled(f"{what}: {seconds} s")
    return seconds


@fact(
    "pw.policy",
    linux=r"""
[ -d /etc/pam.d ] || exit 10
for f in /etc/pam.d/*; do [ ! -f "$f" ] || [ -r "$f" ] || exit 11; done
set --
for f in /usr/lib/pam.d/* /usr/etc/pam.d/* /etc/pam.d/*; do [ -f "$f" ] && set -- "$@" "$f"; done
[ $# -gt 0 ] || exit 10
awk '
  { while (/\\$/) { sub(/\\$/, " "); if ((getline more) <= 0) break; $0 = $0 more } sub(/#.*/, "") }
  FILENAME != last { last = FILENAME; print "file\t" FILENAME }
  $1 ~ /^-?(auth|password|@include)$/ { print "line\t" FILENAME "\t" $0 }' "$@"
for name in faillock pwquality; do
  for d in /usr/lib/security /usr/etc/security /etc/security; do
    for f in "$d/$name".conf.d/*.conf "$d/$name.conf"; do
      [ -e "$f" ] || continue
      [ -r "$f" ] || exit 11
      awk -v name="$name" '/^[ \t]*[a-z]/ { print "conf\t" name "\t" $0 }' "$f"
    done
  done
done
for d in /lib/security /lib/*/security /lib64/security /usr/lib/security /usr/lib/*/security \
  /usr/lib64/security; do
  for name in faillock tally tally2 pwquality cracklib passwdqc; do
    [ -e "$d/pam_$name.so" ] && printf 'module\tpam_%s\n' "$name"
  done
done
set --
for f in /etc/ssh/sshd_config.d/*.conf /etc/ssh/sshd_config; do
  [ -e "$f" ] || continue
  [ -r "$f" ] || printf 'denied\tsshd\n'
  [ -r "$f" ] && set -- "$@" "$f"
done
[ -e /etc/ssh/sshd_config ] && printf 'sshd\n'
[ $# -eq 0 ] || awk 'tolower($1) == "usepam" { print "usepam\t" tolower($2); exit }' "$@"
[ -r /etc/login.defs ] && awk '$1 == "PASS_MAX_DAYS" { print "days\tnew\t" $2 }' /etc/login.defs
if [ -r /etc/shadow ]; then
  awk -F: '$2 !~ /^([!*]|x?$)/ { print "days\tnow\t" $5 }' /etc/shadow
else
  printf 'denied\tshadow\n'
fi
:
""",
)
def linux_rules(answer: Answer) -> PasswordRules:
    """The PAM stacks by which people sign in and change passwords, and the ages in login.defs and shadow.

    A file in /etc/pam.d stands before the vendor's of that name. Modules that are not installed prove
    nothing. What other accounts are forced to do is known only to root.
    """
    widths = {"file": 2, "line": 3, "conf": 3, "module": 2, "days": 3, "denied": 2, "sshd": 1, "usepam": 2}
    rows = columns(answer, widths)
    files: dict[str, list[str]] = {row[1]: [] for row in rows if row[0] == "file"}
    for row in rows:
        if row[0] == "line":
            if row[1] not in files:
                raise Garbled(f"{answer.id}: a line of no file")
            files[row[1]].append(row[2])
    services = {path.rpartition("/")[2]: lines for path, lines in files.items()}  # /etc comes last and wins
    if not services:
        raise Garbled(f"{answer.id}: incomplete")
    there = {row[1] for row in rows if row[0] == "module"}
    conf = {name: [row[2] for row in rows if row[:2] == ["conf", name]] for name in ("faillock", "pwquality")}
    wanted = set(MODULE.findall(" ".join(line for lines in services.values() for line in lines)))
    if missing := sorted(wanted - there):
        raise NotKnown(Reason.NOT_MEASURABLE, f"PAM: {', '.join(missing)} is not installed")
    return PasswordRules(
        _known(lambda: shortest(services, conf["pwquality"])),
        _forced(rows),
        _past_sshd(_known(lambda: locks(services, conf["faillock"])), rows),
    )


def _past_sshd(lock: Lockout | Unknown | None, rows: list[list[str]]) -> Lockout | Unknown | None:
    """The lock, unless sshd may let people in without asking PAM (which is its own default)."""
    if not isinstance(lock, Lockout) or ["sshd"] not in rows or ["usepam", "yes"] in rows:
        return lock
    denied = ["denied", "sshd"] in rows
    reason = Reason.NO_PERMISSION if denied else Reason.NOT_MEASURABLE
    return Unknown(reason, "whether sshd asks PAM")


def _known(ask: Callable[[], T]) -> T | Unknown:
    try:
        return ask()
    except NotKnown as error:
        return Unknown(error.reason, error.note)


def _forced(rows: list[list[str]]) -> int | Unknown | None:
    """The shortest age after which anybody must change a password, by login.defs or by an account of now."""
    days = [whole(row[2], "days") for row in rows if row[0] == "days" and row[2]]
    forced = [one for one in days if one is not None and 0 <= one < AS_NEVER]
    if not forced and ["denied", "shadow"] in rows:
        return Unknown(Reason.NO_PERMISSION, "the ages of the accounts' passwords")
    return min(forced, default=None)


@fact(
    "pw.policy",
    macos=r"""
pwpolicy -getaccountpolicies | awk '/<[?]xml/ { on = 1 } on { print }'
""",
)
def macos_rules(answer: Answer) -> PasswordRules:
    """The account policies in force, management's included; a pattern that is not known adds nothing.

    macOS locks out by a policy too; it is not read here.
    """
    if not answer.body.strip():
        raise NotKnown(Reason.NOT_MEASURABLE, "no account policy is told")
    try:
        policies = plistlib.loads(answer.body, fmt=plistlib.FMT_XML)
    except (*_PLIST_ERRORS, *_MORE_ERRORS) as error:
        raise Garbled(f"{answer.id}: {type(error).__name__}") from None
    content, change = (
        _rows(policies, "policyCategoryPasswordContent"),
        _rows(policies, "policyCategoryPasswordChange"),
    )
    length = _lengths([one["policyContent"] for one in content])
    ages = [one for one in change if DAYS in one["policyContent"]]
    return PasswordRules(length, _ages(ages), Unknown(Reason.NOT_MEASURABLE, "not read on macOS"))


def _rows(policies: Any, name: str) -> list[dict[str, Any]]:
    rows = policies.get(name, []) if isinstance(policies, dict) else None
    if not isinstance(rows, list):
        raise Garbled(f"{name}: not a list")
    if not all(isinstance(one, dict) and isinstance(one.get("policyContent"), str) for one in rows):
        raise Garbled(f"{name}: a policy without content")
    return rows


def _lengths(contents: list[str]) -> int | Unknown:
    """The longest demand; another pattern that counts further than it leaves the length open."""
    lengths = [int(found[1]) for one in contents if (found := LONG.fullmatch(one)) is not None]
    others = [int(n) for one in contents if LONG.fullmatch(one) is None for n in COUNTS.findall(one)]
    if not lengths or max(others, default=0) > max(lengths):
        return Unknown(Reason.NOT_MEASURABLE, "no demand on the length that is understood")
    return max(lengths)


def _ages(rows: list[dict[str, Any]]) -> int | None:
    """The days of the policies that make a password end; 0 = never."""
    days = []
    for one in rows:
        parameters = one.get("policyParameters")
        if not isinstance(parameters, dict):
            raise Garbled(f"{DAYS}: no number")
        number = whole(parameters.get(DAYS), DAYS)
        if number is None or number < 0:
            raise Garbled(f"{DAYS}: no number")
        days.append(number)
    return min((one for one in days if 0 < one < AS_NEVER), default=None)


@check("ID-06")
def long_and_lasting(rules: PasswordRules, join: JoinState | Unknown, params: Params) -> Judgement:
    """Passwords have the least length, and nobody is made to change one because time has passed."""
    length, days = rules.length, rules.max_days
    if not isinstance(length, Unknown) and length < params.integer("min_len"):
        return failed("short", length=length)
    if isinstance(days, int) and params.text("expire") == "never":
        return failed("rotates", days=days)
    if isinstance(length, Unknown):
        return unknown(length.reason, length.note)
    if isinstance(days, Unknown):
        return unknown(days.reason, days.note)
    return rules_elsewhere(join, params) or passed(length=length)
