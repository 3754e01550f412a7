"""A night that could not even begin is told to the IT staff by mail, once, and leaves nothing else."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.cli.app import run
from auditor.nightly.journal import read_journal
from auditor.nightly.spool import declared_digest
from tests.nightly.ground import HERE, ROW
from tests.notify.nights import IT, MAIL
from tests.notify.sink import Sink, serving, text_of
from tests.whole.command import auditor
from tests.whole.test_faults import TOWN


def town(folder: Path, port: int, more: str = "") -> Path:
    return HERE(folder, ROW, toml=TOWN + MAIL.format(port=port) + more)


def broken_history(folder: Path) -> None:
    (folder / "auditor.db").write_bytes(b"this was a history" * 500)


def unknown_section(folder: Path) -> None:
    file = folder / "town.toml"
    file.write_text(file.read_text("utf-8") + '[mail.sections]\nnowhere = ["a@town.example"]\n', "utf-8")


def wrong_ledger(folder: Path) -> None:
    file = folder / "endpoints.csv"
    file.write_text(file.read_text("utf-8").replace("総務課", "宇宙課"), "utf-8", newline="")


@pytest.mark.parametrize(
    ("spoil", "code"),
    [(broken_history, 1), (unknown_section, 2), (wrong_ledger, 2)],
    ids=["damaged history", "wrong settings", "wrong ledger"],
)
def test_what_keeps_a_night_from_beginning_is_told_once(
    tmp_path: Path, spoil: Callable[[Path], None], code: int
) -> None:
    sink = Sink()
    with serving(sink) as port:
        folder = town(tmp_path / "town", port)
        spoil(folder)
        ended = [auditor("run-nightly", str(folder), cwd=tmp_path).returncode for _ in range(2)]
    assert ended == [code, code]
    assert [one.rcpt_tos for one in sink.taken] == [[IT]]
    assert "点検が終わりませんでした" in sink.subjects(IT)[0]
    assert "止まったところ　準備" in text_of(sink.mails()[0])


def test_a_mistake_in_a_report_is_told_and_the_night_s_results_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report may be anybody's; one that ends every night before the mail would never be heard of."""

    def wrong(*_: object) -> None:
        raise TypeError("a report of the town's own")

    monkeypatch.setattr("auditor.discover.report_renderers", lambda: {"own": wrong})
    sink = Sink()
    with serving(sink) as port:
        folder = town(tmp_path / "town", port)
        assert run(["run-nightly", str(folder)]) == 1
    assert [one.rcpt_tos for one in sink.taken] == [[IT]]
    assert "止まったところ　報告書" in text_of(sink.mails()[0])
    night = read_journal(folder).tonight
    assert night is not None
    assert (night.run, night.ended) == (1, None)


def test_settings_that_cannot_be_read_at_all_leave_nothing_behind(tmp_path: Path) -> None:
    folder = town(tmp_path / "town", 25)
    (folder / "town.toml").write_text("[mail\n")
    before = sorted(path.name for path in folder.iterdir())
    assert auditor("run-nightly", str(folder), cwd=tmp_path).returncode == 2
    assert sorted(path.name for path in folder.iterdir()) == before


def test_quiet_hours_that_leave_out_every_night_are_told(tmp_path: Path) -> None:
    sink = Sink()
    with serving(sink) as port:
        folder = town(tmp_path / "town", port)
        for _ in range(2):
            done = auditor("run-nightly", str(folder), "--quiet-hours", "00:00-23:59", cwd=tmp_path)
            assert done.returncode == 0, done.stderr
    assert len(sink.taken) == 1
    assert "quiet_hours" in text_of(sink.mails()[0])


def test_one_night_left_out_for_quiet_hours_is_no_reason_for_a_mail(tmp_path: Path) -> None:
    sink = Sink()
    with serving(sink) as port:
        folder = town(tmp_path / "town", port)
        assert auditor("run-nightly", str(folder), cwd=tmp_path).returncode == 0
        mails = len(sink.taken)
        auditor("run-nightly", str(folder), "--quiet-hours", "00:00-23:59", cwd=tmp_path)
    assert len(sink.taken) == mails


def test_ledgers_that_change_while_the_night_waits_are_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is audited is what the journal says was declared."""
    folder = HERE(tmp_path / "town", ROW)

    def meanwhile(*_: object) -> None:
        HERE(folder, ROW.replace("PC-1", "PC-7"))

    monkeypatch.setattr("auditor.cli.nightly._delay", meanwhile)
    assert run(["run-nightly", str(folder)]) == 0
    latest = json.loads((folder / "out" / "latest" / "run.json").read_text("utf-8"))
    assert [card["id"] for card in latest["targets"] if card["kind"] == "endpoint"] == ["PC-7"]
    night = read_journal(folder).tonight
    assert night is not None
    assert night.declared == declared_digest(folder)
