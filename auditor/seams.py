"""The seams a probe is given: the only ways out of the process, each bound to one declared target.

All of them share these promises: nothing undeclared is contacted, one deadline on our own clock covers the
whole probe, every byte count is limited, and a failure is an `Unreached` that says which one it was.
"""

import socket
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Stream:
    """An open TCP connection; `took_s` = seconds its connect took, `address` = the IP that answered."""

    sock: socket.socket
    address: str
    took_s: float


@dataclass(frozen=True, slots=True)
class Lookup:
    """The addresses of a name (never empty) and the seconds the name service took."""

    addresses: tuple[str, ...]
    took_s: float


@dataclass(frozen=True, slots=True)
class Secret:
    """A key or password as it stands in its file: never shown by repr, never part of an answer."""

    value: bytes = field(repr=False)


class Talk(Protocol):
    """A UDP exchange of several datagrams with the address that answered first."""

    @property
    def address(self) -> str:
        """The IP that answered."""

    @property
    def first(self) -> bytes:
        """Its first datagram."""

    @property
    def took_s(self) -> float:
        """Seconds from our first word to that answer, lost attempts included."""

    def send(self, payload: bytes) -> None:
        """Send one datagram; a refusal that came back for an earlier one is raised here.

        Raises:
            Unreached: REFUSED, or NO_ANSWER (no way there any more, or the deadline has passed).
        """

    def receive(self, wait_s: float) -> bytes | None:
        """The next datagram of that address, at most 64 kB; None = silence for `wait_s`, or to the deadline.

        Raises:
            Unreached: REFUSED (an ICMP port-unreachable came back), or NO_ANSWER (no way there any more).
        """


class Dial(Protocol):
    """Opens connections to the declared hosts and ports of one target."""

    def lookup(self, host: str) -> Lookup:
        """Resolve a declared name; what stands there is a name still where somebody else looks it up.

        Raises:
            Unreached: NAME_NOT_FOUND, or NO_ANSWER when the name service did not answer in time.
        """

    def at(self, host: str, address: str) -> "Dial":
        """The same way out under the same deadline, but to this one address of the host.

        Raises:
            Unreached: NOT_DECLARED, `lookup` did not give that address for it.
        """

    def tcp(self, host: str, port: int, *, wait_s: float | None = None) -> AbstractContextManager[Stream]:
        """Connect; the socket is closed on leaving the block and carries the remaining time as timeout.

        `wait_s` = most seconds for the connect, None = all that is left.

        Raises:
            Unreached: REFUSED, PROHIBITED (somebody on the way turned it away), NO_ANSWER (silence),
                NAME_NOT_FOUND, or NOT_DECLARED for a host or port outside the allow-list.
        """

    def udp(self, host: str, port: int, payload: bytes, *, attempts: int = 3, wait_s: float = 1.0) -> bytes:
        """Send one datagram (again after silence) and return the first reply, at most 64 kB.

        Raises:
            Unreached: REFUSED (an ICMP port-unreachable came back), PROHIBITED, NO_ANSWER (silence, which
                for UDP never means "down"), NAME_NOT_FOUND, NOT_DECLARED.
        """

    def talk(
        self, host: str, port: int, *opening: bytes, attempts: int = 3, wait_s: float = 1.0
    ) -> AbstractContextManager[Talk]:
        """Open a UDP conversation: send the `opening` datagrams (again after silence) until one is answered.

        Of several addresses the first that answers is kept. All of it is one contact under the one deadline;
        every datagram comes from the same port of ours.

        Raises:
            Unreached: as `udp`.
        """

    def secret(self, name: str) -> Secret:
        """The content of a key file declared for this target: "wrap", "audit" or "psk".

        An answer, or the note of one, in which a piece of it is found is thrown away by the engine.

        Raises:
            Unreached: NOT_DECLARED (no such file is declared), NO_PERMISSION (others may touch it too), or
                UNREADABLE.
        """

    def remaining_s(self) -> float:
        """Seconds left of the deadline, 0 when it has passed."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP reply: status code, headers with lower-case names, body.

    `trusted_until` = the last moment (UTC) of the certificate that was verified, None = the way was not
    encrypted.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    trusted_until: datetime | None = None


class Http(Protocol):
    """Speaks HTTP to the declared address of one target; never follows a redirect, never uses a proxy."""

    def request(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send one request and return the whole reply.

        Raises:
            Unreached: REFUSED, NO_ANSWER, NAME_NOT_FOUND, NOT_DECLARED (another host), WRONG_SERVICE (what
                answers is not HTTP, or its certificate is not trusted), UNREADABLE (larger than the limit).
        """

    def secret(self, name: str) -> Secret:
        """The content of a key file declared for this target ("token"); see `Dial.secret`."""


@dataclass(frozen=True, slots=True)
class Texts:
    """What the name service holds under a name: its TXT records, each one's pieces joined.

    `exists` = False when there is no such name (NXDOMAIN). A name that exists without a TXT record has none.
    """

    exists: bool
    records: tuple[str, ...] = ()


class Names(Protocol):
    """Asks the name service about one declared mail domain: its own name and the fixed names below it."""

    def texts(self, name: str) -> Texts:
        """The TXT records of a name; an answer too long for a datagram is asked for again over TCP.

        Raises:
            Unreached: NO_ANSWER (silence, or the server could not find out: SERVFAIL), REFUSED, UNREADABLE
                (what comes back is no answer), NOT_MEASURABLE (it only points to other servers),
                NAME_NOT_FOUND (of the name server itself), or NOT_DECLARED for any other name.
        """


class Folder(Protocol):
    """Reads the files below the declared folder of one document set, and nothing outside of it."""

    def names(self, *suffixes: str) -> tuple[str, ...]:
        """Relative POSIX paths of the regular files ending so (case-insensitive), sorted.

        Raises:
            Unreached: NOT_COLLECTED when the folder is missing, NO_PERMISSION when it cannot be listed,
                NOT_MEASURABLE when it holds more files than the limit.
        """

    def read(self, name: str) -> bytes:
        """One file's bytes.

        Raises:
            Unreached: NO_PERMISSION, or UNREADABLE (vanished, larger than the limit, leads outside).
        """

    def beside(self, kind: str) -> "tuple[Folder, ...]":
        """The folders of the town's other document sets of that kind, () = none is declared."""

    def kept(self, name: str) -> bytes | None:
        """A file of people's own decisions in the town folder, None = there is none.

        Raises:
            Unreached: NOT_DECLARED for any name but ``decisions.csv``; else as `read`.
        """

    def modified(self, name: str) -> datetime:
        """When one file was last written (UTC), by the file system's own word.

        Raises:
            Unreached: NO_PERMISSION, or UNREADABLE (vanished, leads outside).
        """
