"""The list of signers says exactly who may speak for which machine, or names the line that is wrong."""

import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.access.hostkeys import HostKey, parse_key
from auditor.arrivals.signers import Signers, may_speak, read_signers, unknown_machines
from auditor.errors import ConfigError
from tests.core.world import NOW
from tests.inbox.kit import Key, new_key, town_of, trusting


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Key:
    return new_key(tmp_path_factory.mktemp("key"))


def host(key: Key) -> HostKey:
    return parse_key(*key.public.split())


def names(key: Key, folder: Path, *lines: str, moment: datetime = NOW) -> tuple[str, ...]:
    return trusting(folder, *lines).principals(host(key), moment)


def problems(folder: Path, *lines: str) -> list[tuple[int | None, str]]:
    with pytest.raises(ConfigError) as caught:
        trusting(folder, *lines)
    return [(one.line, one.key) for one in caught.value.problems]


def test_a_line_gives_its_key_to_its_principals_and_comments_and_blanks_are_none(
    key: Key, tmp_path: Path
) -> None:
    lines = ("# who signs", "", f"PC-1,officer:0105 {key.public} host comment", f"\tPC-2\t{key.public}")
    assert names(key, tmp_path, *lines) == ("PC-1", "PC-2", "officer:0105")
    stranger = new_key(tmp_path)
    signers = trusting(tmp_path, *lines)
    assert signers.principals(host(stranger), NOW) == ()
    assert not signers.knows(host(stranger))
    assert signers.owners == {"PC-1", "PC-2"}


def test_a_missing_file_trusts_nobody(tmp_path: Path) -> None:
    assert read_signers(tmp_path / "trusted_signers", town_of()) == Signers()


@pytest.mark.parametrize(
    ("options", "minutes", "holds"),
    [
        ('valid-after="20261123"', 0, True),
        ('valid-after="202611231200"', 0, True),
        ('valid-after="202611231201"', 0, False),
        ('valid-after="20261123120001"', 0, False),
        ('valid-before="20261123120001"', 0, True),
        ('valid-before="202611231200"', 0, False),
        ('valid-before="202611230300Z"', 0, False),
        ('valid-before="202611230301Z"', 0, True),
        ('namespaces="telework-auditor-evidence"', 0, True),
        ('namespaces="file,telework-auditor-evidence",valid-before="20271123"', 0, True),
        ('VALID-AFTER="20261123",valid-before="20261124"', 0, True),
    ],
)
def test_a_key_counts_only_between_its_limits_in_the_time_of_japan(
    key: Key, tmp_path: Path, options: str, minutes: int, *, holds: bool
) -> None:
    moment = datetime(2026, 11, 23, 3, 0, tzinfo=UTC) + timedelta(minutes=minutes)
    found = names(key, tmp_path, f"PC-1 {options} {key.public}", moment=moment)
    assert found == (("PC-1",) if holds else ())


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("PC-1", "signers_line"),
        ("PC-1 ssh-ed25519", "signers_line"),
        ("PC-1 @ssh-ed25519 KEY", "signers_line"),
        ('PC-1 valid-before="20270401 KEY', "signers_line"),
        ("PC-1 cert-authority KEY", "signers_authority"),
        ('PC-1 cert-authority,namespaces="telework-auditor-evidence" KEY', "signers_authority"),
        ('PC-1 namespaces="git" KEY', "signers_namespace"),
        ("PC-1 namespaces KEY", "signers_namespace"),
        ('PC-1 valid-before="tomorrow" KEY', "signers_time"),
        ('PC-1 valid-before="20271341" KEY', "signers_time"),
        ('PC-1 valid-before="" KEY', "signers_time"),
        ('PC-1 valid-before="20270401",valid-before="20280401" KEY', "signers_option"),
        ('PC-1 verify-required="yes" KEY', "signers_option"),
        ("* KEY", "signers_pattern"),
        ("PC-? KEY", "signers_pattern"),
        ("!PC-1,PC-2 KEY", "signers_pattern"),
        ("PC-1, KEY", "signers_pattern"),
        ("admin:PC-1 KEY", "signers_pattern"),
        ("../PC-1 KEY", "signers_pattern"),
        ("officer:* KEY", "signers_pattern"),
        ("PC-1 ssh-ed25519 AAAA!", "signers_key"),
        ("PC-1 ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAAA", "signers_key"),
        ("PC-1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAAUE=", "signers_kind"),
        ("PC-1 ssh-dss AAAAB3NzaC1kc3MAAAABAQ==", "signers_kind"),
    ],
)
def test_a_line_that_could_trust_too_much_or_nobody_is_named_and_nothing_runs(
    key: Key, tmp_path: Path, line: str, problem: str
) -> None:
    written = line.replace("KEY", key.public)
    assert problems(tmp_path, "# first", written, f"PC-2 {key.public}") == [(2, problem)]


def test_every_wrong_line_is_named_at_once(key: Key, tmp_path: Path) -> None:
    found = problems(tmp_path, f"* {key.public}", f"PC-1 {key.public}", "x", f"officer:* {key.public}")
    assert found == [(1, "signers_pattern"), (3, "signers_line"), (4, "signers_pattern")]


def test_a_file_that_anybody_may_write_trusts_nobody(key: Key, tmp_path: Path) -> None:
    path = tmp_path / "trusted_signers"
    path.write_text(f"PC-1 {key.public}\n", "utf-8")
    path.chmod(0o666)
    with pytest.raises(ConfigError) as caught:
        read_signers(path, town_of())
    assert caught.value.problems[0].key == "world_writable"


def test_a_file_that_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "trusted_signers").write_bytes(b"\xff\xfe\0")
    with pytest.raises(ConfigError) as caught:
        read_signers(tmp_path / "trusted_signers", town_of())
    assert caught.value.problems[0].key == "signers_unreadable"


def test_machines_that_no_ledger_names_are_told_with_their_line(key: Key, tmp_path: Path) -> None:
    lines = (f"PC-1 {key.public}", f"user:PC-77 {key.public}", f"PC-9,officer:0105 {key.public}")
    assert list(unknown_machines(trusting(tmp_path, *lines), town_of())) == [(2, "user:PC-77")]


@pytest.mark.parametrize(
    ("principals", "context", "speaker"),
    [
        (("PC-1",), "machine", "PC-1"),
        (("PC-1",), "user", "PC-1"),
        (("PC-2",), "machine", ""),
        (("user:PC-1",), "user", "user:PC-1"),
        (("user:PC-1",), "machine", ""),
        (("user:PC-2",), "user", ""),
        (("officer:0105",), "machine", "officer:0105"),
        (("PC-1", "officer:0105"), "machine", "PC-1"),
        (("PC-2", "officer:0105"), "machine", "officer:0105"),
        ((), "machine", ""),
    ],
)
def test_a_key_speaks_for_its_own_machine_a_user_for_the_user_and_an_officer_for_all(
    principals: tuple[str, ...], context: str, speaker: str
) -> None:
    assert may_speak(principals, "PC-1", context) == speaker


@given(st.text(max_size=120))
def test_any_line_is_read_or_named_and_never_crashes(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.mktemp("any") / "trusted_signers"
    path.write_text(text, "utf-8", errors="replace")
    with contextlib.suppress(ConfigError):
        assert set(read_signers(path, town_of()).lines) == set()
