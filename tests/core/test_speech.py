"""What the command line says cannot steer the terminal it is said on."""

import pytest

from auditor.cli.speech import Speech
from auditor.errors import CarryError

HOSTILE = "\x1b]0;x\x07\x1b[2J\r\x9b2J\u202e\udcff"


def test_words_of_others_are_shown_and_never_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    """A server's greeting, a file's field, a name on the share: all of it may hold escape sequences."""
    speech = Speech("ja")
    speech.out(f"1\u3000行\n2行{HOSTILE}")
    speech.note(speech.error(CarryError("archive_bad", path="a.zip", why=HOSTILE)))
    said = capsys.readouterr()
    shown = "[U+001B]]0;x[U+0007][U+001B][2J[U+000D][U+009B]2J[U+202E][U+DCFF]"
    assert said.out == f"1\u3000行\n2行{shown}\n"
    for text in (said.out, said.err):
        assert text.replace("\u3000", "").replace("\n", "").isprintable()


def test_a_document_for_programs_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    Speech("en").document('{"name": "\u202e"}')
    assert capsys.readouterr().out == '{"name": "\u202e"}\n'
