"""After a night's audit: writes what everybody has to be told into the outbox, then delivers what waits.

It may be run again for the same night as often as one likes: a notice is written once and sent once.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from auditor.changes import changes
from auditor.discover import discover
from auditor.engine import japan_day
from auditor.errors import OutputError
from auditor.history import History
from auditor.notify import heartbeat, letters, smtp, webhook
from auditor.notify.declared import Mail
from auditor.notify.news import TOWN, News, reminded_of, scope_of
from auditor.notify.notice import Batch, Kind, Notice, State, Told, key_of
from auditor.notify.outbox import Outbox, opened
from auditor.notify.reminders import Reminder, lasting, news, reminders
from auditor.run import Changes, Run
from auditor.tables import Table
from auditor.town import Loaded

HOOK = "webhook"
"""The recipient under which the webhook is remembered; no mail address looks so."""

EVENTS = ("nights",)
"""Silences that happened and are over: each is told. The others are told when they begin.

A morning's pass repeats its night's, and the night may have been told on the day before.
"""

BY_ITSELF = ("mail_waiting", "mail_doubtful")
"""Silences about notices: they are said in a mail that is sent anyway, and are no reason for one more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notified:
    """What was done: `queued` new notices, `sent` ones, those still `waiting`, `why` they could not go."""

    queued: int = 0
    sent: int = 0
    waiting: int = 0
    why: tuple[str, ...] = ()


def notify(
    loaded: Loaded, run: Run, history: History, now: datetime, tables: Iterable[Table] | None = None
) -> Notified:
    """Tell everybody of a kept run what they must know; never twice.

    `tables` None = those of the registered check modules.

    Raises:
        OutputError: the outbox cannot be written; nothing was sent that is not on record.
    """
    settings = loaded.settings
    with opened(settings.folder) as outbox:
        outbox.recovered()
        outbox.withdraw(Kind.MAIL, settings.mail.everybody if settings.mail is not None else (), now)
        outbox.withdraw(Kind.WEBHOOK, (HOOK,) if settings.webhook is not None else (), now)
        known = tuple(tables) if tables is not None else discover().tables
        queued = outbox.put(_Night(loaded, run, history, outbox, now).batch(known))
        done = delivered(loaded, outbox)
        outbox.tidy(now)
        states = [notice.state for notice in outbox.open()]
        heartbeat.write(settings.out, run, states, now)
    return Notified(
        queued=queued,
        sent=sum(one.sent for one in done),
        waiting=states.count(State.WAITING),
        why=tuple(one.why for one in done if one.why),
    )


def delivered(loaded: Loaded, outbox: Outbox) -> Sequence[smtp.Delivered]:
    """Send what waits, by mail and by webhook."""
    settings = loaded.settings
    done: list[smtp.Delivered] = []
    if settings.mail is not None:
        done.append(smtp.deliver(settings.mail, outbox))
    if settings.webhook is not None:
        done.append(webhook.deliver(settings.webhook, outbox))
    return done


def not_run(loaded: Loaded, day: date, step: str, now: datetime) -> Notified:
    """Tell the IT staff that a night's audit stopped at a step; once for a day.

    Raises:
        OutputError: the outbox cannot be written.
    """
    mail = loaded.settings.mail
    with opened(loaded.settings.folder) as outbox:
        outbox.recovered()
        queued = 0
        if mail is not None:
            midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
            made = tuple(
                replace(_stopped(loaded, mail, to, (midnight, step), now), run=outbox.told(to).doubt)
                for to in mail.to
            )
            queued = outbox.put(Batch(notices=made))
        done = delivered(loaded, outbox)
        waiting = len(outbox.waiting(Kind.MAIL))
    why = tuple(one.why for one in done if one.why)
    return Notified(queued=queued, sent=sum(one.sent for one in done), waiting=waiting, why=why)


def _stopped(loaded: Loaded, mail: Mail, to: str, what: tuple[datetime, str], now: datetime) -> Notice:
    on, step = what
    key = key_of(0, on, Kind.MAIL, to)
    text = letters.stopped(loaded.town, mail, to, on.date(), step, key)
    text["Date"] = now
    return Notice(key=key, run=0, kind=Kind.MAIL, recipient=to, queued=now, document=text.as_bytes())


