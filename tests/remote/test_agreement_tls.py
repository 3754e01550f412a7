"""Every version and suite is what sslyze finds: each in a process of its own, on the same servers."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from checks.remote.suites import ORDER, ask_suites, suite_offer
from tests.peers.certificates import GATEWAY_NAME, issue
from tests.peers.nginx import ANY_STRENGTH, EVERY, Block, nginx
from tests.peers.process import need
from tests.peers.weaktls import NULL_AND_ANONYMOUS, gnutls_serv, s_server
from tests.remote.conftest import Pki, asked, gateway_at

SERVERS = ("nginx", "nginx_weak", "nginx_client_certificate", "s_server_weak", "gnutls_rc4_3des")
KEYS = {name: f"{name.lower().replace(' ', '_').replace('.', '_')}_cipher_suites" for name in ORDER}


@pytest.fixture(scope="module")
def ports(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    folder = tmp_path_factory.mktemp("agreement")
    new = issue(pki.folder, pki.ca)
    old = issue(pki.folder, pki.ca, key=rsa.generate_private_key(65537, 2048))
    demand = f"ssl_verify_client on; ssl_client_certificate {pki.ca_file};"
    blocks = [
        Block(new),
        Block(old, EVERY, NULL_AND_ANONYMOUS),
        Block(old, EVERY, ANY_STRENGTH, extra=demand),
    ]
    with ExitStack() as running:
        three = running.enter_context(nginx(folder, blocks))
        others = (
            running.enter_context(s_server(folder, old)),
            running.enter_context(gnutls_serv(folder, old)),
        )
        yield dict(zip(SERVERS, (*three, *others), strict=True))


def sslyze(port: int, out: Path) -> dict[str, Any]:
    """What it found, by version."""
    command = [
        *(need("sslyze"), "--mozilla_config=disable", f"--sni={GATEWAY_NAME}", f"--json_out={out}"),
        *("--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3", f"127.0.0.1:{port}"),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    found: dict[str, Any] = json.loads(out.read_text())["server_scan_results"][0]["scan_result"]
    return found


def names(rows: list[dict[str, Any]]) -> set[str]:
    return {row["cipher_suite"]["name"] for row in rows}


def dhe_sizes(rows: list[dict[str, Any]]) -> set[int]:
    keys = [row["ephemeral_key"] for row in rows]
    return {key["size"] for key in keys if key is not None and key["type_name"] == "DH"}


@pytest.mark.parametrize("server", SERVERS)
def test_versions_and_suites_are_those_that_sslyze_finds(
    ports: dict[str, int], tmp_path: Path, server: str
) -> None:
    offer = suite_offer(asked(ask_suites, gateway_at(ports[server])))
    peer = sslyze(ports[server], tmp_path / "peer.json")
    compared = 0
    for each in offer.versions:
        result = peer[KEYS[each.version]]["result"]
        accepted = names(result["accepted_cipher_suites"])
        asked_for = accepted | names(result["rejected_cipher_suites"])
        assert each.whole, each
        assert set(each.suites) & asked_for == accepted, each.version
        assert bool(each.suites) is result["is_tls_version_supported"], each.version
        assert each.group_bits == min(dhe_sizes(result["accepted_cipher_suites"]), default=None), each.version
        beside = {name for name in each.suites if name not in asked_for}
        assert all("CAMELLIA" in name and "anon" in name for name in beside)  # sslyze does not ask for these
        compared += len(asked_for)
    assert compared > 300  # each suite that sslyze asked for in each version
    assert (offer.ssl_2 == "accepted") is peer["ssl_2_0_cipher_suites"]["result"]["is_tls_version_supported"]
