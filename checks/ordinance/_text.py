"""One published file to lines of text, each with the little that its markup says and its words do not."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from html import unescape

SEAL_MARK = "㊞"
LOST = "\ufffd"
"""What a converter leaves for a character it could not read; a seal mark may have stood there."""


_UNSEEN = re.compile(
    r"[\s\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]+"
)
"""White space and the characters of the class Cf."""


_REFERENCE = re.compile(r"&#(?:[0-9]{1,7}|[xX][0-9a-fA-F]{1,6});")


class Role(StrEnum):
    """What the markup says of a line; most lines are plain `TEXT` and tell by their words what they are."""

    TEXT = ""
    TITLE = "t"
    CELL = "c"
    IMAGE = "i"


@dataclass(frozen=True, slots=True)
class Line:
    """One line; a line of `Role.IMAGE` holds the name of a picture that stands where text might."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """One file. `title` is the markup's own, "" = none; `mentions` = base names of the files it refers to.

    `links_only` = a page of links, as a table of contents is.
    """

    title: str
    lines: tuple[Line, ...]
    mentions: frozenset[str] = frozenset()
    links_only: bool = False


def folded(text: str) -> str:
    """NFKC, but with ㊞ kept: the normal form makes it an ordinary 印."""
    return SEAL_MARK.join(unicodedata.normalize("NFKC", part) for part in text.split(SEAL_MARK))


def squeezed(text: str) -> str:
    """Without white space and invisible characters, so that a word across a line break is whole."""
    return _UNSEEN.sub("", text)


def plain_page(text: str) -> Page:
    """A plain text file; form feeds and every kind of line end separate lines.

    What its code has no character for may stand there as in HTML (``&#12958;``).
    """
    plain = _REFERENCE.sub(lambda found: unescape(found[0]), text)
    return Page("", tuple(Line(Role.TEXT, line.strip()) for line in plain.splitlines() if line.strip()))
