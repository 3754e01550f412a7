"""The sample town of 205 staff, told by the real nightly run: nobody's name leaves the share."""

from pathlib import Path

from auditor.town import load_town
from tests.notify.nights import MAIL, OFFICERS
from tests.notify.sink import Sink, serving, text_of
from tests.whole.command import auditor


def test_the_sample_town_s_mail_names_nobody_and_no_machine(tmp_path: Path) -> None:
    sink, folder = Sink(), tmp_path / "town"
    assert auditor("demo", str(folder), cwd=tmp_path).returncode == 0
    declared = load_town(folder).town
    section = declared.sections[0].id
    with serving(sink) as port:
        path = folder / "town.toml"
        mail = (MAIL + OFFICERS).format(port=port).replace("soumu =", f"{section} =")
        path.write_text(path.read_text("utf-8") + mail, "utf-8")
        auditor("run-nightly", str(folder), cwd=tmp_path)
        auditor("run-nightly", str(folder), cwd=tmp_path)
    assert sorted(one.rcpt_tos[0] for one in sink.taken) == ["it@town.example", "soumu@town.example"]
    words = {person.name for person in declared.staff} | {row.name for row in declared.endpoints}
    words |= {row.id for row in declared.endpoints} | {row.serial for row in declared.endpoints}
    words |= {row.host for row in declared.gateways} | {row.host for row in declared.endpoints}
    assert len(words) > 400
    for shown in sink.mails():
        text = f"{shown['Subject']}\n{text_of(shown)}"
        assert [word for word in words if word and word in text] == []
        assert str(shown["Subject"]).startswith("【見本】")
        assert "これは見本です" in text
