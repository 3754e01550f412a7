"""Signatures of the real ssh-keygen are verified as it verifies them; nothing that it refuses passes."""

import base64
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.arrivals.signers import NAMESPACE
from auditor.arrivals.sshsig import MAX_ARMOR, is_true, read_signature
from auditor.errors import Garbled
from tests.inbox.kit import KINDS, Key, new_key
from tests.peers.process import need

VERSION = range(6, 10)
"""Where the version stands in a signature."""

MESSAGE = b'{"schema": 1, "asset": "PC-1"}'


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Key]:
    folder = tmp_path_factory.mktemp("keys")
    return {kind: new_key(folder, kind) for kind in KINDS}


def ours(armored: str, message: bytes = MESSAGE, namespace: str = NAMESPACE) -> bool:
    try:
        return is_true(read_signature(armored), message, namespace)
    except Garbled:
        return False


def theirs(key: Key, armored: str, message: bytes = MESSAGE, namespace: str = NAMESPACE) -> bool:
    """The verdict of ``ssh-keygen -Y verify``."""
    folder = key.path.parent
    (folder / "allowed").write_text(f"PC-1 {key.public}\n", "utf-8")
    (folder / "sig").write_text(armored, "utf-8")
    command = [need("ssh-keygen"), "-Y", "verify", "-f", str(folder / "allowed"), "-I", "PC-1"]
    command += ["-n", namespace, "-s", str(folder / "sig")]
    return subprocess.run(command, input=message, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("hash_", ["sha256", "sha512"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_key_and_hash_is_verified_and_bound_to_message_and_namespace(
    keys: dict[str, Key], kind: str, hash_: str
) -> None:
    key = keys[kind]
    armored = key.sign(MESSAGE, NAMESPACE, "-O", f"hashalg={hash_}")
    assert read_signature(armored).hash == hash_
    for message, namespace in ((MESSAGE, NAMESPACE), (MESSAGE + b" ", NAMESPACE), (MESSAGE, "file")):
        assert ours(armored, message, namespace) == theirs(key, armored, message, namespace)
    assert ours(armored)
    assert not ours(armored, MESSAGE + b" ")
    assert not ours(armored, MESSAGE, "file")


def blob_of(armored: str) -> bytes:
    return base64.b64decode("".join(armored.splitlines()[1:-1]))


def armor(blob: bytes) -> str:
    text = base64.b64encode(blob).decode()
    lines = [text[at : at + 70] for at in range(0, len(text), 70)]
    return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""])


@pytest.mark.parametrize("kind", KINDS)
def test_no_changed_byte_of_a_signature_passes_where_ssh_keygen_refuses_it(
    keys: dict[str, Key], kind: str
) -> None:
    blob = blob_of(keys[kind].sign(MESSAGE))
    step = max(1, len(blob) // 40)
    for place in range(0, len(blob), step):
        changed = armor(blob[:place] + bytes([blob[place] ^ 1]) + blob[place + 1 :])
        assert not ours(changed), place
        if place not in VERSION:  # OpenSSH also reads versions before its own, of which there is none
            assert not theirs(keys[kind], changed), place


@pytest.mark.parametrize("kind", ["ed25519", "nistp256", "rsa2048"])
def test_a_signature_that_is_cut_or_longer_is_refused(keys: dict[str, Key], kind: str) -> None:
    blob = blob_of(keys[kind].sign(MESSAGE))
    for changed in (blob[:-1], blob + b"\0", blob[: len(blob) // 2], blob[6:], b""):
        assert not ours(armor(changed))


def test_crlf_and_a_missing_last_line_end_are_read_as_windows_writes_them(keys: dict[str, Key]) -> None:
    armored = keys["ed25519"].sign(MESSAGE)
    assert ours(armored.replace("\n", "\r\n"))
    assert ours(armored.rstrip("\n"))


def spliced(blob: bytes, **changes: bytes) -> str:
    """The blob with some of its fields replaced."""
    rest = blob[10:]
    fields: dict[str, bytes] = {}
    for name in ("key", "namespace", "reserved", "hash", "signature"):
        length = int.from_bytes(rest[:4], "big")
        fields[name], rest = rest[4 : 4 + length], rest[4 + length :]
    fields |= changes
    return armor(blob[:10] + b"".join(len(part).to_bytes(4, "big") + part for part in fields.values()))


@pytest.mark.parametrize(
    "changes",
    [
        {"reserved": b"x"},
        {"hash": b"sha1"},
        {"hash": b"md5"},
        {"hash": b""},
        {"hash": b"sha512\0"},
        {"namespace": b"\xff"},
        {"namespace": b""},
        {"key": b""},
        {"key": b"\0\0\0\x0bssh-ed25519"},
        {"signature": b""},
        {"signature": b"\0\0\0\x0bssh-ed25519\0\0\0\0"},
    ],
    ids=str,
)
def test_a_field_that_is_not_as_openssh_writes_it_is_refused(
    keys: dict[str, Key], changes: dict[str, bytes]
) -> None:
    blob = blob_of(keys["ed25519"].sign(MESSAGE))
    assert spliced(blob) == armor(blob)
    assert not ours(spliced(blob, **changes))


def test_a_signature_named_ssh_rsa_which_means_sha1_is_refused(keys: dict[str, Key]) -> None:
    blob = blob_of(keys["rsa2048"].sign(MESSAGE))
    body = read_signature(armor(blob)).blob
    old = b"\0\0\0\x07ssh-rsa" + len(body).to_bytes(4, "big") + body
    with pytest.raises(Garbled):
        is_true(read_signature(spliced(blob, signature=old)), MESSAGE, NAMESPACE)


def test_a_short_rsa_key_is_refused_although_ssh_keygen_takes_it(tmp_path: Path) -> None:
    command = ["ssh-keygen", "-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", str(tmp_path / "short")]
    subprocess.run(command, check=True, capture_output=True)
    key = Key(tmp_path / "short")
    armored = key.sign(MESSAGE)
    with pytest.raises(Garbled) as caught:
        is_true(read_signature(armored), MESSAGE, NAMESPACE)
    assert "1024 bits" in caught.value.note


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-----BEGIN SSH SIGNATURE-----",
        "-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----",
        "-----BEGIN SSH SIGNATURE-----\n!!!!\n-----END SSH SIGNATURE-----",
        "-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----",
        "-----BEGIN SSH SIGNATURE-----\nU1NI U0lH\n-----END SSH SIGNATURE-----",
        "x" * (MAX_ARMOR + 1),
        "-----BEGIN PGP SIGNATURE-----\nU1NIU0lH\n-----END PGP SIGNATURE-----",
    ],
)
def test_what_is_no_armored_signature_is_garbled(text: str) -> None:
    with pytest.raises(Garbled):
        read_signature(text)


@given(st.binary(max_size=300))
def test_any_bytes_in_the_armor_are_refused_and_never_crash(body: bytes) -> None:
    for blob in (body, b"SSHSIG\0\0\0\x01" + body):
        assert not ours(armor(blob))


@given(place=st.integers(0, 400), value=st.integers(0, 255), cut=st.integers(0, 40))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_damage_to_a_good_signature_passes_or_crashes(
    keys: dict[str, Key], place: int, value: int, cut: int
) -> None:
    for kind in ("ed25519", "nistp521", "rsa2048"):
        blob = bytearray(GOOD.setdefault(kind, blob_of(keys[kind].sign(MESSAGE))))
        blob[place % len(blob)] = value
        changed = bytes(blob[: len(blob) - cut])
        assert ours(armor(changed)) == (changed == GOOD[kind])


GOOD: dict[str, bytes] = {}
