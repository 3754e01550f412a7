"""The collector script: the same answers in every shell, frames nobody can forge, nothing from half of it."""

import re
import subprocess
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import script_sh
from auditor.answers import Answer, Status
from auditor.declare import CONSOLE
from auditor.errors import PluginError, Unreached
from auditor.findings import Reason
from auditor.script import compose, new_nonce, split
from tests.access.conftest import NONCE, made

EVERY_BYTE = "".join(f"\\{number:03o}" for number in range(256))


def run(shell: tuple[str, ...], script: str) -> bytes:
    done = subprocess.run(
        [*shell, "-s"], input=script.encode("ascii"), capture_output=True, timeout=60, check=False
    )
    return done.stdout


def frame(id_: str, body: bytes = b"", status: int = 0, nonce: str = NONCE) -> bytes:
    mark = nonce.encode()
    got = f" got {id_} {status}\n".encode()
    return b"\n" + mark + b" ask " + id_.encode() + b"\n" + body + b"\n" + mark + got


END = f"\n{NONCE} end:true\n".encode()


def test_every_shell_gives_the_same_answers(shell: tuple[str, ...]) -> None:
    facts = [
        made("bytes.all", linux=f"printf '{EVERY_BYTE}'"),
        made("lines.trailing", linux="printf 'a\\n\\n\\n'"),
        made("is.absent", linux="exit 10"),
        made("is.denied", linux="return 11"),
        made("is.late", linux="exit 12"),
        made("is.wrong", linux="exit 3"),
        made("is.loud", linux="echo lots >&2; echo fine"),
        made("is.thirsty", linux='cat; echo "[$LC_ALL][$PATH]"; umask'),
        made("is.empty", linux="# says nothing"),
        made("here.doc", linux="cat <<'X'\n  kept $HOME\nX"),
        made("own.names", linux="main() { echo mine; }\nlate=9; main"),
        made("after.all", linux="echo $late"),
    ]
    answers = split(run(shell, compose(facts, "linux", NONCE)), NONCE, [each.id for each in facts])
    assert [(answer.status, answer.body) for answer in answers] == [
        (Status.OK, bytes(range(256))),
        (Status.OK, b"a\n\n\n"),
        (Status.ABSENT, b""),
        (Status.DENIED, b""),
        (Status.TIMEOUT, b""),
        (Status.ERROR, b""),
        (Status.OK, b"fine\n"),
        (Status.OK, b"[C][/usr/bin:/bin:/usr/sbin:/sbin]\n0077\n"),
        (Status.OK, b""),
        (Status.OK, b"  kept $HOME\n"),
        (Status.OK, b"mine\n"),
        (Status.OK, b"0\n"),
    ]
    assert answers[5].note == "exit status 3"


def test_a_script_cut_off_anywhere_runs_nothing(shell: tuple[str, ...]) -> None:
    script = compose([made("a.b", linux="echo ran"), made("c.d", linux="w")], "linux", NONCE)
    whole = script.rstrip("\n")
    places = {*range(0, len(whole), 37), *range(len(whole) - 30, len(whole))}
    ran = [place for place in sorted(places) if run(shell, whole[:place])]
    assert ran == []
    assert b"ran" in run(shell, whole)


def test_a_hung_fragment_costs_only_its_own_answer(
    shell: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script_sh, "ROUND_S", 1)
    facts = [
        made("before.it", linux="echo 1"),
        made("hangs.it", linux="sleep 60 | cat"),
        made("after.it", linux="echo 2"),
    ]
    began = time.monotonic()
    answers = split(run(shell, compose(facts, "linux", NONCE)), NONCE, [each.id for each in facts])
    assert time.monotonic() - began < 8
    assert [answer.body for answer in answers] == [b"1\n", b"", b"2\n"]
    assert answers[1].status is Status.TIMEOUT


def test_after_two_hung_fragments_the_rest_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script_sh, "ROUND_S", 1)
    facts = [made(f"hangs.{nth}", linux="sleep 60") for nth in range(5)]
    began = time.monotonic()
    answers = split(run(("/bin/sh",), compose(facts, "linux", NONCE)), NONCE, [each.id for each in facts])
    assert time.monotonic() - began < 8
    assert {answer.status for answer in answers} == {Status.TIMEOUT}


def test_a_slow_fragment_gets_more_time_and_no_other_does(
    shell: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script_sh, "ROUND_S", 1)
    monkeypatch.setattr(script_sh, "SLOW_ROUND_S", 4)
    facts = [
        made("slow.one", linux="# slow\nsleep 3; echo 1"),
        made("hangs.it", linux="sleep 60"),
        made("after.it", linux="echo 2"),
    ]
    answers = split(run(shell, compose(facts, "linux", NONCE)), NONCE, [each.id for each in facts])
    assert [answer.status for answer in answers] == [Status.OK, Status.TIMEOUT, Status.OK]


