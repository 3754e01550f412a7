"""Delivers the outbox's mail: one connection, one recipient at a time, never unencrypted by surprise.

A mail is marked as under way before its text goes out, and as sent when the server has taken it. If the
connection ends in between, nobody can tell whether it was taken: it is not sent again (`State.DOUBTFUL`).
Everything before that point, refusals and greylisting included, leaves it waiting for the next night.
"""

import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

from auditor.access.private import private_bytes
from auditor.errors import ConfigError, Problem
from auditor.findings import Scalar
from auditor.notify.declared import Mail
from auditor.notify.notice import Kind, Notice, State
from auditor.notify.outbox import Outbox

STEP_S = 30.0
"""So long may one answer of the server take."""

ALL_S = 300.0
"""So long may a night's delivery take, from connecting on; what is left waits for the next one."""

AGAIN_S = 1.0
"""So often is a delivery that took too long cut again: in a handshake there is nothing to cut."""

SERVICE = "telework-auditor"
_NOWHERE = Path("keyring")
_DOT = re.compile(rb"^\.", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_READY, _OK, _GO_AHEAD, _FOR_GOOD = 220, 250, 354, 500
_ACCEPTED, _REFUSALS = 2, (4, 5)
"""First digits of replies (RFC 5321 §4.2.1)."""
_TAKEN = (250, 251, 252)

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


class Refused(Exception):  # noqa: N818 - an outcome
    """The server said no to one mail; `for_good` = to this recipient, and not only for now."""

    def __init__(self, code: int, said: bytes, *, for_good: bool = False) -> None:
        super().__init__(f"{code} {said[:200].decode('ascii', 'replace')}")
        self.for_good = for_good and code >= _FOR_GOOD


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What became of a delivery: mails `sent`, and `why` all of it ended early ("" = it did not)."""

    sent: int = 0
    why: str = ""


def password_of(mail: Mail, keyring: Callable[[str], str | None] | None = None) -> str:
    """The password of `Mail.user`: the file's one line, else the keyring's entry ``smtp:user@host``.

    Raises:
        ConfigError: the file is unreadable, readable by others, or neither holds a password.
    """
    user = f"smtp:{mail.user}@{mail.host}"
    if mail.password_file is None:
        from auditor.access.secrets import keyring_password  # noqa: PLC0415 - loads the SSH library

        found = (keyring or keyring_password)(user) or ""
    else:
        found = private_bytes(mail.password_file, "password_file").decode("utf-8-sig", "replace").strip()
    if not found:
        named: dict[str, Scalar] = {"user": user, "service": SERVICE}
        raise ConfigError([Problem(mail.password_file or _NOWHERE, None, "", "mail_password", named)])
    return found


def deliver(mail: Mail, outbox: Outbox, clock: Clock = utc_now) -> Delivered:
    """Send everything that waits, in the order it was written; what cannot be sent stays."""
    waiting = outbox.waiting(Kind.MAIL)
    if not waiting:
        return Delivered()
    sent = 0
    try:
        with connected(mail) as server:
            for _ in _each(server, mail, waiting, outbox, clock):
                sent += 1
    except (OSError, smtplib.SMTPException, ConfigError, ValueError) as error:
        why = said_of(error)
        for notice in outbox.waiting(Kind.MAIL):
            outbox.mark(notice.key, State.WAITING, clock(), why)
        return Delivered(sent=sent, why=why)
    return Delivered(sent=sent)


@contextmanager
def connected(mail: Mail) -> Iterator[smtplib.SMTP]:
    """The server, encrypted as declared and logged in to.

    Raises:
        OSError: unreachable, or its certificate is not trusted.
        smtplib.SMTPException: it does not offer what was declared, or refuses the log-in.
        ConfigError: there is no password.
    """
    password = password_of(mail) if mail.user else ""
    trust = ssl.create_default_context(cafile=str(mail.ca_file) if mail.ca_file is not None else None)
    here = _own_name()
    if mail.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(local_hostname=here, timeout=STEP_S, context=trust)
    else:
        server = smtplib.SMTP(local_hostname=here, timeout=STEP_S)
    server._host = mail.host  # type: ignore[attr-defined]  # noqa: SLF001 - the name the certificate must bear
    with _guarded(server):
        try:
            code, said = server.connect(mail.host, mail.port)
            if code != _READY:
                raise smtplib.SMTPConnectError(code, said)
            if mail.security == "starttls":
                server.starttls(context=trust)
            server.ehlo_or_helo_if_needed()
            if mail.user:
                server.login(mail.user, password)
            yield server
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
        finally:
            server.close()


def _own_name() -> str:
    """What this machine is called, without a look-up: the name service may be what is broken tonight.

    A name that is no word of the protocol (Windows lets it be Japanese) is replaced by an address literal.
    """
    name = socket.gethostname()
    return name if _NAME.fullmatch(name) else "[127.0.0.1]"


@contextmanager
def _guarded(server: smtplib.SMTP) -> Iterator[None]:
    """A delivery that is cut once it took `ALL_S`: with every line that comes `STEP_S` begins anew."""
    over = Event()

    def watch() -> None:
        wait_s = ALL_S
        while not over.wait(wait_s):
            _cut(server)
            wait_s = AGAIN_S

    Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        over.set()


def send(
    server: smtplib.SMTP, sender: str, recipient: str, document: bytes, under_way: Callable[[], None]
) -> None:
    """Hand one mail over; `under_way` is called when its text is about to leave.

    Raises:
        Refused: the server said no.
        OSError: the connection broke, or the answer to the text is none (also as
            `smtplib.SMTPServerDisconnected`).
    """
    _expect(server.mail(sender), (_OK,))
    _expect(server.rcpt(recipient), _TAKEN, for_good=True)
    _expect(server.docmd("DATA"), (_GO_AHEAD,), for_good=True)
    under_way()
    server.send(_DOT.sub(b"..", document.rstrip(b"\r\n")) + b"\r\n.\r\n")
    code, said = server.getreply()
    if code // 100 in _REFUSALS:
        raise Refused(code, said, for_good=True)
    if code // 100 != _ACCEPTED:  # it may have been taken, and would be sent twice
        raise smtplib.SMTPServerDisconnected(f"no understandable answer to the text: {code}")


def _each(
    server: smtplib.SMTP, mail: Mail, waiting: Sequence[Notice], outbox: Outbox, clock: Clock
) -> Iterator[Notice]:
    """Every mail that was taken; where one was not, later ones to the same recipient wait behind it."""
    held: set[str] = set()
    for notice in waiting:
        if notice.recipient in held:
            continue
        left: list[bool] = []

        def under_way(key: str = notice.key, left: list[bool] = left) -> None:
            outbox.mark(key, State.SENDING, clock())
            left.append(True)

        try:
            send(server, mail.sender, notice.recipient, notice.document, under_way)
        except Refused as error:
            held.add(notice.recipient)
            if error.for_good:
                outbox.refuse(notice, clock(), str(error))
            else:
                outbox.mark(notice.key, State.WAITING, clock(), str(error))
            server.rset()
        except (OSError, smtplib.SMTPException) as error:
            if left:
                outbox.mark(notice.key, State.DOUBTFUL, clock(), said_of(error))
            raise
        else:
            outbox.mark(notice.key, State.SENT, clock())
            yield notice


def said_of(error: Exception) -> str:
    """What went wrong in one line; of a refused log-in the code only: a server may repeat what it got."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"log-in refused: {error.smtp_code}"
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        said = text.decode("ascii", "replace") if isinstance(text, bytes) else str(text)
        return f"{error.smtp_code} {said[:200]}"
    if isinstance(error, ConfigError):
        return "; ".join(problem.key for problem in error.problems)
    return f"{type(error).__name__}: {error}"[:300]


def _expect(reply: tuple[int, bytes], wanted: Sequence[int], *, for_good: bool = False) -> None:
    code, said = reply
    if code not in wanted:
        raise Refused(code, said, for_good=for_good)


def _cut(server: smtplib.SMTP) -> None:
    """End a delivery that took too long, also in the middle of an answer."""
    sock = server.sock
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
