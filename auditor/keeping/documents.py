"""Run documents as the history keeps them: the same JSON, lines alike from night to night."""

import zlib
from typing import Any

import msgspec

from auditor.errors import Garbled
from auditor.evidence import MAX_KEPT_BYTES
from auditor.keeping.deltas import in_lines, restored, unwhole
from auditor.run import Run

HEARD = "collected_at"
OLD = b"x"
"""What documents of formats 1 to 3 begin with; no document of zstd or MessagePack does."""


def run_document(run: Run) -> bytes:
    """The run in lines; a finding that rests on what its target said in this run does not repeat when."""
    plain: dict[str, Any] = msgspec.to_builtins(run)
    heard = {card["key"]: card[HEARD] for card in plain["targets"]}
    for row in plain["findings"]:
        if row["target"] in heard and row[HEARD] == heard[row["target"]]:
            del row[HEARD]
    return in_lines(msgspec.json.encode(plain))


def read_run(document: bytes) -> Run:
    """The run of a document, of this format or of one before.

    Raises:
        msgspec.MsgspecError: it is none.
        Garbled: it is none.
    """
    plain = msgspec.json.decode(document)
    try:
        heard = {card["key"]: card[HEARD] for card in plain["targets"]}
        for row in plain["findings"]:
            row.setdefault(HEARD, heard.get(row["target"]))
    except (AttributeError, KeyError, TypeError):
        raise Garbled("a run document in it is none") from None
    return msgspec.convert(plain, Run)


def unpacked(kept: bytes, base: bytes | None, limit_bytes: int = MAX_KEPT_BYTES) -> bytes:
    """A document as it was before it was compressed; `base` None = it stands on its own.

    Raises:
        Garbled: cut off, larger than allowed, or not of this base.
        zlib.error, CompressionError, msgspec.MsgspecError: damaged.
    """
    if base is not None:
        return restored(kept, base, limit_bytes)
    if not kept.startswith(OLD):
        return unwhole(kept, limit_bytes)
    stream = zlib.decompressobj()
    plain = stream.decompress(kept, limit_bytes)
    if not stream.eof:
        raise Garbled("a document in it is cut off or larger than allowed")
    return plain
