"""Programs that telework needs: VPN, remote desktop, groupware, with their versions (they judge nothing)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files

from auditor.api import Answer, Garbled, fact
from checks.endpoint._fragments import REGISTRY
from checks.endpoint._read import listed, members, record, word
from checks.endpoint.software import MAX_NAMES, folded


@dataclass(frozen=True, slots=True)
class Program:
    """An installed program of telework.toml; `version` "" = its entry does not tell."""

    role: str
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class TeleworkPrograms:
    """Those found, in order of role and name; what is installed besides is not kept."""

    found: tuple[Program, ...]


@cache
def roles() -> Mapping[str, tuple[str, ...]]:
    """The patterns by role; read once."""
    text = files(__package__).joinpath("telework.toml").read_text(encoding="utf-8")
    return {role: tuple(map(folded, row["windows"])) for role, row in tomllib.loads(text).items()}


@fact(
    "app.telework",
    explains=("EP-14",),
    windows=REGISTRY
    + r"""
$rows = New-Object System.Collections.ArrayList
foreach ($view in 'Registry64', 'Registry32') {
  $path = 'SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall'
  $list = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', $view).OpenSubKey($path)
  if ($null -eq $list) { continue }
  foreach ($name in $list.GetSubKeyNames()) {
    $key = $list.OpenSubKey($name)
    $shown = [string]$key.GetValue('DisplayName')
    if ($shown -ne '') {
      [void]$rows.Add(@{ name = $shown; version = [string]$key.GetValue('DisplayVersion') })
    }
  }
}
@{ products = $rows.ToArray() }
""",
)
def windows_telework(answer: Answer) -> TeleworkPrograms:
    """The machine's uninstall entries whose names a pattern knows."""
    rows = listed(record(answer, "products")["products"])
    if len(rows) > MAX_NAMES:
        raise Garbled(f"{answer.id}: {len(rows)} products")
    found: set[tuple[str, str, str]] = set()
    for row in rows:
        one = members(row, answer.id, "name", "version")
        name, version = word(one["name"], "name"), word(one["version"], "version")
        found |= {(role, name, version) for role, patterns in roles().items() if _any(name, patterns)}
    return TeleworkPrograms(tuple(Program(*one) for one in sorted(found)))


def _any(name: str, patterns: tuple[str, ...]) -> bool:
    plain = folded(name)
    return any(fnmatchcase(plain, pattern) for pattern in patterns)
