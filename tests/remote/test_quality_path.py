"""A narrow stretch in the middle of the path: told by a router, or swallowed without a word."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.api import Answer, Status, Verdict
from checks.remote.quality import good_enough, quality
from tests.peers.certificates import issue
from tests.peers.narrow import FAR, NARROW, Narrow, narrow
from tests.peers.process import need, started
from tests.remote.conftest import Pki, gateway_at
from tests.remote.test_quality import LINUX, PARAMS

PORT = 4443
ASK = f"""
import sys
from auditor.access.dial import DirectDial, doors
from auditor.api import Gateway
from checks.remote import quality
quality.WAIT_S = 1.5
gateway = Gateway(id="g", name="g", host={FAR!r}, port={PORT})
sys.stdout.buffer.write(quality.ask_quality.collect(gateway, DirectDial(doors(gateway), 15, lambda _: None)))
"""


def measured(net: Narrow, pki: Pki, folder: Path) -> Answer:
    """What the probe brings from the near end of a real OpenSSL server at the far end."""
    files = issue(pki.folder, pki.ca)
    command = [need("openssl"), "s_server", "-accept", str(PORT), "-cert", str(files.chain), "-key"]
    log = folder / "s_server.log"
    with started(
        net.argv(net.far, [*command, str(files.key), "-quiet", "-www"]),
        log=log,
        ready=lambda: _listens(net),
    ):
        done = subprocess.run(
            net.argv(net.near, [sys.executable, "-c", ASK]),
            capture_output=True,
            check=True,
            timeout=60,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
    return Answer("gateway.quality", Status.OK, done.stdout)


def _listens(net: Narrow) -> bool:
    shown = subprocess.run(
        net.argv(net.far, ["cat", "/proc/net/tcp", "/proc/net/tcp6"]),
        capture_output=True,
        text=True,
        check=True,
    )
    return f":{PORT:04X} " in shown.stdout


@LINUX
@pytest.mark.parametrize("silent", [False, True], ids=["told", "swallowed"])
def test_a_narrow_stretch_is_learnt_where_it_is_told_and_large_words_are_lost_where_not(
    pki: Pki, tmp_path: Path, *, silent: bool
) -> None:
    with narrow(silent=silent) as net:
        found = quality(measured(net, pki, tmp_path))
    assert (found.lost, found.asked) == (0, 9), "small words pass either way"
    judged = good_enough(gateway_at(443), found, PARAMS)
    assert judged.verdict is Verdict.FAIL
    if silent:
        assert (found.large, judged.key) == ("silent", "large_lost")
    else:
        assert (found.large, found.pmtu, judged.key) == ("answered", NARROW, "narrow")
