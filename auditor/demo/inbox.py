"""Evidence files of the sample town: recorded answers, with their dates moved to the day of the sample."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from typing import Any

from auditor.answers import Answer, Status
from auditor.demo import printing
from auditor.demo.cast import Cast, Machine
from auditor.demo.certificate import leaf
from auditor.demo.segments import flow_answers
from auditor.demo.sharing import MAIL, mail_answers
from auditor.evidence import Evidence
from auditor.targets import target_key

LATE = timedelta(days=21)
"""How old "late" evidence is: older than every shipped model allows."""

_TOKEN = re.compile(r"@(DAY|TIME|EPOCH)([+-]\d+)@")


def dated(text: str, today: date, now: datetime) -> str:
    """Fill ``@DAY-3@``, ``@TIME-3@`` (UTC) and ``@EPOCH+3@`` in: so many days before or after `now`."""

    def fill(found: re.Match[str]) -> str:
        days = timedelta(days=int(found[2]))
        moment = (now + days).astimezone(UTC)
        match found[1]:
            case "DAY":
                return (today + days).isoformat()
            case "TIME":
                return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
            case _:
                return str(int(moment.timestamp()))

    return _TOKEN.sub(fill, text)


def evidence_of(cast: Cast, today: date, now: datetime) -> Iterator[Evidence]:
    """One document per machine that runs a script and was heard, per gateway, flow and print server."""
    books = {
        system: _book(f"answers/{system}.json")
        for system in sorted({one.endpoint.os for one in cast.machines if one.endpoint.road == "file"})
    }
    for at, machine in enumerate(cast.machines):
        if machine.endpoint.road == "file" and "silent" not in machine.flaws:
            yield _machine(machine, books[machine.endpoint.os], today, now - timedelta(minutes=7 * at + 30))
    probes = _book("gateway.json")
    for gateway in cast.script.gateways:
        shown = leaf(cast.script.host(gateway.id), gateway.certificate_days, now)
        answers = _answers(probes, today, now, {"@LEAF@": shown})
        yield _heard(f"gateway:{gateway.id}", answers, now)
    for flow, answer in flow_answers():
        yield _heard(f"flow:{flow}", (answer,), now)
    for server in cast.script.print_servers:
        told = printing.answers(cast, server, now)
        answers = tuple(Answer(id_, Status.OK, body) for id_, body in told)
        yield _heard(f"print-server:{server.id}", answers, now)
    yield _heard(f"mail-domain:{MAIL}", mail_answers(cast), now)


def _heard(target: str, answers: tuple[Answer, ...], now: datetime) -> Evidence:
    return Evidence(
        target=target, collected_at=now - timedelta(minutes=20), answers=answers, collector="demo"
    )


def _machine(machine: Machine, book: Mapping[str, Any], today: date, now: datetime) -> Evidence:
    if "late" in machine.flaws:
        today, now = today - LATE, now - LATE
    answers = dict(book["good"])
    for flaw in machine.flaws:
        answers |= book["fail"][flaw] if flaw != "late" else {}
    return Evidence(
        target=target_key(machine.endpoint),
        collected_at=now,
        answers=_answers(answers, today, now, {"@SERIAL@": machine.endpoint.serial}),
        serial=machine.endpoint.serial,
        system=machine.endpoint.os,
        collector="demo",
        context="",
    )


def _book(name: str) -> Mapping[str, Any]:
    """Recorded answers by id; those of endpoints as ``good``, and as ``fail`` by the control they fail."""
    book: Mapping[str, Any] = json.loads((files(__package__) / name).read_text("utf-8"))
    return book


def _answers(
    rows: Mapping[str, Mapping[str, str]], today: date, now: datetime, tokens: Mapping[str, str]
) -> tuple[Answer, ...]:
    """The answers by id, dates and `tokens` filled in."""
    answers = []
    for id_, row in sorted(rows.items()):
        body = dated(row.get("body", ""), today, now)
        for token, value in tokens.items():
            body = body.replace(token, value)
        answers.append(Answer(id_, Status(row["status"]), body.encode()))
    return tuple(answers)
