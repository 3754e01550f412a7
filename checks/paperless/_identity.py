"""Whom a system takes the audit for: proved before anything it shows is believed, and again at the end."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

import msgspec

from auditor.api import Http, NotKnown, Reason, Secret, System, Unreached
from checks.paperless._pages import Refused

T = TypeVar("T")
Outcome = Literal["proved", "undeclared", "refused", "other", "changed"]
"""It is the declared account; no token or account is declared; the token is not accepted; it is another
account; it was another one at the end than at the beginning.
"""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking, as a system knows it: by name and number, and whether it is an administrator."""

    name: str
    number: int = 0
    admin: bool = False


class Standing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the audit stands with a system. Names stay out of it: an unexpected one may be a person's.

    `visible` = approval routes it was shown. `everything` = it is proved that no route is hidden from it,
    None = the system does not tell.
    """

    outcome: Outcome
    visible: int = 0
    everything: bool | None = None


def token(system: System, http: Http) -> str | None:
    """The declared token, None = the town declared no token.

    Raises:
        Unreached: its file cannot be used, or does not hold one line of visible ASCII.
    """
    if system.token_file is None:
        return None
    secret: Secret = http.secret("token")
    value = secret.value.strip()
    if not value or not all(0x21 <= byte <= 0x7E for byte in value):  # noqa: PLR2004 - visible ASCII
        raise Unreached(Reason.UNREADABLE, "the token file does not hold one token")
    return value.decode("ascii")


def watched(
    system: System, account: str, who: Callable[[], Caller], look: Callable[[Caller], T]
) -> tuple[Outcome, T | None]:
    """What `look` saw while the system took us for `account`; None = it did not, or not all along.

    Raises:
        NotKnown, Unreached, Garbled: as `who` and `look`, when the system does not tell who is asking.
    """
    if not account or system.token_file is None:
        return "undeclared", None
    try:
        caller = who()
    except Refused:
        return "refused", None
    if caller.name != account:
        return "other", None
    seen = look(caller)
    try:
        same = who() == caller
    except Refused:
        same = False
    return ("proved", seen) if same else ("changed", None)


def believed(standing: Standing) -> None:
    """Nothing, if what the system showed can be believed.

    Raises:
        NotKnown: IDENTITY.
    """
    if standing.outcome != "proved":
        raise NotKnown(Reason.IDENTITY, f"the account that asks is not proved: {standing.outcome}")
