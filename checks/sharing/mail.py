"""The mail domain: mail in the town's name can be told from forged mail (SPF, DKIM, DMARC)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auditor.api import (
    Answer,
    Garbled,
    Judgement,
    Names,
    NotKnown,
    Params,
    Reason,
    System,
    Unreached,
    check,
    fact,
    failed,
    passed,
    probe,
    unknown,
)
from checks._read import members, record, word
from checks.sharing._mailrecords import dkim_fault, dmarc_fault, is_spf, spf_fault

MOST_QUESTIONS = 128
"""12 names at most, each asked twice by datagram and once over TCP of a few name servers."""


@dataclass(frozen=True, slots=True)
class Held:
    """What one name holds: its records, or why that is not known."""

    records: tuple[str, ...] = ()
    gap: Reason | None = None


@dataclass(frozen=True, slots=True)
class MailDomain:
    """What a domain publishes; `keys` by selector, empty = none was declared."""

    domain: str
    policy: Held
    dmarc: Held
    keys: Mapping[str, Held]


@probe("mail.names", kind="mail-domain", most=MOST_QUESTIONS)
def ask(system: System, names: Names) -> bytes:
    """The records of the domain, of its policy and under every declared selector.

    Of the domain's own records only SPF is kept: others hold tokens of services the town uses.
    """
    domain = system.domain.rstrip(".").lower()
    own = names.texts(domain)
    if not own.exists:
        raise NotKnown(Reason.NAME_NOT_FOUND, f"there is no domain {domain}")
    body = {
        "domain": domain,
        "policy": {"records": [text for text in own.records if is_spf(text)], "gap": ""},
        "dmarc": _held(names, f"_dmarc.{domain}"),
        "keys": {one: _held(names, f"{one.lower()}._domainkey.{domain}") for one in system.selectors},
    }
    return json.dumps(body).encode()


def _held(names: Names, name: str) -> dict[str, Any]:
    try:
        return {"records": list(names.texts(name).records), "gap": ""}
    except Unreached as error:
        return {"records": [], "gap": error.reason.value}


@fact("mail.domain", probe=ask)
def mail_domain(answer: Answer) -> MailDomain:
    """The kept answer; its shape is our own."""
    body = record(answer, "domain", "policy", "dmarc", "keys")
    keys = members(body["keys"], "keys")
    return MailDomain(
        word(body["domain"], "domain"),
        _read(body["policy"]),
        _read(body["dmarc"]),
        {word(one, "selector"): _read(held) for one, held in keys.items()},
    )


def _read(value: Any) -> Held:
    row = members(value, "name", "records", "gap")
    records = row["records"]
    if not isinstance(records, list) or not all(isinstance(text, str) for text in records):
        raise Garbled("records are no texts")
    try:
        return Held(tuple(records), Reason(row["gap"]) if row["gap"] else None)
    except ValueError:
        raise Garbled("a reason nobody knows") from None


@check("CLD-01")
def senders_are_provable(seen: MailDomain, params: Params) -> Judgement:
    """All three are published and none is empty talk; one usable DKIM key is enough, keys are rotated.

    A fault that is proved stays one although another name did not answer.
    """
    minimum = params.text("dmarc_min")
    faults = {seen.domain: spf_fault(seen.policy.records)}
    gaps = [seen.dmarc.gap] if seen.dmarc.gap else []
    if seen.dmarc.gap is None:
        faults[f"_dmarc.{seen.domain}"] = dmarc_fault(seen.dmarc.records, minimum)
    keys = {one: dkim_fault(held.records) for one, held in seen.keys.items() if held.gap is None}
    if "" not in keys.values():
        unheard = [held.gap for held in seen.keys.values() if held.gap is not None]
        gaps += unheard or ([] if keys else [Reason.NOT_DECLARED])
        if not unheard:
            faults |= {f"{one}._domainkey.{seen.domain}": fault for one, fault in keys.items()}
    wrong = {name: fault for name, fault in faults.items() if fault not in ("", "elsewhere")}
    if wrong:
        key = next(iter(wrong.values()))
        return failed(key, places=tuple(wrong), domain=seen.domain, count=len(wrong))
    if gaps:
        note = "no DKIM selector is declared" if Reason.NOT_DECLARED in gaps else "a name was not answered"
        return unknown(gaps[0], note)
    if "elsewhere" in faults.values():
        return unknown(Reason.NOT_MEASURABLE, "the SPF policy stands under another domain's name")
    return passed(domain=seen.domain, keys=sum(not fault for fault in keys.values()))
