"""A test mail to everybody who is declared, past the outbox: it tells whether the settings are right."""

import secrets
import smtplib
from collections.abc import Iterator
from datetime import datetime

from auditor.errors import ConfigError
from auditor.notify.declared import Mail, Webhook
from auditor.notify.letters import envelope
from auditor.notify.smtp import Refused, connected, password_of, said_of, send
from auditor.notify.webhook import secret_of
from auditor.words import say


def try_secrets(mail: Mail | None, webhook: Webhook | None) -> None:
    """Read the password and the secret as the night would; nobody is contacted.

    Raises:
        ConfigError: one is missing, too short, or can be read by others.
    """
    if mail is not None and mail.user:
        password_of(mail)
    if webhook is not None:
        secret_of(webhook)


def send_trial(town: str, mail: Mail, now: datetime) -> Iterator[tuple[str, str]]:
    """Each recipient and why the mail could not be handed over, "" = it was."""
    line = say(mail.lang, "mail.subject", town=town, what=say(mail.lang, "mail.subject_test"))
    left = list(mail.everybody)
    try:
        with connected(mail) as server:
            while left:
                domain = mail.sender.partition("@")[2]
                made = envelope(mail, left[0], line, f"{secrets.token_hex(20)}@{domain}")
                made["Date"] = now
                made.set_content(say(mail.lang, "mail.test", town=town) + "\n", charset="utf-8", cte="base64")
                yield left[0], _handed(server, mail, left[0], made.as_bytes())
                del left[0]
    except (OSError, smtplib.SMTPException, ConfigError, ValueError) as error:
        yield from ((recipient, said_of(error)) for recipient in left)


def _handed(server: smtplib.SMTP, mail: Mail, recipient: str, document: bytes) -> str:
    try:
        send(server, mail.sender, recipient, document, lambda: None)
    except Refused as error:
        server.rset()
        return str(error)
    return ""
