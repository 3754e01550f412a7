"""What goes wrong on the way: facts that hang, runs at the same time; and what differs on a Mac."""

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from auditor import script_sh
from auditor.answers import Status
from auditor.collector import Frozen, facts_of, freeze
from auditor.discover import Plugins
from auditor.script import split
from tests.access.conftest import made
from tests.collector.conftest import SHELLS, Account, opened, verified
from tests.peers.process import need

IOREG = """#!/bin/sh
cat <<'X'
+-o J313AP  <class IOPlatformExpertDevice, id 0x100000227, registered, matched, active, busy 0, retain 39>
    {
      "IOPlatformUUID" = "01234567-89AB-CDEF-0123-456789ABCDEF"
      "IOPlatformSerialNumber" = "C02\\"TEST01"
      "manufacturer" = <"Apple Inc.">
    }
X
"""


def hanging(monkeypatch: pytest.MonkeyPatch) -> Frozen:
    monkeypatch.setattr(script_sh, "ROUND_S", 1)
    facts = [
        made("before.it", linux="echo 1"),
        made("hangs.it", linux="sleep 60 | cat"),
        made("then.it", linux="echo 2"),
    ]
    return freeze(facts, "linux", "machine")


def test_a_hung_fact_costs_only_its_own_answer_in_a_bundle(
    account: Account, shell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen = hanging(monkeypatch)
    began = time.monotonic()
    assert account.drops(shell, frozen).returncode == 0
    assert time.monotonic() - began < 10
    bundle = opened(account.bundles()[0])
    answers = split(bundle.output, bundle.told["nonce"], frozen.ids)
    assert [each.status for each in answers] == [Status.OK, Status.TIMEOUT, Status.OK]


def test_a_hung_fact_does_not_hold_the_self_test(
    account: Account, shell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = time.monotonic()
    done = account.run(shell, hanging(monkeypatch), "--selftest")
    assert time.monotonic() - began < 10
    assert done.returncode == 1
    words = [line.split()[1:3] for line in done.stdout.decode().splitlines() if line.startswith("fact")]
    assert words == [["before.it", "ok"], ["hangs.it", "timeout"], ["then.it", "ok"]]


def test_runs_at_the_same_time_never_give_one_number_twice(account: Account, small: Frozen) -> None:
    account.argv("dash", small.text)  # written before many read it
    with ThreadPoolExecutor(6) as pool:
        codes = list(pool.map(lambda _: account.drops("dash", small).returncode, range(12)))
    assert set(codes) <= {0, 4}
    told = [opened(path).told["sequence"] for path in account.bundles()]
    assert sorted(told) == list(range(1, codes.count(0) + 1))
    assert (account.state / "counter-machine").read_text() == f"{len(told)}\n"
    assert not (account.state / "busy").exists()


def test_a_person_s_own_run_keeps_its_counter_in_their_home(anyone: Account, shell: str) -> None:
    user = freeze([made("who.runs", linux="id -u")], "linux", "user")
    assert anyone.run(shell, user, "--bundle", anyone.drop, "--key", anyone.key).returncode == 0
    counter = anyone.folder / ".local" / "state" / "telework-auditor" / "counter-user"
    assert counter.read_text() == "1\n"


def test_the_mac_script_drops_a_bundle_with_what_ioreg_tells(
    account: Account, shell: str, tmp_path: Path
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for folder in ("/usr/bin", "/bin"):
        for path in Path(folder).iterdir():
            if not (tools / path.name).exists():
                (tools / path.name).symlink_to(path)
    (tools / "ioreg").write_text(IOREG)
    (tools / "ioreg").chmod(0o755)
    mac = freeze([made("a.b", macos="echo mac"), made("c.d", macos="exit 11")], "macos", "machine")
    text = mac.text.replace("PATH=/usr/bin:/bin:/usr/sbin:/sbin", f"PATH={tools}")
    assert account.drops(shell, Frozen(text, mac.ids, mac.sha256)).returncode == 0
    bundle = opened(account.bundles()[0])
    assert verified(bundle, account.key, tmp_path)
    assert bundle.told["system"] == "macos"
    assert bundle.told["machine_id"] == "01234567-89AB-CDEF-0123-456789ABCDEF"
    assert bundle.told["serial"].startswith("C02")
    answers = split(bundle.output, bundle.told["nonce"], mac.ids)
    assert [(each.status, each.body) for each in answers] == [(Status.OK, b"mac\n"), (Status.DENIED, b"")]


@pytest.mark.parametrize("system", ["linux", "macos"])
@pytest.mark.parametrize("context", ["machine", "user"])
@pytest.mark.parametrize("name", SHELLS)
def test_every_shell_reads_the_whole_script_without_complaint(
    plugins: Plugins, system: str, context: str, name: str
) -> None:
    text = freeze(facts_of(plugins, system, context), system, context).text
    program, *flags = SHELLS[name]
    done = subprocess.run(
        [need(program), *flags, "-n"], input=text.encode(), capture_output=True, check=False, timeout=30
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
