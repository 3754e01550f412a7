import io
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from auditor.findings import Reason, Tally
from auditor.run import Run
from reports.section import COUNTS
from reports.terminal import print_summary
from reports.wording import Words
from tests.reports.conftest import World


def _printed(run: Run, lang: str) -> str:
    sink = io.StringIO()
    print_summary(run, Console(file=sink, width=120), lang)
    return sink.getvalue()


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_terminal_counts_as_the_run_does(run: Run, lang: str) -> None:
    words = Words(lang)
    line = next(row for row in _printed(run, lang).splitlines() if row.startswith(words("terminal.findings")))
    found = {
        state: int(re.search(rf"[ :]{re.escape(words(f'verdict.{state}'))} (\d+)", line)[1])  # type: ignore[index]
        for state in COUNTS
    }
    assert Tally(**{COUNTS[state]: count for state, count in found.items()}) == run.tally  # type: ignore[arg-type]  # whole numbers only


def test_silent_targets_faults_and_changes_are_named(run: Run) -> None:
    shown = _printed(run, "ja")
    assert "税務 一40（MK-0044）" in shown
    assert "EP-99: ZeroDivisionError" in shown
    assert "45件" in shown


def test_hostile_names_move_no_cursor_and_are_no_markup() -> None:
    world = World(name="[bold red]町[/]")
    world.section("a", "\x1b[2J\n甲[link=http://x]課", 1)
    world.lost("EP-05", "endpoint:MK-0001", Reason.UNREADABLE, "\x1b]0;title\x07\nline")
    shown = _printed(world.run(), "ja")
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "[bold red]町[/]" in shown
    assert "[link=http://x]" in shown


def test_a_sample_says_so(world: Callable[[], World]) -> None:
    run = world().run()
    assert "【見本】" in _printed(replace(run, town=replace(run.town, sample=True)), "ja")


def test_a_small_audit_tells_each_finding_and_why(world: Callable[[], World]) -> None:
    small = World()
    small.section("this", "この端末", 1, trial=False)
    small.lost("EP-05", "endpoint:MK-0001", Reason.NO_PERMISSION, "needs root")
    shown = _printed(small.run(), "ja")
    assert "？ EP-05 内蔵ディスクが暗号化されている: 権限が足りず、読み取れませんでした (needs root)" in shown
