"""An issuer renewed with the same key: the certificate that lasts longest is the one that counts."""

from pathlib import Path

import pytest
from cryptography.x509 import ocsp

from checks.remote.certificate import ask_certificate
from checks.remote.revocation import revocation
from tests.peers.certificates import Issuer, authority, issue, pem, renewed
from tests.peers.nginx import Block, nginx
from tests.remote.conftest import Pki, asked, gateway_at, judged
from tests.remote.test_revocation import GOOD, REVOKED, answer, leaf_of, response


@pytest.mark.parametrize(("begins_days", "key"), [(-10, "ok"), (2, "soon_issuer")])
def test_an_authority_that_was_renewed_holds_as_long_as_its_newest(
    tmp_path: Path, begins_days: float, key: str
) -> None:
    """Its old certificate, which OpenSSL goes by, ends in three days; one that has not begun is no help."""
    old = authority("Renewed", ends_days=3)
    both = tmp_path / "both.pem"
    both.write_bytes(pem(old.certificate) + pem(renewed(old, begins_days, 3000).certificate))
    with nginx(tmp_path, [Block(issue(tmp_path, old, ends_days=100))]) as (port,):
        assert judged(asked(ask_certificate, gateway_at(port, ca_file=both))).key == key


def test_an_issuer_in_between_that_was_renewed_and_sent_holds_as_long_as_its_newest(
    tmp_path: Path, pki: Pki
) -> None:
    new = authority("Between", by=pki.ca, ends_days=3000)
    old = renewed(new, -30, 3, pki.ca)
    files = issue(tmp_path, new, ends_days=100, along=[old, new])
    with nginx(tmp_path, [Block(files)]) as (port,):
        assert judged(asked(ask_certificate, gateway_at(port, ca_file=pki.ca_file))).key == "ok"


def test_an_issuer_s_name_and_key_in_somebody_s_own_certificate_prolong_nothing(
    tmp_path: Path, pki: Pki
) -> None:
    """Both are public: whoever runs the server may write what date he likes and send it along."""
    new = authority("Between", by=pki.ca, ends_days=3)
    forged = renewed(new, -30, 3000, Issuer(pki.ca.certificate, authority("Nobody").key))
    files = issue(tmp_path, new, ends_days=100, along=[new, forged])
    with nginx(tmp_path, [Block(files)]) as (port,):
        assert judged(asked(ask_certificate, gateway_at(port, ca_file=pki.ca_file))).key == "soon_issuer"


@pytest.mark.parametrize(("status", "said"), [(GOOD, "good"), (REVOKED, "revoked")])
def test_an_issuer_that_was_renewed_is_believed_although_its_old_certificate_stands_first(
    pki: Pki, status: ocsp.OCSPCertStatus, said: str
) -> None:
    old = renewed(pki.ca, -900, -1)
    files = issue(pki.folder, pki.ca)
    chain = [leaf_of(files), old.certificate, pki.ca.certificate]
    assert revocation(answer(chain, response(files, pki.ca, status=status))).status == said
