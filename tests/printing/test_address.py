"""A print server may be declared as people write it, ipp://…; it is asked over the HTTP that carries IPP."""

from pathlib import Path

import pytest

from auditor.access.http import DirectHttp
from auditor.api import Reason, Unreached
from auditor.town import load_town
from tests.peers.process import free_port

TOWN = """\
[town]
name = "松風町"

[[sections]]
id = "soumu"
name = "総務課"

[[print_servers]]
id = "cups"
name = "印刷"
url = "{url}"
"""
STAFF = "職員番号,氏名,課,方式,試行,研修修了日\n1,山田 花,総務課,vpn,×,\n"
ENDPOINTS = """\
資産番号,製造番号,機器名,OS,課,利用者,区分,方式,取得方法,ホスト,ポート,アカウント
PC-1,S1,総務1,windows,総務課,1,internet,vpn,file,,,
"""


def declared(folder: Path, url: str) -> str:
    """The address under which a declared print server is asked."""
    (folder / "inbox").mkdir()
    (folder / "town.toml").write_text(TOWN.format(url=url), "utf-8")
    (folder / "staff.csv").write_text(STAFF, "utf-8")
    (folder / "endpoints.csv").write_text(ENDPOINTS, "utf-8")
    return load_town(folder).town.print_servers[0].url


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("ipp://p.example.jp/", "http://p.example.jp:631/"),
        ("ipps://p.example.jp/", "https://p.example.jp:631/"),
        ("IPP://p.example.jp", "http://p.example.jp:631"),
        ("ipp://p.example.jp:8631/printers/mfp", "http://p.example.jp:8631/printers/mfp"),
        ("ipps://p.example.jp:443/", "https://p.example.jp:443/"),
        ("ipp://[2001:db8::1]/", "http://[2001:db8::1]:631/"),
        ("http://p.example.jp/", "http://p.example.jp/"),
        ("https://p.example.jp:8443/", "https://p.example.jp:8443/"),
    ],
)
def test_an_ipp_address_becomes_the_http_address_that_carries_it(
    tmp_path: Path, written: str, asked: str
) -> None:
    assert declared(tmp_path, written) == asked


def test_a_declared_ipp_address_is_really_dialled(tmp_path: Path) -> None:
    url = declared(tmp_path, f"ipp://127.0.0.1:{free_port()}/")
    with pytest.raises(Unreached) as caught:
        DirectHttp(url, 5, lambda _: None).request("POST", url, body=b"x")
    assert caught.value.reason is Reason.REFUSED
