"""The walk through a PAM stack gives what libpam itself gives, asked here with libpam's own test module."""

import ctypes
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.endpoint._pam import Step, granted, stack
from checks.endpoint._pamrules import locks
from tests.endpoint.test_pam import DEBIAN, ENDLESS, MANUAL, REDHAT
from tests.peers.process import need_root

SUCCESS = 0
RESULTS = st.sampled_from(("success", "auth_err", "ignore"))
ACTS = st.sampled_from(("ignore", "ok", "done", "bad", "die", "reset", "1", "2"))
NAMED = st.sampled_from(("required", "requisite", "sufficient", "optional"))
BRACKETS = st.builds("[success={} auth_err={} default={}]".format, ACTS, ACTS, ACTS)
LINE = st.builds("auth {} pam_debug.so auth={}".format, NAMED | BRACKETS, RESULTS)
LINES = st.lists(
    LINE | st.sampled_from(("auth substack inner", "auth include inner")), min_size=1, max_size=6
)
INNER = st.lists(LINE, min_size=1, max_size=4)
WRONG_TRIES = 3
PLACES = ("/lib/*/security", "/lib64/security", "/usr/lib/*/security", "/usr/lib64/security")


class Talk(ctypes.Structure):
    """pam_conv; nobody is asked anything here."""

    _fields_ = (("ask", ctypes.c_void_p), ("data", ctypes.c_void_p))


def libpam() -> ctypes.CDLL:
    """The library, where it and its test module are installed."""
    there = any(Path("/").glob(f"{place[1:]}/pam_debug.so") for place in PLACES)
    try:
        library = ctypes.CDLL("libpam.so.0") if there else None
    except OSError:
        library = None
    if library is None or not hasattr(library, "pam_start_confdir"):
        message = "libpam with pam_debug.so is not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return library


def lets_in(library: ctypes.CDLL, folder: Path) -> bool:
    """Whether libpam lets somebody in by the service ``outer`` of that folder."""
    handle, talk = ctypes.c_void_p(), Talk()
    place = os.fsencode(folder)
    assert (
        library.pam_start_confdir(b"outer", b"nobody", ctypes.byref(talk), place, ctypes.byref(handle))
        == SUCCESS
    )
    try:
        return bool(library.pam_authenticate(handle, 0) == SUCCESS)
    finally:
        library.pam_end(handle, 0)


def told(step: Step) -> str:
    result = step.option("auth")
    assert result is not None
    return result


@settings(max_examples=400, deadline=None)
@given(LINES, INNER)
def test_a_stack_lets_in_whom_libpam_lets_in(outer: list[str], inner: list[str]) -> None:
    library = libpam()
    with tempfile.TemporaryDirectory() as made:
        there = [line.replace(" inner", f" {made}/inner") for line in outer]
        for name, lines in (("outer", there), ("inner", inner), ("other", ["auth required pam_deny.so"])):
            (Path(made) / name).write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
        expected = lets_in(library, Path(made))
    steps = stack("outer", "auth", {"outer": there, "inner": inner})
    assert granted(steps, told) == expected


@pytest.mark.parametrize("auth", [DEBIAN, REDHAT, MANUAL, *(one for one in ENDLESS if "tally2" not in one)])
def test_an_account_is_locked_where_the_rules_say_so(tmp_path: Path, auth: str) -> None:
    """Three wrong passwords, then the right one; pam_unix is played by libpam's test module."""
    need_root()
    library = libpam()

    def tried(came: str) -> bool:
        lines = auth.replace("pam_unix.so", f"pam_debug.so auth={came} #")
        lines = lines.replace("pam_faillock.so", f"pam_faillock.so nodelay dir={tmp_path / 'tally'}")
        (tmp_path / "outer").write_text(lines.replace("delay=2000000", "delay=0"), encoding="ascii")
        return lets_in(library, tmp_path)

    (tmp_path / "other").write_text("auth required pam_deny.so\n", encoding="ascii")
    (tmp_path / "tally").mkdir()
    assert [tried("auth_err") for _ in range(WRONG_TRIES)] == [False] * WRONG_TRIES
    assert tried("success") is (locks({"login": auth.splitlines()}, []) is None)
