"""The frozen Windows collector: parsed by two grammars, searched for what 5.1 lacks; it never runs here."""

import re
import subprocess
from types import ModuleType

import pytest
import tree_sitter_powershell
import tree_sitter_pwsh
from tree_sitter import Language, Node, Parser

from auditor.collector import Frozen, facts_of, freeze
from auditor.declare import MACHINE, USER
from auditor.discover import Plugins
from auditor.script_ps import core_ps
from tests.access.conftest import made
from tests.peers.process import need

GRAMMARS = [tree_sitter_powershell, tree_sitter_pwsh]
BANNED = {
    "&&": r"&&",
    "||": r"\|\|",
    "??": r"\?\?",
    "?.": r"\?\.",
    "ternary": r"[^\w\s]?\s\?\s[^{]",
    "-Parallel": r"-Parallel\b",
    "Get-WmiObject": r"Get-WmiObject",
    "Win32_Product": r"Win32_Product\b",
    "Invoke-Expression": r"\bInvoke-Expression\b|\biex\b",
    "downloads": r"DownloadString|Invoke-WebRequest|Invoke-RestMethod|Start-BitsTransfer",
    "Add-Type": r"\bAdd-Type\b",
    "message text": r"\.Message\b",
    "hidden windows": r"-WindowStyle",
    "variable with a colon": r'"[^"\n]*\$[A-Za-z]+:(?!:)(?<!env:)[^"\n]*"',
}
CORE_TYPES = {"string", "int", "int64", "datetime", "timespan", "guid", "version", "char", "hashtable"}
CORE_TYPES |= {"switch", "cultureinfo"}
"""Type names that constrained language mode leaves open (about_Language_Modes), as far as they are used."""

CORE_METHODS = {"ToUniversalTime", "ToString", "ToCharArray", "Trim", "AddHours", "AddMinutes", "NewGuid"}
"""Methods of those types."""


@pytest.fixture(scope="module", params=[MACHINE, USER])
def frozen(request: pytest.FixtureRequest, plugins: Plugins) -> Frozen:
    return freeze(facts_of(plugins, "windows", request.param), "windows", request.param)


def broken(grammar: ModuleType, text: str) -> list[str]:
    """The places that a grammar does not understand."""

    def places(node: Node) -> list[str]:
        here = [f"line {node.start_point[0] + 1}"] if node.is_error or node.is_missing else []
        return here + [place for child in node.children for place in places(child)]

    return places(Parser(Language(grammar.language())).parse(text.encode("ascii")).root_node)


def around_the_facts() -> str:
    """All that stands around the facts."""
    return freeze([made("a.b", windows="1")], "windows", MACHINE).text


@pytest.mark.parametrize("grammar", GRAMMARS)
def test_both_grammars_understand_the_whole_script(grammar: ModuleType, frozen: Frozen) -> None:
    assert broken(grammar, frozen.text) == []


