"""Cipher suites: their numbers and names (IANA's TLS registry), and what each name says against it.

``suites.tsv`` lists the usual ones first, in the order they are offered in: a hello with all of the registry
is one that some servers cannot read.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

TLS_1_3 = range(0x1301, 0x1306)
"""Numbers that mean something in TLS 1.3 only (RFC 8446 §B.4)."""

CIPHERS = {
    "NULL": ("_NULL_",),
    "EXPORT": ("_EXPORT_", "_EXPORT1024_"),
    "RC4": ("_RC4_",),
    "RC2": ("_RC2_",),
    "DES": ("_DES_", "_DES40_"),
    "3DES": ("_3DES_",),
    "IDEA": ("_IDEA_",),
    "anon": ("_anon_",),
}
"""A flaw, and the pieces of a name by which it is known."""

MD5, CBC_SHA1, NO_SECRECY = "MD5", "CBC-SHA1", "non-PFS"
FLAWS = (*CIPHERS, MD5, CBC_SHA1, NO_SECRECY)
FRESH = ("TLS_DHE_", "TLS_ECDHE_", "TLS_DH_anon_", "TLS_ECDH_anon_", "TLS_SRP_", "TLS_PSK_DHE_")
"""Key exchanges whose keys do not outlive the connection."""

CHOSEN_GROUP = ("TLS_DHE_", "TLS_DH_anon_", "TLS_PSK_DHE_")
"""Key exchanges in a group that the server names (DHE); how strong it is, no name of a suite tells."""


@cache
def _rows() -> tuple[tuple[int, str, bool], ...]:
    lines = Path(__file__).with_name("suites.tsv").read_text("ascii").splitlines()[1:]
    cells = (line.split("\t") for line in lines)
    return tuple((int(number, 16), name, usual == "yes") for number, name, usual in cells)


@cache
def names() -> Mapping[int, str]:
    """Every suite's name by its number."""
    return {number: name for number, name, _ in _rows()}


@cache
def offered(*, usual: bool, modern: bool) -> tuple[int, ...]:
    """The numbers to offer, in order; `modern` = for TLS 1.3, else for any version before it."""
    return tuple(number for number, _, often in _rows() if often is usual and (number in TLS_1_3) is modern)


def flaws(name: str) -> tuple[str, ...]:
    """What speaks against a suite, of `FLAWS`; () = nothing that its name tells."""
    found = [flaw for flaw, pieces in CIPHERS.items() if any(piece in name for piece in pieces)]
    if name.endswith("_MD5"):
        found.append(MD5)
    if "_CBC_" in name and name.endswith("_SHA"):
        found.append(CBC_SHA1)
    if "_WITH_" in name and not name.startswith(FRESH):
        found.append(NO_SECRECY)
    return tuple(found)
