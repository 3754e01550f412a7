"""Declared words on a page: every spelling that a browser shows alike, and none that it does not."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.remote._http import MOST_BODY
from checks.remote._pagetext import stands

OUTAGE = '<html><title>障害のお知らせ</title>ただいま停止しています。<a href="/x?y=1">x</a></html>'
SIGN_IN = "<html><p>サインイン</p></html>"


@pytest.mark.parametrize("words", ["①", "🔑", "～サインイン～", "\ufffd", "?1", "　", ""])
@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "euc_jp"])
def test_words_that_are_not_on_a_page_are_never_found(words: str, encoding: str) -> None:
    """Also not those that an encoding cannot spell: a question mark stands on many a page."""
    assert not stands(words, {}, OUTAGE.encode(encoding))
    assert not stands(words, {"content-type": "text/html; charset=shift_jis"}, OUTAGE.encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "euc_jp", "iso2022_jp", "utf-16", "utf-8-sig"])
def test_words_are_found_in_every_encoding_of_japanese_pages(encoding: str) -> None:
    assert stands("サインイン", {}, SIGN_IN.encode(encoding))
    assert not stands("サインイン", {}, OUTAGE.encode(encoding))


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("Shift_JIS", "cp932"),
        ("x-sjis", "cp932"),
        ("windows-31j", "cp932"),
        ("EUC-JP", "euc_jp"),
        ("ISO-2022-JP", "iso2022_jp"),
        ("utf-16le", "utf-16-le"),
        ("iso-8859-1", "utf-8"),
        ("no-such-thing", "utf-8"),
        ("punycode", "utf-8"),
    ],
)
def test_the_declared_encoding_counts_where_it_holds(declared: str, encoding: str) -> None:
    headers = {"content-type": f"text/html; charset={declared}"}
    assert stands("職員", headers, "職員".encode(encoding))
    if encoding != "utf-16-le":
        page = f'<html><meta http-equiv="Content-Type" content="text/html; charset={declared}">職員'
        assert stands("職員", {}, page.encode(encoding))


def test_bytes_of_one_encoding_are_not_read_as_another_that_is_declared() -> None:
    """A browser shows these bytes as 職員, whatever they would mean in Shift_JIS."""
    body = "職員".encode()
    mistaken = body.decode("cp932", "replace")[:2]
    assert not stands(mistaken, {"content-type": "text/html; charset=utf-8"}, body)
    assert not stands(mistaken, {}, body)


@pytest.mark.parametrize(
    ("words", "page"),
    [
        ("ログイン & 認証", "ログイン &amp; 認証"),
        ("ログイン & 認証", "ログイン&#x20;&#38;&nbsp;\n 認証"),
        ("ログイン &amp; 認証", "ログイン &amp; 認証"),
        ("サインイン", "&#12469;&#12452;&#12531;&#12452;&#12531;"),
        ("ガイド", unicodedata.normalize("NFD", "ガイド")),
        ("ガイド", "ｶﾞｲﾄﾞ"),
        ("Ｌｏｇｉｎ", "Login"),
        ("受付〜終了", "受付～終了"),
    ],
)
def test_what_looks_alike_is_one_spelling(words: str, page: str) -> None:
    assert stands(words, {}, page.encode())


@pytest.mark.parametrize("word", ["ログイン", "サインイン", "ポータル"])
@pytest.mark.parametrize(
    "head",
    ["<!-- <meta charset=Shift_JIS> --><meta charset=utf-8>", '<meta name=x content="charset=EUC-JP">'],
)
def test_a_remark_about_another_encoding_hides_nothing(word: str, head: str) -> None:
    """The bytes of these words are right Shift_JIS, too."""
    assert stands(word, {"content-type": "text/html"}, f"{head}<title>{word}</title>".encode())


def test_marks_heaped_over_one_sign_take_no_time() -> None:
    """To bring them in their order takes the square of their number, and holds up every other probe."""
    classes = {unicodedata.combining(chr(code)): chr(code) for code in range(0x80, 0x800)}
    heap = "".join(classes[each] * 300 for each in sorted(classes, reverse=True) if each)
    began = time.monotonic()
    assert not stands("サインイン", {"content-type": "text/html; charset=utf-8"}, heap.encode()[:MOST_BODY])
    assert time.monotonic() - began < 1


def test_a_page_cut_within_a_sign_and_one_with_a_wrong_byte_are_read() -> None:
    assert stands("職員", {}, "職員の方".encode()[:-1])
    assert stands("職員", {"content-type": "text/html; charset=utf-8"}, b"\xff" + "職員".encode())


def test_a_number_longer_than_python_reads_hides_nothing_and_breaks_nothing() -> None:
    page = "職員 &#" + "9" * 5000 + ";"
    assert stands("職員", {}, page.encode())
    assert not stands("別の語", {}, page.encode())


@pytest.mark.parametrize(
    "piece", [b"<meta ", b"charset=", b"&#", b"&amp", b"\x1b$B", b"\x1b(I", b"\xff", b"a\xcc\x80"]
)
def test_no_page_takes_long(piece: bytes) -> None:
    body = (piece * MOST_BODY)[:MOST_BODY]
    began = time.monotonic()
    assert not stands("サインイン", {"content-type": "charset" + " " * 9000 + "=x"}, body)
    assert time.monotonic() - began < 2


@given(st.text(max_size=9), st.text(max_size=60), st.binary(max_size=200))
def test_no_page_breaks_the_reading(words: str, told: str, body: bytes) -> None:
    stands(words, {"content-type": told}, body)
    stands(words, {"content-type": f"charset={told}"}, body)
