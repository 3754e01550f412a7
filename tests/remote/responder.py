"""A UDP port that answers as a test wants it to."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Behave = Callable[[bytes], list[bytes]]


@contextmanager
def responder(behave: Behave) -> Iterator[int]:
    """A UDP port that answers every datagram with those that `behave` makes of it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(0.1)
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                with suppress(TimeoutError, OSError):
                    datagram, client = sock.recvfrom(65535)
                    for answer in behave(datagram):
                        sock.sendto(answer, client)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield sock.getsockname()[1]
        finally:
            ended.set()
            thread.join(5)
