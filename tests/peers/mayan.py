"""A real Mayan EDMS on an ephemeral loopback port: its own database, made once and copied for each server."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.peers.process import free_port, listens_at_last, started

HOME = Path(__file__).parents[2] / ".mayan"
"""Its environment (``make peers``), where the blank database is kept too."""

SEED = Path(__file__).with_name("mayan_town.txt")
"""What is set up in it, run by Mayan's own Python: accounts, roles, document types, workflows."""


@dataclass(frozen=True, slots=True)
class Mayan:
    """A running server; `tokens` by account name."""

    port: int
    tokens: Mapping[str, str]

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def token_file(self, folder: Path, account: str) -> Path:
        """The account's token in a file of its own."""
        path = folder / f"mayan-{account}"
        path.write_text(self.tokens[account] + "\n")
        path.chmod(0o600)
        return path


def _program() -> Path:
    program = HOME / "bin" / "mayan-edms.py"
    if not program.is_file():
        message = "Mayan EDMS is not installed; `sudo make peers` installs it on Debian"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return program


def _settings(home: Path) -> dict[str, str]:
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(home / "db.sqlite3")}
    return {
        "DJANGO_SETTINGS_MODULE": "mayan.settings.production",
        "MAYAN_MEDIA_ROOT": str(home),
        "MAYAN_DATABASES": json.dumps({"default": database}),
        "MAYAN_CELERY_BROKER_URL": "memory://",
        "MAYAN_CELERY_RESULT_BACKEND": "cache+memory://",
        "MAYAN_CELERY_TASK_ALWAYS_EAGER": "True",
    }


def _run(home: Path, *words: str) -> str:
    python = HOME / "bin" / "python"
    command = [str(python), str(_program()), *words]
    settings = {**os.environ, **_settings(home)}
    done = subprocess.run(command, capture_output=True, text=True, env=settings, timeout=280, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def _blank() -> Path:
    """A migrated database without content, made once for each version of Mayan (half a minute)."""
    lock = (HOME / ".locked").read_bytes() if (HOME / ".locked").is_file() else b""
    home, stamp = HOME / "blank", HOME / "blank" / "made-for"
    if not stamp.is_file() or stamp.read_bytes() != lock:
        making = HOME / f"blank-{os.getpid()}"
        making.mkdir()
        _run(making, "migrate", "--noinput")
        (making / "made-for").write_bytes(lock)
        shutil.rmtree(home, ignore_errors=True)
        making.rename(home)
    return home


@contextmanager
def mayan(folder: Path) -> Iterator[Mayan]:
    """Run one whose files stand in `folder`, filled by `SEED`."""
    _program()
    home = folder.resolve() / "mayan"
    shutil.copytree(_blank(), home)
    told = _run(home, "shell", "-c", SEED.read_text("utf-8"))
    tokens = dict(line.split()[1:] for line in told.splitlines() if line.startswith("token "))
    port = free_port()
    argv = [str(HOME / "bin" / "python"), str(_program()), "runserver", "--noreload", f"127.0.0.1:{port}"]
    with started(argv, log=home / "server.log", ready=lambda: listens_at_last(port), env=_settings(home)):
        yield Mayan(port, tokens)
