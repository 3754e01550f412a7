"""Policy files of thin telework systems: what is switched off, what is demanded, and what nobody can tell."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.folder import DirectFolder
from auditor.api import Answer, Documents, Garbled, Judgement, NotKnown, Params, Reason, Status, Verdict
from checks.remote.relay import (
    Policy,
    inspected_at_every_connection,
    nothing_weakened,
    policy,
    read_policy,
    settings_in,
)

FORBID = Params({"forbid": ("DISABLE_OTP", "DISABLE_INSPECTION", "DISABLE_MACCHECK", "DISABLE_WATERMARK")})
PLAIN = "# policy\nSYSLOG_HOSTNAME log.example.lg.jp\nIDLE_TIMEOUT 900\n"


def read(folder: Path, **files: str | bytes) -> Policy:
    """What the probe and its parser make of a folder with these files (``name="text"`` is name.ini)."""
    for name, content in files.items():
        path = folder / f"{name}.ini"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    documents = Documents(id="p", name="p", kind="telework-policy", folder=folder)
    return policy(Answer("relay.policy", Status.OK, read_policy.collect(documents, DirectFolder(folder))))


def weakened(folder: Path, text: str | bytes) -> Judgement:
    return nothing_weakened(read(folder, policy=text), FORBID)


def inspected(folder: Path, text: str | bytes) -> Judgement:
    return inspected_at_every_connection(read(folder, policy=text))


def test_a_policy_that_switches_nothing_off_passes(tmp_path: Path) -> None:
    assert weakened(tmp_path, PLAIN).key == "ok"


@pytest.mark.parametrize(
    "line", ["DISABLE_OTP 1", "disable_inspection\t1", "  DISABLE_MACCHECK   0x1", "DISABLE_WATERMARK 2"]
)
def test_a_control_that_is_switched_off_fails_and_names_its_line(tmp_path: Path, line: str) -> None:
    judgement = weakened(tmp_path, PLAIN + line)
    assert judgement.verdict is Verdict.FAIL
    assert judgement.places == (f"policy.ini:4 {line.split(maxsplit=1)[0].upper()}",)


@pytest.mark.parametrize(
    "line", ["DISABLE_OTP 0", "#DISABLE_OTP 1", "; DISABLE_OTP 1", "// DISABLE_OTP 1", "DISABLE_SHARE 1"]
)
def test_what_is_off_commented_out_or_another_key_passes(tmp_path: Path, line: str) -> None:
    assert weakened(tmp_path, PLAIN + line).verdict is Verdict.PASS


@pytest.mark.parametrize(
    "line",
    [
        "DISABLE_OTP=1",
        "DISABLE_OTP",
        "DISABLE_OTP true",
        "DISABLE_OTP 1 # why",
        "DISABLE_OTP,1",
        "set DISABLE_OTP 1",
        "DISABLE_OTP １",
    ],
)
def test_a_line_that_is_not_clear_is_unknown(tmp_path: Path, line: str) -> None:
    judgement = weakened(tmp_path, PLAIN + line)
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.UNREADABLE)


@pytest.mark.parametrize(
    ("lines", "verdict"),
    [("DISABLE_OTP 0\nDISABLE_OTP 1", Verdict.PASS), ("DISABLE_OTP 1\nDISABLE_OTP 0", Verdict.FAIL)],
)
def test_of_two_lines_the_first_counts(tmp_path: Path, lines: str, verdict: Verdict) -> None:
    assert weakened(tmp_path, PLAIN + lines).verdict is verdict


def test_a_line_end_that_the_system_does_not_know_hides_nothing_and_makes_no_line(tmp_path: Path) -> None:
    assert weakened(tmp_path, PLAIN + "# old\u2028DISABLE_OTP 1").verdict is Verdict.PASS
    assert weakened(tmp_path, PLAIN + "# old\rDISABLE_OTP 1").verdict is Verdict.FAIL


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp932", "utf-16"])
def test_files_of_japanese_windows_are_read(tmp_path: Path, encoding: str) -> None:
    text = f"WATERMARK_MESSAGE 松風町\r\n{PLAIN}DISABLE_OTP 1\r\n"
    assert weakened(tmp_path, text.encode(encoding)).verdict is Verdict.FAIL


def test_one_weak_file_among_good_ones_fails(tmp_path: Path) -> None:
    judgement = nothing_weakened(read(tmp_path, a=PLAIN, b=PLAIN + "DISABLE_OTP 1"), FORBID)
    assert judgement.places == ("b.ini:4 DISABLE_OTP",)


def test_a_file_that_cannot_be_read_is_unknown(tmp_path: Path) -> None:
    judgement = nothing_weakened(read(tmp_path, a=PLAIN, b=b"\0\1\2" * 100), FORBID)
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.UNREADABLE)


@pytest.mark.parametrize("text", ["", "hello\nworld\n", "# DISABLE_OTP 1\n", "key value\n"])
def test_a_file_without_a_policys_keys_proves_nothing(tmp_path: Path, text: str) -> None:
    with pytest.raises(NotKnown) as caught:
        read(tmp_path, readme=text)
    assert caught.value.reason is Reason.NOT_COLLECTED


def test_an_empty_folder_proves_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotKnown):
        read(tmp_path)


def test_the_inspection_demanded_by_name_passes_in_every_edition(tmp_path: Path) -> None:
    assert inspected(tmp_path, PLAIN + "ENFORCE_INSPECTION 1").key == "ok"


@pytest.mark.parametrize("more", ["", "ENFORCE_INSPECTION 0"])
def test_an_inspection_that_is_not_named_depends_on_the_edition_and_is_unknown(
    tmp_path: Path, more: str
) -> None:
    judgement = inspected(tmp_path, PLAIN + more)
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_DECLARED)


def test_an_inspection_that_is_switched_off_fails_though_it_is_demanded_too(tmp_path: Path) -> None:
    """In the LGWAN edition the DISABLE_ key is all that counts."""
    assert inspected(tmp_path, PLAIN + "ENFORCE_INSPECTION 1\nDISABLE_INSPECTION 1").key == "off"


def test_one_file_without_the_demand_is_unknown(tmp_path: Path) -> None:
    judgement = inspected_at_every_connection(read(tmp_path, a=PLAIN + "ENFORCE_INSPECTION 1", b=PLAIN))
    assert judgement.verdict is Verdict.UNKNOWN
    assert "b.ini" in judgement.note


def test_addresses_and_messages_are_not_kept(tmp_path: Path) -> None:
    (tmp_path / "p.ini").write_text(
        PLAIN + "SERVER_MESSAGE Yamada Taro\nENFORCE_OTP_ENDWITH taro@example.jp\n"
    )
    documents = Documents(id="p", name="p", kind="telework-policy", folder=tmp_path)
    kept = read_policy.collect(documents, DirectFolder(tmp_path))
    assert not [word for word in (b"Yamada", b"taro@", b"log.example") if word in kept]


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reading_of_a_policy(content: bytes) -> None:
    try:
        found = settings_in(content)
    except Garbled:
        return
    assert found is None or all(key.startswith(("ENFORCE", "DISABLE")) for _, key, _ in found)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["DISABLE_OTP", "DISABLE_INSPECTION", "ENFORCE_OTP"]),
            st.sampled_from([True, False, None]),
        )
    )
)
def test_only_clear_lines_alone_can_pass(rows: list[tuple[str, bool | None]]) -> None:
    body = {"files": ["a"], "rows": [["a", 1, key, on] for key, on in rows], "unread": []}
    found = policy(Answer("relay.policy", Status.OK, json.dumps(body).encode()))
    if nothing_weakened(found, FORBID).verdict is Verdict.PASS:
        first = dict(reversed(rows))
        assert not [key for key, on in first.items() if key.startswith("DISABLE") and on is not False]


@pytest.mark.parametrize(
    "wrong",
    [
        {"rows": [["b", 1, "DISABLE_OTP", True]]},
        {"rows": [["a", 1, "DISABLE_OTP"]]},
        {"rows": [["a", 1, "DISABLE_OTP", 1]]},
        {"files": "a"},
        {"more": 1},
    ],
)
def test_no_other_answer_is_understood(wrong: dict[str, object]) -> None:
    body = {"files": ["a"], "rows": [], "unread": [], **wrong}
    with pytest.raises(Garbled):
        policy(Answer("relay.policy", Status.OK, json.dumps(body).encode()))
