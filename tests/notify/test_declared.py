"""What may stand as an address or a host, and what may not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.notify.declared import is_address, is_loopback
from auditor.notify.letters import envelope
from tests.notify.nights import mail_to


@pytest.mark.parametrize("text", ["a@b.jp", "it+audit@town.example.lg.jp", "o'neil@x-y.example"])
def test_plain_addresses_are_addresses(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a@b",
        "@b.jp",
        "a@",
        "a..b@c.jp",
        ".a@b.jp",
        "a.@b.jp",
        "a@b..jp",
        "a@-b.jp",
        "a@b.jp\n",
        "a b@c.jp",
        '"a"@b.jp',
        "a@b.jp,c@d.jp",
        "<a@b.jp>",
        "総務@b.jp",
        "a@町.jp",
        "a@b@c.jp",
        f"{'a' * 65}@b.jp",
    ],
)
def test_everything_else_is_none(text: str) -> None:
    assert not is_address(text)


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_address_can_add_a_header_or_a_command(local: str, domain: str) -> None:
    text = f"{local}@{domain}"
    if is_address(text):
        assert text.isascii()
        assert text.isprintable()
        assert not set(text) & set(' <>,;:"\\()[]')
        assert envelope(mail_to(1), text, "件名", "id@town.example")["To"] == text


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("127.0.0.2", True),
        ("localhost.example.jp", False),
        ("192.0.2.1", False),
        ("127.0.0.1.example.jp", False),
        ("", False),
    ],
)
def test_only_this_machine_is_loopback(host: str, here: bool) -> None:  # noqa: FBT001 - a table's column
    assert is_loopback(host) is here
