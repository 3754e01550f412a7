"""Protective settings of Windows and its programs as policy sets them (they explain, and judge nothing)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auditor.api import USER, Answer, Garbled, fact
from checks.endpoint._fragments import REGISTRY
from checks.endpoint._read import listed, members, record, truth, whole, word

NEVER = frozenset({4294967295, 65535})
"""What Defender gives as an age in days of what never happened."""
LANGUAGE_MODES = frozenset({"FullLanguage", "ConstrainedLanguage", "RestrictedLanguage", "NoLanguage"})
MAX_RULES = 200


@dataclass(frozen=True, slots=True)
class Defences:
    """Defender's preferences and what else guards programs. None = not set or not told, never "off".

    `exclusions` = how many paths, types and programs Defender leaves out; None also where it does not show
    them to this account. `rules` = attack surface reduction rules as (GUID, action). `network`, `folders`,
    `unwanted` are Defender's own numbers (0 off, 1 on, 2 audit). `full_scan_days`, `quick_scan_days` = days
    since the last scan, None = never. `smartscreen` = the policy. `language` = PowerShell's language mode.
    `applocker` = rules of AppLocker exist.
    """

    exclusions: int | None
    rules: tuple[tuple[str, int], ...]
    network: int | None
    folders: int | None
    unwanted: int | None
    full_scan_days: int | None
    quick_scan_days: int | None
    smartscreen: bool | None
    language: str
    applocker: bool


@fact(
    "sec.defences",
    explains=("EP-09",),
    windows=REGISTRY
    + r"""
$lists = $null
$rules = @()
$state = @{ network = $null; folders = $null; unwanted = $null; full = $null; quick = $null }
try {
  $one = Get-CimInstance -Namespace 'root/Microsoft/Windows/Defender' -ClassName MSFT_MpPreference `
    -OperationTimeoutSec 15 -ErrorAction Stop
  $lists = @()
  foreach ($list in $one.ExclusionPath, $one.ExclusionExtension, $one.ExclusionProcess) {
    $first = ''
    if (@($list).Count -gt 0) { $first = [string]@($list)[0] }
    $hidden = $first.StartsWith('N/A:')
    $lists += @{ count = @($list | Where-Object { $null -ne $_ }).Count; hidden = $hidden }
  }
  $ids = @($one.AttackSurfaceReductionRules_Ids)
  $actions = @($one.AttackSurfaceReductionRules_Actions)
  for ($i = 0; $i -lt $ids.Count; $i++) {
    if ($null -ne $ids[$i]) { $rules += @{ id = [string]$ids[$i]; action = [int]$actions[$i] } }
  }
  $state.network = $one.EnableNetworkProtection
  $state.folders = $one.EnableControlledFolderAccess
  $state.unwanted = $one.PUAProtection
  $seen = Get-CimInstance -Namespace 'root/Microsoft/Windows/Defender' -ClassName MSFT_MpComputerStatus `
    -OperationTimeoutSec 15 -ErrorAction Stop
  $state.full = $seen.FullScanAge
  $state.quick = $seen.QuickScanAge
} catch { $first = '' }
$srp = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64').OpenSubKey(
  'SOFTWARE\Policies\Microsoft\Windows\SrpV2')
@{
  lists = $lists
  rules = $rules
  state = $state
  smartscreen = (Read-Value 'LocalMachine' 'SOFTWARE\Policies\Microsoft\Windows\System' 'EnableSmartScreen')
  language = [string]$ExecutionContext.SessionState.LanguageMode
  applocker = [bool](($null -ne $srp) -and ($srp.GetSubKeyNames().Count -gt 0))
}
""",
)
def windows_defences(answer: Answer) -> Defences:
    """Counts, never the paths; Defender's numbers stay away where another product took its place.

    A list that begins with ``N/A:`` (English on every Windows) is hidden from this account.
    """
    values = record(answer, "lists", "rules", "state", "smartscreen", "language", "applocker")
    state = members(values["state"], "state", "network", "folders", "unwanted", "full", "quick")
    rules = [members(row, "rules", "id", "action") for row in listed(values["rules"])]
    language = word(values["language"], "language")
    if len(rules) > MAX_RULES or language not in LANGUAGE_MODES:
        raise Garbled(f"{answer.id}: rules or language mode")
    return Defences(
        exclusions=_exclusions(values["lists"]),
        rules=tuple((word(one["id"], "id"), whole(one["action"], "action") or 0) for one in rules),
        network=whole(state["network"], "network"),
        folders=whole(state["folders"], "folders"),
        unwanted=whole(state["unwanted"], "unwanted"),
        full_scan_days=_age(state["full"], "full"),
        quick_scan_days=_age(state["quick"], "quick"),
        smartscreen=truth(values["smartscreen"], "smartscreen"),
        language=language,
        applocker=truth(values["applocker"], "applocker") is True,
    )


def _exclusions(lists: Any) -> int | None:
    """All lists together; None = not told, or one of them is hidden from this account."""
    rows = [members(row, "lists", "count", "hidden") for row in listed(lists)]
    counts = [whole(row["count"], "count") for row in rows]
    if not rows or any(truth(row["hidden"], "hidden") is not False for row in rows):
        return None
    return sum(count for count in counts if count is not None)


def _age(value: Any, what: str) -> int | None:
    days = whole(value, what)
    if days is not None and days < 0:
        raise Garbled(f"{what}: a scan of the future")
    return None if days in NEVER else days


@dataclass(frozen=True, slots=True)
class ProgramPolicies:
    """What policy says of browsers and file synchronisation. None = not set, so the program decides.

    By browser (chrome, edge): may it keep passwords, is its synchronisation off, how many extensions are
    blocked. `personal_sync` = OneDrive's personal accounts are allowed; `known_folders` = their move to it
    is set, `known_folders_blocked` = forbidden.
    """

    passwords: tuple[tuple[str, bool | None], ...]
    sync_off: tuple[tuple[str, bool | None], ...]
    blocked_extensions: tuple[tuple[str, int], ...]
    personal_sync: bool | None
    known_folders: bool
    known_folders_blocked: bool | None


@fact(
    "app.policies",
    explains=("EP-15",),
    windows=REGISTRY
    + r"""
