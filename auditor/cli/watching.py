"""``auditor status`` and ``auditor notify test``: is it at work, and would anybody hear of it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from auditor.cli.speech import Speech
from auditor.errors import ConfigError, Problem
from auditor.exits import Exit

if TYPE_CHECKING:
    from auditor.notify.declared import Mail
    from auditor.status import Status

SHOWN = 10
"""So many undelivered notices are listed; all of them are counted."""


def register(app: typer.Typer, speech: Speech) -> None:
    """Add the command ``status``."""

    @app.command("status", help=speech("help.status"), epilog=speech("help.status_examples"))
    def status_(
        town: Path = typer.Argument(..., help=speech("help.town"), metavar="TOWN"),
        as_json: bool = typer.Option(False, "--json", help=speech("help.json")),
    ) -> int:
        from auditor.discover import discover  # noqa: PLC0415 - start-up time
        from auditor.status import status  # noqa: PLC0415
        from auditor.town import load_town  # noqa: PLC0415

        found = status(load_town(town), discover().tables, datetime.now(UTC))
        if as_json:
            import msgspec  # noqa: PLC0415 - start-up time

            speech.document(msgspec.json.encode(found).decode())
        else:
            for line in _lines(found, speech):
                speech.out(line)
        return Exit.DONE if found.good else Exit.INCOMPLETE


def _lines(found: "Status", speech: Speech) -> list[str]:
    from auditor.engine import japan_day  # noqa: PLC0415 - start-up time

    lines = [speech("status.never")]
    if found.run:
        lines = [speech("status.last", number=found.run, day=found.day, hours=found.hours_ago)]
    if found.next is not None:
        lines.append(speech("status.next", at=f"{japan_day(found.next):%Y-%m-%d %H:%M}"))
    if found.holder is not None:
        since = f"{japan_day(found.holder.since):%Y-%m-%d %H:%M}"
        lines.append(speech("status.locked", host=found.holder.host, pid=found.holder.pid, since=since))
    else:
        lines.append(speech("status.free"))
    lines += _notices(found, speech)
    free = found.free_mb if found.free_mb is not None else "?"
    lines.append(speech("status.disk", free=free, history=found.history_mb))
    lines.append(speech("status.versions", version=found.version, model=found.model))
    if found.silences:
        lines.append(speech("status.silent"))
        lines += [speech("mail.item", text=one.in_(speech.lang)) for one in found.silences]
    lines.append(speech("status.good" if found.good else "status.bad"))
    return lines


def _notices(found: "Status", speech: Speech) -> list[str]:
    if found.unread:
        return [speech("status.unread", why=found.unread)]
    if not found.told:
        return [speech("status.no_mail")]
    states = [one.state for one in found.notices]
    counted = {name: states.count(name) for name in ("doubtful", "given_up")}
    lines = [speech("status.outbox", waiting=len(states) - sum(counted.values()), **counted)]
    for one in found.notices[:SHOWN]:
        state = speech(f"status.state_{one.state}")
        told = {"day": f"{one.queued:%Y-%m-%d}", "recipient": one.recipient, "state": state, "why": one.why}
        lines.append(speech("mail.item", text=speech("status.notice", **told)))
    return lines


def application(speech: Speech) -> typer.Typer:
    """The command ``notify test``."""
    app = typer.Typer(help=speech("help.notify"), no_args_is_help=True, rich_markup_mode=None)

    @app.command("test", help=speech("help.notify_test"), epilog=speech("help.notify_test_examples"))
    def test(
        town: Path = typer.Argument(..., help=speech("help.town"), metavar="TOWN"),
        yes: bool = typer.Option(False, "--yes", help=speech("help.notify_yes")),
    ) -> int:
        from auditor.town import load_town  # noqa: PLC0415 - start-up time

        loaded = load_town(town)
        mail = loaded.settings.mail
        if mail is None:
            raise ConfigError([Problem(town / "town.toml", None, "mail", "mail_none")])
        if not yes and not typer.confirm(speech("notify.ask", host=mail.host, count=len(mail.everybody))):
            speech.note(speech("notify.not_sent"))
            return Exit.REFUSED
        return _test(loaded.town.name, mail, speech)

    @app.callback()
    def group() -> None:
        """Keep ``test`` a word of its own though it is the only command."""

    return app


def _test(town: str, mail: "Mail", speech: Speech) -> int:
    from auditor.notify.trial import send_trial  # noqa: PLC0415 - start-up time

    failed = False
    for recipient, why in send_trial(town, mail, datetime.now(UTC)):
        failed = failed or bool(why)
        said = speech("notify.refused", recipient=recipient, why=why) if why else None
        speech.out(said or speech("notify.sent", recipient=recipient))
    return Exit.FAILED if failed else Exit.DONE
