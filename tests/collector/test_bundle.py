"""A bundle: one signed file, whole or not there at all, counted, and nothing else is written."""

import json
import os
import re
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auditor import __version__
from auditor.answers import Status
from auditor.arrivals.bundle import KIND, read_bundle, read_payload
from auditor.collector import Frozen, freeze
from auditor.script import split
from tests.access.conftest import made
from tests.collector.conftest import NOBODY, Account, opened, small_disk, verified
from tests.peers.process import wait_until


def test_a_bundle_holds_the_answers_and_its_signature_verifies(
    anyone: Account, shell: str, small: Frozen, tmp_path: Path
) -> None:
    done = anyone.drops(shell, small, "--asset", "PC-0123")
    assert (done.returncode, done.stderr) == (0, b"")
    (path,) = anyone.bundles()
    assert done.stdout.decode() == f"{path}\n"
    bundle = opened(path)
    told = bundle.told
    assert json.loads(path.read_bytes())["kind"] == KIND
    assert re.fullmatch(r"[0-9a-f]{32}", told["nonce"])
    assert told["host"] == os.uname().nodename
    assert path.name == f"{told['host']}-machine-1.json"
    age = datetime.now(UTC) - datetime.fromisoformat(told["collected_at"])
    assert timedelta(0) <= age < timedelta(minutes=2)
    fixed = {name: told[name] for name in ("schema", "asset", "system", "context", "sequence", "version")}
    assert fixed == {
        "schema": 1,
        "asset": "PC-0123",
        "system": "linux",
        "context": "machine",
        "sequence": 1,
        "version": __version__,
    }
    assert told["collector"] == small.sha256
    answers = split(bundle.output, told["nonce"], small.ids)
    assert [(each.status, each.body) for each in answers] == [
        (Status.OK, b"a\0\xff\n\n"),
        (Status.ABSENT, b""),
        (Status.OK, b"%d\n" % (anyone.user if anyone.user is not None else os.geteuid())),
    ]
    assert verified(bundle, anyone.key, tmp_path)
    assert not verified(bundle, anyone.key, tmp_path, bundle.payload.replace(b"PC-0123", b"PC-0124"))


def test_the_real_collector_drops_a_bundle_whose_every_answer_is_whole(
    anyone: Account, shell: str, real: Frozen, tmp_path: Path
) -> None:
    done = anyone.drops(shell, real)
    assert (done.returncode, done.stderr) == (0, b"")
    (path,) = anyone.bundles()
    bundle = opened(path)
    answers = split(bundle.output, bundle.told["nonce"], real.ids)
    read = read_payload(read_bundle(path.read_bytes()).payload)
    assert (read.collector, read.answers) == (real.sha256, answers)
    assert [each.id for each in answers if each.note == "not answered"] == []
    assert any(each.status is Status.OK for each in answers)
    assert verified(bundle, anyone.key, tmp_path)


def test_bundles_are_numbered_and_no_number_is_used_twice(
    account: Account, shell: str, small: Frozen
) -> None:
    names = [account.drops(shell, small).stdout.decode().rsplit("-", 1)[-1].strip() for _ in range(3)]
    assert names == ["1.json", "2.json", "3.json"]
    nonces = {opened(path).told["nonce"] for path in account.bundles()}
    assert len(nonces) == 3
    (account.state / "counter-machine").unlink()
    assert account.drops(shell, small).stdout.endswith(b"-4.json\n"), "a lost counter overwrites nothing"


def test_each_context_counts_for_itself(account: Account, small: Frozen) -> None:
    user = freeze([made("who.runs", linux="id -u")], "linux", "user")
    assert account.drops("dash", small).stdout.endswith(b"-machine-1.json\n")
    assert account.drops("dash", user).stdout.endswith(b"-user-1.json\n")
    assert opened(next(path for path in account.bundles() if "-user-" in path.name)).told["context"] == "user"


def test_nothing_is_left_but_the_bundle_and_the_counter(account: Account, shell: str, small: Frozen) -> None:
    account.drops(shell, small)
    assert [path.name for path in account.state.iterdir()] == ["counter-machine"]
    assert account.state.stat().st_mode & 0o777 == 0o700
    (bundle,) = account.bundles()
    assert bundle.stat().st_mode & 0o777 == 0o640


def test_a_damaged_counter_stops_it_with_a_reason(account: Account, shell: str, small: Frozen) -> None:
    account.drops(shell, small)
    for text in ("", "x\n", "-1\n", "007\n", "9" * 40):
        (account.state / "counter-machine").write_text(text)
        done = account.drops(shell, small)
        assert (done.returncode, len(account.bundles())) == (4, 1)
        assert b"damaged" in done.stderr


def test_the_host_key_signs_by_default_and_where_it_cannot_be_read_that_is_told(
    anyone: Account, shell: str, small: Frozen, tmp_path: Path
) -> None:
    done = anyone.run(shell, small, "--bundle", anyone.drop, "--state", anyone.state)
    assert done.returncode == 0
    bundle = opened(anyone.bundles()[0])
    host_key = Path("/etc/ssh/ssh_host_ed25519_key")
    if anyone.user is None and os.access(host_key, os.R_OK):
        assert verified(bundle, host_key, tmp_path)
    else:
        assert bundle.signature == ""
        assert b"unsigned" in done.stderr


@pytest.mark.parametrize("option", ["--key", "--officer-key"])
def test_a_key_that_was_named_and_cannot_sign_stops_it(
    account: Account, shell: str, small: Frozen, tmp_path: Path, option: str
) -> None:
    bad = tmp_path / "bad"
    bad.write_text("no key\n")
    for key in (bad, tmp_path / "missing"):
        done = account.run(shell, small, "--bundle", account.drop, "--state", account.state, option, key)
        assert (done.returncode, account.bundles()) == (5, [])
        assert done.stderr.startswith(b"collector: ")
    assert list(account.state.iterdir()) == []