$machine = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64')
$browsers = @()
$paths = @{ chrome = 'SOFTWARE\Policies\Google\Chrome'; edge = 'SOFTWARE\Policies\Microsoft\Edge' }
foreach ($product in 'chrome', 'edge') {
  $path = $paths[$product]
  $count = 0
  $list = $machine.OpenSubKey("$path\ExtensionInstallBlocklist")
  if ($null -ne $list) { $count = $list.ValueCount }
  $browsers += @{
    product = $product
    passwords = (Read-Value 'LocalMachine' $path 'PasswordManagerEnabled')
    sync_off = (Read-Value 'LocalMachine' $path 'SyncDisabled')
    blocked = $count
  }
}
$drive = 'SOFTWARE\Policies\Microsoft\OneDrive'
@{
  browsers = $browsers
  no_personal = (Read-Value 'LocalMachine' $drive 'DisablePersonalSync')
  folders = ($null -ne (Read-Value 'LocalMachine' $drive 'KFMSilentOptIn'))
  folders_blocked = (Read-Value 'LocalMachine' $drive 'KFMBlockOptIn')
}
""",
)
def windows_program_policies(answer: Answer) -> ProgramPolicies:
    """Policies of the machine; no profile and no login store is ever opened."""
    values = record(answer, "browsers", "no_personal", "folders", "folders_blocked")
    rows = [members(row, "browsers", "product", *_BROWSER) for row in listed(values["browsers"])]
    forbidden = truth(values["no_personal"], "no_personal")
    return ProgramPolicies(
        passwords=_by_product(rows, "passwords"),
        sync_off=_by_product(rows, "sync_off"),
        blocked_extensions=tuple(
            (word(row["product"], "product"), whole(row["blocked"], "blocked") or 0) for row in rows
        ),
        personal_sync=None if forbidden is None else not forbidden,
        known_folders=truth(values["folders"], "folders") is True,
        known_folders_blocked=truth(values["folders_blocked"], "folders_blocked"),
    )


_BROWSER = ("passwords", "sync_off", "blocked")


def _by_product(rows: list[Mapping[str, Any]], name: str) -> tuple[tuple[str, bool | None], ...]:
    return tuple((word(row["product"], "product"), truth(row[name], name)) for row in rows)


@dataclass(frozen=True, slots=True)
class Macros:
    """What policy says of macros for the person who is logged on, by program (word, excel, powerpoint).

    `warnings` = VBAWarnings (1 all run, 2 ask, 3 signed only, 4 none), None = not set: the person decides.
    `internet_blocked` = macros in files from the internet are blocked, None = not set.
    """

    warnings: tuple[tuple[str, int | None], ...]
    internet_blocked: tuple[tuple[str, bool | None], ...]


@fact(
    "office.macros",
    explains=("EP-16",),
    context=USER,
    windows=REGISTRY
    + r"""
$programs = @()
foreach ($name in 'Word', 'Excel', 'PowerPoint') {
  $path = "SOFTWARE\Policies\Microsoft\Office\16.0\$name\Security"
  $programs += @{
    product = $name.ToLowerInvariant()
    warnings = (Read-Value 'CurrentUser' $path 'VBAWarnings')
    blocked = (Read-Value 'CurrentUser' $path 'blockcontentexecutionfrominternet')
  }
}
@{ programs = $programs }
""",
)
def windows_macros(answer: Answer) -> Macros:
    """Policy values of the logged-on person's own hive, so of no worth when another account asks."""
    rows = [
        members(row, answer.id, "product", "warnings", "blocked")
        for row in listed(record(answer, "programs")["programs"])
    ]
    warnings = tuple((word(row["product"], "product"), whole(row["warnings"], "warnings")) for row in rows)
    if any(number is not None and not 1 <= number <= 4 for _, number in warnings):  # noqa: PLR2004 - see Macros
        raise Garbled(f"{answer.id}: VBAWarnings")
    return Macros(warnings, _by_product(rows, "blocked"))
