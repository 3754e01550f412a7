r"""The way back from a collector script's output to answers.

An answer stands between two lines of its own, which carry a nonce made for this run::

    \n<nonce> ask <id>\n<the answer's bytes, unchanged>\n<nonce> got <id> <exit status>[ <note>]\n

and the output ends with ``\n<nonce> end:true\n``. Whatever stands outside of frames (a message of the day, a
login banner) is ignored.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from auditor.answers import MAX_ANSWER_BYTES, Answer, Status
from auditor.errors import Unreached
from auditor.findings import Reason
from auditor.script_sh import TIMED_OUT

_STATUS = {
    0: Status.OK,
    10: Status.ABSENT,
    11: Status.DENIED,
    12: Status.TIMEOUT,
    TIMED_OUT: Status.TIMEOUT,
}
_UNKNOWN_SHOWN = 5
_LINE = re.compile(
    rb"\n[0-9a-f]{32} (?:(end:true)|ask ([a-z0-9._-]{1,100})"
    rb"|got ([a-z0-9._-]{1,100}) ([0-9]{1,3})((?: [!-~]{1,200})?))\n"
)
"""A frame line; which nonce it carries is compared before: compiling it in would cost more than reading."""


def split(output: bytes, nonce: str, ids: Sequence[str]) -> tuple[Answer, ...]:
    """The answers to `ids`, in their order, out of what a script printed.

    What was not answered whole is an answer with status error and the reason NO_ANSWER. Answers nobody
    asked for are left out and named in the notes.

    Raises:
        Unreached: SHELL_UNUSABLE, when no frame came at all, or frames repeat or contradict each other.
    """
    marks, ended = _marks(output[:MAX_ANSWER_BYTES], nonce)
    if not marks and not ended:
        raise Unreached(Reason.SHELL_UNUSABLE, f"no framed answer in {len(output)} bytes of output")
    found = _frames(output, marks)
    remarks = [] if ended else ["the output is incomplete"]
    if extra := [id_ for id_ in found if id_ not in set(ids)]:
        remarks.append("answers nobody asked for: " + ", ".join(extra[:_UNKNOWN_SHOWN]))
    return tuple(_remarked(found.get(id_) or _missing(id_), remarks) for id_ in ids)


def every(output: bytes, nonce: str) -> tuple[Answer, ...]:
    """All answers in what a script printed, in their order: for a bundle, whose questions are not ours.

    Raises:
        Unreached: SHELL_UNUSABLE, when no frame came at all, or frames repeat or contradict each other.
    """
    marks, ended = _marks(output[:MAX_ANSWER_BYTES], nonce)
    if not marks:
        raise Unreached(Reason.SHELL_UNUSABLE, f"no framed answer in {len(output)} bytes of output")
    remarks = [] if ended else ["the output is incomplete"]
    return tuple(_remarked(answer, remarks) for answer in _frames(output, marks).values())


@dataclass(frozen=True, slots=True)
class _Mark:
    """A frame line: `start` and `end` are its place in the output, `status` None = opens an answer."""

    start: int
    end: int
    id: str
    status: int | None
    note: str


def _marks(output: bytes, nonce: str) -> tuple[list[_Mark], bool]:
    """Every frame line before the end mark, and whether that end mark came."""
    begins = b"\n" + nonce.encode("ascii") + b" "
    marks: list[_Mark] = []
    place = 0
    while (place := output.find(begins, place)) >= 0:
        hit = _LINE.match(output, place)
        if hit is None:
            place += 1
            continue
        place = hit.end()
        if hit[1]:
            return marks, True
        status = None if hit[2] else int(hit[4])
        id_ = (hit[2] or hit[3]).decode("ascii")
        marks.append(_Mark(hit.start(), hit.end(), id_, status, (hit[5] or b"").decode("ascii").strip()))
    return marks, False


def _pairs(marks: Sequence[_Mark]) -> Iterator[tuple[_Mark, _Mark]]:
    """Opening and closing lines, which must alternate; a last answer without an end is left out."""
    opened: _Mark | None = None
    for mark in marks:
        if (mark.status is None) != (opened is None) or (opened and opened.id != mark.id):
            raise Unreached(Reason.SHELL_UNUSABLE, f"frames contradict each other at {mark.id}")
        if opened is None:
            opened = mark
        else:
            yield opened, mark
            opened = None


def _frames(output: bytes, marks: Sequence[_Mark]) -> dict[str, Answer]:
    found: dict[str, Answer] = {}
    for opened, closed in _pairs(marks):
        if opened.id in found:
            raise Unreached(Reason.SHELL_UNUSABLE, f"{opened.id} was answered twice")
        status = _STATUS.get(closed.status or 0, Status.ERROR)
        note = closed.note or (f"exit status {closed.status}" if status is Status.ERROR else "")
        body = output[opened.end : closed.start] if status is Status.OK else b""
        found[opened.id] = Answer(opened.id, status, body, note)
    return found


def _missing(id_: str) -> Answer:
    return Answer(id_, Status.ERROR, note="not answered", reason=Reason.NO_ANSWER)


def _remarked(answer: Answer, remarks: Sequence[str]) -> Answer:
    if not remarks:
        return answer
    notes = [answer.note, *remarks] if answer.note else [*remarks]
    return replace(answer, note="; ".join(notes))
