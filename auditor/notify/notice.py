"""What the outbox holds, as values: notices, where each stands, and what a recipient was told last."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """Where a notice stands. `SENDING` outlives no delivery: who finds it met the trace of a crash."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DOUBTFUL = "doubtful"
    GIVEN_UP = "given_up"


class Kind(StrEnum):
    """What a notice is sent by."""

    MAIL = "mail"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice as kept; `queued` and `tried` are UTC, `why` what the last try met ("" = none yet).

    `run` = what it tells of; of a night that did not run, the run of the last notice before it.
    """

    key: str
    run: int
    kind: Kind
    recipient: str
    queued: datetime
    document: bytes
    state: State = State.WAITING
    refused: int = 0
    why: str = ""
    tried: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a recipient was last told: of which run, in which week the sign of life, which silences last.

    `noticed` = the last day a notice was written. Doubts about notices of runs before `doubt` were told.
    """

    run: int = 0
    started: str = ""
    weekly: str = ""
    topics: frozenset[str] = frozenset()
    noticed: str = ""
    doubt: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """All that one night adds, whole or not at all; `reminded` None = the subject is far off again."""

    notices: tuple[Notice, ...] = ()
    told: Mapping[str, Told] = field(default_factory=dict)
    reminded: Mapping[str, int | None] = field(default_factory=dict)


def key_of(run: int, started: datetime, kind: Kind, recipient: str) -> str:
    """The name of a notice; a history that counts anew after a restore gives other names."""
    named = "\n".join((str(run), started.isoformat(), kind, recipient))
    return hashlib.sha256(named.encode()).hexdigest()[:40]
