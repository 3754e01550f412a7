"""Freezes all facts of a system into one script that a town can read, sign, publish the hash of and hand out.

The same inputs give the same bytes: the nonce of the frames is drawn on the endpoint, at every run.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from auditor import __version__
from auditor.declare import CONSOLE, Fact
from auditor.discover import Plugins
from auditor.script import Entrance, fragments_of
from auditor.script_ps import core_ps
from auditor.script_sh import TIMED_OUT, core_sh

COLLECTED = ("windows", "linux", "macos")
"""Systems that take a script; the others are read from their admin console's export."""

_UNSET = "0" * 64
_MACHINE = {
    "linux": """\
  for tw_file in /etc/machine-id /var/lib/dbus/machine-id; do
    [ -n "$tw_id" ] || [ ! -r "$tw_file" ] || read -r tw_id <"$tw_file"
  done
  for tw_file in /sys/class/dmi/id/product_serial /proc/device-tree/serial-number; do
    [ -n "$tw_serial" ] || [ ! -r "$tw_file" ] || tw_serial=$(plain 80 <"$tw_file")
  done
  tw_id=$(printf '%s' "$tw_id" | tr -cd 'A-Za-z0-9-' | cut -c 1-80)""",
    "macos": """\
  tw_ioreg=$(ioreg -rd1 -c IOPlatformExpertDevice 2>/dev/null)
  tw_id=$(printf '%s\\n' "$tw_ioreg" | awk -F'"' '$2 == "IOPlatformUUID" { print $4 }' | plain 80)
  tw_serial=$(printf '%s\\n' "$tw_ioreg" |
    awk -F'"' '$2 == "IOPlatformSerialNumber" { print $4 }' | plain 80)""",
}
_NAMED = """\
  tw_host=$(uname -n | tr -cd 'A-Za-z0-9._-' | cut -c 1-63)
  tw_host=${tw_host:-unknown} tw_id='' tw_serial=''
"""
_STATE = {
    ("linux", "machine"): "/var/lib/telework-auditor",
    ("macos", "machine"): "/var/db/telework-auditor",
    ("linux", "user"): "${XDG_STATE_HOME:-$HOME/.local/state}/telework-auditor",
    ("macos", "user"): "$HOME/Library/Application Support/telework-auditor",
}
_CHECK_SH = """\
#   grep -vxE 'collector=[0-9a-f]{64}' FILE | sha256sum        (macOS: shasum -a 256)"""
_CHECK_PS = r"""#   $text = (Get-Content FILE) -cnotmatch '^.Collector = .[0-9a-f]{64}.$' -join "`n"
#   $hash = [Security.Cryptography.SHA256]::Create()
#   [BitConverter]::ToString($hash.ComputeHash([Text.Encoding]::ASCII.GetBytes($text + "`n"))) -replace '-'"""


@dataclass(frozen=True, slots=True)
class Frozen:
    """A frozen collector: its text (ASCII, LF), the ids it answers, and `sha256` of its body."""

    text: str
    ids: tuple[str, ...]
    sha256: str

    @property
    def file_sha256(self) -> str:
        """SHA-256 of the whole file, as the town may publish it."""
        return hashlib.sha256(self.text.encode("ascii")).hexdigest()


def facts_of(plugins: Plugins, system: str, context: str) -> tuple[Fact[Any], ...]:
    """The facts a script can learn there that some check asks for or that explain a control, by id."""
    asked = {need.type for check in plugins.checks for need in check.facts}
    judged = {check.control for check in plugins.checks}
    found = [
        fact
        for fact in plugins.facts
        if fact.scripts.get(system, CONSOLE) != CONSOLE
        and fact.context == context
        and (fact.type in asked or judged.intersection(fact.explains))
    ]
    return tuple(sorted(found, key=lambda fact: fact.id))


def freeze(
    facts: Sequence[Fact[Any]], system: str, context: str, entrances: Sequence[Entrance] = ()
) -> Frozen:
    """The script that answers `facts` on a `system`, prints the answers or drops them as a bundle.

    Raises:
        PluginError: a fragment that is not ASCII, or two different fragments under one id.
        ValueError: a system that takes no script, or an entrance that cannot stand in one.
    """
    fragments = fragments_of(facts, system, entrances)
    make = _windows if system == "windows" else _posix
    draft = make(fragments, system, context, _header(fragments, system, context, entrances))
    line = re.compile(rf"^(?:collector=|\$Collector = '){_UNSET}'?\n", re.MULTILINE)
    body, hidden = line.subn("", draft)
    if hidden != 1:
        raise ValueError("the line of the hash must stand in the script once")
    sha256 = hashlib.sha256(body.encode("ascii")).hexdigest()
    return Frozen(draft.replace(_UNSET, sha256, 1), tuple(fragments), sha256)


def _header(fragments: Mapping[str, str], system: str, context: str, entrances: Sequence[Entrance]) -> str:
    """Comment lines that say what the file is; they hold nothing secret."""
    tried = [f"#   {entrance.line()}" for entrance in entrances] or ["#   none"]
    begins, check = ("$Collector =", _CHECK_PS) if system == "windows" else ("collector=", _CHECK_SH)
    return "\n".join(
        [
            f"# Collector of telework-auditor {__version__} for {system}, {context} context.",
            f"# Facts: {len(fragments)}. Each stands below under its id, with the lines that read it.",
            "# It reads only. It writes nothing, unless asked for a bundle: then the bundle file, and in its",
            "# state folder a counter and, while it runs, one private folder. It holds no password or key.",
            "# Entrances of the town that it tries a TCP connection to (id, host, port):",
            *tried,
            f"# The line that begins with {begins} holds the SHA-256 of all other lines. To check it:",
            check,
        ]
    )


def _posix(fragments: Mapping[str, str], system: str, context: str, header: str) -> str:
    tail = _part("frozen.sh")
    filled = {
        "@MACHINE@": _NAMED + _MACHINE[system],
        "@STATE@": _STATE[system, context],
        "@SYSTEM@": system,
        "@CONTEXT@": context,
        "@VERSION@": __version__,
        "@TIMED_OUT@": str(TIMED_OUT),
    }
    for mark, text in filled.items():
        tail = tail.replace(mark, text)
    core = core_sh(fragments, system)
    return f'#!/bin/sh\n{header}\ncollector={_UNSET}\n{{\n{core}\n{tail}main "$@" </dev/null\n}}\n'


def _windows(fragments: Mapping[str, str], _: str, context: str, header: str) -> str:
    tail = _part("frozen.ps1")
    script = tail.replace("@HEADER@", header).replace("@UNSET@", _UNSET).replace("@CONTEXT@", context)
    return script.replace("@VERSION@", __version__).replace("@CORE@", core_ps(fragments))


def _part(name: str) -> str:
    return files("auditor.collectors").joinpath(name).read_text("ascii")
