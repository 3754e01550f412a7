"""How much fits on sheet 1, counted in lines of the printed page; the type is never made smaller instead."""

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from auditor.run import LEGS
from reports.requests import Ask
from reports.wording import Words

FIRST = 4
"""So many requests stand on sheet 1 when not all of them fit."""

LINES = 43
"""Printed lines of sheet 1 below its heading, measured in Chromium on A4 with this project's style."""

LINE_EMS = 42.0
CARD_EMS = 38.0
"""Full-width characters in a line of text, and of a request's detail."""

MARGIN_EMS = 8.0
"""Taken by small words and gaps between a date, a cost and a doer."""

TABLE_LINES = 5
LEG_EMS = 13.0
"""The table of the legs: its heading, caption, head and key; and the width of a leg's own cell."""

SAMPLE_LINES = 2
NOTICE_LINES = 1
HEADING_LINES = 2


@dataclass(frozen=True, slots=True)
class Subject:
    """Requests of one of the six elements, no condition for starting; the first has number `start`."""

    element: int
    start: int
    asks: tuple[Ask, ...]

    @property
    def count(self) -> int:
        """How many requests there are."""
        return len(self.asks)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands on sheet 1 and what follows: requests to the head, then the digital section's work.

    `mine` are conditions for starting; `asides` are none, and stand behind them by subject.
    """

    mine: tuple[Ask, ...]
    mine_later: tuple[Ask, ...]
    asides: tuple[Subject, ...]
    asides_later: tuple[Subject, ...]
    others: tuple[Ask, ...]
    others_later: tuple[Ask, ...]

    @property
    def works_start(self) -> int:
        """The number of the digital section's first work."""
        asides = sum(subject.count for subject in (*self.asides, *self.asides_later))
        return len(self.mine) + len(self.mine_later) + asides + 1


def first_sheet(
    words: Words, asks: Sequence[Ask], above: Sequence[str], *, sample: bool, notice: str
) -> Sheet:
    """Share requests out between sheet 1 and the later ones; `above` = the paragraphs before them.

    `notice` stands in a box at the top, "" = there is none.
    """
    mine = tuple(ask for ask in asks if ask.mine and not ask.aside)
    asides = sorted((ask for ask in asks if ask.mine and ask.aside), key=attrgetter("element"))
    others = tuple(ask for ask in asks if not ask.mine and ask.leg is None)
    legs = sum(lines(words(f"leg.{leg}") + words(f"leg.{leg}_plain"), LEG_EMS) for leg in LEGS)
    left = LINES - TABLE_LINES - legs - HEADING_LINES - (SAMPLE_LINES if sample else 0)
    left -= sum(lines(text, LINE_EMS) for text in above)
    left -= NOTICE_LINES + lines(notice, LINE_EMS) if notice else 0
    heights = [_card_lines(words, ask) for ask in mine]
    count, left = _fitting(heights if sum(heights) <= left else heights[:FIRST], left, at_least=1)
    left -= HEADING_LINES if asides else 0
    here, left = _asides(words, asides, left, FIRST - count) if count == len(mine) else (0, left)
    done = count + here == len(mine) + len(asides)
    shown, _ = _fitting(
        [_row_lines(words, ask) for ask in others], left - HEADING_LINES, at_least=0 if mine or asides else 1
    )
    shown = shown if done else 0
    return Sheet(
        mine=mine[:count],
        mine_later=mine[count:],
        asides=_by_subject(asides[:here], count + 1),
        asides_later=_by_subject(asides[here:], len(mine) + here + 1),
        others=others[:shown],
        others_later=others[shown:],
    )


def _asides(words: Words, asides: Sequence[Ask], left: int, first: int) -> tuple[int, int]:
    """How many of these requests stand on sheet 1, all or the `first`, and the lines left after them."""
    heights: list[int] = []
    for _, found in groupby(asides, key=attrgetter("element")):
        subject = [_brief_lines(words, ask) for ask in found]
        heights += [HEADING_LINES + subject[0], *subject[1:]]
    return _fitting(heights if sum(heights) <= left else heights[: max(first, 0)], left, at_least=0)


def _by_subject(asides: Iterable[Ask], start: int) -> tuple[Subject, ...]:
    """The requests by element, numbered one after the other from `start` on."""
    subjects: list[Subject] = []
    for element, found in groupby(asides, key=attrgetter("element")):
        subjects.append(Subject(element, start, tuple(found)))
        start += subjects[-1].count
    return tuple(subjects)


def _fitting(heights: Sequence[int], left: int, at_least: int) -> tuple[int, int]:
    """How many fit into the lines left, and the lines left after them."""
    for count, height in enumerate(heights):
        if height > left and count >= at_least:
            return count, left
        left -= height
    return len(heights), left


def _card_lines(words: Words, ask: Ask) -> int:
    return _brief_lines(words, ask) + lines(ask.why, CARD_EMS)


def _brief_lines(words: Words, ask: Ask) -> int:
    """A request's lines without its reason."""
    doer = "" if ask.doer == "head" else words(f"doer.{ask.doer}")
    return (
        lines(ask.what, LINE_EMS)
        + lines(words.listed(ask.names, unit=ask.unit), CARD_EMS)
        + lines(_day(words, ask) + ask.effort + doer, CARD_EMS - MARGIN_EMS)
    )


def _day(words: Words, ask: Ask) -> str:
    late = words("section.overdue") if ask.overdue else ""
    return words.day(ask.due) + late if ask.due is not None else ""


def _row_lines(words: Words, ask: Ask) -> int:
    return lines(ask.what, LINE_EMS) + lines(
        words.listed(ask.names, 3, ask.unit) + _day(words, ask), CARD_EMS - MARGIN_EMS
    )


def lines(text: str, ems: float) -> int:
    """Printed lines a text takes; a full-width character is 1 em, another about half of one."""
    width = sum(1.0 if unicodedata.east_asian_width(sign) in "WFA" else 0.55 for sign in text)
    return max(1, math.ceil(width / ems))
