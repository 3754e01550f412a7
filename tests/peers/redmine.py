"""A real Redmine of Debian on an ephemeral loopback port, with an instance and a database of its own."""

import os
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.peers.process import free_port, listens_at_last, need, started

PROGRAM = Path("/usr/share/redmine")
SEED = Path(__file__).with_name("redmine_town.rb.txt")
"""What is set up in it, run by Redmine's own Ruby: accounts, trackers, statuses, form fields, tickets."""


@dataclass(frozen=True, slots=True)
class Redmine:
    """A running server; `tokens` by account name."""

    port: int
    tokens: Mapping[str, str]

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def token_file(self, folder: Path, account: str) -> Path:
        """The account's key in a file of its own."""
        path = folder / f"redmine-{account}"
        path.write_text(self.tokens[account] + "\n")
        path.chmod(0o600)
        return path


def _need() -> None:
    if not (PROGRAM / "bin" / "rails").is_file():
        message = "Redmine is not installed; `sudo make peers` installs it on Debian"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)


def _instance(home: Path) -> None:
    """The folders and files of an instance; Debian's Redmine finds it by a path from its own instances."""
    for part in ("config", "files", "log", "tmp", "public/plugin_assets"):
        (home / part).mkdir(parents=True)
    (home / "config" / "database.yml").write_text(
        f"production:\n  adapter: sqlite3\n  encoding: utf8\n  database: {home / 'db.sqlite3'}\n"
    )
    (home / "config" / "secret_key.txt").write_text(secrets.token_hex(32))


def _settings(home: Path) -> dict[str, str]:
    up = "/".join([".."] * 8)  # past the root, where more of them change nothing
    return {"REDMINE_INSTANCE": f"{up}{home}", "REDMINE_LANG": "ja", "RAILS_ENV": "production"}


def _run(home: Path, *words: str) -> str:
    done = subprocess.run(
        [str(PROGRAM / "bin" / words[0]), *words[1:]],
        cwd=PROGRAM,
        env={**os.environ, **_settings(home)},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@contextmanager
def redmine(folder: Path) -> Iterator[Redmine]:
    """Run one whose files stand in `folder`, filled by `SEED`."""
    _need()
    puma = need("puma")
    home = folder.resolve() / "redmine"
    _instance(home)
    _run(home, "rake", "db:migrate")
    told = _run(home, "rails", "runner", str(SEED))
    tokens = dict(line.split()[1:] for line in told.splitlines() if line.startswith("token "))
    port = free_port()
    argv = [puma, "-e", "production", "-b", f"tcp://127.0.0.1:{port}", "-t", "1:2", "config.ru"]
    with started(
        argv, log=home / "server.log", ready=lambda: listens_at_last(port), cwd=PROGRAM, env=_settings(home)
    ):
        yield Redmine(port, tokens)
