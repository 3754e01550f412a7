"""Everything the access layer can say has a sentence in both languages, with the same fields."""

import re
import string
import tomllib
from importlib.resources import files
from pathlib import Path

import auditor

PACKAGE = Path(auditor.__file__).parent
SOURCES = [
    *PACKAGE.glob("access/*.py"),
    *PACKAGE.glob("script*.py"),
    *(PACKAGE / name for name in ("jumphosts.py", "rosters.py")),
]
SAID = re.compile(
    r'"((?:known_hosts|host_key|key_file|password_file|fragment|unsupported|jump|sudo)_[a-z]+|unknown_jump)"'
)


def fields_of(lang: str) -> dict[str, set[str]]:
    tables = tomllib.loads(files("auditor.words").joinpath(f"access.{lang}.toml").read_text("utf-8"))
    sentences = {key: text for table in tables.values() for key, text in table.items()}
    return {
        key: {name for _, name, _, _ in string.Formatter().parse(text) if name}
        for key, text in sentences.items()
    }


def test_both_languages_say_the_same_things_with_the_same_fields() -> None:
    assert fields_of("ja") == fields_of("en")


def test_every_key_in_the_code_has_its_sentence_and_no_sentence_is_idle() -> None:
    text = "".join(path.read_text("utf-8") for path in SOURCES)
    said = set(SAID.findall(text)) - {"known_hosts_", "fragment_of", "jump_unreached"}
    for what in ("key_file", "password_file"):  # their endings are put together in one place
        said |= {f"{what}_mode", f"{what}_unreadable"}
    assert said == set(fields_of("ja"))
