"""Automatic sign-in: whoever switches such a PC on is in, and a restart opens a locked screen."""

from dataclasses import dataclass

from auditor.api import Answer, Garbled, NotKnown, Reason, fact
from checks.endpoint._fragments import REGISTRY
from checks.endpoint._read import columns, record, truth, whole

KNOWN = frozenset({"gdm", "gdm3", "lightdm", "sddm"})
"""Display managers whose settings are read here."""
YES = frozenset({"true", "yes", "1", "on"})


@dataclass(frozen=True, slots=True)
class AutoLogon:
    """`on` = somebody is signed in at the start without being asked.

    `stored` = a password for it lies on the PC in the clear; only its presence is looked at.
    """

    on: bool
    stored: bool


@fact(
    "signin.auto",
    explains=("EP-13",),
    windows=REGISTRY
    + r"""
$path = 'SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon'
$key = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64').OpenSubKey($path)
@{
  auto = (Read-Value 'LocalMachine' $path 'AutoAdminLogon')
  forced = (Read-Value 'LocalMachine' $path 'ForceAutoLogon')
  stored = ($key.GetValueNames() -contains 'DefaultPassword')
}
""",
)
def windows_auto(answer: Answer) -> AutoLogon:
    """AutoAdminLogon and ForceAutoLogon of Winlogon; not set, or set to an empty text, is off.

    The vendor's documentation: only "1" switches it on. The value of DefaultPassword is never asked for, only
    whether it is there.
    """
    values = record(answer, "auto", "forced", "stored")
    auto, forced = (whole(None if values[name] == "" else values[name], name) for name in ("auto", "forced"))
    stored = truth(values["stored"], "stored")
    if stored is None or not {auto, forced} <= {None, 0, 1}:
        raise Garbled(f"{answer.id}: neither on nor off")
    return AutoLogon(1 in (auto, forced), stored)


@fact(
    "signin.auto",
    explains=("EP-13",),
    linux=r"""
f=/etc/systemd/system/display-manager.service
if [ -L "$f" ]; then
  name=$(readlink "$f")
  name=${name##*/}
  printf 'manager\t%s\n' "${name%.service}"
elif [ -r /etc/X11/default-display-manager ]; then
  read -r name </etc/X11/default-display-manager
  printf 'manager\t%s\n' "${name##*/}"
fi
set --
for f in /etc/gdm3/daemon.conf /etc/gdm3/custom.conf /etc/gdm/custom.conf /etc/lightdm/lightdm.conf \
  /usr/share/lightdm/lightdm.conf.d/*.conf /etc/lightdm/lightdm.conf.d/*.conf \
  /usr/lib/sddm/sddm.conf.d/*.conf /etc/sddm.conf.d/*.conf /etc/sddm.conf \
  /etc/systemd/system/*getty@*.service.d/*.conf /run/systemd/system/*getty@*.service.d/*.conf \
  /etc/systemd/system/*getty@*.service; do
  [ -f "$f" ] || continue
  [ -r "$f" ] || exit 11
  set -- "$@" "$f"
done
[ $# -eq 0 ] || awk '
  FILENAME != last { last = FILENAME; part = "" }
  /^[ \t]*[#;]/ { next }
  /^[ \t]*\[/ { part = tolower($0); gsub(/[][ \t\r]/, "", part); next }
  tolower(part) == "service" && /^[ \t]*ExecStart/ && /(^|[ \t])(-a|--autologin)([ \t=]|$)/ { print "getty" }
  /=/ {
    key = tolower($0); sub(/=.*/, "", key); gsub(/[ \t]/, "", key)
    value = $0; sub(/^[^=]*=/, "", value); gsub(/[ \t\r]/, "", value)
    if (part == "daemon" && (key == "automaticloginenable" || key == "timedloginenable"))
      print "switch\t" tolower(value)
    if (part ~ /^(seat|seatdefaults|xdmcpserver)/ && key == "autologin-user" && value != "") print "user"
    if (part == "autologin" && key == "user" && value != "") print "user"
  }' "$@"
printf 'end\n'
""",
)
def linux_auto(answer: Answer) -> AutoLogon:
    """Settings of gdm, lightdm, sddm and the text consoles; of another display manager nothing is known.

    Of settings that stand in several files any that signs somebody in counts.
    """
    rows = columns(answer, {"manager": 2, "switch": 2, "user": 1, "getty": 1, "end": 1})
    if not rows or rows[-1] != ["end"]:
        raise Garbled(f"{answer.id}: incomplete")
    on = any(row[0] in ("user", "getty") or (row[0] == "switch" and row[1] in YES) for row in rows)
    managers = {row[1] for row in rows if row[0] == "manager"}
    if not on and not managers <= KNOWN:
        raise NotKnown(
            Reason.NOT_MEASURABLE, f"display manager not known: {', '.join(sorted(managers))[:100]}"
        )
    return AutoLogon(on, stored=False)


@fact(
    "signin.auto",
    explains=("EP-13",),
    macos=r"""
f=/Library/Preferences/com.apple.loginwindow
[ -e "$f.plist" ] || exit 10
[ -r "$f.plist" ] || exit 11
defaults read "$f" >/dev/null || exit 1
defaults read "$f" autoLoginUser >/dev/null && printf 'user\n'
[ -e /etc/kcpassword ] && printf 'password\n'
printf 'end\n'
""",
)
def macos_auto(answer: Answer) -> AutoLogon:
    """Whether loginwindow has an autoLoginUser, and whether the file that keeps the password is there."""
    rows = columns(answer, {"user": 1, "password": 1, "end": 1})
    if not rows or rows[-1] != ["end"]:
        raise Garbled(f"{answer.id}: incomplete")
    return AutoLogon(["user"] in rows, ["password"] in rows)
