"""The Windows script is parsed by two grammars, and searched for what 5.1 lacks; it never runs here."""

import base64
import re
from types import ModuleType

import pytest
import tree_sitter_powershell
import tree_sitter_pwsh
from tree_sitter import Language, Parser

from auditor.script import compose
from auditor.script_ps import windows_argv
from tests.access.conftest import NONCE, made

FACTS = [
    made("lock.screen", windows="$key = Get-ItemProperty 'HKLM:\\SOFTWARE\\X'\n@{ after_s = $key.Y }"),
    made("disk.volumes", windows=",@(Get-CimInstance -ClassName Win32_LogicalDisk | Select-Object DeviceID)"),
]
BANNED = {
    "&&": r"&&",
    "||": r"\|\|",
    "??": r"\?\?",
    "?.": r"\?\.",
    "ternary": r"[^\w\s]?\s\?\s[^{]",
    "-Parallel": r"-Parallel\b",
    "Get-WmiObject": r"Get-WmiObject",
    "Win32_Product": r"Win32_Product\b",
    "exit in the frame": r"^\s*exit\b",
}


@pytest.fixture(scope="module")
def script() -> str:
    return compose(FACTS, "windows", NONCE)


@pytest.mark.parametrize("grammar", [tree_sitter_powershell, tree_sitter_pwsh])
def test_both_grammars_parse_it_and_miss_it_when_a_brace_is_gone(grammar: ModuleType, script: str) -> None:
    parser = Parser(Language(grammar.language()))
    assert not parser.parse(script.encode("ascii")).root_node.has_error
    broken = script[: script.rindex("}")] + script[script.rindex("}") + 1 :]
    assert parser.parse(broken.encode("ascii")).root_node.has_error


@pytest.mark.parametrize("grammar", [tree_sitter_powershell, tree_sitter_pwsh])
def test_the_bootstrap_parses_too(grammar: ModuleType) -> None:
    text = base64.b64decode(windows_argv()[-1]).decode("utf-16-le")
    assert not Parser(Language(grammar.language())).parse(text.encode("ascii")).root_node.has_error
    assert "EndsWith('#EOF')" in text


@pytest.mark.parametrize("pattern", BANNED.values(), ids=BANNED)
def test_nothing_that_powershell_5_1_lacks_is_in_it(pattern: str, script: str) -> None:
    assert re.findall(pattern, script, re.MULTILINE) == []


def test_it_is_short_ascii_and_ends_with_its_end_mark(script: str) -> None:
    assert script.isascii()
    assert len(script) < 30_000
    assert script.rstrip().endswith("#EOF")


def test_every_fragment_stands_in_a_frame_of_its_own(script: str) -> None:
    assert re.findall(r"^Send-Answer '([a-z.]+)' \{$", script, re.MULTILINE) == [
        "lock.screen",
        "disk.volumes",
    ]
    assert script.count(NONCE) == 1


def test_no_status_is_read_from_message_text(script: str) -> None:
    assert ".Message" not in script
    assert "-2147024891" in script


def test_the_command_line_means_the_same_to_cmd_powershell_and_bash() -> None:
    line = " ".join(windows_argv())
    assert not set(line) & set("\"'$%&|^<>()")
    assert len(line) < 8191
