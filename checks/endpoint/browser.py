"""Browsers: their major version is not far behind the newest that the dated table knows."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from auditor.api import (
    CONSOLE,
    Answer,
    Garbled,
    Judgement,
    NotKnown,
    Params,
    Reason,
    check,
    fact,
    failed,
    passed,
    unknown,
)
from checks.endpoint._fragments import SIGNED_IN
from checks.endpoint._lifetimes import Lifetime, end_dates, lifetimes
from checks.endpoint._read import columns, listed, members, record, truth, word

PRODUCTS = frozenset({"chrome", "chromium", "edge", "firefox", "firefox-esr", "safari"})
VERSION = re.compile(r"(?:[0-9]{1,2}:)?([0-9]{1,4})(?:[.][0-9A-Za-z.+~_-]{0,60})?")
"""Major version of what a registry, a package or an Info.plist says; dpkg puts an epoch before it."""
UNTOLD = "?"
MAX_BROWSERS = 100


@dataclass(frozen=True, slots=True)
class Browser:
    """An installed browser; `major` None = its version could not be read."""

    product: str
    version: str
    major: int | None


@dataclass(frozen=True, slots=True)
class Browsers:
    """The known browsers that are installed. `complete` = also those the daily user installed alone."""

    found: tuple[Browser, ...]
    complete: bool


def _browser(product: str, version: str, what: str) -> Browser | None:
    """None = a version 0, which the updaters leave behind where the browser was removed."""
    if product not in PRODUCTS:
        raise Garbled(f"{what}: unknown product {product[:30]!r}")
    if version == UNTOLD:
        return Browser(product, version, None)
    match = VERSION.fullmatch(version)
    if match is None:
        raise Garbled(f"{what}: version {version[:30]!r}")
    return Browser(product, version, int(match[1])) if int(match[1]) else None


def _browsers(rows: Iterable[tuple[str, str]], what: str, *, complete: bool) -> Browsers:
    found = dict.fromkeys(_browser(product, version, what) for product, version in rows)
    if len(found) > MAX_BROWSERS:
        raise Garbled(f"{what}: {len(found)} browsers")
    return Browsers(tuple(one for one in found if one is not None), complete)


@fact(
    "browser.version",
    windows=SIGNED_IN
    + r"""
