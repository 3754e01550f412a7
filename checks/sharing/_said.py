"""``cloud.toml``: what a town says of a cloud suite that no export says, each with its day and source."""

import tomllib
from datetime import date

import msgspec

from auditor.api import Folder, Garbled, folded

NAME = "cloud.toml"
MAX_BYTES = 64 * 1024


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings read off the console on a day; True = as the town demands, None = not looked at.

    `chat_history` = it is kept and users cannot turn it off; `calendar_inside` = colleagues see the details;
    `pop_imap` = both are off for every mailbox.
    """

    on: date
    source: str
    chat_history: bool | None = None
    calendar_inside: bool | None = None
    pop_imap: bool | None = None


class Sharing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`items` = how many shared things the console counts; `allowed_domains` = those of agreed partners."""

    items: int
    allowed_domains: list[str] = []


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file; None = nothing is said of it."""

    settings: Settings | None = None
    sharing: Sharing | None = None


def read_said(folder: Folder) -> Said:
    """What the folder's file says, nothing where there is none.

    Raises:
        Garbled: not TOML, an unknown key, a setting without its source.
    """
    if NAME not in folder.names(".toml"):
        return Said()
    body = folder.read(NAME)
    if len(body) > MAX_BYTES:
        raise Garbled(f"{NAME}: larger than {MAX_BYTES} bytes")
    try:
        said = msgspec.convert(tomllib.loads(body.decode("utf-8-sig")), Said)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError, RecursionError) as error:
        raise Garbled(f"{NAME}: {error}"[:200]) from None
    if said.settings is not None and not folded(said.settings.source):
        raise Garbled(f"{NAME}: the settings name no source")
    return said
