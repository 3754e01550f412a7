"""Private keys and passwords for logins: from files only their owner can read, or the OS keyring.

Nothing here comes from a command line, and nothing is logged. The keyring's service is
``telework-auditor``; its user is ``account@host`` for a password and ``key:/path`` for a passphrase.
"""

import io
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from auditor.access.login import Place
from auditor.access.net import bounded
from auditor.access.private import private_bytes
from auditor.access.sshlib import paramiko
from auditor.errors import ConfigError, Problem
from auditor.findings import Scalar

SERVICE = "telework-auditor"
_KEYRING_S = 5.0
_KINDS = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)


def keyring_password(user: str) -> str | None:
    """The OS keyring's entry for `user`; None when there is none, no keyring, or it asks a question."""

    def ask() -> str | None:
        import keyring  # noqa: PLC0415 - loads every backend of the desktop; most runs never need it

        return keyring.get_password(SERVICE, user)

    try:
        return bounded(ask, _KEYRING_S, "keyring")
    except Exception:  # noqa: BLE001 - a backend may raise anything; no keyring is no password
        return None


def load_key(path: Path, keyring: Callable[[str], str | None] = keyring_password) -> paramiko.PKey:
    """The private key (Ed25519, ECDSA or RSA) in a file of ours alone.

    Raises:
        ConfigError: unreadable, readable by others, not such a key, or its passphrase is missing or wrong.
    """
    text = _private_text(path, "key_file")
    try:
        try:
            return _parsed(text, None)
        except paramiko.PasswordRequiredException:
            passphrase = keyring(f"key:{path}")
            if passphrase is None:
                raise _problem(path, "key_file_passphrase", user=f"key:{path}", service=SERVICE) from None
            return _parsed(text, passphrase)
    except paramiko.SSHException as error:
        raise _problem(path, "key_file_bad", why=str(error)[:200]) from None


def _parsed(text: str, passphrase: str | None) -> paramiko.PKey:
    failures: list[Exception] = []
    for kind in _KINDS:
        try:
            return kind.from_private_key(io.StringIO(text), passphrase)
        except paramiko.PasswordRequiredException:
            raise
        except (paramiko.SSHException, ValueError, IndexError, TypeError) as error:
            failures.append(error)
    raise paramiko.SSHException("; ".join(dict.fromkeys(str(error) for error in failures)))


def password_source(
    file: Path | None, keyring: Callable[[str], str | None] = keyring_password
) -> Callable[[Place], str | None]:
    """How a login finds a password: the file's ``[passwords]`` (``"account@host" = "…"``), then the keyring.

    Raises:
        ConfigError: the file is unreadable, readable by others, or not such a table.
    """
    written: Mapping[str, str] = _passwords(file) if file else {}

    def find(place: Place) -> str | None:
        user = f"{place.account}@{place.host}"
        return written.get(user) or keyring(user)

    return find


def _passwords(file: Path) -> Mapping[str, str]:
    try:
        table = tomllib.loads(_private_text(file, "password_file")).get("passwords", {})
    except tomllib.TOMLDecodeError as error:
        raise _problem(file, "password_file_bad", why=str(error)) from None
    if not isinstance(table, dict) or not all(isinstance(word, str) for word in table.values()):
        raise _problem(file, "password_file_bad", why="[passwords]")
    return table


def _private_text(path: Path, what: str) -> str:
    try:
        return private_bytes(path, what).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _problem(path, f"{what}_unreadable", why="not UTF-8") from None


def _problem(path: Path, key: str, **values: Scalar) -> ConfigError:
    return ConfigError([Problem(path, None, "", key, values)])
