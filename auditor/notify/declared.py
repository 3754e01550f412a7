"""Where notices go, as the town declared it; everything that can be wrong is told before anything runs."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from auditor.cells import MAX_NAME, MAX_PORT, name_fault, parse_host
from auditor.declared import Declared
from auditor.notify.tables import MailTable, WebhookTable
from auditor.silence import Limits
from auditor.words import LANGUAGES

PORTS = {"starttls": 587, "tls": 465, "plain": 25}
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ATTACH = ("none", "counts")
TEMPLATES = ("counts", "text")
MOST_ADDRESSES = 20
_MOST_LIMIT = 1_000_000
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?=.{1,190}\Z)[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """The mail server and who is written to.

    `security` = ``starttls``, ``tls`` or ``plain``; `to` = the IT staff; `sections` maps a section's id to
    its officers' addresses. `user` "" = no log-in; its password stands in `password_file`, None = in the
    keyring. `share` = where readers find the pages. `weekly` = the weekday (0 = Monday) of the sign of life.
    `counts_attached` = a table of counts goes along.
    """

    host: str
    port: int
    security: str
    sender: str
    to: tuple[str, ...]
    sections: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ca_file: Path | None = None
    user: str = ""
    password_file: Path | None = None
    share: str = ""
    lang: str = "ja"
    weekly: int = 0
    counts_attached: bool = False

    @property
    def everybody(self) -> tuple[str, ...]:
        """All addresses, each once."""
        sections = (one for mine in self.sections.values() for one in mine)
        return tuple(dict.fromkeys((*self.to, *sections)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One address that counts are posted to, signed with the secret in `secret_file`.

    `template` = ``counts`` (a document) or ``text`` (``{"text": …}``, as chat services take it).
    """

    url: str
    secret_file: Path
    template: str = "counts"
    ca_file: Path | None = None
    lang: str = "ja"


def is_address(text: str) -> bool:
    """True for a plain ``name@domain`` in ASCII: no display name, no quotes, nothing that ends a header."""
    local, _, domain = text.partition("@")
    dots = (".." in text, local.startswith("."), local.endswith("."))
    return _ADDRESS.fullmatch(text) is not None and not any(dots) and "." in domain


