"""What a frozen collector asks and what the program can read belong together, both ways."""

import os
import re
from pathlib import Path

import pytest

from auditor.cli.collector import _write
from auditor.collector import COLLECTED, facts_of, freeze
from auditor.declare import CONSOLE, MACHINE, USER
from auditor.discover import Plugins
from auditor.errors import OutputError
from auditor.script import Entrance
from tests.whole.command import auditor

CONTEXTS = (MACHINE, USER)
SCRIPTS = [(system, context) for system in COLLECTED for context in CONTEXTS]


def framed(text: str, system: str) -> list[str]:
    """The ids of the frames a script will print, as they stand in it."""
    line = r"^Send-Answer '([^']+)' \{$" if system == "windows" else r"^  ask (\S+) fact[0-9]+$"
    return re.findall(line, text, re.MULTILINE)


@pytest.mark.parametrize(("system", "context"), SCRIPTS)
def test_every_frame_has_exactly_one_parser_and_every_fact_of_the_context_a_frame(
    plugins: Plugins, system: str, context: str
) -> None:
    frozen = freeze(facts_of(plugins, system, context), system, context)
    ids = framed(frozen.text, system)
    parsers = [
        fact.id
        for fact in plugins.facts
        if fact.context == context and fact.scripts.get(system, CONSOLE) != CONSOLE
    ]
    assert len(ids) == len(set(ids)), "a frame comes twice"
    assert ids == list(frozen.ids) == sorted(parsers), "an orphan: no control needs it"
    assert f"# Facts: {len(ids)}." in frozen.text


def test_the_machine_scripts_hold_something_to_judge(plugins: Plugins) -> None:
    for system in COLLECTED:
        assert len(facts_of(plugins, system, MACHINE)) >= 10


@pytest.mark.parametrize("system", COLLECTED)
def test_declared_entrances_stand_in_the_script_and_no_mark_is_left(plugins: Plugins, system: str) -> None:
    entrances = (Entrance("vpn-1", "vpn.example.lg.jp", 443), Entrance("vpn-2", "2001:db8::1", 4433))
    for context in CONTEXTS:
        text = freeze(facts_of(plugins, system, context), system, context, entrances).text
        assert "#   vpn-2 2001:db8::1 4433" in text
        assert re.findall(r"@[A-Z_]{3,}@", text) == []
        header = text[: text.index("\n{\n" if system != "windows" else "\n& {\n")]
        assert all(
            line.startswith(("#", "collector=", "$Collector", "param(", " ", ")"))
            for line in header.splitlines()
        )


@pytest.mark.parametrize("system", COLLECTED)
def test_the_command_writes_the_same_bytes_to_a_file_and_to_standard_output(
    tmp_path: Path, system: str
) -> None:
    done = auditor("collector", system, "--out", "first", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    again = auditor("collector", system, cwd=tmp_path)
    script = (tmp_path / "first").read_bytes()
    assert again.stdout.encode() == script
    assert b"\r" not in script
    (body,) = re.findall(rb"^.?[Cc]ollector ?= ?'?([0-9a-f]{64})'?$", script, re.MULTILINE)
    assert body.decode() in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["first"]


def test_the_command_adds_the_entrances_of_a_town(tmp_path: Path) -> None:
    assert auditor("demo", "town", cwd=tmp_path).returncode == 0
    done = auditor("collector", "linux", "--town", "town", cwd=tmp_path)
    assert done.returncode == 0
    assert re.search(r"^#   \S+ \S+ 443$", done.stdout, re.MULTILINE)


def test_a_file_that_cannot_be_written_is_a_failure_with_a_reason(tmp_path: Path) -> None:
    done = auditor("collector", "linux", "--out", "missing/collect.sh", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "missing/collect.sh" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="links of POSIX")
def test_a_link_planted_beside_the_script_overwrites_nothing(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / f".collect.sh-{os.getpid()}").symlink_to(victim)
    with pytest.raises(OutputError):
        _write(tmp_path / "collect.sh", b"script")
    assert victim.read_bytes() == b"precious"


def test_another_system_is_refused(tmp_path: Path) -> None:
    assert auditor("collector", "chromeos", cwd=tmp_path).returncode == 2
