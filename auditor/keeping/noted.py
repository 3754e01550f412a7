"""The newest run that files beside the history name: a history that holds less has lost something."""

import contextlib
from pathlib import Path

import msgspec

from auditor.nightly.journal import read_journal
from auditor.notify.heartbeat import FILE
from auditor.plainfile import plain_bytes

MAX_BYTES = 64 * 1024


class _Beat(msgspec.Struct):
    """The part of the heartbeat that tells."""

    run: int


def newest_noted(town: Path) -> int:
    """The newest run that the nights' journal or the heartbeat of a town folder names, 0 = none does."""
    night = read_journal(town).tonight
    named = night.run if night is not None else 0
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        beat = plain_bytes(town / "out" / FILE, MAX_BYTES)
        named = max(named, msgspec.json.decode(beat, type=_Beat).run)
    return named
