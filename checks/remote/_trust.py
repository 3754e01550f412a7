"""Whether OpenSSL trusts what a server presents, asked in a handshake that is bounded in time and bytes.

X.509 path building is not ours to write; so OpenSSL verifies while it shakes hands (the town's own authority
or the system's), and the verdict's number, the server's own certificate and the issuers that OpenSSL went by
are kept. Dates, name and key are judged later from that.
"""

import ssl
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from auditor.api import Dial, Gateway, NotKnown, Reason
from checks.remote._hello import leaf_in, signed_leaf
from checks.remote._issuers import issuers_in
from checks.remote._pipe import pipe_to, server_name
from checks.remote._wire import SILENT, Ended

MOST_BYTES = 256 * 1024
WAIT_S = 4.0
NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME of OpenSSL's x509_vfy.h; ssl has no name for it
STRICT = "DEFAULT:@SECLEVEL=2"
ANYTHING = "ALL:@SECLEVEL=0"


class NoHandshake(Exception):  # noqa: N818 - an outcome
    """No handshake, for another cause than the certificate: `note` is for the technical page."""

    def __init__(self, reason: Reason, note: str) -> None:
        super().__init__(reason, note)
        self.reason = reason
        self.note = note[:200]


@dataclass(frozen=True, slots=True)
class Shake:
    """One handshake: OpenSSL's verify result (0 = trusted) with its own words, and the server's certificate.

    `leaf` is DER, b"" = not seen (TLS 1.3 hides it from a client that stops at an untrusted chain). `issuers`
    = those of the trusted path, from the one who issued it to the root; None = not seen.
    """

    code: int
    words: str
    leaf: bytes
    issuers: tuple[bytes, ...] | None = None


def context(
    ca_file: Path | None, ciphers: str, *, verify: bool = True, any_time: bool = False
) -> ssl.SSLContext:
    """A client context, made once per trust store and policy: loading a store costs more than a handshake.

    Raises:
        NotKnown: UNREADABLE, the town's certificate authority cannot be read.
    """
    try:
        changed = ca_file.stat().st_mtime_ns if ca_file is not None else 0
        return _context(ca_file, changed, ciphers, verify, any_time)
    except (OSError, ssl.SSLError) as error:
        raise NotKnown(Reason.UNREADABLE, f"ca_file: {error}") from None


@lru_cache(maxsize=64)
def _context(
    ca_file: Path | None,
    changed_ns: int,  # noqa: ARG001 - part of the cache's key
    ciphers: str,
    verify: bool,  # noqa: FBT001 - a cache's key is positional
    any_time: bool,  # noqa: FBT001 - same
) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False  # the name is judged from the certificate itself
    made.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED  # old versions are another control's matter
    made.set_ciphers(ciphers)
    if not verify:
        made.verify_mode = ssl.CERT_NONE
        return made
    if any_time:
        made.verify_flags |= NO_CHECK_TIME
    if ca_file is None:
        made.load_default_certs()
    else:
        made.load_verify_locations(ca_file)
    return made


def shake(gateway: Gateway, dial: Dial, how: ssl.SSLContext) -> Shake:
    """One connection, one handshake, closed.

    A server that wants a client certificate ends the handshake only after the client has verified: up to
    TLS 1.2 the client has then already sent its own part, which it never does for a chain it distrusts.
    That is believed only where the server proved its key before (`signed_leaf`); a copied chain cannot.

    Raises:
        NoHandshake: the two do not understand each other, or the server stopped.
        Declined, NotKnown: see `pipe_to`.
        Unreached: no connection.
    """
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = how.wrap_bio(incoming, outgoing, server_hostname=server_name(gateway))
    heard = bytearray()
    flights = 0
    proven = b""
    with pipe_to(gateway, dial, WAIT_S) as pipe:
        try:
            while not _stepped(tls):
                if outgoing.pending:
                    flights += 1
                    proven = signed_leaf(bytes(heard)) if flights == 2 else proven  # noqa: PLR2004 - our answer
                    pipe.send(outgoing.read())
                chunk = pipe.receive()
                heard += chunk
                if len(heard) > MOST_BYTES:
                    raise NoHandshake(Reason.WRONG_SERVICE, f"more than {MOST_BYTES} bytes and no end")
                incoming.write(chunk)
            if outgoing.pending:
                pipe.send(outgoing.read())
        except ssl.SSLCertVerificationError as error:
            return Shake(error.verify_code, error.verify_message, leaf_in(bytes(heard)))
        except (ssl.SSLError, Ended) as error:
            reason = _reason(error)
            if proven and reason is not Reason.NO_ANSWER:
                return Shake(0, "the server ended the handshake after our part", proven, issuers_in(tls, how))
            raise NoHandshake(reason, f"{type(error).__name__}: {error}") from None
    return Shake(0, "", tls.getpeercert(binary_form=True) or b"", issuers_in(tls, how))


def _stepped(tls: ssl.SSLObject) -> bool:
    """True when the handshake is done, False when it waits for more bytes."""
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


def _reason(error: ssl.SSLError | Ended) -> Reason:
    """Silence, TLS that finds nothing in common with us (it says so in an alert), or no TLS at all."""
    if isinstance(error, Ended):
        return Reason.NO_ANSWER if error.outcome == SILENT else Reason.WRONG_SERVICE
    return Reason.NOT_MEASURABLE if "ALERT" in (error.reason or "") else Reason.WRONG_SERVICE
