"""What the PAM stacks of a Linux PC demand: a lock after wrong passwords, and the length of a new one.

A configuration file says nothing where its module does not stand in the stack, at a place that counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from auditor.api import Garbled, NotKnown, Reason
from checks.endpoint._pam import Step, granted, stack, walked
from checks.endpoint._read import whole

ENTRIES = (
    "login",
    "sshd",
    "gdm-password",
    "lightdm",
    "sddm",
    "lxdm",
    "xdm",
    "greetd",
    "kde",
    "xrdp-sesman",
    "cockpit",
)
"""Services by which a person signs in with a password."""
PASSWORD = frozenset({"pam_unix", "pam_unix2", "pam_sss", "pam_ldap", "pam_krb5", "pam_winbind"})
TALLY = frozenset({"pam_tally", "pam_tally2"})
OTHER_PROOF = frozenset(
    {"pam_fprintd", "pam_u2f", "pam_google_authenticator", "pam_yubico", "pam_oath", "pam_pkcs11"}
    | {"pam_ssh_agent_auth", "pam_sss_gss", "pam_rhosts", "pam_wheel", "pam_rootok", "pam_krb5_migrate"}
)
LETS_BY = frozenset(
    {"pam_env", "pam_faildelay", "pam_nologin", "pam_securetty", "pam_shells", "pam_cap", "pam_group"}
    | {"pam_gnome_keyring", "pam_kwallet", "pam_kwallet5", "pam_keyinit", "pam_selinux", "pam_motd"}
    | {"pam_localuser", "pam_usertype", "pam_access", "pam_permit", "pam_mount", "pam_ecryptfs", "pam_warn"}
    | {"pam_umask", "pam_loginuid", "pam_systemd", "pam_lastlog", "pam_echo", "pam_debug", "pam_time"}
)
"""Modules that are content with an ordinary user, whatever the password."""
CONDITIONS = {
    "user ingroup nopasswdlogin": "auth_err",
    "uid >= 1000": "success",
    "uid < 1000": "auth_err",
    "user != root": "success",
}
"""Conditions of pam_succeed_if whose answer for an ordinary user is known."""
FOREVER = None
DENY, UNLOCK_S, WINDOW_S = 3, 600, 900
"""Defaults by faillock.conf(5)."""
LENGTH = 8
"""minlen's default by pwquality.conf(5)."""
CRACKLIB = 9
"""minlen's default by pam_cracklib(8)."""
SHORTEST = 6
"""What pam_unix refuses below by itself."""
PASSWDQC = "disabled,24,11,8,7"
CREDITS = ("dcredit", "ucredit", "lcredit", "ocredit")


@dataclass(frozen=True, slots=True)
class Lockout:
    """After `tries` wrong passwords an account is locked for `for_s` seconds, None = until somebody unlocks.

    `window_s` = the time in which wrong tries are counted together, None = for ever.
    """

    tries: int
    for_s: int | None
    window_s: int | None


Files = Mapping[str, Sequence[str]]
"""Lines by service or by configuration file."""


def locks(services: Files, conf: Sequence[str]) -> Lockout | None:
    """The weakest lock of all ways to sign in, None = one of them lets anybody try for ever.

    Raises:
        Garbled, NotKnown: see `stack`; also a module whose answer nobody knows, or no way to sign in.
    """
    stacks = {entry: stack(entry, "auth", services) for entry in ENTRIES if entry in services}
    found = [_lock(entry, steps, conf) for entry, steps in stacks.items() if steps]
    if not found:
        raise NotKnown(Reason.NOT_MEASURABLE, "PAM: no service to sign in with")
    known = [one for one in found if one is not None]
    if len(known) < len(found):
        return None
    spans = [one.for_s for one in known if one.for_s is not None]
    windows = [one.window_s for one in known if one.window_s is not None]
    return Lockout(max(one.tries for one in known), min(spans, default=None), min(windows, default=None))


def _lock(entry: str, steps: Sequence[Step], conf: Sequence[str]) -> Lockout | None:
    """What counts wrong passwords here and also refuses a right one once there were too many."""
    reached: list[Step] = []

    def wrong(step: Step) -> str:
        reached.append(step)
        return _result(step, locked=False)

    if granted(steps, wrong):
        raise NotKnown(Reason.NOT_MEASURABLE, f"PAM: {entry} seems to need no password")
    counting = [step for step in reached if step.module in TALLY or _mode(step) == "authfail"]
    if not counting or granted(steps, lambda step: _result(step, locked=True)):
        return None
    if counting[0].module in TALLY:
        return _tally([step for step in walked(steps) if step.module in TALLY])
    return _faillock([step for step in walked(steps) if step.module == "pam_faillock"], conf)


def _mode(step: Step) -> str:
    modes = [arg for arg in step.args if arg in ("preauth", "authfail", "authsucc")]
    return modes[0] if step.module == "pam_faillock" and modes else ""


def _result(step: Step, *, locked: bool) -> str:
    """What a module returns for a wrong password, or (`locked`) for a right one of a locked account.

    Raises:
        NotKnown: a module or condition that is not known here.
    """
    if step.module == "pam_faillock" or step.module in TALLY:
        if locked:
            return "auth_err"
        return "ignore" if _mode(step) == "authfail" else "success"
    if step.module in PASSWORD:
        return "success" if locked else "auth_err"
    if step.module in OTHER_PROOF:
        ends = step.act("success") == "done" or step.act("success").isdigit()
        return "success" if locked and not ends else "auth_err"
    return _unmoved(step)


