"""Numbers as ordinances write them: 十二, 百三十四, 一〇, 12, １２."""

import re
import unicodedata

_DIGITS = {char: value for value, char in enumerate("〇一二三四五六七八九")} | {"元": 1}
_TENS = {"十": 10, "百": 100, "千": 1000}
NUMBER = r"[0-9〇一二三四五六七八九十百千]{1,9}"
"""The characters of a number after NFKC, for use in patterns."""

_BRANCHED = re.compile(rf"({NUMBER})((?:の{NUMBER})*)")


def number(text: str) -> int | None:
    """The value of an arabic or kanji number; None = it is none."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain or len(plain) > 9:  # noqa: PLR2004 - no ordinance has a thousand million articles
        return None
    if plain.isascii() and plain.isdecimal():
        return int(plain)
    if all(char in _DIGITS for char in plain):
        return int("".join(str(_DIGITS[char]) for char in plain))
    return _with_tens(plain)


def _with_tens(plain: str) -> int | None:
    total, pending, ceiling = 0, 0, 10_000
    for char in plain:
        if char in _TENS:
            if _TENS[char] >= ceiling:
                return None
            ceiling = _TENS[char]
            total += (pending or 1) * ceiling
            pending = 0
        elif char in _DIGITS and not pending:
            pending = _DIGITS[char]
        else:
            return None
    return total + pending


def branched(text: str) -> str | None:
    """``十二の二`` as ``12の2``; None = not a number with branches."""
    found = _BRANCHED.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if found is None:
        return None
    values = [number(part) for part in (found[1], *found[2].split("の")[1:])]
    return None if None in values else "の".join(str(value) for value in values)


def kanji(value: int) -> str:
    """``134`` as ``百三十四`` (1 … 9999)."""
    result = ""
    for name, size in (("千", 1000), ("百", 100), ("十", 10)):
        count, value = divmod(value, size)
        if count:
            result += ("" if count == 1 else "〇一二三四五六七八九"[count]) + name
    return result + ("〇一二三四五六七八九"[value] if value else "")
