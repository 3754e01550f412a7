"""Everything the command line says, in Japanese and English, from the files beside this module.

Each subject has a pair ``SUBJECT.ja.toml`` / ``SUBJECT.en.toml`` of tables of sentences; a sentence's key
is ``table.key``. Sentences use ``str.format`` fields.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

LANGUAGES = ("ja", "en")


@cache
def sentences(lang: str) -> Mapping[str, str]:
    """All sentences of a language by ``table.key``.

    Raises:
        ValueError: two files define one key.
    """
    import tomllib  # noqa: PLC0415 - check modules load this one and say nothing

    merged: dict[str, str] = {}
    for path in sorted(Path(__file__).parent.glob(f"*.{lang}.toml")):
        for table, entries in tomllib.loads(path.read_text("utf-8")).items():
            for key, sentence in entries.items():
                if f"{table}.{key}" in merged:
                    raise ValueError(f"{path.name}: {table}.{key} is defined twice")
                merged[f"{table}.{key}"] = sentence
    return merged


def say(lang: str, key: str, /, **values: object) -> str:
    """The sentence `key` in `lang`, with its fields filled in.

    Raises:
        KeyError: no such sentence, or a field has no value (a test renders every sentence).
    """
    return sentences(lang)[key].format(**values)
