"""A real SPICE server on an ephemeral loopback port: a virtual machine of QEMU that is never started."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile

from tests.peers.certificates import Files
from tests.peers.process import free_port, listens, need, started

MACHINE = (
    *("-M", "pc", "-m", "32", "-S", "-nodefaults", "-display", "none", "-vga", "qxl"),
    *("-monitor", "none", "-serial", "none"),
)


@contextmanager
def qemu_spice(
    folder: Path, *, locked: bool, tls: tuple[Files, Path] | None = None, name: str = "spice"
) -> Iterator[int]:
    """Run one; yields its port. `locked` = it wants a ticket; `tls` = only so, and its authority."""
    program = need("qemu-system-x86_64")
    home = folder.resolve() / name
    home.mkdir(parents=True)
    port = free_port()
    secret = ("-object", "secret,id=ticket,data=audited") if locked else ()
    ticket = "password-secret=ticket" if locked else "disable-ticketing=on"
    door = f"port={port}"
    if tls is not None:
        files, authority = tls
        for source, target in (
            (files.chain, "server-cert"),
            (files.key, "server-key"),
            (authority, "ca-cert"),
        ):
            copyfile(source, home / f"{target}.pem")
        door = f"tls-port={port},x509-dir={home}"
    command = [program, *MACHINE, *secret, "-spice", f"{door},addr=127.0.0.1,{ticket}"]
    with started(command, log=home / "qemu.log", ready=lambda: listens(port)):
        yield port
