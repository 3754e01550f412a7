"""The combinations an IKEv2 responder accepts: first each part alone, then every combination of those parts.

A question about one part offers everything else along with it, so a refusal rules that part out in any
combination; only what is left has to be asked one by one. A responder that misreads long offers is noticed,
because the commonest weak combinations are asked alone as well.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product, zip_longest

from checks.remote._ikev2 import (
    ACCEPTED,
    CIPHERS,
    GROUPS,
    HASHES,
    OTHER,
    PRFS,
    REFUSED,
    SEALED,
    SILENT,
    TOOK,
    Offer,
)

EVERYTHING = (*CIPHERS, *SEALED)
MOST_SINGLE = 400
PARTS = ("ciphers", "hashes", "prfs", "groups")
COMMON = tuple(
    Offer((cipher,), (digest,), (digest,), (group,))
    for cipher, digest, group in (
        ("des", "md5", "modp768"),
        ("3des", "md5", "modp1024"),
        ("3des", "sha1", "modp1024"),
        ("3des", "sha1", "modp1536"),
        ("3des", "sha1", "modp2048"),
        ("aes128", "sha1", "modp1024"),
        ("aes256", "sha1", "modp1024"),
        ("aes128", "sha1", "modp1536"),
        ("aes256", "sha1", "modp2048"),
        ("aes256", "sha256", "modp1024"),
    )
)
"""What old devices accept by default; asked alone, whatever the long offers gave."""


class Stopped(Exception):  # noqa: N818 - an outcome
    """No more questions: the responder fell silent, left an association, or the time is used up."""


@dataclass(slots=True)
class Matrix:
    """What was learnt so far.

    `parts` holds an outcome per part's name, `accepted` the combinations that were accepted alone, `whole` =
    every combination of accepted parts was asked. `took` counts associations the responder left half-open.
    """

    parts: dict[str, dict[str, str]] = field(default_factory=lambda: {part: {} for part in PARTS})
    accepted: list[str] = field(default_factory=list)
    whole: bool = False
    asked: int = 0
    took: int = 0

    def merge(self, part: str, name: str, outcome: str) -> None:
        """Keep an outcome; an acceptance is never taken back by a later answer."""
        if self.parts[part].get(name) != ACCEPTED:
            self.parts[part][name] = outcome


def named(offer: Offer) -> str:
    """A single combination in swanctl's words (``aes256-sha256-prfsha256-modp2048``)."""
    return "-".join((*offer.ciphers, *offer.hashes, f"prf{offer.prfs[0]}", *offer.groups))


def fill(matrix: Matrix, ask: Callable[[Offer], str], time_left: Callable[[], bool]) -> None:
    """Ask until the matrix is whole, or as far as the responder and the time allow."""

    def put(offer: Offer) -> str:
        if not time_left():
            raise Stopped
        matrix.asked += 1
        outcome = ask(offer)
        if outcome == TOOK:
            matrix.took += 1
        if outcome in (TOOK, SILENT):
            raise Stopped
        return outcome

    try:
        other = put(next(_around("groups", OTHER)))
        matrix.merge("groups", OTHER, other)
        for part, name in _questions():
            matrix.merge(part, name, _alone(part, name, put, twice=other != REFUSED))
        matrix.whole = _singles(matrix, put)
    except Stopped:
        return


def _questions() -> Iterator[tuple[str, str]]:
    """One of each kind in turn, weak ones first: what the time cuts off matters least."""
    for names in zip_longest(EVERYTHING, HASHES, PRFS, GROUPS):
        yield from ((part, name) for part, name in zip(PARTS, names, strict=True) if name and name != OTHER)


def _alone(part: str, name: str, put: Callable[[Offer], str], *, twice: bool) -> str:
    """One part with everything else; `twice` = also with the group whose key is sent otherwise."""
    outcome = REFUSED
    for offer in _around(part, name):
        if outcome == ACCEPTED or (offer.groups == (OTHER,) and not twice):
            return outcome
        outcome = put(offer)
    return outcome


def _around(part: str, name: str) -> Iterator[Offer]:
    ciphers = (name,) if part == "ciphers" else tuple(CIPHERS) if part == "hashes" else EVERYTHING
    hashes = (name,) if part == "hashes" else tuple(HASHES)
    prfs = (name,) if part == "prfs" else tuple(PRFS)
    if part == "groups":
        yield Offer(ciphers, hashes, prfs, (name,))
        return
    yield Offer(ciphers, hashes, prfs, tuple(group for group in GROUPS if group != OTHER))
    yield Offer(ciphers, hashes, prfs, (OTHER,))


def _singles(matrix: Matrix, put: Callable[[Offer], str]) -> bool:
    """Ask each combination of the accepted parts; True when none was left out or unclear."""
    clear = True
    for offer in COMMON:
        clear &= _single(matrix, offer, put)
    cells = [offer for offer in _cells(matrix.parts) if offer not in COMMON]
    for offer in cells[:MOST_SINGLE]:
        clear &= _single(matrix, offer, put)
    return clear and len(cells) <= MOST_SINGLE


def _single(matrix: Matrix, offer: Offer, put: Callable[[Offer], str]) -> bool:
    outcome = put(offer)
    if outcome == ACCEPTED:
        matrix.accepted.append(named(offer))
        for part, names in zip(PARTS, (offer.ciphers, offer.hashes, offer.prfs, offer.groups), strict=True):
            for name in names:
                matrix.merge(part, name, ACCEPTED)
    return outcome in (ACCEPTED, REFUSED)


def _cells(parts: dict[str, dict[str, str]]) -> list[Offer]:
    """Every combination of accepted parts, those of the weakest parts first."""
    ciphers, hashes, prfs, groups = (_accepted(parts[part].items()) for part in PARTS)
    found: list[tuple[int, Offer]] = []
    for cipher, prf, group in product(ciphers, prfs, groups):
        for digest in [()] if cipher in SEALED else [(name,) for name in hashes]:
            rank = ciphers.index(cipher) + prfs.index(prf) + groups.index(group)
            rank += hashes.index(digest[0]) if digest else len(hashes)
            found.append((rank, Offer((cipher,), digest, (prf,), (group,))))
    return [offer for _, offer in sorted(found, key=lambda each: each[0])]


def _accepted(items: Iterable[tuple[str, str]]) -> list[str]:
    return [name for name, outcome in items if outcome == ACCEPTED]
