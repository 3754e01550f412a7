"""An approval route as every source tells it: a file in BPMN, a workflow server, an app's process settings.

A source's probe makes `Routes` and returns `kept(routes)`; its fact returns `told(answer)`; the checks of
`checks.paperless.routes` then judge it like any other. What a source cannot show it names in `gaps`, and
whatever hangs on that is unknown: an empty value must never mean "not shown".
"""

from typing import Literal

import msgspec

from auditor.api import Answer, Garbled

Gap = Literal["steps", "assignees", "members", "limits", "flows"]
"""What a source cannot show: some steps, who may take a step, who is in a group, time limits, the flows."""


class Step(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False
):
    """A step, event or gateway. `kind` in the words of BPMN; a state a person acts in is a ``userTask``.

    `name` and `note` (its documentation) are searched for words of paper. `begins`/`ends` = the route may
    begin/end here. `decides` = the source itself says whether a person decides here, None = it does not, and
    the name tells. `users` and `groups` are those who may take it, by the source's own ids; `assignee` = the
    one person it is given to: none, literal (then also in `users`) or computed. `computed` = who may take it
    is (also) worked out when the route runs. `sign_offs` = how many people it waits for, None = not known.
    `limited` = no, yes, or computed (a limit exists, its length is worked out when the route runs);
    `limit_days` = its length in days where that is written. `passive` = a date is all there is: nothing
    happens, and nobody is reminded, when it passes. `parent` = id of the subprocess around it, `event_sub`
    = is one that an event starts, `attached` = id of the step a boundary event sits on,
    `compensation` = runs only to undo.
    """

    id: str
    kind: str
    name: str = ""
    note: str = ""
    begins: bool = False
    ends: bool = False
    decides: bool | None = None
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    assignee: Literal["none", "literal", "computed"] = "none"
    computed: bool = False
    sign_offs: int | None = 1
    limited: Literal["no", "yes", "computed"] = "no"
    limit_days: float | None = None
    passive: bool = False
    parent: str = ""
    event_sub: bool = False
    attached: str = ""
    compensation: bool = False


class Route(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One route. `signs` = why it is taken for one that a machine runs, () = a mere drawing.

    `flows` are pairs of step ids, "" = an end that is lacking. `twice` = ids given more than once, with how
    often. `one_at_a_time` = it is in one step at a time (a state machine), so nothing in it runs in
    parallel, several ways out are a choice, and it ends nowhere but at a step that `ends`. `remarks` = texts
    beside the steps: notes, documents, lanes.
    """

    id: str
    name: str = ""
    file: str = ""
    signs: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    flows: tuple[tuple[str, str], ...] = ()
    twice: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    one_at_a_time: bool = False

    @property
    def title(self) -> str:
        """What it is called: its name, else its id, else its file."""
        return self.name or self.id or self.file

    @property
    def runs(self) -> bool:
        """Whether a machine runs it; if not, it is only a drawing."""
        return bool(self.signs)


class Routes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """All routes of one source. `unread` = files or parts that could not be read, each with why.

    `members` = user ids by group, as far as the source shows them. `gaps` = what it cannot show at all.
    """

    routes: tuple[Route, ...]
    unread: tuple[str, ...] = ()
    members: dict[str, tuple[str, ...]] = {}
    gaps: tuple[Gap, ...] = ()


def kept(routes: Routes) -> bytes:
    """The answer of a probe."""
    return msgspec.json.encode(routes)


def told(answer: Answer) -> Routes:
    """What a probe kept.

    Raises:
        Garbled: not the routes of this version of the program.
    """
    try:
        return msgspec.json.decode(answer.body, type=Routes)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Garbled(f"{answer.id}: not the routes of this version: {error}"[:200]) from None
