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


@dataclass(frozen=True, slots=True)
class Rules:
    """`users` and `groups` that may run everything, `everyone` = all; `unclear` = not understood."""

    users: frozenset[str]
    groups: frozenset[str]
    everyone: bool
    unclear: tuple[str, ...]


def read_rules(lines: Iterable[str]) -> Rules:
    """The rules of all files together, continuation lines joined and aliases resolved.

    A rule for some harmless commands only does not make an administrator. What is not understood, or stands
    in a file that was not read, is kept as unclear, and never counts as "no rights".
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
        if not _allows_all(commands, aliases):
            continue
        for name in _resolved(parts[0].split(","), aliases):
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


def _aliases(lines: Iterable[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in lines:
        if (match := ALIAS.match(line)) is not None:
            for part in match[2].split(":"):
                name, _, members = part.partition("=")
                found[name.strip()] = tuple(one.strip() for one in members.split(","))
    return found


def _resolved(names: Iterable[str], aliases: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Names with aliases replaced, at most eight deep."""
    result = [name.strip() for name in names]
    for _ in range(8):
        if not any(name in aliases for name in result):
            break
        result = [one for name in result for one in aliases.get(name, (name,))]
    return result


def _allows_all(commands: str, aliases: Mapping[str, tuple[str, ...]]) -> bool:
    """True when the command list holds ALL or as good as that; run-as parts and tags stand before it."""
    bare = re.sub(r"\([^)]*\)", " ", commands)
    bare = re.sub(r"\b[A-Z_]+:", " ", bare)
    names = _resolved(re.split(r"[,:=]", bare), aliases)
    return any(name.strip() == "ALL" or AS_GOOD_AS_ALL.fullmatch(name.strip()) for name in names)
