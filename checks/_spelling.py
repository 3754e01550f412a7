"""One spelling of what a reader takes for the same text: width, composed signs, blanks."""

import unicodedata
from collections.abc import Iterator

MOST_MARKS = 30  # as the Stream-Safe Text Format of Unicode (UAX #15 §13) has it
_NARROWED = str.maketrans({"\u301c": "~", "\u2212": "-"})
"""Signs that Shift_JIS and Unicode keyboards write as two different ones: the wave dash and the minus."""


def one_spelling(text: str) -> str:
    """The text in full-width kana and half-width letters, blanks made one space; "①" stays, for it is no "1".

    Of a long row of marks over one sign only the first count: to compose it takes the square of its length.
    """
    wide = "".join(_unwidened(sign) for sign in _thinned(text))
    return " ".join(unicodedata.normalize("NFC", wide.translate(_NARROWED)).split())


def _thinned(text: str) -> Iterator[str]:
    row = 0
    for sign in text:
        row = row + 1 if unicodedata.combining(sign) else 0
        if row <= MOST_MARKS:
            yield sign


def _unwidened(sign: str) -> str:
    width = unicodedata.decomposition(sign).startswith(("<wide>", "<narrow>"))
    return unicodedata.normalize("NFKC", sign) if width else sign
