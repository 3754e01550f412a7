"""Office suites: the maker still maintains them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from auditor.api import Answer, Garbled, Judgement, Params, Reason, check, fact, failed, passed, unknown
from checks.endpoint._fragments import REGISTRY
from checks.endpoint._lifetimes import Lifetime, lifetime_of
from checks.endpoint._read import columns, listed, members, record, word

APPS = "Personal|HomeStudent|HomeBusiness|Home|Professional|ProPlus|Standard|Word|Excel|PowerPoint|Outlook"
ONE_OFF = re.compile(rf"(?:{APPS}|Access|Publisher|OneNote)(2019|2021|2024)?(Retail|Volume)")
"""ProductReleaseIds of a purchase for ever; without a year it is the first that bore the major version."""
SUBSCRIPTION = re.compile(r"O365[A-Za-z]{1,40}")
BESIDE = re.compile(r"(Visio|Project|Skype|Lync)[A-Za-z0-9]{1,40}")
"""Sold with Office, but no office suite."""
CODE = re.compile(r"\{9[0-9A-F](1[0-9])0000-([0-9A-F]{4})-0000-[01]000-[01]000000FF1CE\}")
"""Product code of a Windows Installer package of Office: major version and kind, language neutral."""
SUITES = frozenset(
    {"0011", "0012", "0013", "0014", "0015", "0016", "0018", "001A", "001B", "002E", "002F", "0030", "0031"}
    | {"0033", "0035", "003D"}
)
"""Kinds of that package that are a suite or one of its programs, not a proofing tool or a viewer."""
MAJORS = {"14": "2010", "15": "2013", "16": "2016"}
MAX_SUITES = 500


@dataclass(frozen=True, slots=True)
class Suite:
    """An installed suite in the table's words; `release` "" = the answer does not tell it."""

    product: str
    release: str
    shown: str


@dataclass(frozen=True, slots=True)
class Suites:
    """All suites found; empty = none of the known ones."""

    found: tuple[Suite, ...]


@fact(
    "office.version",
    windows=REGISTRY
    + r"""
$office = 'SOFTWARE\Microsoft\Office'
$streamed = @()
foreach ($path in "$office\ClickToRun\Configuration", "$office\15.0\ClickToRun\Configuration") {
  $ids = Read-Value 'LocalMachine' $path 'ProductReleaseIds'
  if ($null -ne $ids) {
    $streamed += @{
      major = $(if ($path.Contains('\15.0\')) { '15' } else { '16' })
      ids = [string]$ids
      version = [string](Read-Value 'LocalMachine' $path 'VersionToReport')
      channel = [string](Read-Value 'LocalMachine' $path 'CDNBaseUrl')
    }
  }
}
$codes = New-Object System.Collections.ArrayList
$libre = New-Object System.Collections.ArrayList
foreach ($view in 'Registry64', 'Registry32') {
  $path = 'SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall'
  $list = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', $view).OpenSubKey($path)
  if ($null -eq $list) { continue }
  foreach ($name in $list.GetSubKeyNames()) {
    if ($name.EndsWith('0FF1CE}')) { [void]$codes.Add($name) }
    $key = $list.OpenSubKey($name)
    if (([string]$key.GetValue('DisplayName')).StartsWith('LibreOffice ')) {
      [void]$libre.Add([string]$key.GetValue('DisplayVersion'))
    }
  }
}
@{ streamed = $streamed; codes = $codes.ToArray(); libre = $libre.ToArray() }
""",
)
def windows_suites(answer: Answer) -> Suites:
    """Click-to-Run's ProductReleaseIds, product codes of MSI packages, and LibreOffice."""
    values = record(answer, "streamed", "codes", "libre")
    suites: list[Suite] = []
    for row in listed(values["streamed"]):
        one = members(row, answer.id, "major", "ids", "version")
        version = word(one["version"], "version")
        ids = [id_.strip() for id_ in word(one["ids"], "ids").split(",") if id_.strip()]
        major = word(one["major"], "major")
        suites += [_streamed(id_, major, version) for id_ in ids if BESIDE.fullmatch(id_) is None]
    for code in listed(values["codes"]):
        match = CODE.fullmatch(word(code, "code").upper())
        if match is not None and match[2] in SUITES:
            release = MAJORS.get(match[1], "")
            suites.append(Suite("office", release, f"Microsoft Office {release or match[1]} (MSI)"))
    for version in listed(values["libre"]):
        text = word(version, "libre")
        suites.append(Suite("libreoffice", ".".join(text.split(".")[:2]), f"LibreOffice {text}"))
    return _suites(suites, answer.id)


