"""Relays of thin telework systems (自治体テレワークシステム for LGWAN): the town's policy file.

Both PCs go out to a relay whose names the operator gives; whether it is reached is RA-02's matter. What the
PCs at the office demand of people stands in a policy file of lines "KEY value" (IPA-DN-Ultra's source, DS.c
DsParsePolicyFile, ReadIni): keys in any case, a comment begins with "#", ";" or "//", a number other than 0
is "on", the first of two lines counts. In the LGWAN edition a DISABLE_ key switches off what is on otherwise;
in the ordinary edition things are off unless an ENFORCE_ key switches them on.
"""

import re
from dataclasses import dataclass

from auditor.api import (
    Answer,
    Documents,
    Folder,
    Garbled,
    Judgement,
    NotKnown,
    Params,
    Reason,
    Unreached,
    check,
    decoded,
    fact,
    failed,
    passed,
    probe,
    unknown,
)
from checks.remote._read import compact, listed, members, whole, word

SUFFIXES = (".ini", ".txt", ".conf", ".cfg", ".policy")
COMMENTS = ("#", ";", "//")
WORDS = frozenset(
    {
        *("REQUIRE_MINIMUM_CLIENT_BUILD", "AUTH_LOCKOUT_COUNT", "AUTH_LOCKOUT_TIMEOUT", "IDLE_TIMEOUT"),
        *("ENABLE_OCSP", "DENY_CLIENTS_APP", "DENY_CLIENTS_HTML5", "NO_LOCAL_MAC_ADDRESS_LIST"),
        *("SERVER_ALLOWED_MAC_LIST_URL", "CLIENT_ALLOWED_MAC_LIST_URL", "SYSLOG_HOSTNAME", "SYSLOG_PORT"),
        *("WATERMARK_MESSAGE", "SERVER_MESSAGE"),
    }
)
"""Other keys by which a file is known as a policy: one without any may be anything."""
KEY = re.compile(r"(ENFORCE|DISABLE)_[A-Z0-9_]{1,60}")
NAMED = re.compile(r"(?:ENFORCE|DISABLE)_\w*")
VALUE = re.compile(r"0[xX][0-9a-fA-F]{1,8}|[0-9]{1,10}")
LINE_END = re.compile(r"\r\n|\n|\r")
MOST_LINES = 10_000
MOST_ROWS = 500
MOST_FILES = 50
MOST_LINE_NUMBER = 10_000