@dataclass(frozen=True, slots=True)
class _Night:
    """One night's notices in the making."""

    loaded: Loaded
    run: Run
    history: History
    outbox: Outbox
    now: datetime

    def batch(self, tables: Iterable[Table]) -> Batch:
        """Everything that is new tonight, for everybody that was not told of this run yet."""
        known = {who: self.outbox.told(who) for who in self._recipients()}
        new = {who: told for who, told in known.items() if not self._told_today(told)}
        if not new:
            return Batch()
        contents = {table.id: table.read() for table in tables}
        found = reminders(self.run, contents)
        due, remembered = news(found, self.outbox.reminded(), lasting(self.run, contents))
        if len(new) < len(known):  # who was told of an earlier run today would never hear of these
            due, remembered = (), {}
        bases: dict[int, Changes | None] = {}
        notices: list[Notice] = []
        after: dict[str, Told] = {}
        for who, before in new.items():
            if before.run not in bases:
                bases[before.run] = self._changes(before)
            tidings = self._news(who, before, bases[before.run], due)
            if tidings.worth_telling:
                notices.append(self._notice(who, tidings))
            after[who] = self._after(before, tidings)
        return Batch(notices=tuple(notices), told=after, reminded=remembered)

    def _after(self, before: Told, tidings: News) -> Told:
        """Changes are counted from the run of the last notice, so that none between two is lost."""
        today, noticed = self.run.today.isoformat(), tidings.worth_telling
        base = (self.run.number, self.run.started.isoformat())
        run, started = base if noticed or not before.run else (before.run, before.started)
        return Told(
            run=run,
            started=started,
            weekly=self._week() if tidings.weekly else before.weekly,
            topics=frozenset(one.topic for one in tidings.silences),
            noticed=today if noticed else before.noticed,
            doubt=self.run.number if noticed else before.doubt,
        )

    def _recipients(self) -> Mapping[str, tuple[str, ...]]:
        """Whom, and of which scopes; who stands in several lists is written to once."""
        found: dict[str, tuple[str, ...]] = {}
        mail = self.loaded.settings.mail
        if mail is not None:
            found |= dict.fromkeys(mail.to, (TOWN,))
            for section, addresses in mail.sections.items():
                for address in addresses:
                    found[address] = (*found.get(address, ()), section)
        if self.loaded.settings.webhook is not None:
            found[HOOK] = (TOWN,)
        return found

    def _told_today(self, told: Told) -> bool:
        """True when this run was told, or there was today's one notice: the rest waits a night."""
        same = told.run == self.run.number and told.started == self.run.started.isoformat()
        return same or told.noticed == self.run.today.isoformat()

    def _changes(self, before: Told) -> Changes | None:
        """What changed since the run that was told last, also where that was not the one before."""
        if before.run == 0 or (self.run.changes is not None and self.run.changes.since == before.run):
            return self.run.changes if before.run else None
        base = self._base(before.run)
        if base is None or base.started.isoformat() != before.started:
            return self.run.changes
        return changes(base, self.run)

    def _base(self, number: int) -> Run | None:
        """The run of the last notice; None = it is gone, or damaged: that stops no later night."""
        with suppress(OutputError):
            return self.history.run(number) if number < self.run.number else None
        return None

    def _news(self, who: str, before: Told, changed: Changes | None, due: Sequence[Reminder]) -> News:
        scopes = self._recipients()[who]
        mine = {section.name for section in self.run.sections if section.id in scopes}
        silences = tuple(
            one
            for one in self.run.silences
            if TOWN in scopes or (one.code == "section" and one.name is not None and one.name.ja in mine)
        )
        told = before.topics | {one.topic for one in silences if one.code in BY_ITSELF}
        again = self.run.nightly is not None and self.run.nightly.catches_up > 0
        fresh = any((one.code in EVENTS and not again) or one.topic not in told for one in silences)
        return News(
            scopes=tuple(scope_of(self.run, scope, changed) for scope in scopes),
            silences=silences,
            fresh=fresh,
            reminded=reminded_of(due, scopes),
            weekly=before.weekly != self._week(),
            doubtful=self._doubtful(who, before),
        )

    def _doubtful(self, who: str, before: Told) -> int:
        """Mails that may not have arrived and that no later one told of; tonight's counts hold their news.

        By the day, too: after a restore runs are counted anew, and an old mail's is the higher number.
        """
        return sum(
            one.recipient == who
            and one.state is State.DOUBTFUL
            and one.run >= before.doubt
            and japan_day(one.queued).date().isoformat() >= before.noticed
            for one in self.outbox.open()
        )

    def _week(self) -> str:
        """The first day of the week of notices that this night lies in."""
        mail = self.loaded.settings.mail
        first = mail.weekly if mail is not None else 0
        today = self.run.today
        return (today - timedelta(days=(today.weekday() - first) % 7)).isoformat()

    def _notice(self, who: str, tidings: News) -> Notice:
        run, settings = self.run, self.loaded.settings
        if settings.webhook is not None and who == HOOK:
            kind = Kind.WEBHOOK
            called = letters.call(run, tidings, settings.webhook.lang, settings.webhook.template)
            document = json.dumps(called, ensure_ascii=False, sort_keys=True).encode()
        else:
            kind = Kind.MAIL
            mail = settings.mail
            if mail is None:  # who is no webhook stands in [mail]
                raise AssertionError(who)
            document = letters.message(run, tidings, mail, who, self.now).as_bytes()
        key = key_of(run.number, run.started, kind, who)
        return Notice(key=key, run=run.number, kind=kind, recipient=who, queued=self.now, document=document)
