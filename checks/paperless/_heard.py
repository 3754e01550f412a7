"""What is kept of a system that runs approval routes: how the audit stands with it, then what it showed."""

from typing import TypeVar

import msgspec

from auditor.api import Answer, Garbled
from checks.paperless._identity import Outcome, Standing, believed
from checks.paperless._route import Routes

S = TypeVar("S", bound=msgspec.Struct)


class Heard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`routes` None = the account was not proved, so that nothing it showed is kept."""

    standing: Standing
    routes: Routes | None = None


def kept_routes(
    outcome: Outcome, routes: Routes | None, *, visible: int = 0, everything: bool | None = None
) -> bytes:
    """The answer of a probe that looked for routes; `routes` None = it was not allowed to believe any."""
    if routes is None:
        return msgspec.json.encode(Heard(standing=Standing(outcome=outcome)))
    standing = Standing(outcome=outcome, visible=visible, everything=everything)
    return msgspec.json.encode(Heard(standing=standing, routes=routes))


def standing_of(answer: Answer) -> Standing:
    """How the audit stood.

    Raises:
        Garbled: not what this version of the program keeps.
    """
    return decoded(answer, Heard).standing


def routes_of(answer: Answer) -> Routes:
    """The routes of a system that proved whom it takes us for.

    Raises:
        NotKnown: IDENTITY.
        Garbled: not what this version of the program keeps.
    """
    heard = decoded(answer, Heard)
    believed(heard.standing)
    if heard.routes is None:
        raise Garbled(f"{answer.id}: a proved account and no routes")
    return heard.routes


def decoded(answer: Answer, kind: type[S]) -> S:
    """The answer as a value of that kind.

    Raises:
        Garbled: it is none.
    """
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Garbled(f"{answer.id}: not what this version keeps: {error}"[:200]) from None
