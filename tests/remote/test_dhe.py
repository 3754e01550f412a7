"""How large a server's DHE groups are: a small one fails whatever the suites are called."""

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from auditor.api import Judgement, Params, Verdict
from checks.remote import _flight, _hello
from checks.remote._elimination import ACCEPTED, Pick, eliminate
from checks.remote._wire import REFUSED
from checks.remote.suites import ask_suites, nothing_weak, suite_offer
from tests.peers.certificates import issue
from tests.peers.nginx import EVERY, Block, nginx
from tests.peers.process import need
from tests.remote.conftest import Pki, asked, gateway_at, rude_server, says
from tests.remote.firstwords import Bytes, alert, hello_of, message

PARAMS = Params({"deny": ("anon", "non-PFS"), "dhe_bits": 2048})


@pytest.fixture(scope="module")
def ports(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    files = issue(pki.folder, pki.ca, key=rsa.generate_private_key(65537, 2048))
    small, large = (group(pki.folder, bits) for bits in (1024, 2048))
    blocks = {
        "small": Block(files, EVERY, "DHE:ECDHE+AESGCM:!SHA1:@SECLEVEL=0", extra=small),
        "large": Block(files, "TLSv1.2 TLSv1.3", "DHE+AESGCM:ECDHE+AESGCM", extra=large),
    }
    with nginx(tmp_path_factory.mktemp("dhe"), list(blocks.values())) as numbers:
        yield dict(zip(blocks, numbers, strict=True))


def group(folder: Path, bits: int) -> str:
    """A DHE group of so many bits, made the quick way, as nginx is told of it."""
    path = folder / f"dhe-{bits}.pem"
    command = [need("openssl"), "dhparam", "-dsaparam", "-out", str(path), str(bits)]
    subprocess.run(command, check=True, capture_output=True)
    return f"ssl_dhparam {path};"


def judged(port: int) -> Judgement:
    gateway = gateway_at(port)
    return nothing_weak(gateway, suite_offer(asked(ask_suites, gateway)), PARAMS)


def test_a_dhe_group_of_1024_bits_fails_though_no_suite_is_weak_by_its_name(ports: dict[str, int]) -> None:
    judgement = judged(ports["small"])
    assert (judgement.key, judgement.values["bits"], judgement.places) == ("group", 1024, ("TLS 1.2",))
    assert judged(ports["large"]).key == "ok"


@pytest.mark.parametrize("after", [b"", alert(40), message(14, b""), message(12, b"\0\xff")], ids=str)
def test_a_dhe_group_that_is_not_seen_is_unknown(after: bytes) -> None:
    with rude_server(says(hello_of(0x0303, 0x009E) + after)) as port:
        judgement = judged(port)
    assert judgement.verdict is Verdict.UNKNOWN


def test_a_warning_before_the_first_word_hides_no_dhe_group() -> None:
    """A server that does not know the name it was asked for says so, and goes on (RFC 6066 §3)."""
    warned = bytes([21, 3, 3, 0, 2, 1, 112])
    chosen = message(12, (128).to_bytes(2) + b"\x80" + bytes(127) + b"\0\1\2\0\1\4")
    with rude_server(says(warned + hello_of(0x0303, 0x009E) + chosen + message(14, b""))) as port:
        judgement = judged(port)
    assert (judgement.key, judgement.values["bits"]) == ("group", 1024)


@pytest.mark.parametrize(
    ("sizes", "told"),
    [((2048, 1024), (1024, True)), ((1024, 0), (1024, False)), ((0, 0), (0, False)), ((None, 0), (0, False)),
     ((None, 2048), (2048, True)), ((None, None), (None, True))],
)  # fmt: skip
def test_a_group_that_was_not_seen_hides_none_that_is_too_small(
    sizes: tuple[int | None, ...], told: tuple[int | None, bool]
) -> None:
    def ask(suites: Sequence[int]) -> Pick:
        return Pick(ACCEPTED, suites[0], sizes[suites[0]]) if suites else Pick(REFUSED)

    found = eliminate(ask, range(2), [range(2)], lambda: True)
    assert (found.group_bits, found.whole) == told


@given(st.integers(1, 4096), st.booleans(), st.integers(50, 900))
def test_the_size_of_a_dhe_group_is_read_however_it_arrives(bits: int, hinted: bool, size: int) -> None:  # noqa: FBT001
    prime = (1 << bits - 1).to_bytes((bits + 7) // 8)
    body = (b"\0\4hint" if hinted else b"") + len(prime).to_bytes(2) + prime + b"\0\1\2\0\1\4"
    messages = [hello_of(0x0303, 0x009E), message(11, bytes(3)), message(12, body), message(14, b"")]
    flight = b"".join(each[5:] for each in messages)
    pieces = [flight[at : at + size] for at in range(0, len(flight), size)]
    stream = Bytes(b"".join(b"\x16\x03\x03" + len(each).to_bytes(2) + each for each in pieces))
    heard = bytearray()

    def take(wanted: int) -> bytes:
        part = stream(wanted)
        heard.extend(part)
        return part

    assert _hello.reply_to_hello(take).suite == 0x009E
    assert _flight.prime_bits(bytes(heard), stream, hinted=hinted) == bits
