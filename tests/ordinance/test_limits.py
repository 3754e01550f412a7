"""Hostile or huge texts end soon; a text too full to search does not pass."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.api import Reason, Verdict
from checks.ordinance._hits import hits_of
from checks.ordinance._reader import documents_of
from checks.ordinance._search import sentences_of
from checks.ordinance._text import plain_page
from checks.ordinance.corpus import Ordinances
from tests.ordinance.conftest import TODAY, judged

HOSTILE = {
    "articles": "\n".join(f"第{n}条　申請書に記名押印し、書面により提出する。" for n in range(1, 50_001)),
    "lines": "これは文です\n" * 100_000,
    "one_line": "第1条　" + "押印し、書面により" * 100_000,
    "kanji": "第1条　" + "書" * 500_000,
    "law": "第1条　" + "法" * 300_000 + "押印",
    "brackets": "第1条　" + "(" * 300_000 + "押印。",
    "papers": "第1条　" + "申請書(あ" * 100_000,
    "quotes": "第1条　" + "「押印" * 100_000,
    "form_blanks": "様式第1号\n" + "あ " * 300_000 + "\n" + " " * 300_000 + "x",
    "form_names": "様式第1号\n" + "氏名 " * 100_000,
    "table_blanks": "別表" + " " * 300_000 + "x",
    "times": "第1条　" + "毎日定期に" * 100_000,
    "inspections": "第1条　" + "点検は検査を" * 100_000,
    "places": "第1条　" + "見やすい場所に現金で" * 50_000 + "立入り" * 50_000,
    "items": "第1条　次のとおり\n" + "(1)　押印\n" * 50_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_done_with_soon(name: str) -> None:
    """The bound is for a busy machine; a pattern that backtracks takes minutes here."""
    begun = time.process_time()
    documents = documents_of("x.txt", plain_page(HOSTILE[name]))
    for document in documents:
        hits_of((document,), TODAY)
    assert time.process_time() - begun < 20


@settings(deadline=2000)
@given(st.text(alphabet="押印書面署名を。、(「」)第条電磁的記録又は様式 \n氏申請法1", max_size=400))
def test_any_mixture_of_the_words_is_searched(text: str) -> None:
    for document in documents_of("x.txt", plain_page(text)):
        assert all(hit.words and hit.id for hit in hits_of((document,), TODAY).all if hit.sentence)


@given(st.text(alphabet="あ。(「)」", max_size=200))
def test_sentences_are_the_whole_text(text: str) -> None:
    assert "".join(sentences_of(text)) == text


def test_a_text_with_too_many_mentions_does_not_pass(folder: Callable[..., Ordinances]) -> None:
    """All that was looked at demands nothing, and what lies beyond was not looked at."""
    texts = folder({"a.txt": "○甲町規則\n規則第1号\n第1条　" + "押印を要しない。" * 3000 + "署名する。"})
    judgement = judged("ORD-09", texts)
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_MEASURABLE)
