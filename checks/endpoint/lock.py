"""Screen lock: an unattended PC closes itself and asks who comes back."""

import re
from dataclasses import dataclass

from auditor.api import (
    CONSOLE,
    Answer,
    Endpoint,
    Garbled,
    Judgement,
    NotKnown,
    Params,
    Reason,
    Unknown,
    Verdict,
    check,
    fact,
    failed,
    not_applicable,
    passed,
    unknown,
)
from checks.endpoint._fragments import VIRTUAL
from checks.endpoint._read import columns, record, truth, whole
from checks.endpoint.autologon import AutoLogon

MAX_LOCK_S = 7 * 24 * 3600
CONSOLE_ONLY = frozenset({"chromeos", "ipados"})
"""Systems that have no automatic sign-in of a person."""


@dataclass(frozen=True, slots=True)
class ScreenLock:
    """When an idle session locks: `after_s` in seconds, None = never; `asks` = authentication on return.

    `screenless` = nobody can sit in front of it: no desktop and no display (then the rest says nothing).
    `prescribed` = the machine's policy does it, for every session; `partial` = nobody's own settings could be
    read beside it.
    """

    after_s: int | None
    asks: bool
    screenless: bool = False
    prescribed: bool = False
    partial: bool = False


@dataclass(frozen=True, slots=True)
class OwnLock:
    """The lock as it is in the session of the person who ran the collector."""

    lock: ScreenLock


@dataclass(frozen=True, slots=True)
class OnWaking:
    """`asks` = a password when the PC wakes; False = by policy it does not, on mains or on battery."""

    asks: bool


def seconds(value: object, what: str) -> int | None:
    """Seconds in bounds; 0 stays 0.

    Raises:
        Garbled: negative, or longer than a week.
    """
    seconds = whole(value, what)
    if seconds is not None and not 0 <= seconds <= MAX_LOCK_S:
        raise Garbled(f"{what}: {seconds} s")
    return seconds


GNOME = re.compile(r"(gnome|ubuntu)([-.][a-z0-9.-]*)?\.desktop")
IDLE = "/org/gnome/desktop/session/idle-delay"
ENABLED = "/org/gnome/desktop/screensaver/lock-enabled"
DELAY = "/org/gnome/desktop/screensaver/lock-delay"
DISABLED = "/org/gnome/desktop/lockdown/disable-lock-screen"
SERVERS = frozenset({"17", "23", "25", "28", "29"})
"""SMBIOS chassis types: main server, rack, multi-system, blade and its enclosure."""


