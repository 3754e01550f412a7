"""When an ordinance comes into force and when it ends, by its own 附則."""

import re
from datetime import date

from checks.ordinance._numerals import number
from checks.ordinance._provisions import Document, Part
from checks.ordinance._text import squeezed

_FIRST_YEARS = {"令和": 2019, "平成": 1989, "昭和": 1926, "大正": 1912, "明治": 1868}
_N = "[0-9〇一二三四五六七八九十]"
_DAY = rf"(令和|平成|昭和|大正|明治)(元|{_N}{{1,4}})年({_N}{{1,3}})月({_N}{{1,3}})日"
_ANY = re.compile(_DAY)
_STARTS = re.compile(_DAY + r"から(?:これを)?(?:施行|適用)")
_AT_ONCE = re.compile(r"(?:公布|公表|告示|制定|令達)の日から(?:これを)?(?:施行|適用)")
_ENDS = re.compile(_DAY + r"限り、?(?:その)?効力を失う")


def starts_on(document: Document) -> date | None:
    """The first day in force; None = the first 附則 does not tell, or there is none."""
    text = _first_supplement(document)
    if found := _STARTS.search(text):
        return _day(found)
    if _AT_ONCE.search(text):
        enacted = _ANY.search(squeezed(document.enacted))
        return _day(enacted) if enacted else None
    return None


def ends_on(document: Document) -> date | None:
    """The last day in force; None = no end is set."""
    for provision in document.provisions:
        if provision.part is Part.SUPPLEMENT and (found := _ENDS.search(squeezed(provision.text))):
            return _day(found)
    return None


def _first_supplement(document: Document) -> str:
    """The text of the ordinance's own 附則, without those of its amendments."""
    texts = [each for each in document.provisions if each.part is Part.SUPPLEMENT]
    if not texts:
        return ""
    name = re.split(r"第[0-9の]+[条項]", texts[0].citation, maxsplit=1)[0]
    own = (each for each in texts if re.split(r"第[0-9の]+[条項]", each.citation, maxsplit=1)[0] == name)
    return squeezed("".join(each.text for each in own))


def _day(found: re.Match[str]) -> date | None:
    numbers = [number(part) for part in found.groups()[1:4]]
    if None in numbers:
        return None
    year, month, day = (value or 0 for value in numbers)
    try:
        return date(_FIRST_YEARS[found[1]] + year - 1, month, day)
    except ValueError:
        return None
