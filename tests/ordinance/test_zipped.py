"""A zip is read like the folder it was made of; one that hides or swells is a gap."""

import io
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.api import Garbled, Verdict
from checks.ordinance import _zipped
from checks.ordinance._zipped import members
from checks.ordinance.corpus import Ordinances
from tests.ordinance.conftest import judged

Write = Callable[..., Ordinances]

TEXT = "○甲町備品規則\n規則第2号\n第1条　申請書に押印する。\n"


def zipped(files: dict[str, bytes]) -> bytes:
    """An archive of these files."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return whole.getvalue()


def test_a_name_written_by_japanese_windows_is_shown_as_it_was() -> None:
    body = zipped({"XXXX.txt": b"x"}).replace(b"XXXX", "備品".encode("cp932"))
    assert list(members(body)) == [("備品.txt", b"x")]


def test_the_ordinances_in_a_zip_are_judged_like_those_in_a_folder(folder: Write) -> None:
    texts = folder({"reiki.zip": zipped({"a/備品.txt": TEXT.encode("cp932"), "a/style.css": b"p{}"})})
    assert (texts.count, texts.unread) == (1, ())
    assert texts.documents[0].file == "reiki.zip/a/備品.txt"
    assert judged("ORD-09", texts).places == ("甲町備品規則第1条: 押印",)


def test_a_picture_in_a_zip_is_a_gap_like_one_in_a_folder(folder: Write) -> None:
    body = zipped({"a.txt": "○甲町規則\n規則第1号\n第1条　甲。".encode(), "scan.tif": b"II*", "b.zip": b"PK"})
    texts = folder({"reiki.zip": body})
    assert texts.unread == ("reiki.zip/scan.tif", "reiki.zip/b.zip")
    assert judged("ORD-09", texts).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("cut", [b"PK", b"", b"PK\x03\x04" + b"\x00" * 80])
def test_what_is_no_zip_is_a_gap(folder: Write, cut: bytes) -> None:
    assert folder({"a.txt": TEXT, "reiki.zip": cut}).unread == ("reiki.zip",)


def test_a_zip_cut_off_keeps_what_was_read_and_is_a_gap(folder: Write) -> None:
    body = bytearray(zipped({"a.txt": TEXT.encode(), "b.txt": TEXT.encode() * 50}))
    at = body.rindex(b"b.txt", 0, body.index(b"PK\x01\x02")) + 12
    body[at : at + 12] = b"\xff" * 12
    texts = folder({"reiki.zip": bytes(body)})
    assert (texts.count, texts.unread) == (1, ("reiki.zip",))


def test_a_zip_that_swells_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zipped({f"{at}.txt": b"\x00" * 60_000 for at in range(4)})
    monkeypatch.setattr(_zipped, "MAX_TOTAL", 100_000)
    with pytest.raises(Garbled):
        list(members(bomb))
    monkeypatch.setattr(_zipped, "MAX_MEMBER", 10_000)
    assert next(members(bomb)) == ("0.txt", None)
    monkeypatch.setattr(_zipped, "MAX_MEMBERS", 3)
    with pytest.raises(Garbled):
        list(members(bomb))


def test_a_name_in_a_zip_is_only_shown() -> None:
    ((name, _),) = members(zipped({"..\\..\\etc\\\x1b[0m.txt": b"x"}))
    assert name == "../../etc/?[0m.txt"


@given(st.binary(max_size=200))
def test_no_bytes_break_the_zip_reader(body: bytes) -> None:
    with pytest.raises(Garbled):
        list(members(body))
