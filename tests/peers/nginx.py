"""A real nginx on ephemeral loopback ports, one TLS entrance per server block."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.certificates import Files
from tests.peers.process import free_port, listens, need, started

CURRENT = "TLSv1.2 TLSv1.3"
EVERY = "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3"
ANY_STRENGTH = "ALL:@SECLEVEL=0"

_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
_CONFIG = """\
{user}
daemon off;
worker_processes 1;
pid {home}/nginx.pid;
error_log {home}/error.log info;
events {{ worker_connections 64; }}
http {{
  access_log off;
  {temporary}
  {servers}
}}
"""
_SERVER = """\
  server {{
    listen {host}:{port} {ssl};
    {tls}
    location / {{ return 204; }}
  }}
"""
_TLS = """\
    ssl_certificate {files.chain};
    ssl_certificate_key {files.key};
    ssl_protocols {block.protocols};
    ssl_ciphers {block.ciphers};
    {block.extra}
"""


@dataclass(frozen=True, slots=True)
class Block:
    """One server block; without `files` it speaks plain HTTP. `extra` = directives as nginx writes them.

    `port` 0 = any that is free.
    """

    files: Files | None
    protocols: str = CURRENT
    ciphers: str = "HIGH:!aNULL"
    extra: str = ""
    host: str = "127.0.0.1"
    port: int = 0


@contextmanager
def nginx(folder: Path, blocks: Sequence[Block], *, name: str = "nginx") -> Iterator[tuple[int, ...]]:
    """Run one nginx with these blocks, files below `folder`; yields their ports in the same order."""
    program = need("nginx")
    home = folder.resolve() / name
    home.mkdir(parents=True)
    ports = tuple(block.port or free_port() for block in blocks)
    config = home / "nginx.conf"
    config.write_text(
        _CONFIG.format(
            user="user root;" if home.owner() == "root" else "",
            home=home,
            temporary="\n  ".join(f"{each}_temp_path {home}/{each};" for each in _TEMPORARY),
            servers="".join(_written(block, port) for block, port in zip(blocks, ports, strict=True)),
        )
    )
    command = [program, "-p", str(home), "-c", str(config), "-e", str(home / "start.log")]
    with started(command, log=home / "nginx.log", ready=lambda: all(map(listens, ports))):
        yield ports


def _written(block: Block, port: int) -> str:
    if block.files is None:
        return _SERVER.format(host=block.host, port=port, ssl="", tls=block.extra)
    tls = _TLS.format(block=block, files=block.files)
    return _SERVER.format(host=block.host, port=port, ssl="ssl", tls=tls)
