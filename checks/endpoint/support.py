"""The operating system still gets security updates today."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from auditor.api import (
    CONSOLE,
    Answer,
    Garbled,
    Judgement,
    NotKnown,
    Params,
    Reason,
    Unknown,
    check,
    fact,
    failed,
    passed,
    unknown,
)
from checks.endpoint._fragments import REGISTRY
from checks.endpoint._lifetimes import Lifetime, lifetime_of
from checks.endpoint._read import record, whole, word
from checks.endpoint.programmes import Programmes

VERSION = re.compile(r"[0-9]{1,3}(\.[0-9]{1,4}){0,3}")
WORKSTATION = 1
HOME_PRO = re.compile(
    r"(Core|CoreN|CoreSingleLanguage|CoreCountrySpecific|Professional(Education|Workstation)?N?)"
)
ENTERPRISE = re.compile(r"(EnterpriseN?|EducationN?|IoTEnterprise|ServerRdsh)")
LTSC = re.compile(r"EnterpriseSN?")
IOT_LTSC = re.compile(r"IoTEnterpriseSK?")
SERVER = re.compile(r"Server(Standard|Datacenter)(Cor)?")
EDITIONS = (
    (HOME_PRO, "home-pro"),
    (ENTERPRISE, "enterprise-education"),
    (LTSC, "ltsc"),
    (IOT_LTSC, "iot-ltsc"),
)
DISTRIBUTIONS = {"rocky": "rocky-linux"}
"""os-release ids that the table names otherwise."""
WHOLE_RELEASES = ("debian", "rhel", "rocky-linux", "almalinux")
"""Products whose support goes by the number before the first point."""


@dataclass(frozen=True, slots=True)
class OperatingSystem:
    """What runs, in the words of the table; `until` = last day the device's own console promises updates.

    `edition` is "-" where editions do not matter, `build` "-" outside Windows. `shown` is what a reader
    may see.
    """

    product: str
    release: str
    edition: str
    build: str
    shown: str
    until: date | None = None


@fact(
    "os.build",
    windows=REGISTRY
    + r"""
$nt = 'SOFTWARE\Microsoft\Windows NT\CurrentVersion'
$system = Get-CimInstance -ClassName Win32_OperatingSystem -OperationTimeoutSec 15 -ErrorAction Stop
@{
  build = (Read-Value 'LocalMachine' $nt 'CurrentBuildNumber')
  ubr = (Read-Value 'LocalMachine' $nt 'UBR')
  edition = (Read-Value 'LocalMachine' $nt 'EditionID')
  product_type = [int]$system.ProductType
}
""",
)
def windows_build(answer: Answer) -> OperatingSystem:
    """Build and EditionID; ProductType 1 is a client, for servers share its range of builds."""
    values = record(answer, "build", "ubr", "edition", "product_type")
    build, edition = word(values["build"], "build"), word(values["edition"], "edition")
    product_type = whole(values["product_type"], "product_type")
    if not (build.isascii() and build.isdigit()) or product_type not in (1, 2, 3):
        raise Garbled(f"{answer.id}: build or product type")
    shown = f"Windows {edition} {build}.{whole(values['ubr'], 'ubr') or 0}"
    if product_type != WORKSTATION:
        if SERVER.fullmatch(edition) is None:
            raise NotKnown(Reason.NOT_MEASURABLE, f"{shown}: edition not listed")
        return OperatingSystem("windows-server", "-", "standard-datacenter", build, shown)
    for pattern, class_ in EDITIONS:
        if pattern.fullmatch(edition) is not None:
            return OperatingSystem("windows", "-", class_, build, shown)
    raise NotKnown(Reason.NOT_MEASURABLE, f"{shown}: edition not listed")


@fact(
    "os.build",
    linux=r"""
