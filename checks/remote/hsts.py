"""HSTS: the portal's page tells browsers to come back over encrypted connections only (RFC 6797)."""

from dataclasses import dataclass

from auditor.api import (
    Answer,
    Dial,
    Garbled,
    Gateway,
    Judgement,
    NotKnown,
    Params,
    Reason,
    check,
    fact,
    failed,
    not_applicable,
    passed,
    probe,
)
from checks.remote import _web
from checks.remote._read import compact, members, whole, word
from checks.remote._wire import SILENT

WAIT_S = 4.0
PAGES = frozenset({"tls", "portal", "anyconnect", "softether"})
"""Protocols whose entrance may be opened with a browser."""
HEADER = "strict-transport-security"
MOST_TEXT = 300
MOST_AGE_S = 10**12
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Hsts:
    """How long a browser remembers, in seconds; None = it is not told to. `page` False = it was not asked."""

    max_age_s: int | None
    page: bool = True


@probe("gateway.hsts", kind="gateway")
def ask_hsts(gateway: Gateway, dial: Dial) -> bytes:
    """One GET of the first page, without following where it leads.

    Raises:
        NotKnown: NO_ANSWER, or WRONG_SERVICE, what answers is not HTTP over TLS.
    """
    if gateway.protocol not in PAGES:
        return compact({"page": False})
    try:
        page = _web.exchange(gateway, dial, _web.request(gateway, "GET", "/"), WAIT_S)
    except _web.NoPage as error:
        reason = Reason.NO_ANSWER if error.outcome == SILENT else Reason.WRONG_SERVICE
        raise NotKnown(reason, error.note) from None
    told = page.headers.get(HEADER, "")[:MOST_TEXT].encode("ascii", "replace").decode("ascii")
    return compact({"status": page.status, "hsts": told})


@fact("gateway.hsts", probe=ask_hsts)
def hsts(answer: Answer) -> Hsts:
    """The header as a browser reads it: one that lacks its max-age, or names it twice, counts for nothing."""
    told = answer.json()
    if told == {"page": False}:
        return Hsts(None, page=False)
    value = members(told, answer.id, "status", "hsts")
    whole(value["status"], "status", 999)
    header = word(value["hsts"], "hsts")
    if len(header) > MOST_TEXT:
        raise Garbled(f"{answer.id}: header too long")
    return Hsts(max_age(header))


def max_age(header: str) -> int | None:
    """Seconds of the first header's max-age (RFC 6797 §6.1, §8.1); None = there is no valid one."""
    found: list[str] = []
    for directive in header.partition(",")[0].split(";"):
        name, _, value = directive.partition("=")
        if name.strip().lower() == "max-age":
            found.append(value.strip().removeprefix('"').removesuffix('"'))
    if len(found) != 1 or not found[0].isascii() or not found[0].isdigit():
        return None
    return min(int(found[0]), MOST_AGE_S)


@check("GW-51")
def encrypted_only(told: Hsts, params: Params) -> Judgement:
    """A header that lasts long enough; a max-age of 0 takes the order back."""
    if not told.page:
        return not_applicable("not_http")
    if not told.max_age_s:
        return failed("missing")
    days = told.max_age_s // DAY_S
    return passed("ok", days=days) if days >= params.integer("min_days") else failed("short", days=days)
