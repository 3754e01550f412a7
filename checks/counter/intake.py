"""The page where residents file applications: it opens over a trusted connection and shows its own words."""

import json
import re
from dataclasses import dataclass
from datetime import date, timedelta, timezone

import msgspec
from lxml import etree

from auditor.api import (
    Answer,
    Garbled,
    Http,
    Judgement,
    Params,
    Reason,
    Reply,
    System,
    Unreached,
    check,
    fact,
    failed,
    folded,
    passed,
    probe,
    unknown,
)  # fmt: skip
from checks._spelling import one_spelling

JAPAN = timezone(timedelta(hours=9))
OK = 200
MAX_PAGE = 2 * 1024 * 1024
_UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Intake:
    """One look at the page; its words are not kept.

    `status` 0 = no page was seen, as its certificate is not trusted. `shows` = the declared words stand on
    it, None = none are declared. `until` = last day (Japan) of the certificate, None = not encrypted.
    """

    status: int
    shows: bool | None
    until: date | None
    encrypted: bool


class _Look(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    status: int
    shows: bool | None
    until: date | None
    encrypted: bool


@probe("counter.intake", kind="intake")
def look(system: System, http: Http) -> bytes:
    """One GET of the declared address; nothing is filled in, no redirect is followed."""
    encrypted = system.url.startswith("https:")
    words = _unspaced(system.shows)
    status, shows, until = 0, None, None
    try:
        reply = http.request("GET", system.url)
    except Unreached as error:
        if not (encrypted and error.reason is Reason.WRONG_SERVICE and _UNTRUSTED in error.note):
            raise
    else:
        status = reply.status
        shows = words in _unspaced(_words(reply))
        until = reply.trusted_until and reply.trusted_until.astimezone(JAPAN).date().isoformat()
    seen = {
        "status": status,
        "shows": shows if folded(words) else None,
        "until": until,
        "encrypted": encrypted,
    }
    return json.dumps(seen).encode()


def _unspaced(text: str) -> str:
    """Text for comparing: a page breaks its lines where it likes."""
    return "".join(one_spelling(text).split())


def _words(reply: Reply) -> str:
    """What a reader sees of the page, without scripts and remarks; "" = nothing that is a page."""
    body = reply.body[:MAX_PAGE]
    told = _CHARSET.search(reply.headers.get("content-type", "")) or _CHARSET.search(
        body[:4096].decode("ascii", "replace")
    )
    name = told[1].lower() if told else "utf-8"
    name = "cp932" if name in ("shift_jis", "x-sjis", "windows-31j") else name
    try:
        parser = etree.HTMLParser(no_network=True, huge_tree=False, remove_comments=True, encoding=name)
        root = etree.fromstring(body, parser)
    except (etree.LxmlError, LookupError, ValueError):
        return ""
    if root is None:
        return ""
    etree.strip_elements(root, "script", "style", "template", with_tail=False)
    return "".join(text for text in root.itertext() if isinstance(text, str))


@fact("counter.intake", probe=look)
def intake(answer: Answer) -> Intake:
    """The kept look; its shape is our own."""
    try:
        kept = msgspec.convert(answer.json(), _Look)
    except msgspec.ValidationError as error:
        raise Garbled(f"not a look at an intake page: {error}"[:200]) from None
    return Intake(kept.status, kept.shows, kept.until, kept.encrypted)


@check("ONL-06")
def intake_is_up(seen: Intake, params: Params, today: date) -> Judgement:
    """The page answers 200 with its own words over a trusted connection that lasts; any page is none."""
    trouble = _trouble(seen)
    if trouble is not None:
        return trouble
    if seen.until is None:
        return unknown(Reason.NOT_MEASURABLE, "the certificate's end is not known")
    left = (seen.until - today).days
    if left < params.integer("warn_days"):
        return failed("ending", end=seen.until, days=left)
    if seen.shows is None:
        return unknown(Reason.NOT_DECLARED, "no words that only the real page shows are declared")
    return passed("ok", until=seen.until - timedelta(days=params.integer("warn_days")))


def _trouble(seen: Intake) -> Judgement | None:
    """What keeps residents from filing now, None = nothing that was seen."""
    if not seen.encrypted:
        return failed("plain")
    if not seen.status:
        return failed("untrusted")
    if seen.status != OK:
        return failed("status", status=seen.status)
    return failed("other_page") if seen.shows is False else None