def _streamed(id_: str, major: str, version: str) -> Suite:
    shown = f"{id_} {version}".strip()
    if SUBSCRIPTION.fullmatch(id_):
        return Suite("microsoft-365", ".".join(version.split(".")[:3]), shown)
    match = ONE_OFF.fullmatch(id_)
    if match is None or major not in MAJORS:
        return Suite("office", "", shown)
    release = match[1] or MAJORS[major]
    return Suite("office", f"LTSC {release}" if (release, match[2]) == ("2024", "Volume") else release, shown)


def _suites(found: Iterable[Suite], what: str) -> Suites:
    suites = tuple(dict.fromkeys(found))
    if len(suites) > MAX_SUITES:
        raise Garbled(f"{what}: {len(suites)} suites")
    return Suites(suites)


@fact(
    "office.version",
    macos=r"""
look() {
  [ -e "/Applications/$2.app/Contents/Info.plist" ] || return 0
  version=$(defaults read "/Applications/$2.app/Contents/Info" CFBundleShortVersionString 2>/dev/null) ||
    version='?'
  printf 'suite\t%s\t%s\n' "$1" "$version"
}
look word 'Microsoft Word'
look excel 'Microsoft Excel'
look powerpoint 'Microsoft PowerPoint'
look libreoffice LibreOffice
""",
)
def macos_suites(answer: Answer) -> Suites:
    """Versions of the programs in /Applications; Office for Mac does not tell there which release it is."""
    names = {
        "word": "Microsoft Word",
        "excel": "Microsoft Excel",
        "powerpoint": "Microsoft PowerPoint",
        "libreoffice": "LibreOffice",
    }
    suites = []
    for _, program, version in columns(answer, {"suite": 3}):
        if program not in names:
            raise Garbled(f"{answer.id}: unknown program {program[:30]!r}")
        libre = program == "libreoffice"
        release = ".".join(version.split(".")[:2]) if libre else ""
        suites.append(Suite("libreoffice" if libre else "office-mac", release, f"{names[program]} {version}"))
    return _suites(suites, answer.id)


@check("EP-16")
def suites_are_maintained(suites: Suites, params: Params, today: date) -> Judgement:
    """Every suite's last day is today or later; one that the table does not list is unknown."""
    if not suites.found:
        return unknown(Reason.NOT_MEASURABLE, "none of the known office suites is installed")
    rows = [(suite, lifetime_of(suite.product, suite.release)) for suite in suites.found]
    ended = [(suite, row.end) for suite, row in rows if row is not None and row.end and row.end < today]
    if ended:
        suite, end = min(ended, key=lambda pair: pair[1])
        return failed("ended", places=tuple(one.shown for one, _ in ended), product=suite.shown, end=end)
    if (gap := _first_gap(rows)) is not None:
        return unknown(Reason.NOT_MEASURABLE, f"{gap.shown}: no end of support in the table")
    suite, end = min(((suite, row.end) for suite, row in rows if row and row.end), key=lambda pair: pair[1])
    soon = end - today <= timedelta(days=params.integer("warn_days"))
    return passed("soon" if soon else "ok", until=end, product=suite.shown, end=end)


def _first_gap(rows: Iterable[tuple[Suite, Lifetime | None]]) -> Suite | None:
    return next((suite for suite, row in rows if row is None or row.end is None), None)
