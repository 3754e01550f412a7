"""Where a form asks for a seal: ㊞, (印), a lone 印 in a box, 囲い文字, or words; never 印鑑証明 and its kin.

㊞ is looked for before NFKC, which makes it an ordinary 印.
"""

import html
import re
import unicodedata
from collections.abc import Iterable

SEAL = "㊞"
_WRITTEN_OUT = re.compile(r"&#(?:12958|x0*329e);", re.IGNORECASE)
_BRACKETS = re.compile(r"[(〔\[「【<]印[)〕\]」】>]")
_LONE = re.compile(r"印(?:影|欄)?")
_AT_END = re.compile(r"(?:[\s.…・_:]|^)印\s*$", re.MULTILINE)
_BETWEEN = re.compile(r"(?<=\s)印(?=\s)")
_WORDS = re.compile(r"押印|捺印|押捺|実印|認印|記名押印|印を押|印をお(?:し|す|せ)")
_FREE = re.compile(
    r"(?:押印|捺印|記名押印|認印|印鑑?)[はがもを]?(?:不要|要しない|要しません|必要ありません|必要ない|必要としない|省略|廃止|なし|無し)"
)
_ENCLOSED = re.compile(r"\\ac\s*\([^)]*印", re.IGNORECASE)
_GAIJI = re.compile("[\ue000-\uf8ff\ufffd\U000f0000-\U0010ffff]")


def seal_mark(unit: str) -> str:
    """The mark found in one paragraph, cell or line: ㊞, (印), 印 or 押印; "" = none."""
    if SEAL in unit or _WRITTEN_OUT.search(unit) or SEAL in html.unescape(unit):
        return SEAL
    if _ENCLOSED.search(unit):
        return SEAL
    plain = unicodedata.normalize("NFKC", unit)
    if _BRACKETS.search(re.sub(r"\s", "", plain)):
        return "(印)"
    if _LONE.fullmatch(re.sub(r"\s", "", plain)) or _AT_END.search(plain) or _BETWEEN.search(plain):
        return "印"
    words = _FREE.sub("", re.sub(r"\s", "", plain))
    return "押印" if _WORDS.search(words) else ""


def marks_in(units: Iterable[str]) -> list[str]:
    """All marks of a form in the order found."""
    return [mark for unit in units if (mark := seal_mark(unit))]


def unseen_glyphs(units: Iterable[str]) -> bool:
    """True when a character may be a town's own drawn one (外字), behind which a seal mark may hide."""
    return any(_GAIJI.search(unit) for unit in units)
