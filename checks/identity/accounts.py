"""The accounts of one system, from the exports a town puts into a folder; names never leave the files."""

import json
from dataclasses import dataclass
from datetime import date

import msgspec

from auditor.api import Answer, Documents, Folder, Garbled, NotKnown, Reason, fact, probe
from checks.identity._csv import read_table
from checks.identity._export import gather, named_day
from checks.identity._mapping import NAME, Declared, read_mapping
from checks.identity._words import JAPAN, known

MAX_FILES = 10


class Account(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One account; None, "" and () = the export does not tell.

    `who` = the person it is for: a staff id, or the digest of a name. `status` True = it can be used.
    `last_sign_in` = a day, or "never". `methods` = kinds of registered methods: phone, resistant (to
    phishing), plain, aside (no second factor). `admin` = super, admin, unsure (perhaps the highest) or none.
    `groups` = sections whose own groups it is in; None = the export does not name its groups.
    """

    id: str
    who: str = ""
    status: bool | None = None
    created: date | None = None
    last_sign_in: str = ""
    mfa: bool | None = None
    protected: bool | None = None
    methods: tuple[str, ...] = ()
    admin: str = ""
    super_admin: bool | None = None
    left_on: date | None = None
    groups: tuple[str, ...] | None = None


class _Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    on: date
    session_h: int | None = None
    mfa_required: bool | None = None
    sms_voice_allowed: bool | None = None
    admins_resistant_required: bool | None = None


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answer as it is kept."""

    system: str
    exported: date
    declared: bool
    by: str
    columns: tuple[str, ...]
    accounts: tuple[Account, ...]
    faults: tuple[tuple[str, str], ...]
    not_people: tuple[str, ...]
    policy: _Policy | None


@dataclass(frozen=True, slots=True)
class Accounts:
    """All accounts of one system as they were on the day `exported`.

    That day is the earliest of what the town wrote down, the files' names and their times. `declared` = the
    town wrote one down. `columns` = what the export tells at
    all; `faults` = cells nobody understood, as (column, place). `not_people` = folded ids of accounts that
    belong to no member of staff. `policy` None = the town declared no rule it read off the system.
    """

    system: str
    exported: date
    declared: bool
    by: str
    columns: frozenset[str]
    accounts: tuple[Account, ...]
    faults: tuple[tuple[str, str], ...]
    not_people: frozenset[str]
    policy: _Policy | None

    @property
    def cloud(self) -> bool:
        """True where rules for cloud services concern the system."""
        return bool(known()["systems"][self.system]["cloud"])

    @property
    def asked(self) -> bool:
        """True when its word on the second factor proves that it is demanded, not only registered."""
        return bool(known()["systems"][self.system]["proves"] == "asked")

    @property
    def slack_days(self) -> int:
        """By how many days its last sign-in may be behind."""
        return int(known()["systems"][self.system]["slack_days"])


@probe("identity.accounts", kind="accounts")
def read_folder(documents: Documents, folder: Folder) -> bytes:
    """Every export of the folder, without names, titles and telephone numbers."""
    names = folder.names(".csv")
    if not names:
        raise NotKnown(Reason.NOT_COLLECTED, f"no CSV file in the folder of {documents.id}")
    if len(names) > MAX_FILES:
        raise NotKnown(Reason.NOT_MEASURABLE, f"more than {MAX_FILES} files")
    declared = read_mapping(folder.read(NAME)) if NAME in folder.names(".toml") else Declared()
    found = gather((read_table(folder.read(name), name) for name in names), declared)
    days = [folder.modified(name).astimezone(JAPAN).date() for name in names]
    days += [on for name in names if (on := named_day(name)) is not None]
    days += [declared.exported] if declared.exported is not None else []
    kept = {
        "system": found.system,
        "exported": min(days).isoformat(),
        "declared": declared.exported is not None,
        "by": declared.by,
        "columns": sorted(found.columns),
        "accounts": list(found.rows.values()),
        "faults": found.faults,
        "not_people": declared.not_people,
        "policy": declared.policy or None,
    }
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()


@fact("identity.accounts", probe=read_folder)
def accounts(answer: Answer) -> Accounts:
    """The kept answer; its shape is our own."""
    try:
        kept = msgspec.convert(answer.json(), _Kept)
    except msgspec.ValidationError as error:
        raise Garbled(f"{answer.id}: not what the probe writes: {error}"[:200]) from None
    if kept.system not in known()["systems"]:
        raise Garbled(f"{answer.id}: an unknown system")
    for account in kept.accounts:
        if account.last_sign_in not in ("", "never"):
            _iso(account.last_sign_in)
    return Accounts(
        system=kept.system,
        exported=kept.exported,
        declared=kept.declared,
        by=kept.by,
        columns=frozenset(kept.columns),
        accounts=kept.accounts,
        faults=kept.faults,
        not_people=frozenset(kept.not_people),
        policy=kept.policy,
    )


def _iso(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Garbled("last_sign_in: not a day") from None
