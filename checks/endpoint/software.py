"""Installed software: nothing that the town did not allow."""

import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files

from auditor.api import (
    Answer,
    Garbled,
    Judgement,
    Params,
    Reason,
    check,
    fact,
    failed,
    passed,
    unknown,
)
from checks.endpoint._fragments import SIGNED_IN
from checks.endpoint._read import columns, listed, members, record, truth, word

MAX_NAMES = 20_000


@dataclass(frozen=True, slots=True)
class Product:
    """An installed product or package; `part` = a component or update that never stands alone."""

    name: str
    part: bool = False


@dataclass(frozen=True, slots=True)
class Software:
    """What is installed. `complete` = the list of the person who signed in last was read as well.

    `family` says whose names they are: "windows" or "linux".
    """

    products: tuple[Product, ...]
    family: str
    complete: bool


def folded(name: str) -> str:
    """A name as it is compared: half width, lower case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


@cache
def denied_patterns(category: str, family: str) -> tuple[str, ...]:
    """The patterns of a category of software.toml for "windows" or "linux" names; read once.

    Raises:
        KeyError: no such category.
    """
    text = files(__package__).joinpath("software.toml").read_text(encoding="utf-8")
    return tuple(folded(pattern) for pattern in tomllib.loads(text)[category][family])


@fact(
    "app.installed",
    windows=SIGNED_IN
    + r"""
$rows = New-Object System.Collections.ArrayList
function Add-Rows($key) {
  if ($null -eq $key) { return }
  foreach ($name in $key.GetSubKeyNames()) {
    $one = $key.OpenSubKey($name)
    $shown = [string]$one.GetValue('DisplayName')
    if ($shown -eq '') { continue }
    $part = ([string]$one.GetValue('SystemComponent') -eq '1') -or ($null -ne $one.GetValue('ParentKeyName'))
    [void]$rows.Add(@{ name = $shown; part = $part })
  }
}
$path = 'SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall'
foreach ($view in 'Registry64', 'Registry32') {
  Add-Rows ([Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', $view).OpenSubKey($path))
}
if ($loaded) {
  Add-Rows ([Microsoft.Win32.RegistryKey]::OpenBaseKey('Users', 'Registry64').OpenSubKey("$daily\$path"))
}
@{ daily = [bool]$loaded; products = $rows.ToArray() }
""",
)
def windows_software(answer: Answer) -> Software:
    """The uninstall lists of the machine (64 and 32 bit) and of the person who signed in last."""
    values = record(answer, "daily", "products")
    products: dict[Product, None] = {}
    for row in listed(values["products"]):
        one = members(row, "products", "name", "part")
        product = Product(word(one["name"], "name"), truth(one["part"], "part") is True)
        products[product] = None
    complete = truth(values["daily"], "daily") is True
    return _software(products, "windows", answer.id, complete=complete)


@fact(
    "app.installed",
    linux=r"""
if command -v dpkg-query >/dev/null; then
  dpkg-query -W -f '${db:Status-Status}\t${Package}\n' |
    awk -F'\t' '$1 == "installed" { print "package\t" $2 }'
elif command -v rpm >/dev/null; then
  rpm -qa --qf 'package\t%{NAME}\n'
else
  exit 10
fi
for d in /snap/*/current /var/lib/flatpak/app/*/current; do
  [ -e "$d" ] && d=${d%/current} && printf 'package\t%s\n' "${d##*/}"
done
:
""",
)
def linux_software(answer: Answer) -> Software:
    """Packages of dpkg or rpm, snaps and system-wide flatpaks."""
    products = {Product(row[1]): None for row in columns(answer, {"package": 2})}
    return _software(products, "linux", answer.id, complete=True)


def _software(products: Iterable[Product], family: str, what: str, *, complete: bool) -> Software:
    rows = tuple(products)
    if not rows or len(rows) > MAX_NAMES:
        raise Garbled(f"{what}: {len(rows)} products")
    return Software(rows, family, complete)


@check("EP-14")
def only_allowed(software: Software, params: Params) -> Judgement:
    """Nothing of a denied category; then nothing outside the town's list, which the town must have made."""
    names = {product.name: folded(product.name) for product in software.products}
    for category in params.texts("deny_fail"):
        patterns = denied_patterns(category, software.family)
        if places := _matching(names, patterns):
            return failed("denied", category=category, count=len(places), places=places)
    allowed = params.texts("allowed" if software.family == "windows" else "allowed_linux")
    if not allowed:
        return unknown(Reason.NOT_DECLARED, "no list of allowed software")
    alone = {product.name: folded(product.name) for product in software.products if not product.part}
    if not alone:
        return unknown(Reason.NOT_MEASURABLE, "only components are listed")
    listed_names = set(_matching(alone, tuple(folded(pattern) for pattern in allowed)))
    unlisted = tuple(name for name in alone if name not in listed_names)
    if len(unlisted) > params.integer("unapproved"):
        return failed("unlisted", count=len(unlisted), places=unlisted)
    if not software.complete:
        return unknown(Reason.NOT_COLLECTED, "the daily user's own list could not be read")
    return passed(count=len(alone))


def _matching(names: dict[str, str], patterns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name, plain in names.items() if any(fnmatchcase(plain, one) for one in patterns))