@fact(
    "lock.screen",
    linux=VIRTUAL
    + r"""
printf 'virtual\t%s\n' "$virtual"
for f in /usr/share/xsessions/*.desktop /usr/share/wayland-sessions/*.desktop \
  /usr/local/share/xsessions/*.desktop /usr/local/share/wayland-sessions/*.desktop; do
  [ -e "$f" ] && printf 'session\t%s\n' "${f##*/}"
done
for f in /sys/class/drm/card*-*/status; do
  [ -r "$f" ] && read -r state <"$f" && [ "$state" != disconnected ] && printf 'display\t%s\n' "$state"
done
f=/sys/class/dmi/id/chassis_type
[ -r "$f" ] && read -r kind <"$f" && printf 'chassis\t%s\n' "$kind"
profile=/etc/dconf/profile/user
[ -e "$profile" ] || exit 0
[ -r "$profile" ] || exit 11
while read -r line; do
  case $line in system-db:*) ;; *) continue ;; esac
  db=/etc/dconf/db/${line#system-db:}
  for f in "$db".d/* "$db".d/locks/*; do
    [ -f "$f" ] || continue
    [ -r "$f" ] || exit 11
    if [ ! -e "$db" ] || [ "$f" -nt "$db" ]; then printf 'stale\t%s\n' "$f"; continue; fi
    case $f in
      */locks/*) awk '/^\// { print "lock\t" $1 }' "$f" ;;
      *) awk '
        /^[ \t]*\[.*\][ \t]*$/ { gsub(/[][ \t]/, ""); path = $0; next }
        /^[ \t]*[a-z0-9-]+[ \t]*=/ { k = $0; sub(/[ \t]*=.*/, "", k); gsub(/[ \t]/, "", k)
          v = $0; sub(/^[^=]*=[ \t]*/, "", v); print "set\t/" path "/" k "\t" v }' "$f" ;;
    esac
  done
done <"$profile"
:
""",
)
def linux_lock(answer: Answer) -> ScreenLock:
    """GNOME settings that the machine prescribes and locks; anything a user may change proves nothing.

    Without any desktop and without a display nobody sits in front of a virtual machine or of a chassis that
    says it is a server's; any other may be a laptop whose display has no driver.
    """
    names = ("virtual", "session", "display", "chassis", "stale", "lock")
    rows = columns(answer, {**dict.fromkeys(names, 2), "set": 3})
    sessions = [row[1] for row in rows if row[0] == "session"]
    virtual = [row[1] for row in rows if row[0] == "virtual"]
    if len(virtual) != 1:
        raise Garbled(f"{answer.id}: incomplete")
    if not sessions:
        if virtual[0] == "none" and any(row[0] == "display" for row in rows):
            raise NotKnown(Reason.NOT_MEASURABLE, "a display without a desktop: the text console")
        if virtual[0] == "none" and not any(row[0] == "chassis" and row[1] in SERVERS for row in rows):
            raise NotKnown(Reason.NOT_MEASURABLE, "no desktop, on what does not say it is a server")
        return ScreenLock(None, asks=False, screenless=True)
    if not all(GNOME.fullmatch(name) for name in sessions):
        raise NotKnown(Reason.NOT_MEASURABLE, f"desktop not known: {', '.join(sessions)[:100]}")
    if any(row[0] == "stale" for row in rows):
        raise NotKnown(Reason.NOT_MEASURABLE, "dconf settings are newer than their database")
    locked = {row[1] for row in rows if row[0] == "lock"}
    settings: dict[str, set[str]] = {}
    for row in rows:
        if row[0] == "set":
            settings.setdefault(row[1], set()).add(row[2])
    return _gnome(locked, settings)


def _gnome(locked: set[str], settings: dict[str, set[str]]) -> ScreenLock:
    found = {}
    for key in (IDLE, ENABLED, DELAY):
        values = settings.get(key, set())
        if key not in locked or len(values) != 1:
            raise NotKnown(Reason.NOT_MEASURABLE, f"{key} is not prescribed, or twice")
        found[key] = next(iter(values)).removeprefix("uint32").strip()
    if found[ENABLED] not in ("true", "false"):
        raise Garbled(f"{ENABLED}: {found[ENABLED][:20]!r}")
    idle, delay = seconds(found[IDLE], IDLE), seconds(found[DELAY], DELAY)
    if idle is None or delay is None:
        raise Garbled("no number of seconds")
    disabled = settings.get(DISABLED, set())
    if not disabled <= {"true", "false"}:
        raise Garbled(f"{DISABLED}: neither true nor false")
    if idle == 0 or "true" in disabled:
        return ScreenLock(None, asks=False)
    return ScreenLock(idle + delay, asks=found[ENABLED] == "true")


@fact(
    "lock.screen",
    macos=r"""
f='/Library/Managed Preferences/com.apple.screensaver'
[ -e "$f.plist" ] || exit 10
[ -r "$f.plist" ] || exit 11
for name in idleTime askForPassword askForPasswordDelay; do
  printf '%s\t%s\n' "$name" "$(defaults read "$f" "$name")"
done
""",
)
def macos_lock(answer: Answer) -> ScreenLock:
    """What the management profile prescribes (a user's own setting may change any time)."""
    names = ("idleTime", "askForPassword", "askForPasswordDelay")
    values = {tag: value or None for tag, value in columns(answer, dict.fromkeys(names, 2))}
    if set(values) != set(names):
        raise Garbled(f"{answer.id}: incomplete")
    idle, asks = seconds(values["idleTime"], "idleTime"), whole(values["askForPassword"], "askForPassword")
    if idle is None or asks is None:
        raise NotKnown(Reason.NOT_MEASURABLE, "the profile prescribes no screen lock")
    if idle == 0:
        return ScreenLock(None, asks=False)
    delay = seconds(values["askForPasswordDelay"], "askForPasswordDelay")
    if asks == 1 and delay is None:
        raise NotKnown(Reason.NOT_MEASURABLE, "the profile does not say when the password is asked")
    return ScreenLock(idle + (delay or 0), asks=asks == 1)


