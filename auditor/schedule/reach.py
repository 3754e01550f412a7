"""What the nightly run of a town may reach, and which secrets it reads, as far as the town declared it."""

import ipaddress
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from auditor.intent import intents
from auditor.plan import plan
from auditor.session import Session
from auditor.town import Loaded, Settings

PASSWORDS = "passwords.toml"


def networks_of(loaded: Loaded, session: Session) -> tuple[str, ...]:
    """The networks the town wrote down, or all its addresses; () = some are names, so nobody knows."""
    settings = loaded.settings
    if settings.hours.networks:
        return settings.hours.networks
    tasks = plan(session.town, session.model, session.plugins)
    hosts = {one.host for one in intents(session.town, tasks, session.plugins)} | set(_notices(settings))
    found = [_address(host) for host in sorted(hosts)]
    known = [address for address in found if address]
    return tuple(dict.fromkeys(known)) if len(known) == len(found) and known else ()


def _notices(settings: Settings) -> Iterable[str]:
    if settings.mail is not None:
        yield settings.mail.host
    if settings.webhook is not None:
        yield urlsplit(settings.webhook.url).hostname or ""


def _address(host: str) -> str:
    """The address as a network of one, "" = it is a name."""
    try:
        return str(ipaddress.ip_network(host.strip("[]")))
    except ValueError:
        return ""


def secrets_of(loaded: Loaded) -> tuple[Path, ...]:
    """The files that only their owner may read, those that are there."""
    settings, town = loaded.settings, loaded.town
    found: list[Path | None] = [settings.ssh_key_file, settings.folder / PASSWORDS]
    found += [settings.mail.password_file] if settings.mail is not None else []
    found += [settings.webhook.secret_file] if settings.webhook is not None else []
    kept = (*(one.keys for one in town.gateways), *(one.keys for one in town.print_servers))
    for keys in (*kept, *(one.keys for one in town.systems)):
        found += keys.values()
    return tuple(sorted({path for path in found if path is not None and path.is_file()}))
