"""What a TLS server of any age says first, made by hand."""

import secrets


class Bytes:
    """A reader that gives as many of these bytes as it is asked for."""

    def __init__(self, heard: bytes) -> None:
        self.rest = heard

    def __call__(self, size: int) -> bytes:
        part, self.rest = self.rest[:size], self.rest[size:]
        return part


def hello_of(version: int, suite: int) -> bytes:
    """A ServerHello as a server of any age would send it."""
    return message(2, version.to_bytes(2) + secrets.token_bytes(32) + b"\0" + suite.to_bytes(2) + b"\0")


def message(kind: int, body: bytes) -> bytes:
    """A handshake message in a record of its own."""
    whole = bytes([kind]) + len(body).to_bytes(3) + body
    return b"\x16\x03\x00" + len(whole).to_bytes(2) + whole


def alert(number: int) -> bytes:
    return bytes([21, 3, 3, 0, 2, 2, number])
