"""SSL 2.0's first words: whether a server still speaks what has been broken since 1995.

Its hello has a format of its own (draft-hickman-netscape-ssl-00 §5.5, §5.6); RFC 6176 forbids it.
"""

import secrets
from collections.abc import Callable

SPECS = (0x010080, 0x020080, 0x030080, 0x040080, 0x050080, 0x060040, 0x0700C0)
CLIENT_HELLO, SERVER_HELLO, ERROR = 1, 4, 0
VERSION = 0x0002
HEAD = 11
"""Message type, session-id-hit, certificate type, version, and three lengths."""
LONG_HEADER = 0x80


def client_hello() -> bytes:
    """A hello that offers version 2 alone, with all of its ciphers."""
    specs = b"".join(spec.to_bytes(3) for spec in SPECS)
    body = bytes([CLIENT_HELLO]) + VERSION.to_bytes(2) + len(specs).to_bytes(2) + b"\0\0\0\x10"
    body += specs + secrets.token_bytes(16)
    return (LONG_HEADER << 8 | len(body)).to_bytes(2) + body


def is_spoken(take: Callable[[int], bytes]) -> bool:
    """True for a hello of version 2 with a certificate; `take` returns exactly as many bytes as asked."""
    head = take(2)
    if not head[0] & LONG_HEADER or (int.from_bytes(head) & 0x7FFF) < HEAD:
        return False
    body = take(HEAD)
    if body[0] != SERVER_HELLO or int.from_bytes(body[3:5]) != VERSION:
        return False
    certificate, specs = int.from_bytes(body[5:7]), int.from_bytes(body[7:9])
    return certificate > 0 and specs > 0 and specs % 3 == 0
