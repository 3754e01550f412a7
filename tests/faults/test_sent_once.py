"""A night killed while it tells people: nobody is told twice; what was not sent goes with the next start."""

import random
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.kit import anvil, runs, small_town, soundness
from tests.notify.sink import Sink, serving

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills as POSIX does")
MAIL = """\
[mail]
host = "127.0.0.1"
port = {port}
security = "plain"
plain_reason = "試験"
from = "auditor@example.jp"
to = ["it@example.jp"]
"""
STRIKES = 8


def test_a_night_killed_at_any_point_of_its_mails_sends_each_at_most_once(tmp_path: Path) -> None:
    sink = Sink()
    with serving(sink) as port:
        folder = small_town(tmp_path / "town", MAIL.format(port=port))
        with anvil(folder) as one:
            assert one.run("run-nightly")[0] in (0, 4), one.said
            assert len(sink.taken) == 1, "the first night is told"
            (folder / "outbox.db").unlink()
            code, acts = one.run("run-nightly")
            assert code in (0, 4)
            draw = random.Random("mails")
            sent = 0
            for at in sorted(draw.sample(range(acts // 2, acts), STRIKES)):
                (folder / "outbox.db").unlink(missing_ok=True)  # so that every night has something to tell
                before = len(sink.taken)
                one.run("run-nightly", kill=at)
                assert one.run("run-nightly")[0] in (0, 4), f"killed at {at} of {acts}: {one.said}"
                assert soundness(folder) == []
                sent += len(sink.taken) > before
            told = Counter(str(mail["Message-ID"]) for mail in sink.mails())
    assert set(told.values()) == {1}
    assert sent >= STRIKES - 2, "a mail under way may be in doubt; the others are sent by the next start"
    assert len(runs(folder)) >= STRIKES
