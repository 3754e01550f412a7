"""What the tests of the frozen collector share: scripts, shells, accounts and their keys."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from auditor.arrivals.signers import NAMESPACE
from auditor.collector import Frozen, facts_of, freeze
from auditor.discover import Plugins, discover
from tests.access.conftest import made
from tests.peers.process import need, need_root

NOBODY = 65534
SHELLS = {"dash": ["dash"], "bash": ["bash", "--posix"], "busybox": ["busybox", "sh"]}
SMALL = (
    made("bytes.some", linux="printf 'a\\000\\377\\n\\n'"),
    made("is.absent", linux="exit 10"),
    made("who.runs", linux="id -u"),
)
"""Three facts that answer alike everywhere."""


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    return discover()


@pytest.fixture(scope="session")
def real(plugins: Plugins) -> Frozen:
    return freeze(facts_of(plugins, "linux", "machine"), "linux", "machine")


@pytest.fixture(scope="session")
def small() -> Frozen:
    return freeze(SMALL, "linux", "machine")


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs a script, and where that account may write: `drop` the share, `state` its own folder."""

    user: int | None
    folder: Path

    @property
    def drop(self) -> Path:
        return self.folder / "drop"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def key(self) -> Path:
        return self.folder / "key"

    def bundles(self) -> list[Path]:
        return sorted(self.drop.iterdir())

    def argv(self, shell: str, text: str, *options: str | Path) -> list[str]:
        """The command that runs a script from a file."""
        script = self.folder / "collect.sh"
        if not script.exists() or script.read_text() != text:
            script.write_text(text)
            script.chmod(0o644)
        program, *flags = SHELLS[shell]
        return [need(program), *flags, str(script), *map(str, options)]

    def run(self, shell: str, frozen: Frozen, *options: str | Path) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            self.argv(shell, frozen.text, *options),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=120,
            cwd="/",
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
            user=self.user,
            group=self.user,
            extra_groups=[] if self.user is not None else None,
        )

    def drops(self, shell: str, frozen: Frozen, *more: str | Path) -> subprocess.CompletedProcess[bytes]:
        """A run that drops a bundle signed by this account's own key."""
        options = ("--bundle", self.drop, "--state", self.state, "--key", self.key)
        return self.run(shell, frozen, *options, *more)


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@contextmanager
def account_of(user: int | None) -> Iterator[Account]:
    """An account with a key and a share of its own, where even one without any rights can reach them."""
    folder = Path(tempfile.mkdtemp(prefix="collector-", dir="/var/tmp"))
    account = Account(user, folder)
    try:
        make = [need("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(account.key)]
        subprocess.run(make, check=True, timeout=30)
        account.drop.mkdir()
        if user is not None:
            for path in (folder, account.drop, account.key):
                os.chown(path, user, user)
        yield account
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def account() -> Iterator[Account]:
    """This account (root, where the tests run as root)."""
    with account_of(None) as found:
        yield found


@pytest.fixture
def nobody() -> Iterator[Account]:
    need_root()
    with account_of(NOBODY) as found:
        yield found


@pytest.fixture(params=["own", "nobody"])
def anyone(request: pytest.FixtureRequest) -> Iterator[Account]:
    """This account, and one without any rights."""
    if request.param == "nobody":
        need_root()
    with account_of(NOBODY if request.param == "nobody" else None) as found:
        yield found


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[None]:
    """`folder` on a file system of its own that is soon full."""
    need_root()
    mounted = subprocess.run(
        [need("mount"), "-t", "tmpfs", "-o", options, "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        yield
    finally:
        subprocess.run([need("umount"), folder], check=True)


@dataclass(frozen=True, slots=True)
class Opened:
    """A bundle file taken apart: the bytes that were signed, what they say, and the framed answers."""

    payload: bytes
    signature: str
    told: dict[str, Any]
    output: bytes


def opened(path: Path) -> Opened:
    text = path.read_bytes().decode("ascii")
    file = json.loads(text)
    assert list(file) == ["schema", "kind", "payload", "signature"]
    payload = base64.b64decode(file["payload"], validate=True)
    told = json.loads(payload.decode("ascii"))
    output = base64.b64decode(told.pop("output"), validate=True)
    return Opened(payload, file["signature"], told, output)


def verified(bundle: Opened, key: Path, folder: Path, payload: bytes | None = None) -> bool:
    """What ``ssh-keygen -Y verify`` says of the bundle for the public half of `key`."""
    allowed, signature = folder / "allowed", folder / "signature"
    allowed.write_text(f"pc {key.with_suffix('.pub').read_text()}")
    signature.write_text(bundle.signature)
    done = subprocess.run(
        [need("ssh-keygen"), "-Y", "verify", "-f", allowed, "-I", "pc", "-n", NAMESPACE, "-s", signature],
        input=bundle.payload if payload is None else payload,
        capture_output=True,
        check=False,
        timeout=30,
    )
    return done.returncode == 0
