"""Contrast of the palette by the formula of WCAG 2; axe cannot judge cells that hold a single sign."""

import re
from importlib.resources import files
from itertools import pairwise

import pytest

STYLE = files("reports").joinpath("style.css").read_text("utf-8")
COLOURS = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", STYLE))


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("ink", "paper"),
        ("ink", "unk-tint"),
        ("sub", "paper"),
        ("sub", "unk-tint"),
        ("link", "paper"),
        ("link", "unk-tint"),
        *(
            (colour, ground)
            for colour in ("ok", "ng", "warn", "unk")
            for ground in ("paper", "ok-tint", "ng-tint", "warn-tint", "unk-tint")
        ),
    ],
)
def test_text_has_a_contrast_of_four_and_a_half(text: str, ground: str) -> None:
    assert _contrast(COLOURS[text], COLOURS[ground]) >= 4.5


def test_borders_that_carry_meaning_and_the_focus_ring_have_three() -> None:
    assert _contrast(COLOURS["line"], COLOURS["paper"]) >= 3
    assert _contrast(COLOURS["focus"], "#000000") >= 3


def test_the_parts_of_a_bar_differ_in_grey() -> None:
    fills = re.findall(r"\.bar \.(\w+) \{ fill: (?:var\(--(\w+)\)|(#\w{6})) \}", STYLE.replace("; }", " }"))
    greys = {state: _luminance(COLOURS.get(name) or own) for state, name, own in fills}
    assert set(greys) == {"ready", "conditional", "blocked"}, "確認が先 is hatched"
    ordered = sorted(greys.values())
    assert all(after - before > 0.2 for before, after in pairwise(ordered))


def test_the_published_yellow_is_for_the_ring_only() -> None:
    assert STYLE.count("var(--focus)") == 1
