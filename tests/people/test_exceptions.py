"""GOV-09: the record of exceptions is the town's file, and silence is not "none"."""

from datetime import date, timedelta

import pytest

from auditor.api import Exceptions, Params, Town
from auditor.control import Control
from auditor.findings import Judgement, Reason, Verdict
from checks.people.exceptions import exceptions
from tests.exceptions.kit import excepted
from tests.people.conftest import params_of

TODAY = date(2026, 11, 26)
OVER = excepted(date(2026, 10, 1), date(2026, 11, 25))
OPEN = excepted(date(2026, 11, 1), date(2026, 11, 26), number="2026-02")
CLOSED = excepted(date(2026, 1, 1), date(2026, 2, 1), number="2026-03", closed=date(2026, 2, 1))
LATER = excepted(date(2026, 12, 1), date(2026, 12, 2), number="2026-04")


def judged(controls: dict[str, Control], kept: Exceptions, *, alone: bool = False) -> Judgement:
    params: Params = params_of(controls["GOV-09"])
    return exceptions(kept, Town(name="町", alone=alone), params, TODAY)


def test_open_ones_within_their_days_pass_until_the_first_of_them_ends(controls: dict[str, Control]) -> None:
    found = judged(controls, Exceptions(rows=(OPEN, CLOSED, LATER), kept=True))
    assert (found.verdict, found.key, found.until, found.values["count"]) == (Verdict.PASS, "ok", TODAY, 2)


def test_one_that_is_over_and_open_fails_by_its_number(controls: dict[str, Control]) -> None:
    found = judged(controls, Exceptions(rows=(OVER, OPEN), kept=True))
    assert (found.verdict, found.key, found.places) == (Verdict.FAIL, "over", ("2026-01",))


@pytest.mark.parametrize(
    ("kept", "reason"),
    [
        (Exceptions(), Reason.NOT_DECLARED),
        (Exceptions(kept=True), Reason.NOT_DECLARED),
        (Exceptions(rows=(CLOSED,), kept=True), Reason.NOT_DECLARED),
        (Exceptions(kept=True, checked=TODAY + timedelta(days=1)), Reason.NOT_DECLARED),
        (Exceptions(kept=True, checked=TODAY - timedelta(days=101)), Reason.EXPIRED),
    ],
    ids=["no file", "empty", "closed ones only", "a day to come", "an old word"],
)
def test_that_there_is_none_is_believed_of_nobody_who_did_not_say_so_lately(
    controls: dict[str, Control], kept: Exceptions, reason: Reason
) -> None:
    assert (judged(controls, kept).verdict, judged(controls, kept).reason) == (Verdict.UNKNOWN, reason)


def test_a_recent_word_that_there_is_none_passes_for_its_days(controls: dict[str, Control]) -> None:
    found = judged(controls, Exceptions(kept=True, checked=TODAY - timedelta(days=100)))
    assert (found.key, found.until) == ("nothing", TODAY)


def test_one_machine_without_a_town_has_no_record(controls: dict[str, Control]) -> None:
    assert judged(controls, Exceptions(), alone=True).verdict is Verdict.NOT_APPLICABLE


def test_the_longest_time_is_the_catalogues(controls: dict[str, Control]) -> None:
    params = params_of(controls["GOV-09"])
    assert (params.integer("exception_max_days"), params.flag("exception_other_approver")) == (180, True)
