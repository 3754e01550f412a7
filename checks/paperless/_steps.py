"""What a step's name tells: paper, seal, presence; approval."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from checks.paperless._bpmn import ACTIVITIES
from checks.paperless._route import Route, Step

Pattern = re.Pattern[str]
_LEADING = re.compile(r"^(?:(?:\(\?:[^()]*\)|\[(?:\\.|[^\]])*\])\??)+")
_LOOK_ROUND = re.compile(r"\(\?<?!\[[^\]]*\]\)")
DECIDED = ("task", "userTask", "manualTask", "callActivity")
"""Kinds of steps a person may decide in; a called route may hide one."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """`words` tell the kind; `unless` is taken out of the text before they are looked for. None = nothing.

    `stems` = what every word holds, wherever it stands: where they find nothing, `words` cannot.
    """

    words: Pattern
    unless: Pattern | None
    stems: Pattern


@dataclass(frozen=True, slots=True)
class _Terms:
    never: Pattern | None
    kinds: Mapping[str, _Kind]
    stems: Pattern
    weak: _Kind
    approval: _Kind


@cache
def _terms() -> _Terms:
    table = tomllib.loads(files("checks.paperless").joinpath("words.toml").read_text("utf-8"))
    kinds = {name: _kind(row["words"], row["unless"]) for name, row in table["kind"].items()}
    stems = _stems([word for row in table["kind"].values() for word in row["words"]])
    weak = _kind(table["weak"]["words"], table["weak"]["unless"])
    row = table["approval"]
    post, act = (f"(?:{'|'.join(row[key])})" for key in ("posts", "acts"))
    by_post = [rf"{post}(?:の|が|による|にて|へ)?{act}", rf"{act}[(\[]{post}", rf"^{post}$"]
    approval = _kind([*row["words"], *by_post], row["unless"], [*row["words"], *row["posts"]])
    return _Terms(_phrases(table["never"]), kinds, stems, weak, approval)


def _kind(words: Sequence[str], unless: Sequence[str], within: Sequence[str] = ()) -> _Kind:
    """`within` = parts of words, one of which is in each of the words; () = the words themselves."""
    return _Kind(_any(words), _phrases(unless), _stems(within or words))


def _stems(words: Iterable[str]) -> Pattern:
    """The words as wide and as quick to find as can be: each begins with a plain character."""
    bare = (_LOOK_ROUND.sub("", word).removeprefix("^").removesuffix("$") for word in words)
    return re.compile("|".join(_LEADING.sub("", word) for word in bare))


def _any(words: Iterable[str]) -> Pattern:
    """Any of the words; a Latin one only as the beginning of a word."""
    return re.compile(
        "|".join(
            f"(?:(?<![a-z]){word})" if word[0].isascii() and word[0].isalpha() else word for word in words
        )
    )


def _phrases(words: Sequence[str]) -> Pattern | None:
    return _any(words) if words else None


def plain(text: str) -> str:
    """NFKC, lower case, no white space between Japanese characters, single blanks elsewhere; ㊞ as 押印."""
    words = unicodedata.normalize("NFKC", text.replace("㊞", "押印")).lower().split()
    joined = ""
    for word in words:
        blank = " " if joined and joined[-1].isascii() and word[0].isascii() else ""
        joined += blank + word
    return joined


def paper_kinds(text: str, allowed: Iterable[str] = ()) -> tuple[str, ...]:
    """Which kinds of paper or presence a step's name or documentation demands, () = none."""
    whole = plain(text)
    if not _terms().stems.search(whole):
        return ()
    rest = _without_allowed(whole, allowed)
    return tuple(name for name, kind in _terms().kinds.items() if _tells(kind, rest))


def may_be_paper(step: Step, allowed: Iterable[str] = ()) -> bool:
    """True for a step worth a look that proves nothing: scanning, a round of opinions, work by hand."""
    if step.kind == "manualTask":
        return True
    weak = _terms().weak
    texts = [plain(text) for text in (step.name, step.note) if text]
    return any(weak.stems.search(text) and _tells(weak, _without_allowed(text, allowed)) for text in texts)


def _without_allowed(rest: str, allowed: Iterable[str]) -> str:
    """What is left of a text to be searched."""
    for phrase in filter(None, map(plain, allowed)):
        rest = rest.replace(phrase, "\n")
    return _without(_terms().never, rest)


def _tells(kind: _Kind, text: str) -> bool:
    return bool(kind.stems.search(text) and kind.words.search(_without(kind.unless, text)))


def _without(phrases: Pattern | None, text: str) -> str:
    """The text with a break for each phrase, so that what stood around it does not grow together."""
    return phrases.sub("\n", text) if phrases else text


def is_approval(step: Step) -> bool:
    """True for a step at which a person decides."""
    if step.decides is not None:
        return step.decides
    return step.kind in DECIDED and _approves(step.name)


@lru_cache(maxsize=4096)
def _approves(name: str) -> bool:
    return _tells(_terms().approval, plain(name))


def is_activity(step: Step) -> bool:
    """True for a step at which something is done (not an event or a gateway)."""
    return step.kind in ACTIVITIES


def nameless_steps(route: Route) -> tuple[str, ...]:
    """Ids of the steps without a name; a frame around other steps needs none."""
    frames = {step.parent for step in route.steps} - {""}
    return tuple(
        step.id or "?"
        for step in route.steps
        if is_activity(step) and not step.name.strip() and step.id not in frames
    )
