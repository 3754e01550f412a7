"""Days in Japan of the moments that certificates and stapled proofs name."""

from datetime import date, datetime, timedelta, timezone

JAPAN = timezone(timedelta(hours=9))


def in_japan(moment: datetime) -> date:
    """The day in Japan; at the edge of the calendar the moment's own day.

    A certificate without an end says 99991231235959Z (RFC 5280 §4.1.2.5), nine hours from what a date holds.
    """
    try:
        return moment.astimezone(JAPAN).date()
    except OverflowError:
        return moment.date()
