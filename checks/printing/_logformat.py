"""A CUPS page log's lines, read by the format that ``cupsd.conf`` gives (cupsd.conf(5), PageLogFormat).

A line is read only as far as the last thing that is needed. What follows (titles, options) is free text that
may hold anything, and none of it is kept.
"""

import re
from dataclasses import dataclass

from auditor.api import NotKnown, Reason

MAX_LINE = 2000
_DIRECTIVE = re.compile(r"(?im)^[ \t]*PageLogFormat(?:[ \t]+(?P<format>\S.*?))?[ \t]*$")
_TOKEN = re.compile(r"%(?:\{(?P<name>[^}]*)\}|(?P<letter>.))")
_IMPRESSIONS = "job-impressions-completed"
_PARTS = {
    "p": r"(?P<queue>[^\s]+)",
    "u": r".+?",
    "j": r"(?P<job>\d{1,10})",
    "T": r"\[[^\]\[]{1,60}\]",
    "P": r"(?P<page>total|\d{1,9})",
    "C": r"(?P<count>\d{1,9})",
    "%": "%",
    _IMPRESSIONS: r"(?P<sides>\d{1,9})",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `whole` = it tells of the whole job, not of one of its pages; `sides` printed."""

    job: int
    queue: str
    sides: int
    whole: bool


def format_of(conf: str) -> str:
    """The page log's format; "" = the server keeps no page log (as where nothing is written)."""
    formats = [found["format"] or "" for found in _DIRECTIVE.finditer(conf)]
    return formats[-1] if formats else ""


def pattern_of(format_: str) -> re.Pattern[str]:
    """What the beginning of every line of this format looks like.

    Raises:
        NotKnown: it tells no job number or no count, or free text stands before them, which a job's title
            could fill with a job number and a count of its own.
    """
    tokens = list(_TOKEN.finditer(format_))
    names = [token["name"] or token["letter"] for token in tokens]
    sides = _IMPRESSIONS in names
    needed = {"p", "j", _IMPRESSIONS} if sides else {"p", "j", "P", "C"}
    if not needed <= set(names) or len(names) != len(set(names)):
        raise NotKnown(
            Reason.NOT_MEASURABLE, "PageLogFormat lacks queue, job number or count, or has one twice"
        )
    last = max(names.index(name) for name in needed)
    parts: list[str] = []
    at = 0
    for token, name in zip(tokens[: last + 1], names, strict=False):
        if name not in _PARTS:
            raise NotKnown(Reason.NOT_MEASURABLE, f"PageLogFormat has %{{{name[:60]}}} before the count")
        parts += [re.escape(format_[at : token.start()]), _PARTS[name]]
        at = token.end()
    return re.compile("".join(parts) + r"(?:\s.*)?")


def line_of(text: str, pattern: re.Pattern[str]) -> Line | None:
    """What a line tells, None = it is not of this format."""
    found = pattern.fullmatch(text) if len(text) <= MAX_LINE else None
    if found is None:
        return None
    parts = found.groupdict()
    sides = parts.get("sides")
    page = parts.get("page")
    whole = page == "total" or (page is None and sides is not None)
    return Line(int(parts["job"]), parts["queue"], int(sides or parts["count"]), whole)
