"""Portals of known products: does the sign-in page look like the product that the town declared? An estimate.

The signatures (``portals.toml``) are from memory: nothing passes or fails by them. One GET for the declared
product; where none is declared, one each for the few that are common, until a page matches.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

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
    not_applicable,
    probe,
    unknown,
)
from checks.remote import _web
from checks.remote._read import compact, listed, members, one_of, word
from checks.remote._wire import CLOSED, SILENT, WRONG_SERVICE

WAIT_S = 3.0
NOT_ASKED: dict[str, object] = {}
MATCHES, DIFFERS = "matches", "differs"
OUTCOMES = (MATCHES, DIFFERS, CLOSED, SILENT, WRONG_SERVICE)


@dataclass(frozen=True, slots=True)
class Signature:
    """Where one looks for a product, and what its page shows; see ``portals.toml``."""

    name: str
    path: str
    status: tuple[int, ...]
    headers: tuple[tuple[str, str], ...]
    body: tuple[str, ...]
    common: bool

    def fits(self, page: _web.Page) -> bool:
        """True when the page has one of the statuses and shows one of the signs."""
        text = page.body.decode("latin-1").lower()
        return page.status in self.status and (
            any(part in page.headers.get(name, "").lower() for name, part in self.headers)
            or any(part in text for part in self.body)
        )


@dataclass(frozen=True, slots=True)
class Portal:
    """An estimate (推定): the product that the sign-in page looks like, "" = none of those asked for.

    `declared` is the town's product, "" = not told; `tried` is what became of each product asked for.
    """

    looks_like: str
    declared: str
    tried: tuple[tuple[str, str], ...]


@cache
def signatures() -> dict[str, Signature]:
    """The signatures by product."""
    written = tomllib.loads(Path(__file__).with_name("portals.toml").read_text("utf-8"))
    return {
        product: Signature(
            row["name"],
            row["path"],
            tuple(row["status"]),
            tuple((name, part) for name, part in row["headers"]),
            tuple(row["body"]),
            row["common"],
        )
        for product, row in written.items()
    }


@probe("gateway.portal", kind="gateway")
def ask_portal(gateway: Gateway, dial: Dial) -> bytes:
    """One GET for each product asked for; of the page only whether it fits is kept."""
    if gateway.protocol != "portal":
        return compact(NOT_ASKED)
    known = signatures()
    wanted = [gateway.product] if gateway.product else [name for name, row in known.items() if row.common]
    tried: list[tuple[str, str]] = []
    for product in wanted:
        outcome = _looked(gateway, dial, known[product])
        tried.append((product, outcome))
        if outcome != DIFFERS:
            break
    return compact({"declared": gateway.product, "tried": tried})


def _looked(gateway: Gateway, dial: Dial, signature: Signature) -> str:
    try:
        page = _web.exchange(gateway, dial, _web.request(gateway, "GET", signature.path), WAIT_S)
    except _web.NoPage as error:
        return error.outcome
    return MATCHES if signature.fits(page) else DIFFERS


@fact("gateway.portal", probe=ask_portal)
def portal(answer: Answer) -> Portal:
    """What was tried as it was written down.

    Raises:
        NotKnown: NOT_MEASURABLE, the entrance is not declared as a portal.
    """
    written = answer.json()
    if written == NOT_ASKED:
        raise NotKnown(Reason.NOT_MEASURABLE, "not a portal")
    value = members(written, answer.id, "declared", "tried")
    known = tuple(signatures())
    tried = []
    for row in listed(value["tried"], "tried", len(known)):
        product, outcome = listed(row, "row", 2) if len(listed(row, "row", 2)) > 1 else ("", "")
        tried.append((one_of(product, "product", known), one_of(outcome, "outcome", OUTCOMES)))
    return Portal(
        looks_like=next((product for product, outcome in tried if outcome == MATCHES), ""),
        declared=one_of(word(value["declared"], "declared"), "declared", ("", *known)),
        tried=tuple(tried),
    )


@check("GW-32")
def looks_like_its_product(gateway: Gateway, seen: Portal | Unknown) -> Judgement:
    """Never a pass and never a fail: an estimate, or that there is none."""
    if gateway.protocol != "portal":
        return not_applicable("other")
    if isinstance(seen, Unknown):
        return unknown(seen.reason, seen.note)
    if seen.looks_like:
        return not_applicable("looks_like", product=signatures()[seen.looks_like].name)
    if not seen.declared:
        return unknown(Reason.NOT_DECLARED, f"product is not declared; tried {_told(seen)}")
    return unknown(Reason.NOT_MEASURABLE, f"estimate only: the page does not look like it ({_told(seen)})")


def _told(seen: Portal) -> str:
    return ", ".join(f"{product} {outcome}" for product, outcome in seen.tried)