f=/etc/os-release
[ -e "$f" ] || f=/usr/lib/os-release
[ -e "$f" ] || exit 10
[ -r "$f" ] || exit 11
cat "$f"
""",
)
def linux_release(answer: Answer) -> OperatingSystem:
    """ID and VERSION_ID of os-release(5); a release without VERSION_ID (testing) has no known end."""
    values = {}
    for line in answer.text().splitlines():
        name, is_, value = line.strip().partition("=")
        if is_ and not name.startswith("#"):
            values[name] = value.strip("\"'")
    if "ID" not in values:
        raise Garbled(f"{answer.id}: no ID")
    if "VERSION_ID" not in values:
        raise NotKnown(Reason.NOT_MEASURABLE, f"{values['ID']}: no version")
    product = DISTRIBUTIONS.get(values["ID"], values["ID"])
    version = values["VERSION_ID"]
    release = version.partition(".")[0] if product in WHOLE_RELEASES else version
    return OperatingSystem(product, release, "-", "-", f"{values['ID']} {version}")


@fact("os.build", macos="sw_vers -productVersion")
def macos_version(answer: Answer) -> OperatingSystem:
    """The number before the first point is the release."""
    version = answer.text().strip()
    if VERSION.fullmatch(version) is None:
        raise Garbled(f"{answer.id}: not a version")
    return OperatingSystem("macos", version.partition(".")[0], "-", "-", f"macOS {version}")


@fact("os.build", chromeos=CONSOLE)
def chromeos_promise(answer: Answer) -> OperatingSystem:
    """``osVersion`` and the model's last day of automatic updates (``autoUpdateThrough``) of the console."""
    values = record(answer, "os_version", "auto_update_until")
    version = word(values["os_version"], "os_version")
    until = word(values["auto_update_until"], "auto_update_until")
    if not until:
        raise NotKnown(Reason.NOT_MEASURABLE, "the export holds no end of automatic updates")
    try:
        return OperatingSystem("chromeos", "-", "-", "-", f"ChromeOS {version}", date.fromisoformat(until))
    except ValueError:
        raise Garbled(f"{answer.id}: not a date") from None


@fact("os.build", ipados=CONSOLE)
def ipados_version(answer: Answer) -> OperatingSystem:
    """The console's OS version; the number before the first point is the release."""
    version = word(record(answer, "os_version")["os_version"], "os_version")
    if not version:
        raise NotKnown(Reason.NOT_MEASURABLE, "the export holds no version")
    if VERSION.fullmatch(version) is None:
        raise Garbled(f"{answer.id}: not a version")
    return OperatingSystem("ipados", version.partition(".")[0], "-", "-", f"iPadOS {version}")


@check("EP-02")
def in_support(
    system: OperatingSystem, programmes: Programmes | Unknown, params: Params, today: date
) -> Judgement:
    """Updates are promised for this edition and build today; what the table does not know is unknown."""
    if system.until is not None:
        return _until(system, system.until, params, today) or failed(
            "ended", system=system.shown, end=system.until
        )
    row = lifetime_of(system.product, system.release, system.edition, system.build)
    if row is None:
        return unknown(Reason.NOT_MEASURABLE, f"{system.shown}: not in the end-of-support table")
    if row.end is None:
        return _without_end(system, row, params, today)
    return _until(system, row.end, params, today) or extended(system, row, row.end, programmes, today)


def _until(system: OperatingSystem, end: date, params: Params, today: date) -> Judgement | None:
    """A pass up to and on the last day, named "soon" inside the margin; None = it is over."""
    if today > end:
        return None
    soon = end - today <= timedelta(days=params.integer("warn_days"))
    return passed("soon" if soon else "ok", until=end, system=system.shown, end=end)


def _without_end(system: OperatingSystem, row: Lifetime, params: Params, today: date) -> Judgement:
    """A release whose end nobody published counts only for a while after it was seen maintained."""
    if row.maintained_on is None or row.doubtful:
        return unknown(Reason.NOT_MEASURABLE, f"{system.shown}: no end of support is published")
    until = row.maintained_on + timedelta(days=params.integer("no_end_days"))
    if today > until:
        note = f"{system.shown}: seen maintained on {row.maintained_on.isoformat()}"
        return unknown(Reason.TABLE_OLD, note)
    return passed("no_end", until=until, system=system.shown, seen=row.maintained_on)


def extended(
    system: OperatingSystem, row: Lifetime, end: date, programmes: Programmes | Unknown, today: date
) -> Judgement:
    """After the ordinary end only a proved extension that still runs counts (EP-04 asks the same)."""
    ended = failed("ended", system=system.shown, end=end)
    if row.extended_end is None or today > row.extended_end:
        return ended
    if not row.extensions:
        return unknown(Reason.NOT_MEASURABLE, f"{system.shown}: whether an extension was bought")
    if isinstance(programmes, Unknown):
        return unknown(programmes.reason, programmes.note)
    running = [one for one in row.extensions if one.proof in programmes.names and one.end >= today]
    if not running:
        return ended
    last, until = max(one.end for one in running), programmes.pro_until
    if any(one.proof == "ubuntu-pro" for one in running):
        if until is None or until <= today:
            return unknown(
                Reason.NOT_MEASURABLE, f"{system.shown}: no running contract of Ubuntu Pro is told"
            )
        last = min(last, until)
    return passed("extended", until=last, system=system.shown, end=last)