def test_an_officer_s_key_signs_a_hand_carried_bundle(
    account: Account, small: Frozen, tmp_path: Path
) -> None:
    options = ("--bundle", account.drop, "--state", account.state, "--officer-key", account.key)
    assert account.run("dash", small, *options).returncode == 0
    assert verified(opened(account.bundles()[0]), account.key, tmp_path)


def test_a_share_that_is_not_there_is_told_and_nothing_is_counted(
    account: Account, shell: str, small: Frozen
) -> None:
    done = account.run(shell, small, "--bundle", account.folder / "gone", "--state", account.state)
    assert done.returncode == 3
    assert b"not a folder that can be reached" in done.stderr
    assert not account.state.exists()


def test_a_share_that_may_not_be_written_gets_nothing_and_the_number_is_kept(
    nobody: Account, shell: str, small: Frozen
) -> None:
    os.chown(nobody.drop, 0, 0)
    done = nobody.drops(shell, small)
    assert (done.returncode, nobody.bundles()) == (3, [])
    assert b"ermission denied" in done.stderr
    assert list(nobody.state.iterdir()) == []
    os.chown(nobody.drop, NOBODY, NOBODY)
    assert nobody.drops(shell, small).stdout.endswith(b"-1.json\n")


def test_a_full_share_leaves_nothing_half_written(account: Account, shell: str, small: Frozen) -> None:
    with small_disk(account.drop, "size=8k"):
        (account.drop / "old").write_bytes(bytes(8192))
        done = account.drops(shell, small)
        assert done.returncode == 3
        assert b"no bundle was written" in done.stderr
        assert [path.name for path in account.bundles()] == ["old"]
        assert list(account.state.iterdir()) == []


@pytest.mark.parametrize("free", [0, 4096, 8192, 12288])
def test_a_full_state_folder_sends_no_bundle(account: Account, shell: str, small: Frozen, free: int) -> None:
    account.state.mkdir()
    with small_disk(account.state, "size=16k,mode=700"):
        (account.state / "old").write_bytes(bytes(16384 - free))
        done = account.drops(shell, small)
        assert account.bundles() == []
        assert done.returncode in (4, 5), "5 where the signature found no room"
        assert done.stderr.startswith(b"collector: ")
        assert [path.name for path in account.state.iterdir()] == ["old"]


def test_a_link_planted_on_the_share_is_never_followed(account: Account, shell: str, small: Frozen) -> None:
    victim = account.folder / "victim"
    victim.write_text("precious")
    name = f"{os.uname().nodename}-machine-1.json"
    (account.drop / f"{name}.tmp").symlink_to(victim)
    assert account.drops(shell, small).returncode == 0
    assert victim.read_text() == "precious"
    assert not (account.drop / name).is_symlink()
    (account.drop / f"{os.uname().nodename}-machine-2.json").symlink_to(victim)
    assert account.drops(shell, small).returncode == 0
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("mode", [0o777, 0o775])
def test_a_state_folder_that_others_may_write_is_not_used(account: Account, small: Frozen, mode: int) -> None:
    account.state.mkdir()
    account.state.chmod(mode)
    done = account.drops("dash", small)
    assert (done.returncode, account.bundles()) == (4, [])
    assert b"not ours alone" in done.stderr


def test_a_state_folder_behind_a_link_is_not_used(account: Account, shell: str, small: Frozen) -> None:
    (account.folder / "elsewhere").mkdir(mode=0o700)
    account.state.symlink_to(account.folder / "elsewhere")
    assert account.drops(shell, small).returncode == 4
    assert list((account.folder / "elsewhere").iterdir()) == []


def test_a_run_at_work_keeps_another_out_and_a_dead_one_does_not(
    account: Account, shell: str, small: Frozen
) -> None:
    account.drops(shell, small)
    lock = account.state / "busy"
    lock.mkdir()
    (lock / "pid").write_text(f"{os.getpid()}\n")
    done = account.drops(shell, small)
    assert (done.returncode, lock.exists()) == (4, True)
    assert b"another run" in done.stderr
    an_hour_ago = time.time() - 3600
    os.utime(lock, (an_hour_ago, an_hour_ago))
    assert account.drops(shell, small).returncode == 0
    assert not lock.exists()


def test_a_run_that_is_ended_cleans_up_and_leaves_no_bundle(account: Account, shell: str) -> None:
    slow = freeze([made("is.slow", linux="sleep 3")], "linux", "machine")
    options = ("--bundle", account.drop, "--state", account.state)
    process = subprocess.Popen(
        account.argv(shell, slow.text, *options),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    lock = account.state / "busy"
    wait_until((lock / "pid").exists, "the run's start")
    process.terminate()
    assert process.wait(15) != 0
    assert (account.bundles(), lock.exists()) == ([], False)


def test_an_option_it_does_not_know_is_an_error_that_does_nothing(
    account: Account, shell: str, small: Frozen
) -> None:
    for options in (
        ("--bundel", "x"),
        ("--bundle",),
        ("--bundle", account.drop, "--asset", "PC 1"),
        ("--bundle", account.drop, "--asset", ".1"),
        ("--bundle", account.drop, "--asset", "a" * 65),
        ("x",),
    ):
        done = account.run(shell, small, *options)
        assert (done.returncode, done.stdout, account.bundles()) == (2, b"", [])
        assert done.stderr.startswith(b"collector: ")
