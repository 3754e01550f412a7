"""paramiko alone, as a careful script uses it: no pins, no deadlines, no frames. Ours must not cost more.

Keys are loaded once, there is no delay of small packets (TCP_NODELAY), 32 threads share the work.
"""

import json
import socket
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import paramiko

WAIT_S = 120.0
LEAST_BYTES = 500


def main(wish: Mapping[str, Any]) -> int:
    """0 when every endpoint answered."""
    key = paramiko.Ed25519Key.from_private_key_file(wish["key"])
    script = Path(wish["script"]).read_bytes()

    def one(host: str) -> int:
        sock = socket.create_connection((host, wish["port"]), timeout=WAIT_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport = paramiko.Transport(sock)
        try:
            transport.start_client(timeout=WAIT_S)
            transport.auth_publickey(wish["account"], key)
            channel = transport.open_session(timeout=WAIT_S)
            channel.exec_command("sh -s")
            channel.sendall(script)
            channel.shutdown_write()
            return len(b"".join(iter(lambda: channel.recv(65536), b"")))
        finally:
            transport.close()
            sock.close()

    with ThreadPoolExecutor(32) as workers:
        sizes = list(workers.map(one, Path(wish["hosts"]).read_text().split()))
    return int(min(sizes) < LEAST_BYTES)


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
