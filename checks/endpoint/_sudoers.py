"""Who may become root by sudoers(5): principals of rules that allow every command."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ALIAS = re.compile(r"(User|Runas|Host|Cmnd|Cmd)_Alias\s+(.*)")
DEFAULTS = re.compile(r"Defaults\b")
INCLUDE = re.compile(r"[#@]include(?:dir)?\s+(.*)")
READ_ALREADY = "/etc/sudoers.d"
"""The one folder whose files the collector brings along."""
AS_GOOD_AS_ALL = re.compile(
    r".*[*/]|.*/([a-z]*sh|su|sudo|sudoedit|visudo|env|vi|vim|view|nano|emacs|less|more|man|awk|find|tar|tee|cp|mv"
    r"|chmod|chown|dd|passwd|usermod|mount|systemctl|docker|python[0-9.]*|perl|ruby|node)(\s.*)?|sudoedit\b.*"
)
"""Commands with which a user can do the rest: shells, editors, interpreters, whole folders."""
HARMLESS = re.compile(
    r"/(usr/)?s?bin/(shutdown|reboot|poweroff|halt|lpadmin|cupsenable|cupsdisable|ls|id|whoami|lsblk|lspci|lsusb)"
    r"(\s+[A-Za-z0-9+. -]*)?"
)
"""The only commands that are known to give no rights; what any other gives is not known here."""


@dataclass(frozen=True, slots=True)
class Rules:
    """`users` and `groups` that may run everything, `everyone` = all; `unclear` = not understood."""

    users: frozenset[str]
    groups: frozenset[str]
    everyone: bool
    unclear: tuple[str, ...]


def read_rules(lines: Iterable[str]) -> Rules:
    """The rules of all files together, continuation lines joined and aliases resolved.

    A rule for some harmless commands only does not make an administrator. What is not understood, names any
    other command, or stands in a file that was not read, is unclear, and never counts as "no rights".
    """
    joined = [line for line in _joined(lines) if not DEFAULTS.match(line)]
    includes = {
        line: match[1].strip("\"' /") for line in joined if (match := INCLUDE.match(line)) is not None
    }
    plain = [line for line in joined if line not in includes]
    aliases = _aliases(plain)
    users: set[str] = set()
    groups: set[str] = set()
    unclear = [line[:80] for line, path in includes.items() if path != READ_ALREADY.strip("/")]
    everyone = False
    for line in plain:
        if ALIAS.match(line):
            continue
        who, is_, commands = line.partition("=")
        parts = re.split(r"\s+", re.sub(r"\s*,\s*", ",", who.strip()))
        if not is_ or len(parts) != 2:  # noqa: PLR2004 - users and hosts
            unclear.append(line[:80])
            continue
        principals = _resolved(parts[0].split(","), aliases["User"])
        allowed = _commands(commands, aliases["Cmnd"])
        if not any(name == "ALL" or AS_GOOD_AS_ALL.fullmatch(name) for name in allowed):
            if principals != ["root"] and not all(HARMLESS.fullmatch(name) for name in allowed):
                unclear.append(line[:80])
            continue
        for name in principals:
            if name == "ALL":
                everyone = True
            elif re.fullmatch(r"%[A-Za-z0-9_.][A-Za-z0-9_.-]*", name):
                groups.add(name[1:])
            elif re.fullmatch(r"[A-Za-z0-9_.][A-Za-z0-9_.@-]*", name):
                users.add(name)
            else:
                unclear.append(line[:80])
    return Rules(frozenset(users), frozenset(groups), everyone, tuple(unclear))


def _joined(lines: Iterable[str]) -> list[str]:
    text = re.sub(r"\\\n", " ", "\n".join(lines))
    kept = (re.sub(r"(?<!\S)#(?![0-9]|include).*", "", line).strip() for line in text.splitlines())
    return [line for line in kept if line]


def _aliases(lines: Iterable[str]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Members by kind of alias and name; each kind has names of its own."""
    found: dict[str, dict[str, tuple[str, ...]]] = {kind: {} for kind in ("User", "Runas", "Host", "Cmnd")}
    for line in lines:
        if (match := ALIAS.match(line)) is not None:
            kind = "Cmnd" if match[1] == "Cmd" else match[1]
            for part in match[2].split(":"):
                name, _, members = part.partition("=")
                found[kind][name.strip()] = tuple(one.strip() for one in members.split(","))
    return found


def _resolved(names: Iterable[str], aliases: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Names with aliases replaced, at most eight deep."""
    result = [name.strip() for name in names]
    for _ in range(8):
        if not any(name in aliases for name in result):
            break
        result = [one for name in result for one in aliases.get(name, (name,))]
    return result


def _commands(commands: str, aliases: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The commands of a rule, aliases resolved and what is only forbidden left out.

    Run-as parts and tags stand before a command; after a colon, further hosts with commands of their own.
    """
    bare = re.sub(r"\([^)]*\)", " ", commands)
    bare = re.sub(r"\b[A-Z_]+:", " ", bare)
    names: list[str] = []
    for number, segment in enumerate(bare.split(":")):
        parts = segment.split("=")
        names += ",".join(parts[1:] if number and len(parts) > 1 else parts).split(",")
    return [name for name in _resolved(names, aliases) if name and not re.match(r"!(?!\s*!)", name)]
