"""How a check module declares what it knows: facts, probes and checks, as frozen values bound to names.

A decorator returns a value; nothing is registered. `auditor.discover` looks through a module's names.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import UnionType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

from auditor.answers import Answer
from auditor.attested import Attestations, Attested
from auditor.control import Params
from auditor.exceptions import Exceptions
from auditor.findings import Judgement, Unknown
from auditor.seams import Dial, Folder, Http, Names
from auditor.sightings import Sightings
from auditor.targets import Endpoint, Gateway, Person, Section, Town
from auditor.views import Views
from auditor.work import Documents, PrintServer, System
from auditor.zones import Flow

MACHINE, USER = "machine", "user"
"""Who has to run a fragment: any account of the machine (SYSTEM, root …), or the person who is logged on."""

CONSOLE = "console"
"""Stands where a script would: the answer comes from an imported file (an admin console's export)."""

EVERY, OUTSIDE = "every", "outside"
"""Which vantages a probe runs from: all of the gateway's, or those outside the town that must reach it."""

MOST_CONTACTS = 64
"""So many contacts a probe may make at one port, unless it says otherwise."""

SYSTEMS = ("windows", "linux", "macos", "chromeos", "ipados")
TARGETS = (Section, Person, Endpoint, Gateway, Flow, PrintServer, System, Documents, Town)
SEAMS = (Dial, Folder, Http, Names)
GIVEN = (Params, date, Exceptions, Sightings, Views, Attested, *TARGETS)
NOT_FACTS = (*GIVEN, Unknown, Judgement, Answer, object, type(None))
"""Types a check is given something else for, so that no parser may claim them."""

BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Probe:
    """A collector for targets of `kind`; `seam` is the type of the one way out it asked for.

    `vantages` = from which of a gateway's declared vantages it runs as well: `EVERY`, `OUTSIDE` or "". `most`
    = so many contacts it may make at one port; the way out refuses more. `patience` = how many times the
    usual time it may take: many questions one after another, over a slow line, take long.
    """

    id: str
    kind: str
    seam: type
    collect: Callable[[Any, Any], bytes]
    vantages: str = ""
    most: int = MOST_CONTACTS
    patience: int = 1


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """A typed value and the parser that finds it in an answer.

    `scripts` maps a system to the lines that print the answer (or `CONSOLE`); a fact of a probe has none
    and names its `probe`. With `absent_ok` the parser also sees answers whose status is absent.
    `explains` names controls for which it is collected too, only to explain their findings to IT staff.
    `context` = who has to run the script, `MACHINE` or `USER`; one id belongs to one context.
    """

    id: str
    type: type[T]
    parse: Callable[[Answer], T]
    scripts: Mapping[str, str]
    probe: Probe | None
    absent_ok: bool
    explains: tuple[str, ...] = ()
    context: str = MACHINE

    def __call__(self, answer: Answer) -> T:
        """Parse an answer (so that tests and other parsers may simply call it)."""
        return self.parse(answer)


@dataclass(frozen=True, slots=True)
class Need:
    """One parameter of a check. `tolerant` = the check also wants to see the `Unknown`."""

    name: str
    type: type
    tolerant: bool


@dataclass(frozen=True, slots=True)
class Check:
    """A pure function that judges one control; `needs` are its parameters in order."""

    control: str
    judge: Callable[..., Judgement]
    needs: tuple[Need, ...]

    @property
    def facts(self) -> tuple[Need, ...]:
        """The needs that are facts, not parameters, dates or declarations."""
        return tuple(need for need in self.needs if need.type not in GIVEN)

    def __call__(self, *args: Any, **kwargs: Any) -> Judgement:
        """Judge (so that tests may simply call it)."""
        return self.judge(*args, **kwargs)


def fact(
    id_: str,
    /,
    *,
    probe: Probe | None = None,
    absent_ok: bool = False,
    explains: tuple[str, ...] = (),
    context: str = MACHINE,
    **scripts: str,
) -> Callable[[Callable[[Answer], T]], Fact[T]]:
    """Declare the parser below as fact `id_`; its return type is what checks ask for.

    Give ``linux="…"``, ``macos="…"`` (POSIX sh that prints the answer; exit status 10 = absent, 11 =
    denied, 12 = timeout, other non-zero = error), ``windows="…"`` (PowerShell 5.1 whose last value is
    sent as JSON), ``chromeos=CONSOLE``; or ``probe=`` the probe whose answer holds it. A script may hold
    ``@REACH@`` on a line of its own: it is replaced by the declared entrances, ``id host port`` a line;
    and the line ``# slow``: on Linux and macOS it may then take 15 s instead of 4.

    Raises:
        TypeError: neither or both of scripts and probe, an unknown system or context, or no return type.
    """

    def bind(parse: Callable[[Answer], T]) -> Fact[T]:
        if (probe is None) == (not scripts):
            raise TypeError(f"fact {id_}: give either scripts or a probe")
        if wrong := set(scripts) - set(SYSTEMS):
            raise TypeError(f"fact {id_}: unknown system {sorted(wrong)}")
        if context not in (MACHINE, USER):
            raise TypeError(f"fact {id_}: context {context!r} is neither {MACHINE} nor {USER}")
        returned = get_type_hints(parse).get("return")
        if not isinstance(returned, type) or returned in NOT_FACTS:
            raise TypeError(f"fact {id_}: the parser's return type must be a class of the module's own")
        return Fact(id_, returned, parse, dict(scripts), probe, absent_ok, explains, context)

    return bind


def probe(
    id_: str, /, *, kind: str, vantages: str = "", most: int = MOST_CONTACTS, patience: int = 1
) -> Callable[[Callable[..., bytes]], Probe]:
    """Declare the function below as the collector `id_` for targets of `kind`.

    It takes ``(target, dial: Dial)``, or as its second ``http: Http``, ``folder: Folder`` or
    ``names: Names``, and returns the raw answer; it lets `Unreached` and `NotKnown` through, which the engine
    records. `vantages`, `most` and `patience` as in `Probe`.

    Raises:
        TypeError: its second parameter is none of the seams, or `vantages` is none of its words.
    """

    def bind(collect: Callable[..., bytes]) -> Probe:
        hints = {name: hint for name, hint in get_type_hints(collect).items() if name != "return"}
        seams = [hint for hint in hints.values() if hint in SEAMS]
        if len(hints) != 2 or len(seams) != 1:  # noqa: PLR2004 - a target and one way out
            raise TypeError(f"probe {id_}: takes a target and one of Dial, Http, Folder, Names")
        if vantages not in ("", EVERY, OUTSIDE):
            raise TypeError(f"probe {id_}: vantages {vantages!r} is neither {EVERY} nor {OUTSIDE}")
        return Probe(id_, kind, seams[0], collect, vantages, most, patience)

    return bind


def check(control: str, /) -> Callable[[Callable[..., Judgement]], Check]:
    """Declare the function below as the judge of `control`; its parameter types are what it gets.

    Fact types, `Params`, `date` (today), `Town`, `Exceptions`, `Sightings`, `Attested` (the answer to this
    control's question), or the target's class. A fact that is not known makes the verdict `unknown` without
    a call, unless the parameter is ``SomeFact | Unknown``.

    Raises:
        TypeError: a parameter without a usable type.
    """

    def bind(judge: Callable[..., Judgement]) -> Check:
        hints = get_type_hints(judge)
        hints.pop("return", None)
        for name, parameter in inspect.signature(judge).parameters.items():
            if name not in hints or parameter.kind not in BY_NAME:
                raise TypeError(f"check {control}: parameter {name} needs a type and a plain name")
        return Check(control, judge, tuple(_need(control, name, hint) for name, hint in hints.items()))

    return bind


def _need(control: str, name: str, hint: Any) -> Need:
    members = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    types = [member for member in members if member is not Unknown]
    if len(types) != 1 or not isinstance(types[0], type):
        raise TypeError(f"check {control}: parameter {name} must name one class")
    kind = Attestations if types[0] is Attested else types[0]  # learnt of a target, given by control
    return Need(name, kind, tolerant=Unknown in members)