@dataclass(frozen=True, slots=True)
class Setting:
    """One ENFORCE_ or DISABLE_ line: its place, its key in capitals, whether it is on (None = unclear)."""

    file: str
    line: int
    key: str
    on: bool | None


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings of every policy file of a folder, in order; `unread` = files that could not be read."""

    files: tuple[str, ...]
    settings: tuple[Setting, ...]
    unread: tuple[str, ...]

    def of(self, key: str) -> tuple[Setting, ...]:
        """What counts for `key` in each file that has it: the first line."""
        first: dict[str, Setting] = {}
        for each in self.settings:
            if each.key == key:
                first.setdefault(each.file, each)
        return tuple(first.values())


@probe("relay.policy", kind="telework-policy")
def read_policy(documents: Documents, folder: Folder) -> bytes:
    """The ENFORCE_ and DISABLE_ lines of every policy file; nothing else of them (addresses, names) is kept.

    Raises:
        NotKnown: NOT_COLLECTED, there is no file; NOT_MEASURABLE, there are too many.
    """
    del documents
    names = folder.names(*SUFFIXES)
    if not names:
        raise NotKnown(Reason.NOT_COLLECTED, f"the folder holds no file ({', '.join(SUFFIXES)})")
    if len(names) > MOST_FILES:
        raise NotKnown(Reason.NOT_MEASURABLE, f"more than {MOST_FILES} files")
    rows: list[list[object]] = []
    unread: list[str] = []
    files: list[str] = []
    for name in names:
        try:
            found = settings_in(folder.read(name))
        except (Garbled, Unreached) as error:
            unread.append(f"{name}: {error.note}"[:200])
        else:
            if found is not None:
                files.append(name)
                rows += [[name, *row] for row in found]
    if not files and not unread:
        raise NotKnown(Reason.NOT_COLLECTED, "no file with the keys of a policy")
    if len(rows) > MOST_ROWS:
        raise NotKnown(Reason.NOT_MEASURABLE, f"more than {MOST_ROWS} settings")
    return compact({"files": files, "rows": rows, "unread": unread})


def settings_in(content: bytes) -> list[tuple[int, str, bool | None]] | None:
    """Line number, key and state of each ENFORCE_ or DISABLE_ line; a state that is unclear is None.

    None instead of the list = the file has no key of a policy at all.

    Raises:
        Garbled: no text.
    """
    text, _ = decoded(content)
    if text is None or "\0" in text:
        raise Garbled("not a text file")
    lines = LINE_END.split(text)
    if len(lines) > MOST_LINES:
        raise Garbled(f"more than {MOST_LINES} lines")
    found: list[tuple[int, str, bool | None]] = []
    known = False
    for number, line in enumerate(lines, 1):
        written = line.strip()
        if written.startswith(COMMENTS):
            continue
        key, _, value = written.replace("\t", " ").partition(" ")
        known = known or key.upper() in WORDS
        if KEY.fullmatch(key.upper()):
            found.append((number, key.upper(), _state(value.strip())))
        elif strange := NAMED.search(written.upper()):
            found.append((number, strange[0][:60], None))
    return found if found or known else None


def _state(value: str) -> bool | None:
    """A number other than 0 is on; anything but a number alone is not clear enough to judge."""
    if not VALUE.fullmatch(value):
        return None
    return int(value, 16 if value[:2].lower() == "0x" else 10) != 0


@fact("relay.policy", probe=read_policy)
def policy(answer: Answer) -> Policy:
    """The settings as they were written down."""
    value = members(answer.json(), answer.id, "files", "rows", "unread")
    files = tuple(word(each, "file") for each in listed(value["files"], "files", MOST_FILES))
    return Policy(
        files=files,
        settings=tuple(_setting(row, files) for row in listed(value["rows"], "rows", MOST_ROWS)),
        unread=tuple(word(each, "unread") for each in listed(value["unread"], "unread", MOST_FILES)),
    )


def _setting(row: object, files: tuple[str, ...]) -> Setting:
    cells = listed(row, "row", 4)
    if len(cells) != 4 or cells[0] not in files or not (cells[3] is None or isinstance(cells[3], bool)):  # noqa: PLR2004
        raise Garbled("row: not a file, a line, a key and a state")
    return Setting(cells[0], whole(cells[1], "line", MOST_LINE_NUMBER), word(cells[2], "key"), cells[3])


def _places(settings: list[Setting]) -> tuple[str, ...]:
    return tuple(f"{each.file}:{each.line} {each.key}" for each in settings)


@check("RA-12")
def nothing_weakened(policy: Policy, params: Params) -> Judgement:
    """No file switches off one of the forbidden controls; a line that is not clear, or a file, is unknown."""
    found = [each for key in params.texts("forbid") for each in policy.of(key)]
    if on := [each for each in found if each.on]:
        return failed("weakened", places=_places(on), count=len(on))
    if gap := _gap(policy, found):
        return gap
    return passed("ok", count=len(policy.files))


@check("RA-13")
def inspected_at_every_connection(policy: Policy) -> Judgement:
    """Every file demands the inspection by name, which holds in each edition; else the edition decides."""
    off, demanded = policy.of("DISABLE_INSPECTION"), policy.of("ENFORCE_INSPECTION")
    if on := [each for each in off if each.on]:
        return failed("off", places=_places(on), count=len(on))
    if gap := _gap(policy, [*off, *demanded]):
        return gap
    if silent := sorted(set(policy.files) - {each.file for each in demanded if each.on}):
        note = f"no ENFORCE_INSPECTION in {', '.join(silent)}: the edition decides (LGWAN on, ordinary off)"
        return unknown(Reason.NOT_DECLARED, note[:300])
    return passed("ok", count=len(policy.files))


def _gap(policy: Policy, asked: list[Setting]) -> Judgement | None:
    """Why "not switched off" is not proven, None = it is."""
    if policy.unread:
        return unknown(Reason.UNREADABLE, policy.unread[0], places=policy.unread)
    if unclear := [each for each in asked if each.on is None]:
        return unknown(Reason.UNREADABLE, "lines that are not KEY and number", places=_places(unclear))
    return None
