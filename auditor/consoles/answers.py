"""From one row of an export to answers, in the shapes that the facts of an endpoint are parsed from.

What the export does not say gives no answer, a word nobody knows an answer that cannot be read: never a
default, and never "no".
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from auditor.answers import Answer, Status
from auditor.consoles.layouts import Layout
from auditor.consoles.values import parse_last_day, parse_moment, parse_serial, plain
from auditor.errors import Garbled
from auditor.findings import Reason

SHOWN = 40
EDR, ENROLMENT = "edr.seen", "mdm.console"
CONSOLES_OWN = frozenset({EDR, ENROLMENT})
"""Answers that are the console's own knowledge (when it heard a machine), not the machine's state."""
_SECONDS = re.compile(r"(\d{1,7})\s*(?:秒|s|sec|seconds?)?")
_MINUTES = re.compile(r"(\d{1,5})\s*(?:分|m|min|minutes?)?")
_NEVER = frozenset({"never", "none", "なし", "無し", "しない"})
_VERSION = re.compile(
    r"(?:[A-Za-z][A-Za-z /]{0,30}\s+)?(\d{1,6}(?:\.\d{1,6}){0,4})(?:\s*\([0-9A-Za-z.]{1,20}\))?"
)


@dataclass(frozen=True, slots=True)
class Signals:
    """One row: `cells` by signal, as they stand; `headings` as the file spells them; `line` in the file."""

    line: int
    cells: Mapping[str, str]
    headings: Mapping[str, str]
    layout: Layout

    def told(self, *signals: str) -> bool:
        """True when the row says anything about one of these."""
        return any(self.cells.get(signal, "") for signal in signals)

    def text(self, signal: str) -> str:
        """The cell; "" = empty, or no such column.

        Raises:
            Garbled: longer than any value.
        """
        cell = self.cells.get(signal, "")
        if cell and not plain(cell):
            raise self.garbled(signal)
        return plain(cell)

    def truth(self, signal: str) -> bool | None:
        """Yes, no, None = the row does not tell.

        Raises:
            Garbled: a word nobody knows.
        """
        text = self.text(signal)
        try:
            return self.layout.meaning(signal, text) if text else None
        except KeyError:
            raise self.garbled(signal) from None

    def moment(self, signal: str) -> datetime | None:
        """A moment in UTC, None = the row does not tell.

        Raises:
            Garbled: not a time.
        """
        text = self.text(signal)
        moment = parse_moment(text)
        if text and moment is None:
            raise self.garbled(signal)
        return moment.astimezone(UTC) if moment is not None else None

    def last_day(self, signal: str) -> date | None:
        """A day, None = the row does not tell.

        Raises:
            Garbled: not a day.
        """
        text = self.text(signal)
        day = parse_last_day(text)
        if text and day is None:
            raise self.garbled(signal)
        return day

    def seconds(self) -> int | None:
        """After how long the screen locks, 0 = never, None = the row does not tell.

        Raises:
            Garbled: not a length of time.
        """
        for signal, form, unit in (("lock_s", _SECONDS, 1), ("lock_min", _MINUTES, 60)):
            text = self.text(signal)
            if text.casefold() in _NEVER:
                return 0
            if text and (found := form.fullmatch(text)) is None:
                raise self.garbled(signal)
            if text and found is not None:
                return int(found[1]) * unit
        return None

    def version(self) -> str:
        """The number of the system's version, "" = the row does not tell.

        Raises:
            Garbled: no version.
        """
        text = self.text("os_version")
        found = _VERSION.fullmatch(text)
        if text and found is None:
            raise self.garbled("os_version")
        return found[1] if found is not None else ""

    def garbled(self, signal: str) -> Garbled:
        """Names the cell that nobody can read."""
        seen = "".join(char if char.isprintable() else "?" for char in self.cells.get(signal, "")[:SHOWN])
        return Garbled(f"line {self.line}, {self.headings.get(signal, signal)}: {seen!r} is not understood")


@dataclass(frozen=True, slots=True)
class Heard:
    """When the console heard from a machine (UTC; None = no column tells) and which export says so."""

    console: str
    last_sync: datetime | None


Build = Callable[[Signals, Heard], object]
"""The body of one answer: JSON, or text where the fact is parsed from text; None = the export is silent."""


def answers_of(signals: Signals, system: str, heard: Heard) -> tuple[Answer, ...]:
    """Every answer the row gives about a machine of that `system`."""
    built = (_answer(id_, build, signals, heard) for id_, build in _BUILDS.get(system, {}).items())
    return tuple(answer for answer in built if answer is not None)


def _answer(id_: str, build: Build, signals: Signals, heard: Heard) -> Answer | None:
    try:
        body = build(signals, heard)
    except Garbled as error:
        return Answer(id_, Status.ERROR, note=error.note, reason=Reason.UNREADABLE)
    if body is None:
        return None
    return Answer(id_, Status.OK, (body if isinstance(body, str) else json.dumps(body)).encode())


def _serial(signals: Signals, _: Heard) -> object:
    return {"serial": parse_serial(signals.cells["serial"])}


def _serial_text(signals: Signals, _: Heard) -> object:
    return parse_serial(signals.cells["serial"])


def _enrolment(signals: Signals, heard: Heard) -> object:
    enrolled = signals.truth("enrolled")
    if enrolled is None and heard.last_sync is None:
        return None
    last = heard.last_sync.isoformat() if heard.last_sync is not None else None
    return {"console": heard.console, "enrolled": enrolled, "last_sync": last}


def _policy(signals: Signals, _: Heard) -> object:
    if not signals.told("guest", "auto_update"):
        return None
    return {"guest": signals.truth("guest"), "auto_update": signals.truth("auto_update")}


def _boot(signals: Signals, _: Heard) -> object:
    return {"boot_mode": signals.text("boot_mode")} if signals.told("boot_mode") else None


def _chromeos_build(signals: Signals, _: Heard) -> object:
    if not signals.told("os_version", "auto_update_until"):
        return None
    until = signals.last_day("auto_update_until")
    return {"os_version": signals.version(), "auto_update_until": until.isoformat() if until else ""}


def _updated(signals: Signals, _: Heard) -> object:
    moment = signals.moment("updated_at")
    return {"updated_at": moment.isoformat()} if moment is not None else None


def _encryption(signals: Signals, _: Heard) -> object:
    if not signals.told("encrypted"):
        return None
    words = {True: "ENCRYPTED", False: "UNENCRYPTED", None: "UNSPECIFIED"}
    return {"disk_encryption": words[signals.truth("encrypted")]}


def _firewall(signals: Signals, _: Heard) -> object:
    if not signals.told("firewall"):
        return None
    words = {True: "ENABLED", False: "DISABLED", None: "UNSPECIFIED"}
    return {"os_firewall": words[signals.truth("firewall")]}


def _chromeos_lock(signals: Signals, _: Heard) -> object:
    if not signals.told("lock_s", "lock_min", "lock_password"):
        return None
    seconds = signals.seconds()
    delay = None if seconds is None else seconds * 1000
    asks = signals.truth("lock_password")
    return {"ac_lock_ms": delay, "battery_lock_ms": delay, "screen_lock_secured": asks}


def _usb(signals: Signals, _: Heard) -> object:
    if not signals.told("usb_blocked", "usb_read_only"):
        return None
    blocked, read_only = signals.truth("usb_blocked"), signals.truth("usb_read_only")
    return {"external_storage_disabled": blocked, "external_storage_read_only": read_only}


def _edr_seen(signals: Signals, _: Heard) -> object:
    moment = signals.moment("edr_seen")
    return {"seen_at": moment.isoformat()} if moment is not None else None


def _version(signals: Signals, _: Heard) -> object:
    return {"os_version": signals.version()} if signals.told("os_version") else None


def _version_text(signals: Signals, _: Heard) -> object:
    return signals.version() or None


def _passcode(signals: Signals, _: Heard) -> object:
    if not signals.told("passcode", "data_protection"):
        return None
    return {"passcode": signals.truth("passcode"), "data_protection": signals.truth("data_protection")}


def _ipados_lock(signals: Signals, _: Heard) -> object:
    if not signals.told("passcode", "lock_s", "lock_min"):
        return None
    return {"passcode": signals.truth("passcode"), "lock_s": signals.seconds()}


_BUILDS: Mapping[str, Mapping[str, Build]] = {
    "chromeos": {
        "browser.version": _version,
        "disk.encryption": _encryption,
        "fw.profiles": _firewall,
        "host.id": _serial,
        "lock.screen": _chromeos_lock,
        "mdm.boot": _boot,
        ENROLMENT: _enrolment,
        "mdm.policy": _policy,
        "os.build": _chromeos_build,
        "patch.last": _updated,
        "usb.storage": _usb,
    },
    "ipados": {
        "disk.encryption": _passcode,
        "host.id": _serial,
        "lock.screen": _ipados_lock,
        ENROLMENT: _enrolment,
        "os.build": _version,
    },
    "linux": {EDR: _edr_seen},
    "macos": {EDR: _edr_seen, "host.id": _serial_text, ENROLMENT: _enrolment, "os.build": _version_text},
    "windows": {EDR: _edr_seen, "host.id": _serial, ENROLMENT: _enrolment},
}
"""A console's word for the encryption of Windows or macOS is no proof (a suspended BitLocker counts as
encrypted there), and it tells no edition of Windows: those stay unknown."""
