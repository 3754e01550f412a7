"""The keys that one target's probe may use: read when asked for, and kept out of everything that is kept."""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from auditor.errors import ConfigError, Unreached
from auditor.findings import Reason
from auditor.seams import Secret

PIECE = 16
STEP = 8
"""Any `PIECE + STEP - 1` bytes in a row of a key are recognised, however they are written."""


class Keys:
    """The declared key files by name, and what was read of them."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files
        self._read: dict[str, bytes] = {}

    def secret(self, name: str) -> Secret:
        """The content of a declared file; see `seams.Dial.secret`."""
        if name not in self._files:
            raise Unreached(Reason.NOT_DECLARED, f"no {name} key is declared")
        if name not in self._read:
            from auditor.access.private import private_bytes  # noqa: PLC0415 - start-up time

            try:
                self._read[name] = private_bytes(self._files[name])
            except ConfigError as error:
                open_to_others = error.problems[0].key.endswith("_mode")
                reason = Reason.NO_PERMISSION if open_to_others else Reason.UNREADABLE
                why = "others may read or write it" if open_to_others else "cannot be read"
                raise Unreached(reason, f"{self._files[name].name}: {why}") from None
        return Secret(self._read[name])

    def shown_in(self, text: bytes) -> bool:
        """True when a piece of a key that was read stands in `text`, as it is filed or however encoded."""
        pieces = (piece for content in self._read.values() for piece in _pieces(content))
        return any(form in text for piece in pieces for form in _forms(piece))


def _pieces(content: bytes) -> Iterator[bytes]:
    """Overlapping pieces of the key, as it is filed and as what that encodes."""
    lines = [line.strip() for line in content.splitlines() if not line.lstrip().startswith((b"-", b"#"))]
    written = b"".join(lines)
    for whole in (written, *_decoded(written)):
        for at in range(0, max(len(whole) - PIECE, 0) + 1, STEP):
            piece = whole[at : at + PIECE]
            if len(piece) == PIECE:
                yield piece


def _decoded(written: bytes) -> Iterator[bytes]:
    with suppress(ValueError):
        yield bytes.fromhex(written.decode("ascii"))
    with suppress(ValueError):
        yield base64.b64decode(written, validate=True)


def _forms(piece: bytes) -> Iterator[bytes]:
    """Every way in which a program writes bytes down without meaning to hide them."""
    yield piece
    yield piece.hex().encode()
    yield piece.hex().upper().encode()
    yield repr(piece)[2:-1].encode()
    yield json.dumps(piece.decode("latin-1"))[1:-1].encode()
    for shift in range(3):  # where the piece begins within a group of base64
        encoded = base64.b64encode(b"\0" * shift + piece)
        yield encoded[(4 if shift else 0) : 4 * ((shift + PIECE) // 3)]