def is_loopback(host: str) -> bool:
    """True for this machine itself; only ``localhost`` counts among names."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def mail_of(declared: Declared, sections: Sequence[str]) -> Mail | None:
    """The declared mail, None = none is declared; what is wrong goes to ``declared.told``."""
    row = declared.file.written.mail
    if row is None:
        return None
    toml, told = declared.file.toml, declared.told
    for key, problem, values in _mail_faults(row, sections):
        told.problems.append(toml.problem(("mail", *key), problem, **values))
    spelt: dict[str, str] = {}
    return Mail(
        host=row.host,
        port=row.port or PORTS.get(row.security, 0),
        security=row.security,
        sender=row.sender,
        to=_each_once(row.to, spelt),
        sections={id_: _each_once(mine, spelt) for id_, mine in row.sections.items()},
        ca_file=declared.existing(("mail", "ca_file"), row.ca_file),
        user=row.user,
        password_file=declared.existing(("mail", "password_file"), row.password_file),
        share=row.share,
        lang=row.lang,
        weekly=WEEKDAYS.index(row.weekly) if row.weekly in WEEKDAYS else 0,
        counts_attached=row.attach == "counts",
    )


def _each_once(addresses: Sequence[str], spelt: dict[str, str]) -> tuple[str, ...]:
    """As each was written first: Info@ and info@ are one mailbox, and would be written to twice."""
    return tuple(dict.fromkeys(spelt.setdefault(one.casefold(), one) for one in addresses))


_Fault = tuple[tuple[str, ...], str, dict[str, str | int]]


def _mail_faults(row: MailTable, sections: Sequence[str]) -> Iterator[_Fault]:
    if parse_host(row.host) is None:
        yield ("host",), "bad_host", {"seen": row.host[:MAX_NAME]}
    if not 0 <= row.port <= MAX_PORT:
        yield ("port",), "bad_port", {"seen": row.port}
    choices = (("security", PORTS), ("lang", LANGUAGES), ("weekly", WEEKDAYS), ("attach", ATTACH))
    for name, known in choices:
        if (seen := getattr(row, name)) not in known:
            yield (name,), "bad_choice", {"seen": seen[:MAX_NAME], "known": ", ".join(known)}
    if row.security == "plain" and not is_loopback(row.host) and not row.plain_reason.strip():
        yield ("security",), "mail_plain", {}
    if row.security == "plain" and row.user and not is_loopback(row.host):
        yield ("user",), "mail_plain_user", {}
    if row.password_file and not row.user:
        yield ("password_file",), "mail_user_missing", {}
    if row.share and (fault := name_fault(row.share)):
        yield ("share",), fault, {"limit": MAX_NAME}
    yield from _address_faults(row, sections)


def _address_faults(row: MailTable, sections: Sequence[str]) -> Iterator[_Fault]:
    lists = {("to",): row.to} | {("sections", id_): mine for id_, mine in row.sections.items()}
    for id_ in row.sections.keys() - set(sections):
        yield ("sections", id_), "no_section", {"name": id_[:MAX_NAME], "known": ", ".join(sections)}
    for place, addresses in {("from",): [row.sender], **lists}.items():
        for seen in addresses:
            if not is_address(seen):
                yield place, "bad_address", {"seen": seen[:MAX_NAME]}
        if len(addresses) > MOST_ADDRESSES:
            yield place, "mail_many", {"limit": MOST_ADDRESSES}
    if not row.to:
        yield ("to",), "mail_nobody", {}


def webhook_of(declared: Declared) -> Webhook | None:
    """The declared webhook, None = none is declared; what is wrong goes to ``declared.told``."""
    row = declared.file.written.webhook
    if row is None:
        return None
    toml, told = declared.file.toml, declared.told
    for key, problem, values in _webhook_faults(row):
        told.problems.append(toml.problem(("webhook", *key), problem, **values))
    secret = declared.existing(("webhook", "secret_file"), row.secret_file)
    if secret is None:
        return None
    return Webhook(
        url=row.url,
        secret_file=secret,
        template=row.template,
        ca_file=declared.existing(("webhook", "ca_file"), row.ca_file),
        lang=row.lang,
    )


def _webhook_faults(row: WebhookTable) -> Iterator[_Fault]:
    try:
        parts = urlsplit(row.url)
        host, usable = parts.hostname or "", parts.port is None or parts.port > 0
    except ValueError:
        host, usable, parts = "", False, urlsplit("")
    if parts.scheme not in ("http", "https") or not host or not usable or "@" in parts.netloc:
        yield ("url",), "webhook_url", {}
    elif parts.scheme == "http" and not is_loopback(host) and not row.plain_reason.strip():
        yield ("url",), "webhook_plain", {}
    if not row.secret_file:
        yield ("secret_file",), "webhook_secret", {}
    for name, known in (("template", TEMPLATES), ("lang", LANGUAGES)):
        if (seen := getattr(row, name)) not in known:
            yield (name,), "bad_choice", {"seen": seen[:MAX_NAME], "known": ", ".join(known)}


def limits_of(declared: Declared) -> Limits:
    """From when on silence is told; what cannot be a limit goes to ``declared.told``."""
    row = declared.file.written.silence
    for name in (names := row.__struct_fields__):
        seen = getattr(row, name)
        if not 1 <= seen <= _MOST_LIMIT:
            told = declared.file.toml.problem(("silence", name), "silence_limit", seen=seen, most=_MOST_LIMIT)
            declared.told.problems.append(told)
    return Limits(**{name: getattr(row, name) for name in names})
