"""The procedures the state wants online first: 26 of families, the disaster certificate, moving, the 59."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction

from auditor.api import Judgement, Params, Reason, check, failed, folded, not_applicable, passed, unknown
from checks._ledgers._procedures import Ledgers, Procedure
from checks.counter.ledger import gap

APRIL = 4
DISASTER = re.compile(r"[罹り]災証明")
MOVING = {"転出届": re.compile(r"転出届"), "転入の予約": re.compile(r"転入.{0,8}予約|来庁予約.{0,6}転入")}


def _listing(seen: Ledgers) -> list[Procedure]:
    """The rows of ledgers of procedures; a ledger of forms alone tells nothing of the national lists."""
    return [row for row in seen.rows if row.listing]


def _open(seen: Ledgers, rows: Iterable[Procedure], note: str) -> Judgement:
    places = tuple(row.title for row in rows)
    return gap(seen) or unknown(Reason.BLANK, note, places=places)


@check("ONL-01")
def families_apply_online(seen: Ledgers, params: Params) -> Judgement:
    """As many procedures as listed are in the ledger, each online through the portal, or explained."""
    wanted = params.integer("coverage")
    listed: dict[str, list[Procedure]] = {}
    for row in _listing(seen):
        if row.group == "family":
            listed.setdefault(row.label or folded(row.name), []).append(row)
    states = {key: {_portal(row) for row in rows} for key, rows in listed.items()}
    offline = [listed[key][0].title for key, found in states.items() if "no" in found]
    if offline:
        return failed("offline", places=(*offline, *seen.gaps), count=len(offline), listed=len(listed))
    vague = [listed[key][0] for key, found in states.items() if "" in found]
    if vague or gap(seen):
        return _open(seen, vague, f"{len(vague)} procedures of which the ledger tells nothing")
    if len(listed) != wanted:
        return _open(seen, (), f"the ledger marks {len(listed)} procedures, the list has {wanted}")
    absent = sum(found == {"absent"} for found in states.values())
    return passed("absent" if absent else "ok", count=wanted - absent, absent=absent)


def _portal(row: Procedure) -> str:
    """yes, no, absent (explained) or "" (not told): online counts through the national portal only."""
    online = row.flags.get("online", "")
    if online == "yes":
        return {"portal": "yes", "other": "no"}.get(row.channel, "")
    if online == "absent":
        return "absent" if "online" in row.reasons else "no"
    return online if online == "no" else ""


@check("ONL-02")
def disaster_certificate_online(seen: Ledgers, params: Params) -> Judgement:
    """Every row about the disaster certificate is online."""
    if not params.flag("required"):
        return not_applicable("not_required")
    rows = [row for row in seen.rows if row.group == "disaster" or DISASTER.search(row.name)]
    return _all_online(seen, {"罹災証明": rows})


@check("ONL-03")
def moving_online(seen: Ledgers, params: Params) -> Judgement:
    """Moving out, and the reservation for moving in, are both online."""
    if not params.flag("required"):
        return not_applicable("not_required")
    rows = {name: [row for row in seen.rows if words.search(row.name)] for name, words in MOVING.items()}
    return _all_online(seen, rows)


def _all_online(seen: Ledgers, wanted: dict[str, list[Procedure]]) -> Judgement:
    rows = [row for found in wanted.values() for row in found]
    offline = tuple(row.title for row in rows if row.flags.get("online") in ("no", "absent"))
    if offline:
        return failed("offline", places=(*offline, *seen.gaps), count=len(offline))
    missing = tuple(name for name, found in wanted.items() if not found)
    if missing:
        return gap(seen) or unknown(Reason.BLANK, "not in the ledger", places=missing)
    vague = [row for row in rows if row.flags.get("online") != "yes"]
    return _open(seen, vague, "the ledger does not tell") if vague or gap(seen) else passed("ok")


@check("ONL-04")
def priority_list_grows(seen: Ledgers, params: Params, today: date) -> Judgement:
    """The share online among the town's own of the 59 reaches this fiscal year's aim.

    Procedures count, not rows. What the ledger leaves open counts as online for a fail: rows of which nothing
    is told, and procedures of the list that it does not mark. Both keep everything else open.
    """
    rows = _listing(seen)
    states = _procedures(rows)
    yes, no, open_ = (sum(state == each for state in states.values()) for each in ("yes", "no", ""))
    vague = [row for row in rows if row.flags.get("fifty_nine", "") not in ("yes", "no")]
    wanted, aim = params.integer("listed"), _aim(params, today)
    maybe = open_ + len(vague) + max(0, wanted - len(states))
    if no and Fraction(100 * (yes + maybe), yes + no + maybe) < aim and not seen.gaps:
        places = tuple(row.title for row in rows if states.get(_key(row, _numbers(rows))) == "no")
        share = _percent(yes + maybe, yes + no + maybe)
        return failed("low", places=places, share=share, aim=aim, count=no, listed=yes + no + maybe)
    vague += [row for row in rows if states.get(_key(row, _numbers(rows))) == ""]
    if vague or gap(seen):
        return _open(seen, vague, f"{len(vague)} rows of which the ledger tells nothing")
    if not yes:
        return unknown(Reason.NOT_COLLECTED, "no row is marked as one of the 59")
    if len(states) < wanted:
        return unknown(Reason.BLANK, f"the ledger marks {len(states)} procedures, the list has {wanted}")
    return passed("ok", share=_percent(yes, yes + no), aim=aim, listed=yes + no)


def _numbers(rows: Sequence[Procedure]) -> dict[str, str]:
    """The number in the list by name; a row that only bears a mark is that procedure, too."""
    return {folded(row.name): row.nth for row in rows if row.nth}


def _key(row: Procedure, numbers: Mapping[str, str]) -> str:
    """Which procedure of the 59 a row is: its number where that is told, else its name; "" = none of them."""
    if row.flags.get("fifty_nine") != "yes":
        return ""
    name = folded(row.name)
    number = row.nth or numbers.get(name, "")
    return f"no. {number}" if number else name


def _procedures(rows: Sequence[Procedure]) -> dict[str, str]:
    """Yes, no, "" (nobody can tell) or "out" (an explained gap) by procedure; its worst row counts."""
    numbers = _numbers(rows)
    found: dict[str, set[str]] = {}
    for row in rows:
        if key := _key(row, numbers):
            found.setdefault(key, set()).add(_online(row))
    order = ("no", "", "yes", "out")
    return {key: next(each for each in order if each in states) for key, states in found.items()}


def _aim(params: Params, today: date) -> int:
    """Percent wanted in the fiscal year of `today`."""
    years = today.year - (today.month < APRIL) - params.integer("from_year")
    return min(100, params.integer("target") + params.integer("yearly_step") * max(0, years))


def _percent(part: int, whole: int) -> int:
    """Rounded down: 59.9 % is not 60 %."""
    return 100 * part // whole


def _online(row: Procedure) -> str:
    """Yes or no, "out" for an explained gap, "" when nobody can tell."""
    online = row.flags.get("online", "")
    if online == "absent":
        return "out" if "online" in row.reasons else "no"
    return online if online in ("yes", "no") else ""
