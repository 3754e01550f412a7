"""One collector script per target out of many facts; `auditor.frames` is the way back from its output."""

import re
import secrets
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from auditor.declare import CONSOLE, Fact
from auditor.errors import PluginError
from auditor.frames import every, split
from auditor.script_ps import compose_ps
from auditor.script_sh import compose_sh

__all__ = ["REACH", "Entrance", "compose", "every", "fragment_of", "fragments_of", "new_nonce", "split"]

_NONCE = re.compile(r"[0-9a-f]{32}")
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_ENTRANCE = re.compile(r"[A-Za-z0-9._-]{1,64} [A-Za-z0-9.:_-]{1,253} [0-9]{1,5}")
REACH = "@REACH@"
"""Stands in a fragment for the declared entrances, ``id host port`` a line."""


def new_nonce() -> str:
    """128 random bits as 32 hex digits; a fresh one for every script."""
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class Entrance:
    """A declared gateway that an endpoint may try a TCP connection to."""

    id: str
    host: str
    port: int

    def line(self) -> str:
        """``id host port``, safe in any script.

        Raises:
            ValueError: a sign that could end the list or mean something to a shell.
        """
        text = f"{self.id} {self.host} {self.port}"
        if not _ENTRANCE.fullmatch(text):
            raise ValueError(f"{text!r} cannot stand in a script")
        return text


def compose(
    facts: Sequence[Fact[Any]], system: str, nonce: str, *, entrances: Sequence[Entrance] = ()
) -> str:
    """The one script that learns all `facts` on a `system` (linux, macos, windows).

    Facts may share an id when they also share the lines that print it. `entrances` fill ``@REACH@`` in.

    Raises:
        PluginError: a fragment that is not ASCII, or two different fragments under one id.
        ValueError: no script for that system, an unusable id, or a nonce that is not 32 hex digits.
    """
    if not _NONCE.fullmatch(nonce):
        raise ValueError("the nonce must be 32 hex digits")
    fragments = fragments_of(facts, system, entrances)
    if system == "windows":
        return compose_ps(fragments, nonce)
    return compose_sh(fragments, system, nonce)


def fragments_of(
    facts: Sequence[Fact[Any]], system: str, entrances: Sequence[Entrance] = ()
) -> dict[str, str]:
    """The lines that print each fact's answer by its id, in the order of `facts`, ``@REACH@`` filled in.

    Raises:
        PluginError: a fragment that is not ASCII, or two different fragments under one id.
        ValueError: no script for that system, or an unusable id.
    """
    fragments: dict[str, str] = {}
    reach = "\n".join(entrance.line() for entrance in entrances)
    for fact in facts:
        fragment = fragment_of(fact, system).replace(REACH, reach)
        if fragments.setdefault(fact.id, fragment) != fragment:
            raise PluginError("fragment_twice", fact=fact.id, system=system)
    return fragments


def fragment_of(fact: Fact[Any], system: str) -> str:
    """The lines that print the fact's answer on a system.

    Raises:
        PluginError: not ASCII.
        ValueError: no script for that system, or an unusable id.
    """
    source = fact.scripts.get(system, CONSOLE)
    if system not in ("linux", "macos", "windows") or source == CONSOLE or not _ID.fullmatch(fact.id):
        raise ValueError(f"no script for {fact.id} on {system}")
    if not source.isascii() or "\0" in source:
        raise PluginError("fragment_ascii", fact=fact.id, system=system)
    return textwrap.dedent(source).strip("\n").replace("\r\n", "\n")
