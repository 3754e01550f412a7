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
_WORDS = re.compile(
    r"押印|捺印|押捺|実印|認印|代表者?印|法人印|会社印|社印|届出印|お届け?印|銀行印|印を押|印をお(?:し|す|せ)"
    r"|(?:氏名|代表者名?|(?:申請|届出|申込|委任|保護|請求)者|本人|署名)印(?![鑑刷紙影])"
)
_HARMLESS = re.compile(
    r"印鑑(?:登録|証明)|印刷|印紙|消印|受付印|受領印|収受印|印字|矢印|目印|印象|電子印|調印"
)
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


def unsure(unit: str) -> bool:
    """True when a unit without a mark holds 印 in a word that may be one, or not."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", unit))
    return not seal_mark(unit) and "印" in _HARMLESS.sub("", _FREE.sub("", plain))


def marks_in(units: Iterable[str]) -> list[str]:
    """All marks of a form in the order found."""
    return [mark for unit in units if (mark := seal_mark(unit))]


def unseen(units: Iterable[str]) -> str:
    """Why a mark may hide in these units, "" = it may not: 印 in an unknown word, or drawn characters."""
    for unit in units:
        if _GAIJI.search(unit):
            return "characters of its own"
        if unsure(unit):
            return "印 in a word that nobody knows"
    return ""