@fact("lock.screen", chromeos=CONSOLE)
def chromeos_lock(answer: Answer) -> ScreenLock:
    """Policy ScreenLockDelays (milliseconds, 0 = never; the longer of the two) and the lock signal."""
    names = ("ac_lock_ms", "battery_lock_ms", "screen_lock_secured")
    values = record(answer, *names)
    mains, battery = (
        whole(values["ac_lock_ms"], "ac_lock_ms"),
        whole(values["battery_lock_ms"], "battery_lock_ms"),
    )
    asks = truth(values["screen_lock_secured"], "screen_lock_secured")
    if mains is None or battery is None or asks is None:
        raise NotKnown(Reason.NOT_MEASURABLE, "the export does not tell the policy")
    if min(mains, battery) < 0 or max(mains, battery) > MAX_LOCK_S * 1000:
        raise Garbled(f"{answer.id}: out of range")
    if mains == 0 or battery == 0:
        return ScreenLock(None, asks=asks)
    return ScreenLock(-(-max(mains, battery) // 1000), asks=asks)


@check("EP-07")
def locks_itself(
    lock: ScreenLock | Unknown,
    own: OwnLock | Unknown,
    auto: AutoLogon | Unknown,
    waking: OnWaking | Unknown,
    endpoint: Endpoint,
    params: Params,
) -> Judgement:
    """Set, above zero, within the limit, and the way back asks for a password, also after a restart.

    A PC that falls asleep before the limit and asks nobody when it wakes never locks; a policy that is not
    set leaves Windows' own way, which asks.
    """
    screen = _screen(lock, own, params)
    if screen.verdict in (Verdict.FAIL, Verdict.NOT_APPLICABLE) or endpoint.os in CONSOLE_ONLY:
        return screen
    if isinstance(auto, Unknown):
        return unknown(auto.reason, auto.note) if screen.verdict is Verdict.PASS else screen
    if auto.on:
        return failed("autologon")
    return _woken(screen, waking) if screen.verdict is Verdict.PASS and endpoint.os == "windows" else screen


def _woken(screen: Judgement, waking: OnWaking | Unknown) -> Judgement:
    """The pass, unless waking opens the PC; collectors of before do not tell."""
    if isinstance(waking, Unknown):
        told = waking.reason is not Reason.NOT_COLLECTED
        return unknown(waking.reason, waking.note) if told else screen
    return screen if waking.asks else failed("wake")


def _screen(lock: ScreenLock | Unknown, own: OwnLock | Unknown, params: Params) -> Judgement:
    """The machine's policy wins; else a person's own document completes the machine's and excuses nothing."""
    machine = unknown(lock.reason, lock.note) if isinstance(lock, Unknown) else _locked(lock, params)
    if isinstance(own, Unknown):
        return machine
    theirs = _locked(own.lock, params)
    if isinstance(lock, Unknown):
        return theirs
    if machine.verdict is Verdict.PASS and not lock.prescribed and theirs.verdict is Verdict.FAIL:
        return theirs
    if machine.verdict is not Verdict.PASS and lock.partial and not own.lock.prescribed:
        return theirs
    return machine


def _locked(lock: ScreenLock, params: Params) -> Judgement:
    if lock.screenless:
        return not_applicable("screenless")
    if lock.after_s is None:
        return failed("never")
    if lock.after_s <= 0:
        return unknown(Reason.UNREADABLE, "the time is not above zero")
    if not lock.asks:
        return failed("no_password", after_s=lock.after_s)
    if lock.after_s > params.integer("lock_max_s"):
        return failed("slow", after_s=lock.after_s)
    return passed(after_s=lock.after_s)
