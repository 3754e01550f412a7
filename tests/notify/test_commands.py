"""``auditor status`` and ``auditor notify test`` as a person types them."""

import json
from pathlib import Path

import pytest

from auditor.notify.outbox import Outbox
from auditor.scaffold import write_town
from auditor.town import load_town
from tests.notify.nights import IT, MAIL, OFFICERS, kept, loaded, mail_to, moment, told
from tests.notify.sink import Sink, free_port, serving, text_of
from tests.whole.command import auditor

STAFF = "職員番号,氏名,課,方式,試行,研修修了日\r\n0101,髙橋 一郎,総務課,vpn,○,2026-05-01\r\n"
HEADS = "資産番号,製造番号,機器名,OS,課,利用者,区分,方式,取得方法"
ENDPOINTS = f"{HEADS}\r\nPC-1,SN1,総務01,linux,総務課,0101,lgwan,vpn,file\r\n"
TOWN = """
[town]
name = "松風町"
model = "base"
{tables}
[[sections]]
id = "soumu"
name = "総務課"
"""


def write(folder: Path, tables: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "inbox").mkdir(exist_ok=True)
    (folder / "town.toml").write_text(TOWN.format(tables=tables), "utf-8")
    (folder / "staff.csv").write_text(STAFF, "utf-8")
    (folder / "endpoints.csv").write_text(ENDPOINTS, "utf-8")
    return folder


def test_a_town_that_was_never_audited_needs_a_look(tmp_path: Path) -> None:
    said = auditor("status", str(write(tmp_path / "t")), cwd=tmp_path)
    assert (said.returncode, said.stderr) == (4, "")
    assert "No audit has ever run" in said.stdout
    assert sorted(path.name for path in (tmp_path / "t").iterdir()) == [
        "endpoints.csv",
        "inbox",
        "staff.csv",
        "town.toml",
    ], "looking writes nothing"


def test_status_shows_a_scan_its_silences_and_its_notices(tmp_path: Path) -> None:
    folder = write(tmp_path / "t", (MAIL + OFFICERS).format(port=free_port()))
    scanned = auditor("run-nightly", str(folder), cwd=tmp_path)
    assert "2 new notices, 0 sent, 2 still waiting" in scanned.stdout, scanned.stdout + scanned.stderr
    said = auditor("status", str(folder), cwd=tmp_path)
    assert said.returncode == 4
    assert "Last run: number 1" in said.stdout
    assert "2 unsent" in said.stdout
    assert "it@town.example unsent ConnectionRefusedError" in said.stdout
    assert "Nothing at all was heard from the PCs of 総務課" in said.stdout
    assert len(said.stdout.splitlines()) <= 24, "one screen"
    found = json.loads(auditor("status", str(folder), "--json", cwd=tmp_path).stdout)
    assert (found["run"], found["holder"], len(found["notices"])) == (1, None, 2)
    assert "section" in [one["code"] for one in found["silences"]]
    page = (folder / "out" / "latest-en" / "town.html").read_text("utf-8")
    assert page.count("What did not come") == 1
    assert "No evidence was ever carried in from" in page
    assert "Nothing at all was heard from the PCs" not in page, "the page says so in its first lines"
    technical = (folder / "out" / "latest-en" / "technical.html").read_text("utf-8")
    assert "Nothing at all was heard from the PCs of 総務課" in technical


def test_a_test_mail_goes_to_everybody_after_asking(tmp_path: Path) -> None:
    sink = Sink(at_rcpt={"soumu@town.example": "550 no such user"})
    with serving(sink) as port:
        folder = write(tmp_path / "t", (MAIL + OFFICERS).format(port=port))
        asked = auditor("notify", "test", str(folder), cwd=tmp_path)
        assert asked.returncode != 0
        assert sink.taken == [], "nobody answered the question"
        said = auditor("notify", "test", str(folder), "--yes", cwd=tmp_path)
    assert said.returncode == 1
    assert "Sent to it@town.example" in said.stdout
    assert "soumu@town.example (550 no such user)" in said.stdout
    assert [one.rcpt_tos for one in sink.taken] == [[IT]]
    assert "試しにお送りしています" in text_of(sink.mails()[0])
    assert not (folder / "outbox.db").exists()


def test_without_mail_there_is_nothing_to_test(tmp_path: Path) -> None:
    said = auditor("notify", "test", str(write(tmp_path / "t")), "--yes", cwd=tmp_path)
    assert said.returncode == 2
    assert "Nobody is declared" in said.stderr


