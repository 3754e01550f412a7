"""What the targets answered this night, kept until the history has it: nobody is asked twice."""

import contextlib
import hashlib
import zlib
from datetime import datetime
from pathlib import Path

import msgspec

from auditor import __version__
from auditor.contacts import Contact
from auditor.errors import Garbled
from auditor.evidence import MAX_KEPT_BYTES, Evidence, decode, encode
from auditor.nightly.durable import write_durably
from auditor.nightly.journal import FOLDER
from auditor.plainfile import plain_bytes
from auditor.stages import Asked

NAME = "asked"
DECLARED = ("town.toml", "endpoints.csv", "staff.csv", "model.toml")


class _Spooled(msgspec.Struct, forbid_unknown_fields=True):
    started: datetime
    contacts: tuple[Contact, ...]
    evidence: list[str]


def write_spool(town: Path, asked: Asked) -> None:
    """Keep what was asked.

    Raises:
        OutputError: it cannot be written.
    """
    documents = [encode(one).decode("utf-8") for _, one in sorted(asked.evidence.items())]
    spooled = _Spooled(asked.started, asked.contacts, documents)
    write_durably(town / FOLDER / NAME, zlib.compress(msgspec.json.encode(spooled), 6))


def read_spool(town: Path) -> Asked | None:
    """What was asked this night, None = there is nothing that can be read: it has to be asked again."""
    try:
        stream = zlib.decompressobj()
        packed = plain_bytes(town / FOLDER / NAME, MAX_KEPT_BYTES)
        plain = stream.decompress(packed, MAX_KEPT_BYTES)
        if not stream.eof:
            return None
        spooled = msgspec.json.decode(plain, type=_Spooled)
        evidence = [decode(one.encode(), limit_bytes=MAX_KEPT_BYTES) for one in spooled.evidence]
    except (OSError, zlib.error, msgspec.MsgspecError, Garbled, ValueError):
        return None
    if spooled.started.tzinfo is None:
        return None
    found: dict[str, Evidence] = {one.target: one for one in evidence}
    return Asked(started=spooled.started, evidence=found, contacts=spooled.contacts)


def remove_spool(town: Path) -> None:
    """Forget what was asked: the history has it, or it is too old."""
    with contextlib.suppress(OSError):
        (town / FOLDER / NAME).unlink()


def declared_digest(town: Path) -> str:
    """A digest of what the town declares and of the program: answers to other questions would not do."""
    digest = hashlib.sha256(__version__.encode())
    for name in DECLARED:
        with contextlib.suppress(OSError):
            content = (town / name).read_bytes()
            digest.update(f"\n{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()
