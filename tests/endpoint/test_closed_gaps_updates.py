"""What looks like a whole update or a promise and is none never passes."""

import plistlib
from datetime import datetime
from typing import Any

import pytest

from auditor.findings import Reason, Verdict
from tests.endpoint.conftest import answer, judged, pc

DAY = "2026-11-20"


def given(id_: str, body: Any) -> Any:
    return answer(id_, {"status": "ok", "body": body})


@pytest.mark.parametrize(
    "command",
    [
        "dnf upgrade --downloadonly -y",
        "dnf upgrade --disablerepo=* -y",
        "dnf -C upgrade",
        "dnf upgrade --advisory=FEDORA-1",
        "dnf --installroot=/mnt upgrade",
        "dnf upgrade --exclude=kernel*",
        "dnf upgrade --assumeno",
        "apt-get -o RootDir=/mnt upgrade",
        "apt-get -o Dir::Etc::sourcelist=/x upgrade",
        "apt-get upgrade --no-download",
        "apt-get upgrade FOO=1",
        "unattended-upgrade --dry-run",
    ],
)
def test_an_option_that_may_leave_something_out_is_no_whole_update(command: str) -> None:
    program = "apt" if command[0] in "au" else "dnf"
    body = f"{program}\t{DAY}\t{command}\n"
    judgement = judged("EP-03", {"patch.last": given("patch.last", body)}, endpoint=pc("linux"))
    assert judgement.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "command",
    [
        "dnf upgrade -y --refresh --best --allowerasing",
        "apt-get -yq -o Dpkg::Options::=--force-confold dist-upgrade --with-new-pkgs",
        "/usr/bin/unattended-upgrade -v",
    ],
)
def test_a_harmless_option_still_is_a_whole_update(command: str) -> None:
    program = "dnf" if command.startswith("dnf") else "apt"
    body = f"{program}\t{DAY}\t{command}\n"
    judgement = judged("EP-03", {"patch.last": given("patch.last", body)}, endpoint=pc("linux"))
    assert judgement.verdict is Verdict.PASS


@pytest.mark.parametrize(("state", "high"), [(96, 31_000_000), (112, 0)])
def test_a_rollup_that_is_not_in_force_or_undated_is_not_known(state: int, high: int) -> None:
    row = {"name": "Package_for_RollupFix~a~b~~19041.1.1.1", "state": state, "high": high, "low": 0}
    body = {"rollups": [row], "fixes": [{"id": "KB890830", "on": "11/20/2026"}]}
    judgement = judged("EP-03", {"patch.last": given("patch.last", body)})
    assert judgement.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("expires", "verdict"),
    [
        ('"2027-11-20T00:00:00+00:00"', Verdict.PASS),
        ('"2026-11-25T00:00:00+00:00"', Verdict.UNKNOWN),
        ('"2025-01-01T00:00:00+00:00"', Verdict.UNKNOWN),
        ("null", Verdict.UNKNOWN),
        ('"soon"', Verdict.UNKNOWN),
    ],
)
def test_ubuntu_pro_counts_while_its_contract_runs(expires: str, verdict: Verdict) -> None:
    status = '{"attached": true, "services": [{"name": "esm-infra", "status": "enabled"}], "expires": '
    answers = {
        "os.build": given("os.build", 'ID=ubuntu\nVERSION_ID="20.04"\n'),
        "os.esu": given("os.esu", f"pro\t{status}{expires}}}\n"),
    }
    judgement = judged("EP-02", answers, endpoint=pc("linux"))
    assert judgement.verdict is verdict, judgement
    assert verdict is not Verdict.PASS or str(judgement.until) == "2027-11-20"


@pytest.mark.parametrize(("days", "age_s"), [(400, 0), (-1, 0), (0, 400 * 86400)])
def test_two_ages_that_do_not_agree_are_garbled(days: int, age_s: int) -> None:
    defender = {"mode": "Normal", "realtime": True, "age_days": days, "age_s": age_s}
    judgement = judged("EP-09", {"av.state": given("av.state", {"defender": defender, "products": []})})
    assert judgement.reason is Reason.UNREADABLE


def test_an_installer_of_macos_that_was_only_downloaded_is_no_update() -> None:
    old = {"displayName": "macOS 26.0", "date": datetime(2026, 1, 2)}  # noqa: DTZ001 - plistlib takes no zone
    assistant = {
        "displayName": "macOS Tahoe",
        "date": datetime(2026, 11, 22),  # noqa: DTZ001 - as above
        "packageIdentifiers": ["com.apple.pkg.InstallAssistant.macOS26"],
    }
    body = plistlib.dumps([old, assistant]).decode()
    judgement = judged("EP-03", {"patch.last": given("patch.last", body)}, endpoint=pc("macos"))
    assert judgement.key == "old"