def _unmoved(step: Step) -> str:
    """The same for a module that asks for no proof."""
    words = " ".join(arg for arg in step.args if not arg.startswith("quiet") and arg != "use_uid")
    if step.module == "pam_deny":
        return "auth_err"
    if step.module in LETS_BY and "issystem" not in step.args:
        return "success"
    if step.module == "pam_succeed_if" and words in CONDITIONS:
        return CONDITIONS[words]
    raise NotKnown(Reason.NOT_MEASURABLE, f"PAM: {step.module} is not known here")


def _faillock(steps: Sequence[Step], conf: Sequence[str]) -> Lockout | None:
    """The weakest numbers of the lines' arguments, or of faillock.conf, or the documented defaults."""
    if any(step.option("conf") is not None for step in steps):
        raise NotKnown(Reason.NOT_MEASURABLE, "PAM: faillock reads another file")
    tries = max(_numbers("deny", steps, conf) or [DENY])
    if 0 in _numbers("deny", steps, conf):
        return None
    spans = [span for span in _numbers("unlock_time", steps, conf) or [UNLOCK_S] if span > 0]
    windows = _numbers("fail_interval", steps, conf) or [WINDOW_S]
    return Lockout(tries, min(spans, default=FOREVER), min(windows))


def _tally(steps: Sequence[Step]) -> Lockout | None:
    """pam_tally2(8): without deny it only counts, without unlock_time the lock stays."""
    if any(not _numbers("deny", [step], ()) for step in steps):
        return None
    tries = [number for step in steps for number in _numbers("deny", [step], ())]
    spans = [span for span in _numbers("unlock_time", steps, ()) if span > 0]
    return None if 0 in tries else Lockout(max(tries), min(spans, default=FOREVER), None)


def _numbers(name: str, steps: Sequence[Step], conf: Sequence[str]) -> list[int]:
    """The values of an option, ``never`` as 0.

    Raises:
        Garbled: not a whole number, or a negative one.
    """
    found = []
    for text in _texts(name, steps, conf):
        number = 0 if text.strip() == "never" else whole(text, name)
        if number is None or number < 0:
            raise Garbled(f"PAM: {name} is no number")
        found.append(number)
    return found


def _texts(name: str, steps: Sequence[Step], conf: Sequence[str]) -> list[str]:
    """How an option is set: in the lines' arguments, or else in the file, there perhaps several times."""
    given = [text for step in steps if (text := step.option(name)) is not None]
    parts = [line.partition("#")[0].partition("=") for line in conf]
    return given or [text for key, _, text in parts if key.strip() == name]


def shortest(services: Files, conf: Sequence[str]) -> int:
    """How short a new password may be where the least is demanded.

    Raises:
        Garbled, NotKnown: see `stack`; also no way to change a password.
    """
    entries = [one for one in ("passwd", *ENTRIES) if one in services]
    stacks = [steps for one in entries if (steps := stack(one, "password", services))]
    if not stacks:
        raise NotKnown(Reason.NOT_MEASURABLE, "PAM: no service that changes passwords")
    return min(_length(list(walked(steps)), conf) for steps in stacks)


def _length(steps: Sequence[Step], conf: Sequence[str]) -> int:
    """The longest demand that cannot be passed by: before any line that ends the stack with a success."""
    length = SHORTEST
    for step in steps:
        if step.module == "pam_unix":
            length = max([length, *_numbers("minlen", [step], ())])
        elif step.act("auth_err") in ("bad", "die"):
            length = max(length, _demanded(step, conf))
        if step.act("success") == "done" or step.act("success").isdigit():
            break
    return length


def _demanded(step: Step, conf: Sequence[str]) -> int:
    if step.module == "pam_passwdqc":
        return _passwdqc(step)
    if step.module == "pam_cracklib":
        return min(_numbers("minlen", [step], ()) or [CRACKLIB]) - _credit(step, (), unset=1)
    if step.module != "pam_pwquality" or 0 in _plain("enforcing", step, conf):
        return 0
    return min(_numbers("minlen", [step], conf) or [LENGTH]) - _credit(step, conf, unset=0)


def _credit(step: Step, conf: Sequence[str], unset: int) -> int:
    """How many characters the kinds of characters in a password may stand for."""
    return sum(max(0, *(_plain(name, step, conf) or [unset])) for name in CREDITS)


def _plain(name: str, step: Step, conf: Sequence[str]) -> list[int]:
    """As `_numbers`, negative values included."""
    found = [whole(text, name) for text in _texts(name, [step], conf)]
    if None in found:
        raise Garbled(f"PAM: {name} is no number")
    return [number for number in found if number is not None]


def _passwdqc(step: Step) -> int:
    """pam_passwdqc(8): the shortest of the kinds of password it allows."""
    if step.option("config") is not None:
        raise NotKnown(Reason.NOT_MEASURABLE, "PAM: passwdqc reads another file")
    if step.option("enforce") == "none":
        return 0
    kinds = [one for one in (step.option("min") or PASSWDQC).split(",") if one != "disabled"]
    lengths = [whole(one, "min") for one in kinds]
    if not lengths or None in lengths:
        raise Garbled("PAM: passwdqc's min is not understood")
    return min(length for length in lengths if length is not None)
