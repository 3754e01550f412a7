"""What happens after an online application has arrived: nobody prints it to work on it. The ledger's word."""

from datetime import date, timedelta

from auditor.api import Judgement, Params, Reason, check, failed, passed, unknown
from checks._ledgers._procedures import Ledgers, Procedure
from checks.counter.ledger import gap


@check("ONL-10")
def online_stays_on_screen(seen: Ledgers, params: Params, today: date) -> Judgement:
    """No procedure that is online says it is printed; a word nobody renewed in time counts for nothing."""
    online = [row for row in seen.rows if row.listing and row.flags.get("online") == "yes"]
    printed = [row.title for row in online if row.flags.get("printed") == "yes"]
    if len(printed) > params.integer("print_steps"):
        return failed("printed", places=(*printed, *seen.gaps), count=len(printed), rows=len(online))
    whole = gap(seen)
    if whole is not None:
        return whole
    vague = [row for row in seen.rows if row.listing and not _told(row)]
    if vague or not online:
        places = tuple(row.title for row in vague)
        return unknown(Reason.BLANK, f"{len(vague)} rows of which the ledger tells nothing", places=places)
    last = timedelta(days=params.integer("attest_days"))
    days = [(row.title, _day(row)) for row in online]
    late = tuple(title for title, day in days if day is None or not today - last <= day <= today)
    if late:
        return unknown(Reason.EXPIRED, f"{len(late)} rows nobody confirmed in time", places=late)
    return passed("ok", until=min(day for _, day in days if day) + last, rows=len(online))


def _told(row: Procedure) -> bool:
    """True when the row is not online, or online and tells whether it is printed."""
    online = row.flags.get("online", "")
    return online in ("no", "absent") or (online == "yes" and row.flags.get("printed") in ("yes", "no"))


def _day(row: Procedure) -> date | None:
    return date.fromisoformat(row.confirmed) if row.confirmed else None
