"""A real FreeRDP shadow server on an ephemeral loopback port, showing a display of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.process import free_port, listens, need, started
from tests.peers.xvfb import display

SECURITY = ("tls", "nla", "rdp")
NOBODY = "auditor:::8846f7eaee8fb117ad06bdd830b7586c:::\n"
"""A user whose password nobody is ever asked for: the server wants the file."""


@contextmanager
def freerdp_shadow(folder: Path, security: str, *, name: str = "shadow") -> Iterator[int]:
    """Run one that takes only this kind of security; yields its port. It makes its own certificate."""
    program = need("freerdp-shadow-cli")
    home = folder.resolve() / name
    home.mkdir(parents=True)
    port = free_port()
    sam = home / "users"
    sam.write_text(NOBODY)
    more = ("-auth",) if security != "nla" else (f"/sam-file:{sam}",)
    command = [program, f"/port:{port}", "/bind-address:127.0.0.1", *more, f"/sec:{security}"]
    with display(home) as number:
        surroundings = {"DISPLAY": number, "HOME": str(home), "XDG_CONFIG_HOME": str(home)}
        with started(
            command, log=home / "shadow.log", ready=lambda: listens(port), cwd=home, env=surroundings
        ):
            yield port