@pytest.mark.parametrize("grammar", GRAMMARS)
def test_a_script_cut_off_anywhere_does_not_parse_and_so_does_nothing(
    grammar: ModuleType, frozen: Frozen
) -> None:
    """PowerShell parses a whole file before it runs any of it; before the block nothing is done."""
    text = frozen.text
    begin = text.index("\n& {\n") + len("\n& {\n")
    end = text.rindex("}\n#EOF")
    cuts = range(begin, end, max(1, (end - begin) // 60))
    assert [cut for cut in (*cuts, end) if not broken(grammar, text[:cut])] == []


def test_before_the_block_stand_comments_parameters_and_the_hash_only(frozen: Frozen) -> None:
    before, _, rest = frozen.text.partition("\n& {\n")
    comments, _, rest_of = before.partition("\nparam(\n")
    assert all(line.startswith("#") for line in comments.splitlines())
    parameters, _, hash_line = rest_of.partition("\n)\n")
    lines = parameters.splitlines()
    assert all(re.fullmatch(r"    \[(string|switch)\]\$[A-Z][A-Za-z]+( = '')?,?", line) for line in lines)
    assert hash_line == f"$Collector = '{frozen.sha256}'"
    assert rest.endswith("\n}\n#EOF\n")


@pytest.mark.parametrize("pattern", BANNED.values(), ids=BANNED)
def test_nothing_that_powershell_5_1_lacks_or_that_alarms_is_in_it(pattern: str, frozen: Frozen) -> None:
    assert [match[0] for match in re.finditer(pattern, frozen.text)] == []


def test_it_is_ascii_with_plain_line_ends_and_short_enough_to_read(frozen: Frozen) -> None:
    """About 1 kB a fact. Over SSH it goes by standard input, which has no limit."""
    assert frozen.text.isascii()
    assert "\r" not in frozen.text
    assert "\t" not in frozen.text
    assert len(frozen.text) < 150_000


def test_the_only_exit_is_the_last_statement(frozen: Frozen) -> None:
    exits = [line for line in frozen.text.splitlines() if re.search(r"\bexit\b", re.sub(r"#.*", "", line))]
    assert exits == ["if ($code -ne 0) { exit $code }"]
    assert frozen.text.endswith("exit $code }\n}\n#EOF\n")


def test_the_hash_covers_every_other_line(frozen: Frozen) -> None:
    done = subprocess.run(
        [need("grep"), "-vxE", r"\$Collector = '[0-9a-f]{64}'"],
        input=frozen.text.encode(),
        capture_output=True,
        check=True,
    )
    told = subprocess.run([need("sha256sum")], input=done.stdout, capture_output=True, check=True).stdout
    assert told.split()[0].decode() == frozen.sha256


def test_the_frame_keeps_to_what_constrained_language_mode_leaves_open() -> None:
    """What needs more stands in a block, or on a line, that asks for full language first."""
    text = re.sub(r"\n *if \(\$Full\) \{\n(?: +.*\n)*? *\}", "", around_the_facts())
    lines = [re.sub(r"#.*", "", line) for line in text.splitlines() if "$Full" not in line]
    rest = "\n".join(lines)
    assert set(re.findall(r"\[([A-Za-z.]+)\](?=::|\$|'|\(|[ )])", rest)) - {"Console"} <= CORE_TYPES
    assert "[Console]" not in rest
    assert set(re.findall(r"\.([A-Za-z]+)\(", rest)) <= CORE_METHODS
    assert re.findall(r"New-Object|-ComObject|\[ordered\]|\[pscustomobject\]|\[adsi", rest) == []


def test_the_frame_without_its_guards_would_be_found_out() -> None:
    assert "[System.Convert]::ToBase64String" in around_the_facts()
    assert "[Console]::Out.Write" in around_the_facts()


NET = re.compile(
    r"\[(?!(?:string|int|int32|int64|long|bool|datetime|timespan|guid|version|char|hashtable|array|regex|void"
    r"|byte|uint32|double|decimal|cultureinfo|xml)(?:\[\])?\])[A-Za-z][A-Za-z.]+\]|New-Object|\[adsi|-ComObject"
    r"|\.(?:OpenSubKey|GetSubKeyNames|GetValueNames|GetValue)\("
)


def test_at_least_twelve_facts_are_answered_where_powershell_is_restricted(plugins: Plugins) -> None:
    """The rest is denied there, never "absent" (`Get-FailureStatus`)."""
    shared = re.compile(r"function Read-Value\(.*?\n\}\n", re.DOTALL)
    facts = facts_of(plugins, "windows", MACHINE)
    plain = {fact.id for fact in facts if not NET.search(shared.sub("", fact.scripts["windows"]))}
    assert len(plain) >= 12, sorted(plain)


def test_where_powershell_is_restricted_no_failure_counts_as_absent() -> None:
    text = core_ps({})
    body = text[text.index("function Get-FailureStatus") :]
    refusal = body.index("if (-not $Full) { return 11 }")
    assert refusal < body.index("return 10")
    assert body.index("'TimeoutException') { return 12 }") < refusal


def test_functions_that_fragments_share_stand_in_the_script_once() -> None:
    helper = "function Read-It($a) {\n  if ($a) {\n    1\n  }\n}\n"
    other = "function Read-It($a) {\n  2\n}\n"
    same = {"a.b": f"{helper}Read-It 1", "c.d": f"{helper}Read-It 2", "e.f": "3"}
    text = core_ps(same)
    assert text.count(helper.strip()) == 1
    assert "Send-Answer 'a.b' {\nRead-It 1\n}" in text
    assert text.index("function Read-It") < text.index("function Get-Answers")
    both = core_ps({"a.b": f"{helper}Read-It 1", "c.d": f"{other}Read-It 2"})
    assert f"Send-Answer 'a.b' {{\n{helper}Read-It 1\n}}" in both
    assert f"Send-Answer 'c.d' {{\n{other}Read-It 2\n}}" in both