@pytest.mark.parametrize(
    ("old", "new", "told_of"),
    [
        ('host = "127.0.0.1"', 'host = "mail.town.example"', "unencrypted (plain)"),
        ('security = "plain"', 'security = "ssl"', "starttls, tls, plain"),
        ('to = ["it@town.example"]', "to = []", "Nobody is written to"),
        ('to = ["it@town.example"]', 'to = ["情報 <it@town.example>"]', "cannot be used as an address"),
        ('to = ["it@town.example"]', r'to = ["it@town.example\nBcc: x@y.example"]', "as an address"),
        ("soumu = [", "zeimu = [", "zeimu"),
        ('from = "audit', 'password = "x"\nfrom = "audit', "password"),
        ("[mail.sections]", 'password_file = "no.txt"\n[mail.sections]', "no.txt"),
        ("[mail]", "[silence]\nsegment_days = 0\n[mail]", "segment_days"),
        ("[mail]", '[webhook]\nurl = "http://hook.example/"\nsecret_file = "town.toml"\n[mail]', "http"),
        ("[mail]", '[webhook]\nurl = "https://u:p@hook.example/"\nsecret_file = "town.toml"\n[mail]', "url"),
    ],
)
def test_what_is_wrong_in_the_declaration_stops_everything_with_its_line(
    tmp_path: Path, old: str, new: str, told_of: str
) -> None:
    folder = write(tmp_path / "t", (MAIL + OFFICERS).format(port=25))
    text = (folder / "town.toml").read_text("utf-8")
    assert old in text
    (folder / "town.toml").write_text(text.replace(old, new, 1), "utf-8")
    said = auditor("status", str(folder), cwd=tmp_path)
    assert said.returncode == 2
    assert told_of in said.stderr
    assert "town.toml:" in said.stderr


def test_plain_mail_to_another_machine_needs_a_written_reason(tmp_path: Path) -> None:
    tables = (
        (MAIL + OFFICERS)
        .format(port=25)
        .replace('host = "127.0.0.1"', 'host = "mail.town.example"\nplain_reason = "庁内LANの中だけを通る"')
    )
    assert auditor("status", str(write(tmp_path / "t", tables)), cwd=tmp_path).returncode == 4


def test_a_new_town_folder_explains_mail_and_says_what_is_missing(tmp_path: Path) -> None:
    for lang in ("ja", "en"):
        write_town(tmp_path / lang, lang)
        assert "# [mail]" in (tmp_path / lang / "town.toml").read_text("utf-8")


def test_a_good_status_ends_with_zero(tmp_path: Path) -> None:
    from auditor.history import History
    from auditor.status import status

    sink = Sink()
    with serving(sink) as port, History(tmp_path / "auditor.db") as history:
        where = loaded(tmp_path, mail_to(port))
        run = kept(tmp_path, history, 0)
        told(where, history, run)
    found = status(where, (), moment(0))
    assert found.notices == ()
    assert [one.code for one in found.silences] == ["section"], "a PC that nobody ever heard stays silent"
    with Outbox(tmp_path) as outbox:
        assert outbox.open() == ()


def test_doctor_tries_the_password_and_the_secret(tmp_path: Path) -> None:
    tables = (
        (MAIL + OFFICERS)
        .format(port=25)
        .replace("[mail.sections]", 'user = "a"\npassword_file = "pw"\n[mail.sections]')
    )
    folder = write(tmp_path / "t", tables)
    (folder / "pw").write_text("opensesame", "utf-8")
    (folder / "pw").chmod(0o644)
    said = auditor("doctor", str(folder), cwd=tmp_path)
    assert "644" in said.stdout
    (folder / "pw").chmod(0o600)
    assert "644" not in auditor("doctor", str(folder), cwd=tmp_path).stdout
    assert "opensesame" not in said.stdout + said.stderr


def test_a_night_that_stops_half_way_is_told_once_and_goes_on_when_it_can(tmp_path: Path) -> None:
    sink = Sink()
    with serving(sink) as port:
        folder = write(tmp_path / "t", (MAIL + OFFICERS).format(port=port))
        (folder / "out").write_text("a file stands where the pages go", "utf-8")
        assert auditor("run-nightly", str(folder), cwd=tmp_path).returncode == 1
        assert auditor("run-nightly", str(folder), cwd=tmp_path).returncode == 1
        (mail,) = sink.mails()
        assert "点検が終わりませんでした" in str(mail["Subject"])
        assert "止まったところ" in text_of(mail)
        (folder / "out").unlink()
        auditor("run-nightly", str(folder), cwd=tmp_path)
    assert [one.rcpt_tos[0] for one in sink.taken] == [IT, IT, "soumu@town.example"]


def test_one_mailbox_in_two_spellings_is_written_to_once(tmp_path: Path) -> None:
    tables = (MAIL + OFFICERS).format(port=free_port())
    tables = tables.replace('["it@town.example"]', '["IT@town.example", "it@TOWN.example"]')
    folder = write(tmp_path / "t", tables.replace("soumu@town.example", "it@town.example"))
    mail = load_town(folder).settings.mail
    assert mail is not None
    assert (mail.to, mail.sections["soumu"]) == (("IT@town.example",), ("IT@town.example",))
    assert mail.everybody == ("IT@town.example",)
