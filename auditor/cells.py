"""What may stand in one cell of a ledger, and the value it means. None = not understood."""

import ipaddress
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from auditor.findings import Scalar
from auditor.ledger import Row, Sheet, folded
from auditor.problems import Told

MAX_NAME = 100
MAX_PORT = 65_535
_SELECTOR = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_EXPONENT = re.compile(r"\d(\.\d+)?E\+\d+")
_HOST = re.compile(
    r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
_ACCOUNT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@\\-]{0,63}")
_SERIAL = re.compile(r"[!-~]([ -~]{0,78}[!-~])?")
_DAY = re.compile(
    r"(?:(?P<era>令和|平成|昭和|[RHS])\s*(?P<of>\d{1,2}|元)|(?P<year>\d{4}))"
    r"\s*[年./-]\s*(?P<month>\d{1,2})\s*[月./-]\s*(?P<day>\d{1,2})(?:\s*日)?(?:\s+0{1,2}:00(?::00)?)?"
)
_ERAS = {
    "R": (date(2019, 5, 1), date.max),
    "H": (date(1989, 1, 8), date(2019, 4, 30)),
    "S": (date(1926, 12, 25), date(1989, 1, 7)),
}
_ERA_LETTERS = {"令和": "R", "平成": "H", "昭和": "S"}
_YES = frozenset("○〇◯●◎1") | {"yes", "y", "true", "はい", "有", "あり", "対象", "参加"}
_NO = frozenset("×✕✖xX0-ー−") | {"", "no", "n", "false", "いいえ", "無", "なし", "対象外", "不参加"}
_INVISIBLE = frozenset("\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def parse_day(text: str) -> date | None:
    """A day as 2026-04-01, 2026/4/1, 2026年4月1日, 令和8年4月1日 or R8.4.1; an era only within its years."""
    found = _DAY.fullmatch(unicodedata.normalize("NFKC", text).strip().upper())
    if found is None:
        return None
    first, last = date.min, date.max
    year = int(found["year"] or 0)
    if found["era"]:
        first, last = _ERAS[_ERA_LETTERS.get(found["era"], found["era"])]
        year = first.year - 1 + (1 if found["of"] == "元" else int(found["of"]))
    try:
        day = date(year, int(found["month"]), int(found["day"]))
    except ValueError:
        return None
    return day if first <= day <= last else None


def parse_flag(text: str) -> bool | None:
    """○ and the like = True; × and the like, and an empty cell = False."""
    plain = folded(text)
    if plain in _YES:
        return True
    return False if plain in _NO or text.strip() in _NO else None


def parse_host(text: str) -> str | None:
    """A host name or an IP address.

    An address with a zone (``fe80::1%eth0``) is none: Python lets any text stand there, line ends as well.
    """
    try:
        return str(ipaddress.ip_address(text)) if "%" not in text else None
    except ValueError:
        return text if len(text) <= 253 and _HOST.fullmatch(text) else None  # noqa: PLR2004 - RFC 1035 §2.3.4


def parse_domain(text: str) -> str | None:
    """A host name that is no IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return parse_host(text)
    return None


def is_selector(text: str) -> bool:
    """True for the name of a DKIM key: labels of letters, digits, hyphens and underscores (RFC 6376 §3.1)."""
    return len(text) <= 63 and _SELECTOR.fullmatch(text) is not None  # noqa: PLR2004 - one label's length


def is_id(text: str) -> bool:
    """True for an identifier that is safe in file names, addresses and evidence."""
    return _ID.fullmatch(text) is not None


def misspelt(id_: str, known: Collection[str]) -> bool:
    """True for what is no id at all, or one of `known` but for leading zeros (Excel takes them away)."""
    plain = id_.lstrip("0")
    return not is_id(id_) or any(one.lstrip("0") == plain for one in known)


def is_account(text: str) -> bool:
    """True for a log-in name that no shell or ssh option could misread."""
    return _ACCOUNT.fullmatch(text) is not None


def name_fault(text: str) -> str:
    """What is wrong with a name for people, as a wording key; "" = nothing. Markup is data and stays."""
    if len(text) > MAX_NAME:
        return "name_too_long"
    if any(unicodedata.category(char) == "Cc" or char in _INVISIBLE for char in text):
        return "name_control"
    if "\ufffd" in text:
        return "name_lost"
    return "" if text else "blank"


def has_gaiji(text: str) -> bool:
    """True when a name holds a private character (外字), which other machines cannot show."""
    return any(unicodedata.category(char) == "Co" for char in text)


@dataclass(frozen=True, slots=True)
class Cells:
    """One row's cells as values; what is not understood goes to `told` and a harmless value comes back."""

    sheet: Sheet
    row: Row
    told: Told

    def wrong(self, key: str, problem: str, **values: Scalar) -> None:
        """Tell a problem with this row's column `key`."""
        heading = self.sheet.headings.get(key, key)
        self.told.problem(self.sheet.path, self.row.line, heading, problem, **values)

    def remark(self, key: str, note: str, **values: Scalar) -> None:
        """Tell a note on this row's column `key`."""
        heading = self.sheet.headings.get(key, key)
        self.told.note(self.sheet.path, self.row.line, heading, note, **values)

    def raw(self, key: str) -> str:
        """The cell as it stands."""
        return self.row.cells.get(key, "")

    def plain(self, key: str) -> str:
        """The cell with full-width letters and digits made plain."""
        return unicodedata.normalize("NFKC", self.raw(key)).strip()

    def id(self, key: str) -> str:
        """An identifier; "" where it is missing or unusable."""
        text = self.plain(key)
        if is_id(text):
            return text
        if _EXPONENT.fullmatch(text):
            self.wrong(key, "id_exponent", seen=text)
        else:
            self.wrong(key, "bad_id" if text else "blank", seen=text[:MAX_NAME])
        return ""

    def name(self, key: str) -> str:
        """A name for people, kept as it is."""
        text = self.raw(key)
        if fault := name_fault(text):
            self.wrong(key, fault, limit=MAX_NAME)
        elif has_gaiji(text):
            self.remark(key, "name_gaiji")
        return text

    def serial(self, key: str) -> str:
        """A serial number; "" = not written down."""
        return self._fitting(key, _SERIAL, "bad_serial")

    def account(self, key: str) -> str:
        """A log-in name; "" = the one for all."""
        return self._fitting(key, _ACCOUNT, "bad_account")

    def _fitting(self, key: str, pattern: re.Pattern[str], problem: str) -> str:
        text = self.plain(key)
        if text and not pattern.fullmatch(text):
            self.wrong(key, problem, seen=text[:MAX_NAME])
            return ""
        return text

    def choice(self, key: str, meanings: Mapping[str, str], known: str) -> str:
        """The value that one of the spellings in `meanings` means; "" for an empty cell or an unknown one."""
        text = folded(self.raw(key))
        if text not in meanings and text:
            self.wrong(key, "bad_choice", seen=self.raw(key)[:MAX_NAME], known=known)
        return meanings.get(text, "")

    def flag(self, key: str) -> bool:
        """○ or ×."""
        value = parse_flag(self.raw(key))
        if value is None:
            self.wrong(key, "bad_flag", seen=self.raw(key)[:MAX_NAME])
        return bool(value)

    def day(self, key: str) -> date | None:
        """A day; None = empty."""
        text = self.raw(key)
        value = parse_day(text)
        if value is None and text:
            self.wrong(key, "bad_day", seen=text[:MAX_NAME])
        return value

    def port(self, key: str, otherwise: int) -> int:
        """A port, `otherwise` where the cell is empty."""
        text = self.plain(key)
        if not text:
            return otherwise
        if text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= MAX_PORT:  # noqa: PLR2004 - digits of 65535
            return int(text)
        self.wrong(key, "bad_port", seen=text[:MAX_NAME])
        return otherwise

    def host(self, key: str) -> str:
        """A host name or an IP address; "" = empty."""
        text = self.plain(key)
        host = parse_host(text)
        if text and host is None:
            self.wrong(key, "bad_host", seen=text[:MAX_NAME])
        return host or ""