$clients = @{
  chrome = 'Google\Update\Clients\{8A69D345-D564-463C-AFF1-A69D9E530F96}'
  edge = 'Microsoft\EdgeUpdate\Clients\{56EB18F8-B008-4CBD-B6D2-8C97FE7E9062}'
}
$beacons = @{ chrome = 'Google\Chrome\BLBeacon'; edge = 'Microsoft\Edge\BLBeacon' }
$rows = New-Object System.Collections.ArrayList
function Add-Browser($product, $version) {
  if ($null -ne $version) { [void]$rows.Add(@{ product = $product; version = [string]$version }) }
}
foreach ($product in 'chrome', 'edge') {
  $before = $rows.Count
  foreach ($root in 'SOFTWARE', 'SOFTWARE\WOW6432Node') {
    Add-Browser $product (Read-Value 'LocalMachine' ($root + '\' + $clients[$product]) 'pv')
  }
  if ($loaded) {
    Add-Browser $product (Read-Value 'Users' ("$daily\SOFTWARE\" + $clients[$product]) 'pv')
    if ($rows.Count -eq $before) {
      Add-Browser $product (Read-Value 'Users' ("$daily\SOFTWARE\" + $beacons[$product]) 'version')
    }
  }
}
function Add-Firefox($hive, $view, $path) {
  $list = [Microsoft.Win32.RegistryKey]::OpenBaseKey($hive, $view).OpenSubKey($path)
  if ($null -eq $list) { return }
  foreach ($name in $list.GetSubKeyNames()) {
    if ($name.StartsWith('Mozilla Firefox')) {
      $product = 'firefox'
      if ($name.Contains(' ESR')) { $product = 'firefox-esr' }
      Add-Browser $product ($list.OpenSubKey($name).GetValue('DisplayVersion'))
    }
  }
}
$path = 'SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall'
foreach ($view in 'Registry64', 'Registry32') { Add-Firefox 'LocalMachine' $view $path }
if ($loaded) { Add-Firefox 'Users' 'Registry64' "$daily\$path" }
@{ daily = [bool]$loaded; browsers = $rows.ToArray() }
""",
)
def windows_browsers(answer: Answer) -> Browsers:
    """The updaters' own `pv`, else the browser's last start (BLBeacon); Firefox by its uninstall entry."""
    values = record(answer, "daily", "browsers")
    rows = [members(row, answer.id, "product", "version") for row in listed(values["browsers"])]
    pairs = [(word(row["product"], "product"), word(row["version"], "version")) for row in rows]
    return _browsers(pairs, answer.id, complete=truth(values["daily"], "daily") is True)


@fact(
    "browser.version",
    linux=r"""
f=/var/lib/dpkg/status
if [ -e "$f" ]; then
  [ -r "$f" ] || exit 11
  awk '
    BEGIN {
      n["google-chrome-stable"] = "chrome"; n["chromium"] = "chromium"; n["microsoft-edge-stable"] = "edge"
      n["firefox"] = "firefox"; n["firefox-esr"] = "firefox-esr"
    }
    /^Package: / { p = n[$2]; ok = 0 }
    p == "" { next }
    /^Status: / { ok = ($4 == "installed") }
    /^Version: / { if (ok && index($2, "snap") == 0) print "browser\t" p "\t" $2; p = "" }' "$f"
elif command -v rpm >/dev/null; then
  for one in chrome:google-chrome-stable:/opt/google/chrome edge:microsoft-edge-stable:/opt/microsoft/msedge \
    chromium:chromium:/usr/lib64/chromium-browser firefox:firefox:/usr/lib64/firefox; do
    [ -d "${one##*:}" ] || continue
    package=${one#*:}
    version=$(rpm -q --qf '%{VERSION}\n' "${package%%:*}" 2>/dev/null) || version='?'
    printf 'browser\t%s\t%s\n' "${one%%:*}" "${version%%
*}"
  done
fi
for p in firefox chromium; do
  f=/snap/$p/current/meta/snap.yaml
  [ -e "$f" ] && awk -v p="$p" '
    /^version:/ { gsub(/["\047]/, "", $2); print "browser\t" p "\t" $2; exit }' "$f"
done
f=/opt/firefox/application.ini
[ -e "$f" ] && awk -F= '$1 == "Version" { print "browser\tfirefox\t" $2; exit }' "$f"
for one in firefox:org.mozilla.firefox chrome:com.google.Chrome edge:com.microsoft.Edge \
  chromium:org.chromium.Chromium; do
  [ -e "/var/lib/flatpak/app/${one#*:}/current" ] && printf 'browser\t%s\t?\n' "${one%%:*}"
done
:
""",
)
def linux_browsers(answer: Answer) -> Browsers:
    """Packages of dpkg or rpm, snaps, Firefox in /opt; a flatpak is there, but does not tell its version."""
    rows = columns(answer, {"browser": 3})
    return _browsers([(row[1], row[2].strip() or UNTOLD) for row in rows], answer.id, complete=True)


@fact(
    "browser.version",
    macos=r"""
look() {
  [ -e "/Applications/$2.app/Contents/Info.plist" ] || return 0
  version=$(defaults read "/Applications/$2.app/Contents/Info" CFBundleShortVersionString 2>/dev/null) ||
    version='?'
  printf 'browser\t%s\t%s\n' "$1" "$version"
}
look chrome 'Google Chrome'
look edge 'Microsoft Edge'
look firefox Firefox
look safari Safari
""",
)
def macos_browsers(answer: Answer) -> Browsers:
    """CFBundleShortVersionString of the browsers in /Applications."""
    rows = columns(answer, {"browser": 3})
    return _browsers([(row[1], row[2].strip() or UNTOLD) for row in rows], answer.id, complete=True)


@fact("browser.version", chromeos=CONSOLE)
def chromeos_browser(answer: Answer) -> Browsers:
    """The system's version, which is Chrome's there."""
    version = word(record(answer, "os_version")["os_version"], "os_version")
    if not version:
        raise NotKnown(Reason.NOT_MEASURABLE, "the export holds no version")
    return _browsers([("chrome", version)], answer.id, complete=True)


@check("EP-15")
def browsers_are_recent(browsers: Browsers, params: Params, today: date) -> Judgement:
    """None is further behind the table than the limit; where the table is stale nothing else can pass.

    Too far behind an old table is too far behind today's as well, so that stays a fail.
    """
    if not browsers.found:
        return unknown(Reason.NOT_MEASURABLE, "none of the known browsers is installed")
    limit = params.integer("max_behind_major")
    behind = [(one, _behind(one)) for one in browsers.found]
    late = [(one, far) for one, far in behind if far is not None and far > limit]
    if late:
        worst, far = max(late, key=lambda pair: pair[1])
        places = tuple(_shown(one) for one, _ in late)
        newest = _newest(worst).release
        return failed("behind", places=places, product=_shown(worst), behind=far, newest=newest)
    gaps = [gap for one, far in behind if (gap := _gap(one, far, today)) is not None]
    if gaps:
        return gaps[0]
    if not browsers.complete:
        return unknown(Reason.NOT_COLLECTED, "the daily user's own browsers could not be read")
    until = min(end_dates().fresh_until(_newest(one)) for one in browsers.found)
    return passed(until=until, count=len(browsers.found), places=tuple(map(_shown, browsers.found)))


def _listed_releases(product: str) -> list[Lifetime]:
    return [row for row in lifetimes() if row.product == product]


def _newest(browser: Browser) -> Lifetime:
    return max(_listed_releases(browser.product), key=lambda row: int(row.release))


def _behind(browser: Browser) -> int | None:
    """Major versions behind the newest of the table; None = nobody can tell."""
    if browser.major is None or not _listed_releases(browser.product):
        return None
    return int(_newest(browser).release) - browser.major


def _gap(browser: Browser, far: int | None, today: date) -> Judgement | None:
    if far is None:
        why = "not in the table" if browser.major is not None else "its version could not be read"
        return unknown(Reason.NOT_MEASURABLE, f"{_shown(browser)}: {why}")
    row, table = _newest(browser), end_dates()
    if today > table.fresh_until(row):
        note = f"{_shown(browser)}: the table's part is of {table.compared_on(row)}"
        return unknown(Reason.TABLE_OLD, note)
    return None


def _shown(browser: Browser) -> str:
    return f"{browser.product} {browser.version}"
