"""Documents as what differs from an earlier one: most of a night is the night before.

A document is lines. Lines that the earlier one has too are told by number, the others are compressed beside
the earlier lines that nothing took over, which are mostly the same lines a day older.
"""

import re
import sys
from collections.abc import Sequence
from itertools import accumulate

import msgspec

from auditor.errors import Garbled
from auditor.evidence import MAX_KEPT_BYTES

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL = 9
LARGEST_WINDOW = 27
"""2 to this power bytes, which every decompressor takes without being asked to."""
SHORTEST_PREFIX = 8
"""zstd takes no dictionary shorter than this."""

_BETWEEN = re.compile(rb'\},(?=\{"[a-z])')
"""Between two objects of a JSON list: within a string no bare quote is followed by a letter."""

CompressionError = zstd.ZstdError


def in_lines(document: bytes) -> bytes:
    """The same JSON, each object of its lists on a line of its own."""
    return _BETWEEN.sub(b"},\n", document)


def whole(plain: bytes) -> bytes:
    """The document on its own."""
    return _pressed(plain, b"")


def unwhole(kept: bytes, limit_bytes: int = MAX_KEPT_BYTES) -> bytes:
    """The document that `whole` kept.

    Raises:
        Garbled: cut off, or larger than allowed.
        CompressionError: damaged.
    """
    return _unpressed(kept, b"", limit_bytes)


def difference(plain: bytes, base: bytes) -> bytes:
    """What `plain` needs beside `base` to be made again."""
    theirs, mine = base.split(b"\n"), plain.split(b"\n")
    places: dict[bytes, int] = {}
    for number, line in enumerate(theirs):
        places.setdefault(line, number)
    steps: list[int] = []  # own lines, lines of the base to skip (may be negative), lines to take; again
    own: list[bytes] = []
    following = 0
    fresh, skipped, taken = 0, 0, 0
    for line in mine:
        next_one = following < len(theirs) and theirs[following] == line
        place = following if next_one else places.get(line)
        if taken and place != following:
            steps += (fresh, skipped, taken)
            fresh, skipped, taken = 0, 0, 0
        if place is None:
            own.append(line)
            fresh += 1
        else:
            if not taken:
                skipped = place - following
            taken += 1
            following = place + 1
    steps += (fresh, skipped, taken)
    told = _pressed(msgspec.json.encode(steps), b"")
    return msgspec.msgpack.encode((told, _pressed(b"\n".join(own), _left(theirs, steps))))


def restored(kept: bytes, base: bytes, limit_bytes: int = MAX_KEPT_BYTES) -> bytes:
    """The document that `difference` kept beside `base`.

    Raises:
        Garbled: it does not fit to this base, or is larger than allowed.
        CompressionError, msgspec.MsgspecError: damaged.
    """
    told, pressed = msgspec.msgpack.decode(kept, type=tuple[bytes, bytes])
    steps = msgspec.json.decode(_unpressed(told, b"", limit_bytes), type=list[int])
    theirs = base.split(b"\n")
    own = iter(_unpressed(pressed, _left(theirs, steps), limit_bytes).split(b"\n"))
    lines: list[bytes] = []
    following = 0
    for fresh, skipped, taken in _by_three(steps):
        lines += [line for _, line in zip(range(fresh), own, strict=False)]
        following += skipped
        lines += theirs[following : following + taken]
        following += taken
    if sum(map(len, lines)) + len(lines) > limit_bytes:
        raise Garbled("a document in it is larger than allowed")
    return b"\n".join(lines)


def _by_three(steps: Sequence[int]) -> list[tuple[int, int, int]]:
    return list(zip(steps[::3], steps[1::3], steps[2::3], strict=True))


def _left(theirs: Sequence[bytes], steps: Sequence[int]) -> bytes:
    """The lines of the base that no step takes.

    Raises:
        Garbled: a step leads out of the base.
    """
    if len(steps) % 3 or any(fresh < 0 or taken < 0 for fresh, _, taken in _by_three(steps)):
        raise Garbled("a difference in it makes no sense")
    used = [0] * (len(theirs) + 1)
    following = 0
    for _, skipped, taken in _by_three(steps):
        first = following + skipped
        following = first + taken
        if not 0 <= first <= following <= len(theirs):
            raise Garbled("a difference in it leads out of the document it is one from")
        used[first] += 1
        used[following] -= 1
    return b"\n".join(line for line, uses in zip(theirs, accumulate(used), strict=False) if not uses)


def _pressed(plain: bytes, prefix: bytes) -> bytes:
    options: dict[int, int] = {
        zstd.CompressionParameter.compression_level: LEVEL,
        zstd.CompressionParameter.window_log: _window(len(plain) + len(prefix)),
    }
    return zstd.compress(plain, options=options, zstd_dict=_dictionary(prefix))


def _unpressed(kept: bytes, prefix: bytes, limit_bytes: int) -> bytes:
    stream = zstd.ZstdDecompressor(zstd_dict=_dictionary(prefix))
    plain = stream.decompress(kept, limit_bytes)
    if not stream.eof:
        raise Garbled("a document in it is cut off or larger than allowed")
    return plain


def _window(size_bytes: int) -> int:
    return min(LARGEST_WINDOW, max(10, size_bytes.bit_length()))


def _dictionary(prefix: bytes) -> tuple[zstd.ZstdDict, int] | None:
    """`prefix` as what stands before the text; a dictionary would be parsed and kept."""
    return zstd.ZstdDict(prefix, is_raw=True).as_prefix if len(prefix) >= SHORTEST_PREFIX else None
