"""Who is let in by an entry of a permission list, and whether it lets them write."""

import re
from collections.abc import Sequence
from functools import cache
from hashlib import sha256

from auditor.api import Garbled, Person, folded
from checks.sharing._tables import known

EVERYONE, SYSTEM, ORPHAN, USER, GROUP, UNTOLD = "everyone", "system", "orphan", "user", "group", ""

WRITING = 0x500D0046
"""The bits of an access mask that let somebody change or delete: FILE_WRITE_DATA, FILE_APPEND_DATA,
FILE_DELETE_CHILD, DELETE, WRITE_DAC, WRITE_OWNER, GENERIC_WRITE, GENERIC_ALL ([MS-DTYP] 2.4.3)."""
MASK_BITS = 32
_MASK = re.compile(r"-?\d{1,10}")
_SID = re.compile(r"\*?(s-1-\d+(?:-\d+)+)")
_LOCAL_SID = re.compile(r"s-1-(?:5-21(?:-\d+){3}|12-1(?:-\d+){3})-(\d+)")


@cache
def _identities(kind: str) -> frozenset[str]:
    return frozenset(folded(name) for name in known()["identities"][kind])


@cache
def _rights(kind: str) -> frozenset[str]:
    return frozenset(folded(word) for word in known()["rights"][kind])


def who(identity: str, kind: str) -> str:
    """Whom an entry names: everybody, the system, a number without an account, a person, a group, or untold.

    `kind` = what the export itself says of it, "" = nothing.
    """
    text = identity.strip().casefold()
    sid = _SID.fullmatch(text)
    name = sid[1] if sid else folded(text.rpartition("\\")[2].partition("@")[0])
    for answer in (EVERYONE, SYSTEM):
        if name in _identities(answer):
            return answer
    if sid:
        local = _LOCAL_SID.fullmatch(sid[1])
        number = int(local[1]) if local else -1
        for answer in (EVERYONE, SYSTEM):
            if number in known()["identities"][f"{answer}_rids"]:
                return answer
        return ORPHAN if local else UNTOLD
    return kind


def writes(rights: str) -> bool:
    """True when rights let somebody change what is there.

    Raises:
        Garbled: blank, or a word nobody knows.
    """
    text = rights.strip()
    if _MASK.fullmatch(text):
        mask = int(text)
        if not -(2 ** (MASK_BITS - 1)) <= mask < 2**MASK_BITS:
            raise Garbled("no access mask")
        return bool(mask & WRITING)
    words = [folded(word) for word in re.split(r"[,、;|]", text)]
    if any(word not in _rights("write") | _rights("read") for word in words):
        raise Garbled("an unknown right")
    return any(word in _rights("write") for word in words)


def staff_ids(staff: Sequence[Person]) -> dict[str, str]:
    """Staff ids by their digests."""
    return {digest(person.id): person.id for person in staff}


def digest(account: str) -> str:
    """An account's name for joining, without its domain, so that the kept answer does not hold the name.

    A number is taken without the leading zeros that a spreadsheet drops.
    """
    name = account.rpartition("\\")[2].partition("@")[0].strip().casefold()
    short = name.lstrip("0") if name.isdecimal() else name
    return sha256(f"telework-auditor account {short}".encode()).hexdigest()[:24]
