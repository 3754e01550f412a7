"""What was left over from before proves nothing of how far a machine's own records reach."""

from datetime import date
from pathlib import Path

import pytest

from tests.endpoint.conftest import answer, judged, pc
from tests.endpoint.test_linux_files import ask, put
from tests.endpoint.test_linux_fragments import SHELLS
from tests.endpoint.test_logs import ID, at, journal


@pytest.mark.parametrize("shell", SHELLS)
def test_a_journal_left_by_the_system_before_proves_nothing_of_this_one(tmp_path: Path, shell: str) -> None:
    journal(tmp_path, "system.journal", "2026-11-20", "2026-11-24")
    journal(tmp_path, "system.journal", "2024-01-01", "2025-12-31", machine="f" * 32)
    put(tmp_path, "etc/machine-id", f"{ID}\n", at("2023-04-01"))
    (log,) = ask("log.oldest", tmp_path, shell).logs
    assert (log.proved, log.newest) == (date(2026, 11, 20), date(2026, 11, 24))


@pytest.mark.parametrize("shell", SHELLS)
def test_a_text_file_left_over_from_years_ago_is_neither_proof_nor_fault(tmp_path: Path, shell: str) -> None:
    for name, on in (
        ("auth.log", "2026-11-24"),
        ("auth.log-20261118", "2026-11-18"),
        ("auth.log.4.gz", "2024-02-01"),
    ):
        put(tmp_path, f"var/log/{name}", "x\n", at(on))
    put(tmp_path, "etc/machine-id", f"{ID}\n", at("2023-04-01"))
    (log,) = ask("log.oldest", tmp_path, shell).logs
    assert log.proved == date(2026, 11, 18)
    body = "".join(
        f"file\t{int(at(on))}\t/{name}\n"
        for name, on in (
            ("auth.log", "2026-11-24"),
            ("auth.log.4.gz", "2024-02-01"),
            ("machine-id", "2023-04-01"),
        )
    )
    given = {"log.oldest": answer("log.oldest", {"status": "ok", "body": body + "end\n"})}
    assert judged("LOG-01", given, endpoint=pc("linux")).verdict == "unknown"
