"""Sensors, browsers and office suites: what a recorded list proves, and how Linux tells it."""

import json
import re
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.answers import Answer, Status
from auditor.errors import Garbled
from auditor.findings import Judgement, Reason, Unknown
from checks.endpoint.browser import Browsers, linux_browsers
from checks.endpoint.edr import COMM_SIGNS, ConsoleSight, Running, folded, sensors
from checks.endpoint.office import windows_suites
from checks.endpoint.telework import windows_telework
from tests.endpoint.conftest import CONTROLS, CORPUS, JUDGES, fact_on, params_of
from tests.endpoint.test_linux_fragments import SHELLS, argv

TODAY = date(2026, 11, 25)
END_OF_TODAY = datetime(2026, 11, 25, 15, tzinfo=UTC)
"""Midnight in Japan."""
FALCON = Running("windows", frozenset({"csfalconservice"}))


def monitored(running: Running, seen: ConsoleSight | Unknown, hours: int = 72) -> Judgement:
    return JUDGES["EP-10"](running, seen, params_of("EP-10", last_seen_h=hours), TODAY)


def test_without_the_consoles_word_a_running_sensor_is_not_proved_to_report() -> None:
    for reason in (Reason.NOT_COLLECTED, Reason.NO_PERMISSION, Reason.UNREADABLE):
        found = monitored(FALCON, Unknown(reason))
        assert (found.verdict, found.reason) == ("unknown", reason)


def test_a_sensor_that_does_not_run_fails_whatever_the_console_says() -> None:
    stopped = Running("windows", frozenset(), frozenset({"csfalconservice", "sense"}))
    for seen in (ConsoleSight(END_OF_TODAY - timedelta(hours=1)), Unknown(Reason.NOT_COLLECTED)):
        assert monitored(stopped, seen).key == "stopped"
        assert monitored(Running("windows", frozenset(), frozenset({"sense"})), seen).key == "missing"


@given(st.integers(-200, 400), st.sampled_from([1, 24, 72, 168]))
def test_it_passes_only_where_every_moment_of_the_day_judged_is_inside_the_limit(
    hours: int, limit: int
) -> None:
    seen = END_OF_TODAY - timedelta(hours=hours)
    found = monitored(FALCON, ConsoleSight(seen), limit)
    assert (found.verdict == "pass") == (0 <= hours <= limit)
    assert (found.verdict == "fail") == (hours - 24 > limit)


def test_monitoring_is_demanded_in_the_beta_models_only() -> None:
    assert CONTROLS["EP-10"]["applies"]["models"] == ["beta", "beta-prime"]


@pytest.mark.parametrize("family", ["windows", "linux", "macos"])
def test_no_two_products_share_a_name_and_the_usual_ones_are_known(family: str) -> None:
    known = sensors(family)
    names = [name for one in known for name in one.runs_as]
    assert len(names) == len(set(names))
    assert all(0 < len(name) <= COMM_SIGNS for name in names)
    if family == "windows":
        usual = (
            "Sense",
            "CSFalconService",
            "SentinelAgent",
            "CbDefense",
            "ntrtscan",
            "TmCCSF",
            "ekrn",
            "masvc",
        )
        assert {folded(name) for name in usual} <= set(names)


STATUS = """Package: google-chrome-stable
Status: install ok installed
Version: 151.0.7500.12-1

Package: firefox
Status: install ok installed
Version: 1:1snap1-0ubuntu5

Package: chromium
Status: deinstall ok config-files
Version: 120.0.1-1

Package: firefox-esr
Status: install ok installed
Priority: optional
Version: 140.5.0esr-1~deb12u1
"""


def browsers_below(root: Path, shell: str) -> Browsers:
    """What the fragment says of a file system that stands below `root`."""
    script = re.sub(
        r"(?<![\w$}*/-])/(var/lib|snap|opt|usr/lib64)/",
        rf"{root}/\1/",
        fact_on("browser.version", "linux").scripts["linux"],
    )
    done = subprocess.run(
        [*argv(shell), "-c", f"fact() {{\n:\n{script}\n}}\n( fact )\n"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
    )
    assert done.returncode == 0, done.stderr
    return linux_browsers(Answer("browser.version", Status.OK, done.stdout))


def put(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("shell", SHELLS)
def test_browsers_of_linux_are_found_in_package_lists_and_their_own_files(tmp_path: Path, shell: str) -> None:
    put(tmp_path, "var/lib/dpkg/status", STATUS)
    put(tmp_path, "snap/firefox/current/meta/snap.yaml", "name: firefox\nversion: '145.0.1-1'\n")
    put(tmp_path, "opt/firefox/application.ini", "[App]\nVendor=Mozilla\nVersion=139.0\n")
    put(tmp_path, "var/lib/flatpak/app/com.microsoft.Edge/current/x", "")
    found = browsers_below(tmp_path, shell)
    assert [(one.product, one.major) for one in found.found] == [
        ("chrome", 151),
        ("firefox-esr", 140),
        ("firefox", 145),
        ("firefox", 139),
        ("edge", None),
    ]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_linux_without_browsers_says_none(tmp_path: Path, shell: str) -> None:
    put(tmp_path, "var/lib/dpkg/status", "Package: bash\nStatus: install ok installed\nVersion: 5.2\n")
    assert browsers_below(tmp_path, shell).found == ()


@given(st.text(max_size=80))
def test_any_version_is_read_or_refused(version: str) -> None:
    row = f"browser\tchrome\t{version}\n".encode("utf-8", "replace")
    try:
        found = linux_browsers(Answer("browser.version", Status.OK, row))
    except Garbled:
        return
    assert all(one.major is None or 0 < one.major < 10_000 for one in found.found)


@pytest.mark.parametrize(
    ("id_", "product", "release"),
    [
        ("O365ProPlusRetail", "microsoft-365", "16.0.17932"),
        ("O365BusinessRetail", "microsoft-365", "16.0.17932"),
        ("ProPlus2024Volume", "office", "LTSC 2024"),
        ("HomeBusiness2024Retail", "office", "2024"),
        ("Standard2021Volume", "office", "2021"),
        ("HomeStudentRetail", "office", "2016"),
        ("SomethingNew2030Retail", "office", ""),
    ],
)
def test_a_product_release_id_names_its_release(id_: str, product: str, release: str) -> None:
    streamed = {"major": "16", "ids": f"{id_},VisioPro2019Volume", "version": "16.0.17932.20190"}
    body = json.dumps({"streamed": streamed, "codes": [], "libre": []}).encode()
    (suite,) = windows_suites(Answer("office.version", Status.OK, body)).found
    assert (suite.product, suite.release) == (product, release)


def test_telework_programs_are_told_by_role_whatever_their_names_width() -> None:
    text = (CORPUS / "windows" / "app.telework" / "good.json").read_text(encoding="utf-8")
    told = windows_telework(Answer("app.telework", Status.OK, json.dumps(json.loads(text)["body"]).encode()))
    assert [(one.role, one.version) for one in told.found] == [("groupware", "3.2.0"), ("vpn", "5.1.7.80")]
