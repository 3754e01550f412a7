"""What every judgement of accounts begins with: is the export recent and whole, and whose is an account."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from auditor.api import Judgement, Params, Person, Reason, Town, passed, unknown
from checks.identity._words import digest
from checks.identity.accounts import Account, Accounts

DAY = timedelta(days=1)


def unusable(seen: Accounts, params: Params, today: date) -> Judgement | None:
    """Why an export cannot be judged at all today; None = it can.

    A copied file has a new date, so that sign-ins in it have to be as recent as it claims to be.
    """
    limit = params.integer("export_days")
    age = (today - seen.exported).days
    if age > limit:
        return unknown(Reason.STALE, f"exported {seen.exported.isoformat()}: {age} d > {limit} d")
    if age < -1:
        return unknown(Reason.UNREADABLE, f"exported {seen.exported.isoformat()}, after today")
    days = [
        date.fromisoformat(one.last_sign_in) for one in seen.accounts if one.last_sign_in not in ("", "never")
    ]
    newest = max(days, default=None)
    if newest is not None and newest > seen.exported + DAY:
        return unknown(Reason.UNREADABLE, f"a sign-in on {newest.isoformat()}, after the export")
    if newest is not None and (seen.exported - newest).days > limit + seen.slack_days:
        return unknown(Reason.STALE, f"nobody signed in since {newest.isoformat()}: an older export?")
    return None


def until(seen: Accounts, params: Params) -> date:
    """The last day on which a pass from this export holds."""
    return seen.exported + timedelta(days=params.integer("export_days"))


def untold(seen: Accounts, columns: Sequence[str], places: Iterable[str]) -> Judgement:
    """`unknown`, and why: the export lacks a column, a cell of one was not understood, or cells are blank."""
    faults = tuple(place for column, place in seen.faults if column in columns)
    if faults:
        return unknown(Reason.UNREADABLE, f"{len(faults)} cells", places=faults)
    if lacking := [column for column in columns if column not in seen.columns]:
        return unknown(Reason.NOT_MEASURABLE, f"the export does not tell: {', '.join(lacking)}")
    named = tuple(places)
    return unknown(Reason.NOT_MEASURABLE, f"not told for {len(named)}", places=named)


def ids(accounts: Iterable[Account]) -> tuple[str, ...]:
    """The accounts' own ids."""
    return tuple(account.id for account in accounts)


@dataclass(frozen=True, slots=True)
class Holders:
    """Whose accounts they are.

    `own` = accounts by staff id; `gone` = the export names a person who is not in the staff ledger;
    `nobody` = it names none, or the name fits several. Accounts declared as nobody's are in none of them.
    """

    own: dict[str, list[Account]]
    gone: tuple[Account, ...]
    nobody: tuple[Account, ...]


def holders(seen: Accounts, town: Town) -> Holders:
    """Join accounts to the staff ledger in the way the town declared."""
    known = _by_name(town.staff) if seen.by == "name" else _by_id(town.staff)
    own: dict[str, list[Account]] = {}
    gone: list[Account] = []
    nobody: list[Account] = []
    for account in seen.accounts:
        if account.id.casefold() in seen.not_people:
            continue
        who = account.who.casefold()
        person = known.get(who) or (known.get(who.lstrip("0")) if who.isdigit() else None)
        if person:
            own.setdefault(person, []).append(account)
        elif who and person is None and seen.by == "staff_id":
            gone.append(account)
        else:
            nobody.append(account)
    return Holders(own, tuple(gone), tuple(nobody))


def partial(seen: Accounts, town: Town) -> Judgement | None:
    """Why an export may not hold all accounts, None = everybody of the trial is in it."""
    own = holders(seen, town).own
    missing = tuple(person.id for person in town.staff if person.trial and person.id not in own)
    if not missing:
        return None
    return unknown(Reason.NOT_MEASURABLE, f"{len(missing)} people of the trial are not in it", places=missing)


def good(seen: Accounts, town: Town, params: Params, count: int) -> Judgement:
    """The pass of `count` accounts, unless the export may lack some."""
    return partial(seen, town) or passed(until=until(seen, params), count=count, exported=seen.exported)


def _by_name(staff: Sequence[Person]) -> dict[str, str]:
    """Staff ids by digest of the name; "" where two people share it."""
    found: dict[str, str] = {}
    for person in staff:
        key = digest(person.name)
        found[key] = "" if key in found else person.id
    return found


def _by_id(staff: Sequence[Person]) -> dict[str, str]:
    """Staff ids as written, and without the leading zeros a spreadsheet drops where that fits only one."""
    found: dict[str, str] = {}
    for person in staff:
        short = person.id.casefold().lstrip("0")
        if short.isdigit():
            found[short] = "" if short in found else person.id
    return found | {person.id.casefold(): person.id for person in staff}
