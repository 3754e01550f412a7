"""Words a recipient's news: the subject, the lines of a mail, and the document of a webhook's call."""

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from auditor.notify.declared import Mail
from auditor.notify.news import TOWN, News, Scope
from auditor.notify.notice import Kind, key_of
from auditor.run import Run
from auditor.targets import Town
from auditor.words import say

SCHEMA = 1


def day(value: date, lang: str) -> str:
    """A day without its year; a notice speaks of these weeks."""
    return f"{value.month}月{value.day}日" if lang == "ja" else f"{value.day} {value:%b}"


def subject(run: Run, news: News, lang: str) -> str:
    """One line that tells whether anything changed; a sample town's says so."""
    counted = [scope for scope in news.scopes if scope.section == TOWN] or news.scopes  # the town holds all
    failed = sum(scope.moved.failed for scope in counted)
    recovered = sum(scope.moved.recovered for scope in counted)
    if news.moved:
        key = "subject_moved"
    elif news.fresh:
        key = "subject_silent"
    else:
        key = "subject_ending" if news.reminded else "subject_same"
    told = {"failed": failed, "recovered": recovered, "count": len(news.silences)}
    what = say(lang, f"mail.{key}", day=day(run.today, lang), **told)
    own = f" {news.scopes[0].name}" if len(news.scopes) == 1 and news.scopes[0].section else ""
    line = say(lang, "mail.subject", town=f"{run.town.name}{own}", what=what)
    return f"{say(lang, 'mail.sample')}{line}" if run.town.sample else line


def body(run: Run, news: News, mail: Mail) -> str:
    """The whole text; counts, silences and where the pages are."""
    return "\n".join(_lines(run, news, mail)) + "\n"


def _lines(run: Run, news: News, mail: Mail) -> Iterator[str]:
    lang = mail.lang
    if run.town.sample:
        yield say(lang, "mail.sample_line")
    yield say(lang, "mail.greeting", town=run.town.name, day=day(run.today, lang))
    for scope in news.scopes:
        yield ""
        yield from _figures(scope, lang)
    if news.silences:
        yield ""
        yield say(lang, "mail.silences")
        yield from (say(lang, "mail.item", text=one.in_(lang)) for one in news.silences)
    if news.reminded:
        yield ""
        yield say(lang, "mail.ending")
        for one in news.reminded:
            key = "mail.soonest" if one.soonest >= 0 else "mail.over"
            soonest = say(lang, key, days=abs(one.soonest))
            text = say(lang, f"mail.ends_{one.ends.value}", count=one.count, soonest=soonest)
            yield say(lang, "mail.item", text=text)
    if news.doubtful:
        yield ""
        yield say(lang, "mail.doubtful", count=news.doubtful)
    yield ""
    yield say(lang, "mail.share", path=mail.share) if mail.share else say(lang, "mail.no_share")
    yield say(lang, "mail.counts_only")
    yield say(lang, "mail.weekly", day=say(lang, f"mail.weekday_{mail.weekly}"))
    if run.town.contact:
        yield say(lang, "mail.contact", contact=run.town.contact)
    yield say(lang, "mail.run", number=run.number)


def _figures(scope: Scope, lang: str) -> Iterator[str]:
    figures, moved = scope.tally, scope.moved
    yield say(lang, "mail.scope", name=scope.name)
    if scope.people:
        yield say(lang, "mail.ready", ready=scope.ready, people=scope.people)
    yield say(lang, "mail.moved", failed=moved.failed, recovered=moved.recovered, unchecked=moved.unchecked)
    counted = {"fail": figures.fail, "unknown": figures.unknown, "grace": figures.grace}
    yield say(lang, "mail.counts", **counted, exception=figures.exception, passed=figures.passed)
    if figures.attested.total:
        said = figures.attested
        yield say(lang, "mail.said", fail=said.fail + said.grace + said.exception, unknown=said.unknown)


def message(run: Run, news: News, mail: Mail, recipient: str, now: datetime) -> EmailMessage:
    """The mail to one recipient; its Message-ID is the same however often it is made or tried."""
    key = key_of(run.number, run.started, Kind.MAIL, recipient)
    made = envelope(mail, recipient, subject(run, news, mail.lang), f"{key}@{mail.sender.partition('@')[2]}")
    made["Date"] = now
    made.set_content(body(run, news, mail), charset="utf-8", cte="base64")
    if mail.counts_attached:
        name = say(mail.lang, "mail.file", day=day(run.today, mail.lang))
        table, coded = _table(news, mail.lang), {"charset": "utf-8"}
        made.add_attachment(table, maintype="text", subtype="csv", filename=name, params=coded)
    return made


def envelope(mail: Mail, recipient: str, line: str, id_: str) -> EmailMessage:
    """A mail without text, marked as written by a machine so that nobody's absence note answers it."""
    made = EmailMessage(policy=SMTP)
    made["From"] = mail.sender
    made["To"] = recipient
    made["Subject"] = line
    made["Message-ID"] = f"<{id_}>"
    made["Auto-Submitted"] = "auto-generated"
    return made


def _table(news: News, lang: str) -> bytes:
    """Counts by scope, as Excel opens them."""
    text = io.StringIO()
    sheet = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    heads = ("name", "people", "ready", "fail", "unknown", "grace", "exception", "passed")
    sheet.writerow(say(lang, f"mail.head_{head}") for head in heads)
    for scope in news.scopes:
        figures = scope.tally
        name = f"'{scope.name}" if scope.name[:1] in "=+-@\t\r" else scope.name
        counts = (figures.fail, figures.unknown, figures.grace, figures.exception, figures.passed)
        sheet.writerow((name, scope.people, scope.ready, *counts))
    return text.getvalue().encode("utf-8-sig")


def call(run: Run, news: News, lang: str, template: str) -> dict[str, Any]:
    """The document of a webhook's call: counts, or one line of text as chat services take it."""
    if template == "text":
        return {"text": subject(run, news, lang)}
    scope = news.scopes[0]
    figures, moved = scope.tally, scope.moved
    return {
        "schema": SCHEMA,
        "town": run.town.name,
        "sample": run.town.sample,
        "run": run.number,
        "day": run.today.isoformat(),
        "people": scope.people,
        "ready": scope.ready,
        "fail": figures.fail,
        "unknown": figures.unknown,
        "grace": figures.grace,
        "exception": figures.exception,
        "pass": figures.passed,
        "attested_fail": figures.attested.fail,
        "attested_unknown": figures.attested.unknown,
        "new_fail": moved.failed,
        "recovered": moved.recovered,
        "newly_unknown": moved.unchecked,
        "silences": [one.code for one in news.silences],
        "ending": {one.ends.value: one.count for one in news.reminded},
        "text": subject(run, news, lang),
    }


def stopped(town: Town, mail: Mail, recipient: str, on: date, step: str, key: str) -> EmailMessage:
    """The mail that says that a night's audit did not finish."""
    lang = mail.lang
    what = say(lang, "mail.subject_not_run", day=day(on, lang))
    line = say(lang, "mail.subject", town=town.name, what=what)
    mark = say(lang, "mail.sample") if town.sample else ""
    made = envelope(mail, recipient, f"{mark}{line}", f"{key}@{mail.sender.partition('@')[2]}")
    text = (
        say(lang, "mail.not_run", day=day(on, lang), town=town.name),
        say(lang, "mail.not_run_step", step=step),
        say(lang, "mail.not_run_next"),
    )
    made.set_content("\n".join(text) + "\n", charset="utf-8", cte="base64")
    return made
