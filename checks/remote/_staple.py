"""What an issuer says of a certificate, as the server sends it along: read, and believed only if signed.

OCSP: RFC 6960 §4.2; as part of the handshake: RFC 6066 §8. Up to TLS 1.2 it is sent in the clear.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

GOOD, REVOKED, UNSURE, UNSIGNED = "good", "revoked", "unsure", "unsigned"
"""`UNSURE` = the issuer cannot say; `UNSIGNED` = nobody entitled signed it for this certificate."""

_STATUS = {ocsp.OCSPCertStatus.GOOD: GOOD, ocsp.OCSPCertStatus.REVOKED: REVOKED}
UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.UnsupportedGeneralNameType)


@dataclass(frozen=True, slots=True)
class Staple:
    """The issuer's word: when it was given and until when it holds (UTC, None = not told)."""

    status: str
    given: datetime | None = None
    until: datetime | None = None
    revoked: datetime | None = None


def issuer_of(leaf: x509.Certificate, candidates: Sequence[x509.Certificate]) -> x509.Certificate | None:
    """The candidate whose key signed the leaf; of one that was renewed with the same key, the last to end."""
    signed = (each for each in candidates if _issued(leaf, each))
    return max(signed, key=lambda each: each.not_valid_after_utc, default=None)


def _issued(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(by)
    except (*UNREADABLE, InvalidSignature):
        return False
    return True


def promises(leaf: x509.Certificate) -> bool:
    """True where the certificate says that a proof is always sent along (RFC 7633)."""
    try:
        features = leaf.extensions.get_extension_for_class(x509.TLSFeature).value
    except x509.ExtensionNotFound:
        return False
    return x509.TLSFeatureType.status_request in features


def read(der: bytes, leaf: x509.Certificate, issuer: x509.Certificate | None, asked_at: datetime) -> Staple:
    """What the response says of `leaf`; it holds no longer than the certificate of its signer.

    Raises:
        ValueError, TypeError, UnsupportedAlgorithm: it is no response at all.
    """
    response = ocsp.load_der_ocsp_response(der)
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        return Staple(UNSURE)
    single = next((each for each in response.responses if issuer and _is_about(each, leaf, issuer)), None)
    signer = _signer(response, issuer, asked_at) if issuer else None
    if single is None or signer is None:
        return Staple(UNSIGNED)
    until = single.next_update_utc
    return Staple(
        status=_STATUS.get(single.certificate_status, UNSURE),
        given=single.this_update_utc,
        until=min(until, signer.not_valid_after_utc) if until is not None else None,
        revoked=single.revocation_time_utc,
    )


def _is_about(single: ocsp.OCSPSingleResponse, leaf: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Serial, and the issuer's name and key by the response's own hash (RFC 6960 §4.1.1)."""
    asked = ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, single.hash_algorithm).build()
    return (
        single.serial_number == asked.serial_number
        and single.issuer_name_hash == asked.issuer_name_hash
        and single.issuer_key_hash == asked.issuer_key_hash
    )


def _signer(
    response: ocsp.OCSPResponse, issuer: x509.Certificate, asked_at: datetime
) -> x509.Certificate | None:
    """The issuer itself, or one it appointed for that (RFC 6960 §4.2.2.2), whose certificate holds.

    It has to hold when the response was made and when it was sent along: a key that is given up may be
    in anybody's hands, and whoever has it writes the time as well.
    """
    signers = [issuer, *(each for each in response.certificates if _appointed(each, issuer))]
    moments = (response.produced_at_utc, asked_at)
    return next((each for each in signers if _holds(each, moments) and _signed(response, each)), None)


def _holds(signer: x509.Certificate, moments: Sequence[datetime]) -> bool:
    return all(signer.not_valid_before_utc <= each <= signer.not_valid_after_utc for each in moments)


def _appointed(signer: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        uses = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, *UNREADABLE):
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in uses and _issued(signer, issuer)


def _signed(response: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    words, signature, used = (
        response.tbs_response_bytes,
        response.signature,
        response.signature_hash_algorithm,
    )
    try:
        match signer.public_key():
            case rsa.RSAPublicKey() as key if used is not None:
                key.verify(signature, words, padding.PKCS1v15(), used)
            case ec.EllipticCurvePublicKey() as key if used is not None:
                key.verify(signature, words, ec.ECDSA(used))
            case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey() as key:
                key.verify(signature, words)
            case _:
                return False
    except (InvalidSignature, *UNREADABLE):
        return False
    return True
