"""What is said inside of TLS on an open connection, whoever the server is: for looking, never for trust."""

import socket
import ssl
from functools import cache

from checks.remote._wire import CLOSED, SILENT, Ended, Left


@cache
def _anybody() -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    made.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    made.set_ciphers("ALL:@SECLEVEL=0")
    return made


def inside_tls(sock: socket.socket, name: str, left: Left) -> ssl.SSLSocket:
    """The same connection inside of TLS; the caller closes what is returned.

    Raises:
        Ended: silent, or no TLS came about (closed).
    """
    sock.settimeout(max(0.001, left()))  # of the whole handshake, not of each read
    try:
        return _anybody().wrap_socket(sock, server_hostname=name)
    except TimeoutError:
        raise Ended(SILENT) from None
    except OSError:
        raise Ended(CLOSED) from None
