"""The terms and exemptions of rules.toml, as values ready for searching."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

SUBJECTS = ("seal", "paper")
"""What a special rule can be about; its subject is also the category of the hits it lifts."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a hit demands. `control` counts it, exemptions of `category` apply, `ja` and `en` name it."""

    id: str
    control: str
    category: str
    ja: str
    en: str


@dataclass(frozen=True, slots=True)
class Term:
    """A word to look for. `forms_only` = only in the lines of forms and tables, with their white space."""

    kind: Kind
    label: str
    find: re.Pattern[str]
    forms_only: bool = False


@dataclass(frozen=True, slots=True)
class Exemption:
    """What shows that a hit (「@」 in its sentence) demands nothing; `kind` = how it is counted then.

    `proviso`, `lead` = tried on the 「ただし」 sentence after the hit, or on the paragraph above an item.
    `title` = only in an ordinance whose title holds this word, "" = in all; `heading` = only below an
    article heading in which this is found, None = below any.
    """

    kind: str
    categories: tuple[str, ...]
    find: re.Pattern[str]
    proviso: bool = False
    lead: bool = False
    title: str = ""
    heading: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Special:
    """How a special rule (押印の特例, デジタル手続条例) is recognised, what it reaches and leaves out.

    `titles`, `grants` and `lifts` are by subject (seal, paper); `lifts` = the labels of hits it can lift.
    `residual` finds exclusions that name no kind of document (法令, その他町長が認めるもの).
    """

    titles: Mapping[str, re.Pattern[str]]
    grants: Mapping[str, re.Pattern[str]]
    lifts: Mapping[str, frozenset[str]]
    designated: re.Pattern[str]
    excludes: re.Pattern[str]
    residual: re.Pattern[str]
    kinds: tuple[str, ...]
    issuers: tuple[str, ...]
    left_out: Mapping[str, tuple[str, ...]]
    note: str


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything of rules.toml. `law` finds a law as the ground, `not_law` words that only look like one."""

    kinds: Mapping[str, Kind]
    terms: tuple[Term, ...]
    exemptions: tuple[Exemption, ...]
    special: Special
    law: re.Pattern[str]
    not_law: re.Pattern[str]
    law_note: str


@cache
def rules() -> Rules:
    """The rules as shipped; read once.

    Raises:
        KeyError: rules.toml lacks something (a test reads it).
        ValueError: a pattern does not compile, or an exemption is for a category that no kind has.
    """
    raw = tomllib.loads(files(__package__).joinpath("rules.toml").read_text(encoding="utf-8"))
    kinds = {row["id"]: Kind(**row) for row in raw["kind"]}
    exemptions = tuple(_exemption(row) for row in raw["exempt"])
    terms = tuple(
        Term(kinds[row["kind"]], row["label"], _pattern(row["find"]), row.get("where") == "form")
        for row in raw["term"]
    )
    wrong = {name for each in exemptions for name in each.categories} - {
        kind.category for kind in kinds.values()
    }
    if wrong:
        raise ValueError(f"rules.toml: no category {sorted(wrong)}")
    law, special = raw["law"], _special(raw["umbrella"])
    found, own = _pattern(law["find"]), _pattern(law["own"])
    return Rules(kinds, terms, exemptions, special, found, own, law["note"])


def _exemption(row: Mapping[str, Any]) -> Exemption:
    return Exemption(
        kind=row["class"],
        categories=tuple(row["categories"]),
        find=_pattern(row["find"]),
        proviso=row.get("proviso", False),
        lead=row.get("lead", False),
        title=row.get("title", ""),
        heading=_pattern(row["heading"]) if "heading" in row else None,
    )


def _special(row: Mapping[str, Any]) -> Special:
    return Special(
        titles={name: _pattern(row[name]["title"]) for name in SUBJECTS},
        grants={name: _pattern(row[name]["grants"]) for name in SUBJECTS},
        lifts={name: frozenset(row[name]["lifts"]) for name in SUBJECTS},
        designated=_pattern(row["words"]["designated"]),
        excludes=_pattern(row["words"]["excludes"]),
        residual=_pattern(row["words"]["residual"]),
        kinds=tuple(row["kinds"]),
        issuers=tuple(row["issuers"]),
        left_out={name: tuple(words) for name, words in row["left_out"].items()},
        note=row["note"],
    )


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise ValueError(f"rules.toml: {error}: {text[:60]}") from None
