"""PPL-08: which stored files can be searched, told from files made here."""

import io
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter

from auditor.errors import Garbled, NotKnown
from auditor.findings import Judgement, Reason, Verdict
from checks.sharing import library as subject
from checks.sharing._textlayer import IMAGE, MIXED, TEXT, UNCLEAR, layer_of
from tests.sharing.conftest import TODAY, answered, documents, params, placed, says

GREY = "/ColorSpace/DeviceGray/BitsPerComponent 8"
PICTURE = "q 500 0 0 700 0 0 cm /P Do Q"
WORDS = "BT /F 12 Tf 50 700 Td (Minutes of the section meeting held on 20 November 2026) Tj ET"
HIDDEN = WORDS.replace("BT", "BT 3 Tr")
HEADER = "BT /F 8 Tf 50 790 Td (FAX 2026/11/20 09:31 0123-45-6789) Tj ET"
STAMP = "BT /F 8 Tf 50 790 Td (3/12) Tj ET"


def pdf(*pages: str) -> bytes:
    """A PDF file with these contents; /P is a picture and /F a font."""
    count = len(pages)
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {count}/Kids[{' '.join(f'{5 + 2 * at} 0 R' for at in range(count))}]>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        f"<</Type/XObject/Subtype/Image/Width 1/Height 1{GREY}/Length 1>>\nstream\n \nendstream",
    ]
    for at, text in enumerate(pages):
        used = "/XObject<</P 4 0 R>>" if "/P " in text else ""
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {6 + 2 * at} 0 R"
            f"/Resources<</Font<</F 3 0 R>>{used}>>>>"
        )
        objects.append(f"<</Length {len(text)}>>\nstream\n{text}\nendstream")
    body, places = b"%PDF-1.4\n", []
    for number, text in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{text}\nendobj\n".encode()
    rows = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    tail = f"xref\n0 {size}\n0000000000 65535 f \n{rows}trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n"
    return body + f"{tail}{len(body)}\n%%EOF\n".encode()


def locked() -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(WORDS))))
    writer.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("pages", "kind"),
    [
        ((WORDS,), TEXT),
        ((PICTURE,), IMAGE),
        ((PICTURE + "\n" + HIDDEN,), TEXT),
        ((PICTURE + "\n" + STAMP,), IMAGE),
        ((PICTURE + "\n" + HEADER,), UNCLEAR),
        ((WORDS, PICTURE), MIXED),
        ((PICTURE, ""), IMAGE),
        (("",), UNCLEAR),
        (("BT /F 12 Tf 50 700 Td <0001000200030004000500060007> Tj ET",), UNCLEAR),
    ],
)
def test_a_scan_is_told_from_text_also_under_a_fax_header(pages: tuple[str, ...], kind: str) -> None:
    assert layer_of(pdf(*pages)) == kind


def judged(folder: Path, files: Mapping[str, bytes], **changed: int) -> Judgement:
    folder = folder / str(len(list(folder.iterdir())))
    (folder / "scan").mkdir(parents=True)
    body = subject.read_sample.collect(documents(folder, "library"), placed(folder, files))
    assert b"tanaka" not in body
    result = subject.scans_can_be_searched(subject.sample(answered(body)), params("PPL-08", **changed), TODAY)
    assert says("PPL-08", result)
    return result


def files(text: int, image: int, unclear: int = 0) -> dict[str, bytes]:
    found = {f"t{at}.pdf": pdf(WORDS) for at in range(text)}
    found |= {f"scan/tanaka{at}.PDF": pdf(PICTURE) for at in range(image)}
    return found | {f"l{at}.pdf": locked() for at in range(unclear)}


def test_enough_searchable_files_pass_and_the_sample_is_named(tmp_path: Path) -> None:
    result = judged(tmp_path, files(17, 3))
    assert (result.verdict, dict(result.values)) == (Verdict.PASS, {"text": 85, "size": 20, "total": 20})


def test_too_many_pictures_fail_and_their_folder_is_named(tmp_path: Path) -> None:
    result = judged(tmp_path, files(14, 6))
    assert (result.key, result.places) == ("image", ("scan: 6",))


def test_a_picture_file_is_a_picture(tmp_path: Path) -> None:
    pictures = {f"tanaka{at}.tif": b"II*" for at in range(10)}
    assert judged(tmp_path, files(14, 0) | pictures).places == (".: 10",)


def test_files_with_a_password_count_for_neither_side(tmp_path: Path) -> None:
    assert judged(tmp_path, files(15, 0, 5)).reason is Reason.UNREADABLE
    assert judged(tmp_path, files(5, 15, 1)).verdict is Verdict.FAIL


def test_mixed_files_are_no_pictures_and_not_searchable(tmp_path: Path) -> None:
    mixed = {f"m{at}.pdf": pdf(WORDS, PICTURE) for at in range(10)}
    result = judged(tmp_path, files(10, 0) | mixed)
    assert (result.key, result.values["image"]) == ("image", 0)


@pytest.mark.parametrize("count", [1, 19])
def test_a_handful_of_files_says_nothing_of_a_town(tmp_path: Path, count: int) -> None:
    assert judged(tmp_path, files(count, 0)).reason is Reason.NOT_MEASURABLE
    assert judged(tmp_path, files(0, count)).reason is Reason.NOT_MEASURABLE


def test_a_slow_folder_gives_a_small_sample_and_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "MAX_SECONDS", -1.0)
    assert judged(tmp_path, files(25, 0)).reason is Reason.NOT_MEASURABLE


def test_an_empty_folder_is_unknown_not_searchable(tmp_path: Path) -> None:
    with pytest.raises(NotKnown) as caught:
        judged(tmp_path, {"notes.txt": b"x"})
    assert caught.value.reason is Reason.NOT_COLLECTED


@pytest.mark.parametrize(
    "body", [b'{"total": 1, "counts": {"good": 1}, "folders": {}}', b"[]", b'{"total": 1}']
)
def test_a_kept_sample_of_another_shape_is_refused(body: bytes) -> None:
    with pytest.raises(Garbled):
        subject.sample(answered(body))


BROKEN = {
    "empty": b"",
    "text": b"hello",
    "head only": b"%PDF-1.7\n",
    "cut": pdf(WORDS)[:200],
    "no pages": pdf(),
    "loop": pdf(WORDS).replace(b"/Kids[5 0 R]", b"/Kids[2 0 R]"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_refused_not_called_a_picture(kind: str) -> None:
    try:
        assert layer_of(BROKEN[kind]) in (UNCLEAR, TEXT)
    except Garbled:
        return


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_reader_or_pass_for_text(tail: bytes) -> None:
    try:
        assert layer_of(b"%PDF-1.4\n" + tail) == UNCLEAR
    except Garbled:
        return
