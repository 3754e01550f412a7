"""The sign-on page behind an entrance answers as the town wrote it: one GET, nothing is ever filled in."""

from dataclasses import dataclass

from auditor.api import (
    Answer,
    Dial,
    Gateway,
    Judgement,
    NotKnown,
    Reason,
    Unknown,
    check,
    fact,
    failed,
    not_applicable,
    passed,
    probe,
    unknown,
)
from checks.remote import _pagetext, _web
from checks.remote._read import compact, flag, members, whole

WAIT_S = 5.0
NOT_ASKED: dict[str, object] = {}
PLAIN = ("", "identity")
"""Content codings of a page that is not packed; no other one was asked for (RFC 9110 §12.5.3)."""
MOST_STATUS = 999


@dataclass(frozen=True, slots=True)
class SignOnPage:
    """What one GET brought: its status, whether the declared words stand there, whether all was read."""

    status: int
    shows: bool
    whole: bool


@probe("gateway.signon", kind="gateway")
def ask_sign_on(gateway: Gateway, dial: Dial) -> bytes:
    """One GET of the declared page; of the page itself nothing is kept.

    Raises:
        NotKnown: NO_ANSWER or WRONG_SERVICE, no HTTP reply came.
    """
    if gateway.sign_on is None:
        return compact(NOT_ASKED)
    try:
        page = _web.exchange(gateway, dial, _web.request(gateway, "GET", gateway.sign_on.path), WAIT_S)
    except _web.NoPage as error:
        raise NotKnown(error.reason, error.note) from None
    plain = page.headers.get("content-encoding", "").lower() in PLAIN
    shows = plain and _pagetext.stands(gateway.sign_on.shows, page.headers, page.body)
    return compact({"status": page.status, "shows": shows, "whole": page.whole and plain})


@fact("gateway.signon", probe=ask_sign_on)
def sign_on_page(answer: Answer) -> SignOnPage:
    """The reply as it was written down.

    Raises:
        NotKnown: NOT_DECLARED, no page is.
    """
    written = answer.json()
    if written == NOT_ASKED:
        raise NotKnown(Reason.NOT_DECLARED, "no sign-on page is declared")
    value = members(written, answer.id, "status", "shows", "whole")
    return SignOnPage(
        status=whole(value["status"], "status", MOST_STATUS),
        shows=flag(value["shows"], "shows"),
        whole=flag(value["whole"], "whole"),
    )


@check("GW-60")
def page_is_as_declared(gateway: Gateway, seen: SignOnPage | Unknown) -> Judgement:
    """A declared status, and the declared words on the page; half a page does not prove them missing."""
    if gateway.sign_on is None:
        return not_applicable("undeclared")
    if isinstance(seen, Unknown):
        return unknown(seen.reason, seen.note)
    if seen.status not in gateway.sign_on.status:
        return failed("status", seen=seen.status)
    if gateway.sign_on.shows and not seen.shows:
        if not seen.whole:
            return unknown(Reason.UNREADABLE, "not all of the page could be read")
        return failed("other_page", wanted=gateway.sign_on.shows)
    return passed("ok", seen=seen.status)
