"""The script on this machine: limits hold, nothing survives it, and the environment is clean."""

import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from auditor.access.local import run_script
from auditor.access.machine import this_endpoint, this_machine, this_system
from auditor.errors import Unreached
from auditor.findings import Reason
from auditor.script import compose, split
from tests.access.conftest import NONCE, made
from tests.peers.process import wait_until


def test_the_composed_script_answers_here(shell: tuple[str, ...]) -> None:
    facts = [made("a.b", linux="echo hello"), made("c.d", linux="exit 10")]
    answers = split(run_script(compose(facts, "linux", NONCE), 10, shell), NONCE, ["a.b", "c.d"])
    assert [(each.status.value, each.body) for each in answers] == [("ok", b"hello\n"), ("absent", b"")]


def test_the_environment_holds_nothing_but_what_facts_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "do not tell")
    output = run_script("env; pwd", 5).decode()
    assert "SECRET_TOKEN" not in output
    assert "LC_ALL=C\n" in output
    assert output.endswith("\n/\n")


def test_a_hung_script_gives_what_it_had_and_leaves_no_process(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    began = time.monotonic()
    script = f"sleep 300 & echo $! > {pids}; echo early; sleep 300 & echo $! >> {pids}; wait"
    assert run_script(script, 1) == b"early\n"
    assert time.monotonic() - began < 2
    left = [int(word) for word in pids.read_text().split()]
    assert len(left) == 2
    wait_until(lambda: not any(_runs(pid) for pid in left), "end of every process", within_s=2)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_nothing_within_the_deadline_is_no_answer() -> None:
    with pytest.raises(Unreached) as caught:
        run_script("sleep 60", 0.5)
    assert caught.value.reason is Reason.NO_ANSWER


def test_a_script_that_says_nothing_is_an_unusable_shell() -> None:
    with pytest.raises(Unreached) as caught:
        run_script("echo why >&2; exit 1", 5)
    assert (caught.value.reason, caught.value.note) == (Reason.SHELL_UNUSABLE, "why")


def test_a_missing_shell_is_told() -> None:
    with pytest.raises(Unreached) as caught:
        run_script("echo", 5, ("/no/such/shell",))
    assert caught.value.reason is Reason.SHELL_UNUSABLE


def test_floods_on_both_streams_end_at_the_limit() -> None:
    assert run_script("head -c 4000000 /dev/zero >&2; echo fine", 10) == b"fine\n"
    assert len(run_script("exec cat /dev/zero", 10)) == 8 * 1024 * 1024


def test_a_shell_that_reads_nothing_of_a_long_script_is_no_crash() -> None:
    assert run_script("echo one; exit 0\n" + "# filler\n" * 100_000, 10) == b"one\n"


def test_a_process_that_left_the_group_does_not_hold_the_audit(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    began = time.monotonic()
    script = f"setsid sleep 30 & echo $! > {pid}; echo fine; sleep 0.2"
    try:
        assert run_script(script, 10) == b"fine\n"
        assert time.monotonic() - began < 5
    finally:
        os.kill(int(pid.read_text()), signal.SIGKILL)


def test_this_machine_tells_its_hardware_in_plain_text() -> None:
    found = this_machine()
    assert int(found["memory_bytes"]) > 10_000_000
    assert int(found["cpu_count"]) >= 1
    assert found["booted_at"].endswith("Z")
    assert "127.0.0.1" in found["interface lo"]


def test_this_machine_is_an_endpoint_reached_without_a_network() -> None:
    endpoint = this_endpoint()
    assert (endpoint.road, endpoint.os) == ("local", this_system())
    assert endpoint.id
