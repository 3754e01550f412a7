"""What an IKE entrance's answer holds, and how it is read back: known names only."""

from dataclasses import dataclass
from typing import Any

from auditor.api import Garbled
from checks.remote import _ikev1, _ikev2
from checks.remote._ikematrix import EVERYTHING, MOST_SINGLE, PARTS
from checks.remote._ikeold import ACCEPTED, MOST_ACCEPTED, NOT_SPOKEN, UNCLEAR
from checks.remote._read import flag, listed, members, one_of, whole, word
from checks.remote._wire import ANSWERED, CLOSED, NAME_NOT_FOUND, PROHIBITED, REFUSED, SILENT, WRONG_SERVICE

NAMES: dict[str, tuple[str, ...]] = {
    "ciphers": EVERYTHING,
    "hashes": tuple(_ikev2.HASHES),
    "prfs": tuple(_ikev2.PRFS),
    "groups": tuple(_ikev2.GROUPS),
}
"""The known parts, by kind."""

OUTCOMES = (ACCEPTED, REFUSED, UNCLEAR)
V2_STATES = (ANSWERED, NOT_SPOKEN, SILENT)
V1_STATES = (ACCEPTED, REFUSED, SILENT, UNCLEAR, NOT_SPOKEN)
DOORS = ("", ANSWERED, REFUSED, SILENT, CLOSED, WRONG_SERVICE, NAME_NOT_FOUND, PROHIBITED)
MOST = 100_000


@dataclass(frozen=True, slots=True)
class NewIke:
    """Version 2. `parts` = the outcome of each cipher, hash, PRF and group that was asked ("ciphers/3des").

    `accepted` = combinations in swanctl's words; `whole` = all there are. `took` = associations that the
    server left half-open against the protocol.
    """

    state: str
    parts: tuple[tuple[str, str], ...]
    accepted: tuple[str, ...]
    whole: bool
    took: int


@dataclass(frozen=True, slots=True)
class OldIke:
    """Version 1's main mode; `left` = half-open associations that the server did not say it dropped."""

    state: str
    accepted: tuple[str, ...]
    whole: bool
    left: int


def new_of(written: Any) -> NewIke:
    value = members(written, "v2", "state", "parts", "accepted", "whole", "asked", "took")
    whole(value["asked"], "asked", MOST)
    kinds = members(value["parts"], "parts", *PARTS)
    parts: list[tuple[str, str]] = []
    for kind in PARTS:
        if not isinstance(kinds[kind], dict):
            raise Garbled(f"{kind}: not an object")
        for name, outcome in sorted(kinds[kind].items()):
            one_of(name, kind, NAMES[kind])
            parts.append((f"{kind}/{name}", one_of(outcome, name, OUTCOMES)))
    return NewIke(
        one_of(value["state"], "state", V2_STATES),
        tuple(parts),
        tuple(_combination(each) for each in listed(value["accepted"], "accepted", 2 * MOST_SINGLE)),
        flag(value["whole"], "whole"),
        whole(value["took"], "took", MOST),
    )


def old_of(written: Any) -> OldIke:
    value = members(written, "v1", "state", "accepted", "whole", "ended", "left")
    whole(value["ended"], "ended", MOST)
    names = [word(each, "v1") for each in listed(value["accepted"], "v1", MOST_ACCEPTED)]
    state = one_of(value["state"], "state", V1_STATES)
    if not all(map(_ikev1.is_choice, names)) or bool(names) != (state == ACCEPTED):
        raise Garbled("v1: accepted")
    return OldIke(state, tuple(names), flag(value["whole"], "whole"), whole(value["left"], "left", MOST))


def handed_of(written: Any) -> tuple[tuple[str, str], ...]:
    """What aggressive mode handed out, by group and method; () = it was not asked."""
    if not isinstance(written, dict) or not set(written) <= _ikev1.ASKED:
        raise Garbled("aggressive: not what is asked")
    for name, outcome in written.items():
        if not (isinstance(outcome, str) and _ikev1.is_choice(outcome)):
            one_of(outcome, name, (REFUSED, UNCLEAR, SILENT))
    return tuple(sorted(written.items()))


def _combination(value: Any) -> str:
    """``cipher-hash-prfNAME-group``, without a hash where the cipher needs none."""
    parts = word(value, "combination").split("-")
    cipher, group = parts[0], parts[-1]
    known = cipher in NAMES["ciphers"] and group in NAMES["groups"] and len(parts) in (3, 4)
    if (
        not known
        or parts[-2].removeprefix("prf") not in NAMES["prfs"]
        or (
            len(parts) == 4 and parts[1] not in NAMES["hashes"]  # noqa: PLR2004 - with a hash
        )
    ):
        raise Garbled("v2: combination")
    return "-".join(parts)
