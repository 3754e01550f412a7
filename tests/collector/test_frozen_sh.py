"""The frozen sh collector: the same bytes every time, a hash anybody can check, nothing from half of it."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from auditor import __version__
from auditor.answers import Answer, Status
from auditor.collector import Frozen, freeze
from auditor.script import Entrance, split
from tests.access.conftest import made
from tests.collector.conftest import SMALL, Account, opened
from tests.peers.process import need

ENTRANCES = (Entrance("vpn", "vpn.example.lg.jp", 443),)


def answers(output: bytes, ids: Sequence[str]) -> tuple[Answer, ...]:
    """The framed answers of a run, by the nonce that its end line shows."""
    end = re.search(rb"\n([0-9a-f]{32}) end:true\n$", output)
    assert end is not None, output[-200:]
    return split(output, end[1].decode(), ids)


def test_the_same_inputs_give_the_same_bytes_and_others_do_not() -> None:
    first = freeze(SMALL, "linux", "machine", ENTRANCES)
    assert freeze(SMALL, "linux", "machine", ENTRANCES) == first
    others = [
        freeze(SMALL, "linux", "user", ENTRANCES),
        freeze(SMALL, "linux", "machine"),
        freeze(SMALL[:2], "linux", "machine", ENTRANCES),
    ]
    assert len({first.sha256, *(each.sha256 for each in others)}) == 4


def test_the_header_tells_version_context_facts_and_entrances(small: Frozen) -> None:
    text = freeze(SMALL, "linux", "machine", ENTRANCES).text
    header = text[: text.index("\n{\n")]
    assert f"telework-auditor {__version__} for linux, machine context" in header
    assert "# Facts: 3." in header
    assert "#   vpn vpn.example.lg.jp 443" in header
    assert "#   none" in small.text
    assert text.isascii()


def test_the_hash_is_checked_by_the_command_that_the_header_names(account: Account, real: Frozen) -> None:
    script = account.folder / "collect.sh"
    script.write_text(real.text)
    (line,) = re.findall(r"^#   (grep .*? \| sha256sum)", real.text, re.MULTILINE)
    command = line.replace("FILE", str(script))
    told = subprocess.check_output(["sh", "-c", command], text=True).split()[0]
    assert told == real.sha256
    assert f"\ncollector={told}\n" in real.text
    script.write_text(real.text.replace("collector=", "collector=; rm -rf /\ncollector=", 1))
    other = subprocess.run(["sh", "-c", command], check=True, capture_output=True, text=True).stdout.split()[
        0
    ]
    assert other != told


def test_every_run_draws_its_own_nonce(account: Account, shell: str, small: Frozen) -> None:
    runs = [account.run(shell, small) for _ in range(2)]
    assert [(run.returncode, run.stderr) for run in runs] == [(0, b""), (0, b"")]
    bodies = [[(each.status, each.body) for each in answers(run.stdout, small.ids)] for run in runs]
    assert bodies[0] == bodies[1]
    assert bodies[0][0] == (Status.OK, b"a\0\xff\n\n")
    assert runs[0].stdout != runs[1].stdout


def test_the_real_collector_answers_every_fact_under_every_shell(
    anyone: Account, shell: str, real: Frozen
) -> None:
    done = anyone.run(shell, real)
    found = answers(done.stdout, real.ids)
    assert (done.returncode, done.stderr) == (0, b"")
    assert [each.id for each in found if each.note == "not answered" or each.status is Status.TIMEOUT] == []


def test_it_can_be_piped_into_a_shell_with_its_options(account: Account, small: Frozen) -> None:
    done = subprocess.run(
        [need("dash"), "-s", "--", "--bundle", account.drop, "--state", account.state],
        input=small.text.encode(),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0
    assert len(account.bundles()) == 1


@pytest.mark.parametrize("options", [(), ("--selftest",), ("--bundle", "DROP", "--state", "STATE")])
def test_a_script_cut_off_anywhere_does_nothing(
    account: Account, shell: str, small: Frozen, options: tuple[str, ...]
) -> None:
    place = {"DROP": account.drop, "STATE": account.state}
    given = [place.get(option, option) for option in options]
    whole = small.text.rstrip("\n")
    step = len(whole) // 25
    for cut in sorted({*range(0, len(whole), step), *range(len(whole) - 12, len(whole))}):
        script = account.argv(shell, whole[:cut], *map(str, given))
        done = subprocess.run(script, check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
        assert (cut, done.stdout) == (cut, b"")
        assert not account.state.exists()
    assert account.bundles() == []
    assert account.run(shell, small, *given).stdout


def test_the_self_test_tells_what_answered_and_changes_nothing(anyone: Account, shell: str) -> None:
    mixed = freeze(
        [
            *SMALL,
            made("is.denied", linux="exit 11"),
            made("is.late", linux="exit 12"),
            made("is.wrong", linux="exit 3"),
        ],
        "linux",
        "machine",
    )
    before = sorted(anyone.folder.rglob("*"))
    done = anyone.run(shell, mixed, "--selftest", "--bundle", anyone.drop, "--key", anyone.key)
    told = done.stdout.decode()
    words = dict(re.findall(r"^fact +(\S+) +(\S+) +[0-9]+ ms$", told, re.MULTILINE))
    assert words == {
        "bytes.some": "ok",
        "is.absent": "absent",
        "who.runs": "ok",
        "is.denied": "denied",
        "is.late": "timeout",
        "is.wrong": "error(3)",
    }
    assert done.returncode == 1
    assert "signing   works" in told
    assert f"uid {anyone.user or 0} " in told
    assert mixed.sha256 in told
    assert [path for path in sorted(anyone.folder.rglob("*")) if path.name != "collect.sh"] == before


def test_the_self_test_ends_well_where_all_is_well_and_says_when_signing_is_not_possible(
    account: Account, shell: str, small: Frozen
) -> None:
    good = account.run(shell, small, "--selftest", "--key", account.key)
    assert (good.returncode, b"everything answered" in good.stdout) == (0, True)
    bad = account.run(shell, small, "--selftest", "--key", account.folder / "missing")
    assert bad.returncode == 1
    assert b"signing   does not work: the key" in bad.stdout


@pytest.mark.parametrize("missing", [("base64",), ("base64", "openssl")], ids=" and ".join)
def test_base64_is_made_without_its_tool_too(
    account: Account, shell: str, small: Frozen, missing: tuple[str, ...]
) -> None:
    tools = account.folder / "tools"
    tools.mkdir()
    for folder in ("/usr/bin", "/bin"):
        for path in Path(folder).iterdir():
            if path.name not in missing and not (tools / path.name).exists():
                (tools / path.name).symlink_to(path)
    fixed = "PATH=/usr/bin:/bin:/usr/sbin:/sbin"
    assert small.text.count(fixed) == 1
    poor = Frozen(small.text.replace(fixed, f"PATH={tools}"), small.ids, small.sha256)
    done = account.drops(shell, poor)
    assert (done.returncode, done.stderr) == (0, b"")
    bundle = opened(account.bundles()[0])
    assert bundle.told["sequence"] == 1
    assert answers(bundle.output, small.ids)[0].body == b"a\0\xff\n\n"


def test_printing_opens_no_connection_and_writes_no_file(account: Account, real: Frozen) -> None:
    trace = account.folder / "trace"
    calls = "trace=connect,bind,openat,creat,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat"
    command = [need("strace"), "-f", "-o", str(trace), "-e", calls, *account.argv("dash", real.text)]
    done = subprocess.run(command, check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=120)
    if b"PTRACE" in done.stderr or not trace.exists():
        pytest.skip("nothing can be traced here")
    assert answers(done.stdout, real.ids)
    lines = trace.read_text(errors="replace").splitlines()
    assert any("/etc/os-release" in line for line in lines), "the trace saw nothing"
    writes = [line for line in lines if re.search(r"O_(WRONLY|RDWR|CREAT)|creat\(|unlink|rename|mkdir", line)]
    assert [line for line in writes if '"/dev/null"' not in line] == []
    assert [line for line in lines if re.search(r"sa_family=AF_INET", line)] == []
