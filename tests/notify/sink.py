"""A real mail server on this machine (aiosmtpd) that can be taught to misbehave."""

import ssl
from asyncio import WriteTransport
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.peers.certificates import Files

USER, PASSWORD = "auditor@town.example", "opensesame-7"


@dataclass
class Sink:
    """What arrived. `at_rcpt`, `at_data` = answers by recipient instead of 250.

    `drop` = when the connection ends: "after" a mail was answered for, "before" that, "" = in its own time.
    """

    taken: list[Envelope] = field(default_factory=list)
    at_rcpt: dict[str, str] = field(default_factory=dict)
    at_data: dict[str, str] = field(default_factory=dict)
    drop: str = ""
    encrypted: list[bool] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        if address in self.at_rcpt:
            return self.at_rcpt[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if said := self.at_data.get(envelope.rcpt_tos[0]):
            return said
        self.taken.append(envelope)
        self.encrypted.append(session.ssl is not None or bool(getattr(session, "tls", False)))
        if self.drop == "before":
            assert isinstance(server.transport, WriteTransport)
            server.transport.abort()
        if self.drop == "after":
            await server.push("250 OK")
            assert server.transport is not None
            server.transport.close()
        return "250 OK"

    def contents(self) -> list[bytes]:
        """What was sent, byte for byte."""
        return [one.content for one in self.taken if isinstance(one.content, bytes)]

    def mails(self, recipient: str = "") -> list[EmailMessage]:
        """The mails as a reader's program would show them."""
        return [parsed(one.content) for one in self.taken if recipient in ("", one.rcpt_tos[0])]

    def subjects(self, recipient: str) -> list[str]:
        return [str(one["Subject"]) for one in self.mails(recipient)]


def parsed(content: Any) -> EmailMessage:
    raw = content if isinstance(content, bytes) else str(content).encode()
    found = message_from_bytes(raw, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


@contextmanager
def serving(sink: Sink, files: Files | None = None, mode: str = "plain", port: int = 0) -> Iterator[int]:
    """The sink at work; its port. `mode` = plain, starttls or tls."""
    context = None
    if files is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(files.chain, files.key)
    extra: Mapping[str, Any] = {}
    if mode == "starttls":
        extra = {
            "tls_context": context,
            "require_starttls": True,
            "authenticator": _authenticated,
            "auth_require_tls": True,
        }
    controller = Controller(
        sink,
        hostname="127.0.0.1",
        port=port or free_port(),
        ssl_context=context if mode == "tls" else None,
        decode_data=False,
        **extra,
    )
    controller.start()
    try:
        yield int(controller.port)
    finally:
        controller.stop()


def _authenticated(server: SMTP, session: Session, envelope: Envelope, how: str, data: Any) -> AuthResult:
    given = data if isinstance(data, LoginPassword) else LoginPassword(b"", b"")
    good = given.login == USER.encode() and given.password == PASSWORD.encode()
    return AuthResult(success=good, handled=False)


def free_port() -> int:
    import socket

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def secret_file(folder: Path, text: str, name: str = "secret.txt") -> Path:
    path = folder / name
    path.write_text(f"{text}\n", "utf-8")
    path.chmod(0o600)
    return path
