"""Reads ``[gateways.register]``, ``[gateways.sign_on]``, and the places behind an entrance."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from auditor.cells import MAX_NAME, MAX_PORT, name_fault, parse_host
from auditor.findings import Scalar
from auditor.register import Place, Register, SignOn

if TYPE_CHECKING:
    from auditor.townfile import GatewayTable, RegisterTable, SignOnTable

GATES = ("mac", "cert", "device_signal", "none")
PAGES = ("tls", "portal", "anyconnect", "softether", "sstp", "relay")
"""Protocols behind whose port a page can be fetched."""
MOST_BROKERS = 8
MOST_SEATS = 100_000
MOST_IDLE_MIN = 10_080
STATUSES = range(200, 600)
_SOFTWARE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_VERSION = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6}){0,3}")
_FEATURE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_PATH = re.compile(r"/[!-~]{0,500}")
_PLACE = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]:]+)):(?P<port>[0-9]{1,5})")

Fault = tuple[tuple[str, ...], str, Mapping[str, Scalar]]
"""The keys it stands under, the problem's name, and the values of its sentence."""


def place_of(written: str) -> Place | None:
    """``host:port`` as a place, None = it is none."""
    found = _PLACE.fullmatch(written.strip())
    if found is None:
        return None
    host = parse_host(found["six"] or found["name"])
    port = int(found["port"])
    return Place(host, port) if host and 1 <= port <= MAX_PORT else None


def places_of(written: list[str]) -> tuple[Place, ...]:
    """Those of the texts that are places; `faults` tells of the others."""
    return tuple(place for text in written if (place := place_of(text)) is not None)


def register_of(row: "GatewayTable") -> Register | None:
    """The register of an entrance, None = none is declared."""
    told = row.register
    if told is None:
        return None
    return Register(
        as_of=told.as_of,
        source=told.source.strip(),
        software=told.software,
        version=told.version,
        features=tuple(told.features) if told.features is not None else None,
        idle_min=told.idle_min,
        device_gate=told.device_gate,
        seats=told.seats,
    )


def sign_on_of(row: "GatewayTable") -> SignOn | None:
    """The sign-on page, None = none is declared."""
    told = row.sign_on
    if told is None:
        return None
    return SignOn(path=told.path, status=tuple(told.status), shows=told.shows.strip())


def faults(row: "GatewayTable") -> Iterator[Fault]:
    """What is wrong in all of these."""
    if row.register is not None:
        for key, problem, values in _in_register(row.register):
            yield ("register", key), problem, values
    if row.sign_on is not None:
        if row.protocol not in PAGES:
            yield ("sign_on",), "sign_on_protocol", {"protocol": row.protocol, "known": ", ".join(PAGES)}
        for key, problem, values in _in_sign_on(row.sign_on):
            yield ("sign_on", key), problem, values
    yield from _upload(row)
    for at, text in enumerate(row.brokers):
        if place_of(text) is None:
            yield ("brokers", str(at)), "bad_place", {"seen": text[:MAX_NAME]}
    if len(row.brokers) > MOST_BROKERS:
        yield ("brokers",), "too_many_places", {"limit": MOST_BROKERS}


def _upload(row: "GatewayTable") -> Iterator[Fault]:
    if row.upload_path and row.protocol not in PAGES:
        yield ("upload_path",), "sign_on_protocol", {"protocol": row.protocol, "known": ", ".join(PAGES)}
    if row.upload_path and not _PATH.fullmatch(row.upload_path):
        yield ("upload_path",), "bad_path", {"seen": row.upload_path[:MAX_NAME]}


def _in_register(told: "RegisterTable") -> Iterator[tuple[str, str, Mapping[str, Scalar]]]:
    if fault := name_fault(told.source.strip()):
        yield "source", fault, {"limit": MAX_NAME}
    if told.software and not _SOFTWARE.fullmatch(told.software):
        yield "software", "bad_id", {"seen": told.software[:MAX_NAME]}
    if told.version and not _VERSION.fullmatch(told.version):
        yield "version", "bad_version", {"seen": told.version[:MAX_NAME]}
    for one, other in (("software", "version"), ("version", "software"), ("features", "software")):
        if getattr(told, one) and not getattr(told, other):
            yield one, "key_needs", {"other": other}
    for feature in told.features or ():
        if not _FEATURE.fullmatch(feature):
            yield "features", "bad_id", {"seen": feature[:MAX_NAME]}
    yield from _limits(told)


def _limits(told: "RegisterTable") -> Iterator[tuple[str, str, Mapping[str, Scalar]]]:
    for key, most in (("idle_min", MOST_IDLE_MIN), ("seats", MOST_SEATS)):
        value = getattr(told, key)
        if value is not None and not 0 <= value <= most:
            yield key, "bad_count", {"seen": value, "limit": most}
    if told.device_gate and told.device_gate not in GATES:
        yield "device_gate", "bad_choice", {"seen": told.device_gate[:MAX_NAME], "known": ", ".join(GATES)}


def _in_sign_on(told: "SignOnTable") -> Iterator[tuple[str, str, Mapping[str, Scalar]]]:
    if not _PATH.fullmatch(told.path):
        yield "path", "bad_path", {"seen": told.path[:MAX_NAME]}
    if not told.status or any(status not in STATUSES for status in told.status):
        yield "status", "bad_status", {"seen": ", ".join(map(str, told.status))[:MAX_NAME]}
    if (fault := name_fault(told.shows.strip())) not in ("", "blank"):
        yield "shows", fault, {"limit": MAX_NAME}