def test_macos_gets_the_same_script_but_for_its_process_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script_sh, "ROUND_S", 1)
    facts = [made("hangs.it", macos="sleep 60"), made("after.it", macos="echo 2")]
    answers = split(run(("/bin/sh",), compose(facts, "macos", NONCE)), NONCE, ["hangs.it", "after.it"])
    assert [answer.status for answer in answers] == [Status.TIMEOUT, Status.OK]


def test_no_facts_make_a_script_that_answers_nothing_and_says_so() -> None:
    assert split(run(("/bin/sh",), compose([], "linux", NONCE)), NONCE, []) == ()


def test_output_cannot_forge_a_frame_without_the_nonce() -> None:
    other = new_nonce()
    hostile = frame("lock.screen", b"600", nonce=other) + f"\n{other} end:true\n".encode()
    answers = split(frame("a.b", hostile) + END, NONCE, ["a.b", "lock.screen"])
    assert answers[0].body == hostile
    assert answers[1].status is Status.ERROR


def test_a_message_of_the_day_is_not_an_answer() -> None:
    (answer,) = split(b"\xff\xfeWelcome!\r\n" + frame("a.b", b"1") + END + b"bye", NONCE, ["a.b"])
    assert (answer.status, answer.body, answer.note) == (Status.OK, b"1", "")


def test_truncated_output_keeps_what_is_whole_and_says_that_it_is_incomplete() -> None:
    whole = frame("a.b", b"1") + frame("c.d", b"2") + END
    first, second = split(whole[: -len(END) - 10], NONCE, ["a.b", "c.d"])
    assert (first.status, first.body, first.note) == (Status.OK, b"1", "the output is incomplete")
    assert (second.status, second.reason) == (Status.ERROR, Reason.NO_ANSWER)


@given(st.data())
def test_output_cut_anywhere_never_changes_an_answer(data: st.DataObject) -> None:
    bodies = {"a.b": data.draw(st.binary(max_size=80)), "c.d": data.draw(st.binary(max_size=80))}
    whole = b"".join(frame(id_, body) for id_, body in bodies.items()) + END
    cut = whole[: data.draw(st.integers(0, len(whole)))]
    try:
        answers = split(cut, NONCE, list(bodies))
    except Unreached:
        answers = ()
    changed = [each for each in answers if each.status is Status.OK and each.body != bodies[each.id]]
    assert changed == []
    assert all(each.status in (Status.OK, Status.ERROR) for each in answers)


@given(st.binary(max_size=400))
def test_garbage_is_a_shell_that_cannot_be_used(garbage: bytes) -> None:
    with pytest.raises(Unreached) as caught:
        split(garbage, NONCE, ["a.b"])
    assert caught.value.reason is Reason.SHELL_UNUSABLE


@pytest.mark.parametrize(
    "output",
    [
        frame("a.b", b"1") + frame("a.b", b"2"),
        frame("a.b", b"1").replace(b"got a.b", b"got c.d"),
        frame("a.b", frame("c.d", b"1")),
        frame("a.b", b"1")[40:],
    ],
    ids=["twice", "another end", "nested", "end only"],
)
def test_frames_that_contradict_each_other_are_refused(output: bytes) -> None:
    with pytest.raises(Unreached) as caught:
        split(output + END, NONCE, ["a.b", "c.d"])
    assert caught.value.reason is Reason.SHELL_UNUSABLE


def test_an_answer_nobody_asked_for_is_left_out_and_named() -> None:
    (answer,) = split(frame("a.b", b"1") + frame("x.y", b"2") + END, NONCE, ["a.b"])
    assert answer == Answer("a.b", Status.OK, b"1", "answers nobody asked for: x.y")


def test_output_beyond_the_limit_is_incomplete_not_a_crash() -> None:
    (first, second) = split(frame("a.b", b"1") + frame("c.d", b"x" * 9_000_000) + END, NONCE, ["a.b", "c.d"])
    assert first.body == b"1"
    assert second.status is Status.ERROR


def test_two_facts_may_share_one_question_but_not_one_name() -> None:
    same = [made("a.b", linux="echo 1"), made("a.b", linux="echo 1")]
    assert compose(same, "linux", NONCE).count("echo 1") == 1
    with pytest.raises(PluginError):
        compose([made("a.b", linux="echo 1"), made("a.b", linux="echo 2")], "linux", NONCE)


def test_a_fragment_that_is_not_ascii_is_named() -> None:
    with pytest.raises(PluginError) as caught:
        compose([made("a.b", linux="echo 鍵")], "linux", NONCE)
    assert caught.value.values == {"fact": "a.b", "system": "linux"}


def test_what_cannot_be_composed_is_refused() -> None:
    for facts, system, nonce in (
        ([made("a.b", linux="x")], "windows", NONCE),
        ([made("a.b", chromeos=CONSOLE)], "chromeos", NONCE),
        ([made("a b; rm", linux="x")], "linux", NONCE),
        ([made("a.b", linux="x")], "linux", "short"),
    ):
        with pytest.raises(ValueError, match=r"no script|nonce"):
            compose(facts, system, nonce)


def test_a_nonce_is_128_fresh_bits() -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", new_nonce())
    assert new_nonce() != new_nonce()
