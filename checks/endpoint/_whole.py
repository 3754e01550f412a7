"""Is a command of a package log an upgrade of everything, from every source, on this very system?"""

import re

UNATTENDED = frozenset({"unattended-upgrade", "unattended-upgrades"})
APT = frozenset({"apt", "apt-get", "aptitude"})
DNF = frozenset({"dnf", "yum"})
APT_VERBS = frozenset({"upgrade", "full-upgrade", "dist-upgrade", "safe-upgrade"})
DNF_VERBS = frozenset({"upgrade", "update", "distro-sync"})
UNATTENDED_OPTION = re.compile(r"-[vd]|--verbose|--debug|--minimal[-_]upgrade[-_]steps")
APT_OPTION = re.compile(
    r"-[yqVu]+|-q=[0-9]|--yes|--assume-yes|--quiet|--with-new-pkgs|--show-upgraded|--verbose-versions"
    r"|--purge|--auto-?remove|--allow-downgrades"
    r"|(-o|--option=)D[Pp]kg::(Options::=--force-conf(def|old|new)|Lock::Timeout=-?[0-9]+)"
)
DNF_OPTION = re.compile(
    r"-[yqv]+|--assumeyes|--quiet|--verbose|--refresh|--best|--nobest|--allowerasing|--color=[a-z]+"
)
"""Options that leave nothing out, change no source and do install; any other may, so it is no proof."""


def is_whole(command: list[str]) -> bool:
    """True for a command that updates all packages, not some named ones."""
    if not command:
        return False
    program, rest = command[0].rpartition("/")[2], _joined(command[1:])
    if program in UNATTENDED:
        return all(UNATTENDED_OPTION.fullmatch(one) for one in rest)
    if program in APT:
        return _only(rest, APT_VERBS, APT_OPTION)
    return program in DNF and _only(rest, DNF_VERBS, DNF_OPTION)


def _joined(rest: list[str]) -> list[str]:
    """`-o` and the value after it as one word."""
    words: list[str] = []
    for one in rest:
        if words and words[-1] in ("-o", "--option"):
            words[-1] = f"-o{one}"
        else:
            words.append(one)
    return words


def _only(rest: list[str], verbs: frozenset[str], option: re.Pattern[str]) -> bool:
    acts = [one for one in rest if option.fullmatch(one) is None]
    return len(acts) == 1 and acts[0] in verbs
