"""``columns.toml``: what a town says about an export that the export does not say itself."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import msgspec

from auditor.api import Garbled, folded
from checks.identity._words import JAPAN, account_id, known

NAME = "columns.toml"
JOINS = ("staff_id", "name", "email_local")
WORDS = {
    "status": ("yes", "no"),
    "flag": ("yes", "no"),
    "admin": ("super", "admin", "unsure", "none"),
    "last_sign_in": ("never",),
    "methods": ("phone", "resistant", "plain", "aside"),
}
MAX_TEXT = 200
MAX_BYTES = 256 * 1024


class _Policy(msgspec.Struct, forbid_unknown_fields=True):
    on: date
    source: str
    session_h: int | None = None
    mfa_required: bool | None = None
    sms_voice_allowed: bool | None = None
    admins_resistant_required: bool | None = None


class _People(msgspec.Struct, forbid_unknown_fields=True):
    by: str


class _File(msgspec.Struct, forbid_unknown_fields=True):
    system: str = ""
    exported_at: Any = None
    people: _People = msgspec.field(default_factory=lambda: _People("staff_id"))
    columns: dict[str, str] = {}
    words: dict[str, dict[str, list[str]]] = {}
    groups: dict[str, str] = {}
    not_people: dict[str, str] = {}
    policy: _Policy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What the town wrote. `exported` None = the file's own time counts.

    `groups` = the section that alone uses a group, by folded group name; `not_people` = folded ids of
    accounts that belong to no member of staff (shared, for administration, of a program).
    """

    system: str = ""
    exported: date | None = None
    by: str = "staff_id"
    columns: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, list[str]]] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    not_people: tuple[str, ...] = ()
    policy: Mapping[str, str | int | bool] = field(default_factory=dict)


def read_mapping(body: bytes) -> Declared:
    """The mapping file.

    Raises:
        Garbled: not TOML; unknown keys, systems, columns or meanings; an exclusion or a policy without why.
    """
    if len(body) > MAX_BYTES:
        raise Garbled(f"{NAME}: larger than {MAX_BYTES} bytes")
    try:
        file = msgspec.convert(tomllib.loads(body.decode("utf-8-sig")), _File)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError, RecursionError) as error:
        raise Garbled(f"{NAME}: {error}"[:MAX_TEXT]) from None
    if faults := [*_faults(file)]:
        raise Garbled(f"{NAME}: {'; '.join(faults)}"[:MAX_TEXT])
    return Declared(
        system=file.system,
        exported=_day(file.exported_at),
        by=file.people.by,
        columns=file.columns,
        words=file.words,
        groups={folded(name): section for name, section in file.groups.items()},
        not_people=tuple(sorted(account_id(id_).casefold() for id_ in file.not_people)),
        policy=_policy(file.policy),
    )


def _faults(file: _File) -> list[str]:
    if file.exported_at is not None and not isinstance(file.exported_at, date):
        return ["exported_at is not a day (2026-11-24, without quotes)"]
    keys = {key for export in known()["exports"] for key in export["columns"]}
    faults = [f"unknown column {key!r}" for key in file.columns if key not in keys]
    if file.system and file.system not in known()["systems"]:
        faults.append(f"unknown system {file.system!r}")
    if file.people.by not in JOINS:
        faults.append(f"people.by is none of {', '.join(JOINS)}")
    faults += [
        f"unknown meaning words.{column}.{meaning}"
        for column, meanings in file.words.items()
        for meaning in meanings
        if meaning not in WORDS.get(column, ())
    ]
    faults += [
        f"not_people: no reason for {id_!r}" for id_, why in file.not_people.items() if not why.strip()
    ]
    if file.policy is not None and not file.policy.source.strip():
        faults.append("policy: where it was read stands nowhere")
    if file.policy is not None and file.policy.session_h is not None and file.policy.session_h <= 0:
        faults.append("policy.session_h is not a number of hours")
    return faults


def _day(moment: date | None) -> date | None:
    if isinstance(moment, datetime):
        try:
            return moment.astimezone(JAPAN).date() if moment.tzinfo is not None else moment.date()
        except OverflowError:  # the last hours of the calendar, or its first
            return moment.date()
    return moment


def _policy(policy: _Policy | None) -> Mapping[str, str | int | bool]:
    """What was read off the administration's own screen; the place it was read stays with the town."""
    if policy is None:
        return {}
    told = {
        "session_h": policy.session_h,
        "mfa_required": policy.mfa_required,
        "sms_voice_allowed": policy.sms_voice_allowed,
        "admins_resistant_required": policy.admins_resistant_required,
    }
    return {"on": policy.on.isoformat(), **{key: value for key, value in told.items() if value is not None}}
