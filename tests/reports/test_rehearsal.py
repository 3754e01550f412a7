"""What a person reads of a rehearsal: every step in every state, in both languages, whatever the names."""

import io
import re
import tomllib
from datetime import UTC, date, datetime
from importlib.resources import files

import pytest
from rich.console import Console

from auditor.control import Control
from auditor.findings import Finding, Reason, Verdict
from auditor.rehearsal import Leg, Rehearsal, State, Step, Walk, worst
from auditor.rosters import METHODS
from auditor.run import TownCard
from auditor.session import read_controls
from auditor.targets import Person, Section
from reports.rehearsal import print_rehearsal
from reports.wording import Words

LANGUAGES = ("ja", "en")
WORDED = ("RA-02", "RA-15", "GW-61")
CONTROLS: tuple[Control, ...] = tuple(row for row in read_controls()[1] if row.id in WORDED)
PEOPLE = (
    Person(id="1", name="髙橋 一郎", section="s", method="vdi", trial=True),
    Person(id="2", name="[red]森[/red]\u202e", section="z", method="vdi", trial=True),
)
SECTIONS = (Section(id="s", name="総務課"), Section(id="z", name="税務課"))
DOWN = Finding(control="GW-61", target="gateway:g", verdict=Verdict.FAIL, key="refused", values={"count": 1})
SEATS = Finding(
    control="RA-15",
    target="gateway:g",
    verdict=Verdict.PASS,
    key="ok",
    values={"seats": 1, "wanted": 1, "users": 2, "concurrency": 0.5, "as_of": "2026-11-01"},
)


def found(*steps: Step, method: str = "vdi", **fields: object) -> Rehearsal:
    walk = Walk(method=method, gateway="g", name="入口", people=("1", "2"), steps=steps)
    given: dict[str, object] = {"walks": (walk,) if steps else (), **fields}
    return Rehearsal(
        town=TownCard(name="松風町", sample=True),
        started=datetime(2026, 11, 25, 20, 0, tzinfo=UTC),
        today=date(2026, 11, 26),
        took_s=0.5,
        people=PEOPLE,
        sections=SECTIONS,
        controls=CONTROLS,
        **given,  # type: ignore[arg-type]  # the fields a test is about
    )


def shown(rehearsal: Rehearsal, lang: str = "ja") -> str:
    console = Console(file=io.StringIO(), width=200, color_system=None)
    print_rehearsal(rehearsal, console, lang)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


STEPS = [
    Step(leg=Leg.NAME, state=State.HOLDS, place="g.example.jp"),
    Step(leg=Leg.NAME, state=State.BREAKS, reason=Reason.NAME_NOT_FOUND, place="g.example.jp", people=("1",)),
    Step(leg=Leg.ENTRANCE, state=State.UNKNOWN, reason=Reason.NO_ANSWER, note="silent", people=("1", "2")),
    Step(leg=Leg.CERTIFICATE, state=State.NONE),
    Step(leg=Leg.SIGN_ON, state=State.NOT_WALKED),
    Step(leg=Leg.BROKER, state=State.BREAKS, finding=DOWN, people=("1", "2")),
    Step(leg=Leg.SEATS, state=State.WARNS, finding=SEATS, until=date(2027, 1, 1)),
    Step(leg=Leg.APPROVAL, state=State.HOLDS, place="決裁 (w.example.jp:443)"),
    Step(leg=Leg.APPROVAL, state=State.BREAKS, reason=Reason.REFUSED, place="決裁 (w:1)", people=("2",)),
]


def with_another(state: State) -> Rehearsal:
    """The first entrance is down; how the other one of the same people stands."""
    opens = Step(leg=Leg.ENTRANCE, state=State.HOLDS, place="g")
    one = Walk(method="vdi", gateway="g", name="入口[1]", people=("1", "2"), steps=(opens, STEPS[5]))
    step = Step(leg=Leg.ENTRANCE, state=state, place="h", people=() if state is State.HOLDS else ("1", "2"))
    other = Walk(method="vdi", gateway="h", name="予備の入口", people=("1", "2"), steps=(step,))
    return found(walks=(one, other))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_sentence_of_a_rehearsal_is_shown(lang: str) -> None:
    warns = found(STEPS[0], Step(leg=Leg.ENTRANCE, state=State.HOLDS, finding=None, place="g"), STEPS[6])
    holds = found(STEPS[0], Step(leg=Leg.ENTRANCE, state=State.HOLDS, place="g"))
    text = "\n".join(
        shown(each, lang)
        for each in (
            found(*STEPS, without=("2",), unaided=("1",), vantage="町の外"),
            found(STEPS[2]),
            found(),
            found(STEPS[0], STEPS[1], named=True),
            warns,
            holds,
            with_another(State.HOLDS),
            with_another(State.UNKNOWN),
            *(found(STEPS[0], method=method) for method in METHODS),
        )
    )
    table = tomllib.loads(files("reports").joinpath(f"words.{lang}.toml").read_text("utf-8"))["rehearsal"]
    for key, sentence in table.items():
        parts = [re.escape(part) for part in re.split(r"\{\w+\}", sentence)]
        assert re.search(".+?".join(parts), text), (lang, key)


def test_names_are_told_only_where_some_sections_were_asked_for() -> None:
    step = STEPS[5]
    assert "髙橋" not in shown(found(step))
    assert "総務課 1人、税務課 1人(計2人)" in shown(found(step))
    assert "総務課 髙橋 一郎" in shown(found(step, named=True))


def test_where_another_entrance_holds_nobody_is_told_to_be_stopped_or_to_wait() -> None:
    text = shown(with_another(State.HOLDS))
    assert "使えない接続点があります(入口[1])。2人は別の接続点から仕事に入れます" in text
    assert "別の接続点から仕事に入れる人: 総務課 1人、税務課 1人(計2人)" in text
    assert "たどり着けません" not in text
    assert "影響を受ける人" not in text
    assert "再起動を依頼" not in text, "the remedy of the control tells them to wait"


def test_an_entrance_that_could_not_be_looked_at_does_not_count_as_holding() -> None:
    text = shown(with_another(State.UNKNOWN))
    assert "使えない接続点があります(入口[1])。2人は、別の接続点も確かめられない" in text
    assert "仕事に入れます" not in text
    assert "再起動を依頼" in text
    both = shown(with_another(State.BREAKS))
    assert "2人が仕事にたどり着けません" in both
    assert "別の接続点" not in both


def test_a_name_cannot_dress_itself_up_or_turn_the_line_round() -> None:
    text = shown(found(STEPS[5], named=True))
    assert "[red]森[/red][U+202E]" in text


def test_until_is_the_earliest_end_and_only_told_where_all_holds() -> None:
    early = Step(leg=Leg.CERTIFICATE, state=State.HOLDS, until=date(2026, 12, 24))
    entrance = Step(leg=Leg.ENTRANCE, state=State.HOLDS, place="g", until=date(2027, 6, 1))
    assert Words("ja").day(date(2026, 12, 24)) in shown(found(entrance, early))
    assert Words("ja").day(date(2026, 12, 24)) not in shown(found(entrance, early, STEPS[5]))
    assert Words("ja").day(date(2026, 12, 24)) not in shown(found(entrance, early, STEPS[2]))


def test_a_way_of_which_nothing_is_known_is_unknown_and_never_well() -> None:
    assert worst(()) is State.UNKNOWN
    assert worst((State.NONE, State.NOT_WALKED)) is State.UNKNOWN
    assert found().state is State.UNKNOWN
    assert found(Step(leg=Leg.NAME, state=State.HOLDS), without=("2",)).state is State.UNKNOWN
