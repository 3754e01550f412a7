"""Windows fragments cannot be run here: two grammars parse them, and bans cover what both let through."""

import re

import pytest
import tree_sitter_powershell
import tree_sitter_pwsh
from tree_sitter import Language, Node, Parser

from tests.endpoint.conftest import FACTS

FRAGMENTS = {fact.id: fact.scripts["windows"] for fact in FACTS if "windows" in fact.scripts}
GRAMMARS = {"powershell": tree_sitter_powershell, "pwsh": tree_sitter_pwsh}
BANNED = (
    r"&&",
    r"\|\|",
    r"\?\?",
    r"\?\.",
    r"\?\s*[^?]+\s:\s",
    r"-Parallel\b",
    r"Get-WmiObject",
    r"\bwmic\b",
    r"Win32_Product\b",
    r"\bnet accounts\b",
    r"\bnetsh\b",
    r"manage-bde",
    r"\bsecedit\b",
    r"\bsysteminfo\b",
    r"\bInvoke-Expression\b|\biex\b",
    r"\bAdd-Type\b",
    r"\bSet-|\bNew-Item|\bRemove-|\bOut-File|\bStart-",
    r"\bexit\b",
    r"SilentlyContinue",
)


def broken(node: Node) -> list[str]:
    """The places that a grammar does not understand."""
    here = [f"line {node.start_point[0] + 1}"] if node.is_error or node.is_missing else []
    return here + [place for child in node.children for place in broken(child)]


@pytest.mark.parametrize("grammar", GRAMMARS)
@pytest.mark.parametrize("id_", FRAGMENTS)
def test_both_grammars_understand_a_fragment(id_: str, grammar: str) -> None:
    parser = Parser(Language(GRAMMARS[grammar].language()))
    source = f"Send-Answer '{id_}' {{\n{FRAGMENTS[id_]}\n}}\n".encode()
    assert broken(parser.parse(source).root_node) == []


@pytest.mark.parametrize("id_", FRAGMENTS)
def test_a_fragment_holds_nothing_that_5_1_lacks_or_that_changes_the_machine(id_: str) -> None:
    assert FRAGMENTS[id_].isascii()
    assert [ban for ban in BANNED if re.search(ban, FRAGMENTS[id_])] == []


def test_a_ban_finds_what_it_bans() -> None:
    bad = "$a ? $b : $c; Get-WmiObject X; a && b; a || b; $a ?? $b; Set-Item x; net accounts; exit 1"
    assert len([ban for ban in BANNED if re.search(ban, bad)]) >= 8


@pytest.mark.parametrize("id_", FRAGMENTS)
def test_every_cim_question_has_a_time_limit_and_stops_on_an_error(id_: str) -> None:
    plain = FRAGMENTS[id_].replace("`\n", " ")
    for line in plain.splitlines():
        if "Get-CimInstance" in line:
            assert "-OperationTimeoutSec 15" in line
            assert "-ErrorAction Stop" in line
