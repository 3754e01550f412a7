"""The sample town's ``town.toml``, ``staff.csv`` and ``endpoints.csv``, as a town would write them."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, timezone

from auditor.demo.cast import Cast
from auditor.demo.consoles import console_tables
from auditor.demo.people import RECORDS
from auditor.demo.printing import devices
from auditor.demo.segments import segment_tables
from auditor.demo.sharing import CLOUD, LIBRARY, MAIL, SHARES
from auditor.demo.workflows import APPROVALS, LOGGED
from auditor.rosters import ENDPOINTS, STAFF

JAPAN = timezone(timedelta(hours=9))


def staff_csv(cast: Cast) -> bytes:
    """The staff ledger in UTF-8, as some names are not in cp932."""
    names = {section.id: section.name for section in cast.sections}
    rows = [
        (
            person.id,
            person.name,
            names[person.section],
            person.method,
            "○" if person.trial else "×",
            _day(person.trained_on),
            _day(person.place_attested_on),
            _day(person.router_attested_on),
        )
        for person in cast.staff
    ]
    return _csv([column.heading for column in STAFF], rows).encode("utf-8-sig")


def endpoints_csv(cast: Cast) -> bytes:
    """The asset ledger in cp932, as Excel saves "CSV" on a Japanese Windows."""
    names = {section.id: section.name for section in cast.sections}
    rows = [
        {
            "id": one.id,
            "serial": one.serial,
            "name": one.name,
            "os": one.os,
            "section": names[one.section],
            "user": one.user,
            "zone": one.zone,
            "method": one.method,
            "road": one.road,
            "owner": {"town": "町", "private": "私物"}[one.owner],
            "approved_on": _day(one.approved_on),
            "extra_checked_on": _day(one.extra_checked_on),
        }
        for one in (machine.endpoint for machine in cast.machines)
    ]
    lines = [[row.get(column.key, "") for column in ENDPOINTS] for row in rows]
    return _csv([column.heading for column in ENDPOINTS], lines).encode("cp932")


def _csv(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([headings, *rows])
    return text.getvalue()


def _day(day: date | None) -> str:
    return f"{day:%Y/%m/%d}" if day is not None else ""


def town_toml(cast: Cast, now: datetime) -> bytes:
    """The town's settings; gateways and print servers are only read from the inbox."""
    script = cast.script
    tables = [
        _table(
            "[town]",
            name=script.town.name,
            model="town",
            contact=script.town.contact,
            sender=script.town.sender,
            sample=True,
            unsigned_inbox=True,
            unsigned_inbox_reason=script.town.unsigned_reason,
        )
    ]
    tables += [
        _table(
            "[[sections]]", id=one.id, name=one.name, head=one.head, officer=one.officer, office=one.office
        )
        for one in cast.sections
    ]
    entrances = _gateways(cast, now)
    return "\n".join(
        [
            *tables,
            *entrances,
            segment_tables(),
            *_print_servers(cast),
            *_documents(cast),
            *_systems(cast),
            *_consoles(now),
        ]
    ).encode()


def _gateways(cast: Cast, now: datetime) -> Iterable[str]:
    """The entrances, each with its register; a date of TOML stands without quotes."""
    script = cast.script
    looked_over = (now.astimezone(JAPAN) - timedelta(days=30)).date()
    for one in script.gateways:
        yield _table(
            "[[gateways]]",
            id=one.id,
            name=one.name,
            host=script.host(one.id),
            server_name=script.host(one.id),
            methods=one.methods,
            closed_ports=one.closed_ports,
            road="file",
        )
        register = _table(
            "[gateways.register]",
            source=script.town.register_source,
            software=one.software,
            version=one.version,
            features=[],
            idle_min=15,
            device_gate="cert",
            seats=one.seats,
        )
        yield register.replace("\n", f"\nas_of = {looked_over.isoformat()}\n", 1)


def _consoles(now: datetime) -> Iterable[str]:
    """The exports, made in Japan's time; a mapping of columns is a table of its own."""
    for one in console_tables(now.astimezone(JAPAN)):
        columns = one.pop("columns", {})
        yield _table("[[consoles]]", **one)
        if columns:
            yield _table("[consoles.columns]", **columns)


def _print_servers(cast: Cast) -> Iterable[str]:
    """Every section's printer stands where its office is."""
    for one in cast.script.print_servers:
        users = cast.script.printing(one)
        yield _table("[[print_servers]]", id=one.id, name=one.name, road="file", sections=users)
        places = {row.location: row.id for row in cast.script.sections if row.id in users}
        yield _table("[print_servers.locations]", **places)
        for serial, queue in devices(cast, one):
            yield _table("[[print_servers.devices]]", serial=serial, queues=[queue])


def _documents(cast: Cast) -> Iterable[str]:
    """One folder of approval routes per kind, each used by its own; others concern their keeper."""
    titles = cast.script.documents
    for kind in sorted({row.routes for row in cast.script.sections}):
        users = [row.id for row in cast.script.sections if row.routes == kind]
        folder = f"routes-{kind}"
        yield _table(
            "[[documents]]", id=kind, name=titles[folder], kind="routes", folder=folder, sections=users
        )
    yield _table(
        "[[documents]]",
        id=APPROVALS,
        name=titles[APPROVALS],
        kind="approvals",
        folder=APPROVALS,
        sections=[LOGGED],
    )
    yield _table(
        "[[documents]]",
        id="ordinances",
        name=titles["ordinances"],
        kind="ordinances",
        folder="ordinances",
        count=cast.script.town.ordinances,
        sections=[cast.script.town.keeper],
    )
    yield _table(
        "[[documents]]",
        id="counter",
        name=titles["counter"],
        kind="counter",
        folder="counter",
        sections=["fukushi"],
    )
    yield _table(
        "[[documents]]",
        id="paper",
        name=titles["printing"],
        kind="printing",
        folder="printing",
        sections=[cast.script.town.keeper],
    )
    yield _table(
        "[[documents]]",
        id="groupware",
        name=titles["accounts"],
        kind="accounts",
        folder="accounts",
        sections=[cast.script.town.helper],
    )
    for folder in (RECORDS, SHARES, CLOUD, LIBRARY):
        helper = [cast.script.town.helper]
        yield _table(
            "[[documents]]", id=folder, name=titles[folder], kind=folder, folder=folder, sections=helper
        )


def _systems(cast: Cast) -> Iterable[str]:
    """The mail domain, of which an evidence file tells."""
    yield _table(
        "[[systems]]",
        id=MAIL,
        name=cast.script.documents[MAIL],
        kind="mail-domain",
        domain=cast.script.town.domain,
        selectors=["s1"],
        road="file",
        sections=[cast.script.town.helper],
    )


def _table(heading: str, /, **values: str | bool | int | Sequence[str] | Sequence[int]) -> str:
    """One TOML table; JSON writes strings, lists and truth in a way that is also TOML."""
    lines = [f"{key if key.isascii() else _json(key)} = {_json(value)}" for key, value in values.items()]
    return "\n".join([heading, *lines, ""])


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
