"""The walk from a mounted file system down to what holds it: is there encryption on the way?"""

from collections.abc import Mapping
from dataclasses import dataclass

ENCRYPTING = (
    "CRYPT-LUKS1-",
    "CRYPT-LUKS2-",
    "CRYPT-PLAIN-",
    "CRYPT-TCRYPT-",
    "CRYPT-BITLK-",
    "CRYPT-FVAULT2-",
)
"""Device-mapper uuids of mappings that encrypt; CRYPT-VERITY and CRYPT-INTEGRITY do not."""
MAX_STEPS = 64


@dataclass(frozen=True, slots=True)
class Block:
    """A block device: `uuid` and `label` of its device mapping ("" = none), `below` what it is made of.

    `outside` = plugged in from outside (USB or marked removable).
    """

    name: str
    uuid: str
    label: str
    below: tuple[str, ...]
    outside: bool


def encrypted(name: str, blocks: Mapping[str, Block]) -> bool | None:
    """True when every way down passes an encrypting mapping; None = a device on the way is not known.

    LVM on LUKS and LUKS on RAID are both found: the walk follows ``slaves`` until a mapping encrypts. A
    loop device tells nothing about the file behind it.
    """
    found = _walk(name, blocks, MAX_STEPS)
    if None in found:
        return False if False in found else None
    return all(found)


def _walk(name: str, blocks: Mapping[str, Block], steps: int) -> list[bool | None]:
    block = blocks.get(name)
    if block is None or steps == 0:
        return [None]
    if block.uuid.startswith(ENCRYPTING):
        return [True]
    if not block.below:
        return [None if name.startswith("loop") else False]
    return [answer for below in block.below for answer in _walk(below, blocks, steps - 1)]
