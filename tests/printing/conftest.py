"""One real print server for the tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.peers.cups import Cups, CupsQueue, cups


@pytest.fixture(scope="package")
def server() -> Iterator[Cups]:
    queues = [
        CupsQueue("soumu", "総務課"),
        CupsQueue("zeimu", "東庁舎", two_sided=False, banner="standard"),
        CupsQueue("lost"),
        CupsQueue("raw", "税務課", raw=True),
        CupsQueue("closed", "総務課"),
    ]
    with cups(queues) as running:
        running.print("soumu", "sides=two-sided-long-edge", pages=6)
        running.print("soumu", "sides=one-sided", pages=6)
        running.print("soumu", "sides=one-sided", pages=6, copies=3)
        running.print("soumu", "raw", pages=6)
        running.print("closed", "sides=one-sided", pages=6)
        running.print("soumu", "sides=one-sided")
        running.delete("closed")
        yield running
