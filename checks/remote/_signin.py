"""The first exchange of an AnyConnect client: "init", answered by the sign-in form.

Its messages are described by draft-mavrogiannopoulos-openconnect.

Nothing is filled in. What the form holds is reduced here to the kinds and names of its fields: its words
(banner, message, group names) may name people and say nothing of how a sign-in is secured.
"""

import html
import re
from typing import Any

from lxml import etree

from auditor.api import Dial, Gateway
from checks.remote import _web
from checks.remote._wire import ANSWERED, WRONG_SERVICE

INIT = """\
<?xml version="1.0" encoding="UTF-8"?>
<config-auth client="vpn" type="init" aggregate-auth-version="2">
<version who="vpn">1.0</version><device-id>linux-64</device-id>
<capabilities><auth-method>single-sign-on-v2</auth-method></capabilities>
<group-access>https://{host}</group-access></config-auth>
"""
MOST_FIELDS = 32
MOST_GROUPS = 999
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")
OTHER = "other"
TYPES = ("text", "password", "hidden", "submit", "reset", "sso", OTHER)
SSO = ("sso-v2-login", "sso-v2-token-cookie-name")
NO_CERTIFICATE = 401
OK = 200


class NoForm(Exception):  # noqa: N818 - a finding about the other side
    """The reply is no sign-in form of an AnyConnect server."""


def ask(gateway: Gateway, dial: Dial, wait_s: float) -> _web.Page:
    """The reply to "init", with TLS up to 1.2 where the server speaks it.

    Raises:
        NoPage: there is none.
        Unreached: no connection.
    """
    body = INIT.format(host=html.escape(gateway.server_name or gateway.host)).encode("utf-8")
    asked = _web.request(
        gateway,
        "POST",
        "/",
        body,
        Content_Type="application/xml; charset=utf-8",
        X_Transcend_Version="1",
        X_Aggregate_Auth="1",
    )
    return _web.exchange(gateway, dial, asked, wait_s, clear=True)


def alive(gateway: Gateway, dial: Dial, wait_s: float) -> tuple[str, float]:
    """The outcome of one such exchange, and the milliseconds until the server's first word.

    A server that lets nobody speak without a certificate is answered for by its demand: more cannot be seen.

    Raises:
        Unreached: no connection.
    """
    try:
        page = ask(gateway, dial, wait_s)
        if page.status != NO_CERTIFICATE or page.certificate != _web.REQUESTED:
            form(page)
    except _web.NoPage as error:
        required = error.certificate == _web.REQUIRED
        return (ANSWERED, error.took_ms) if required else (error.outcome, 0.0)
    except NoForm:
        return WRONG_SERVICE, 0.0
    return ANSWERED, page.took_ms


def form(page: _web.Page) -> dict[str, Any]:
    """What the form shows, without its words.

    `fields` as pairs of type and name, how many `groups` may be chosen, whether it wants a `certificate`, and
    whether it sends people to another sign-in service (`sso`).

    Raises:
        NoForm: it is none.
    """
    if page.status != OK or not page.whole:
        raise NoForm
    root = _parsed(page.body)
    if root.tag != "config-auth" or root.get("type") != "auth-request":
        raise NoForm
    inputs = list(root.iter("input"))
    groups = [choice for select in root.iter("select") for choice in select.iter("option")]
    others = [select for select in root.iter("select") if select.get("name") != "group_list"]
    if len(inputs) + len(others) > MOST_FIELDS or len(groups) > MOST_GROUPS:
        raise NoForm
    return {
        "fields": [
            *(_field(one, one.get("type") or "text") for one in inputs),
            *(_field(one, OTHER) for one in others),
        ],
        "groups": len(groups),
        "certificate": next(root.iter("client-cert-request"), None) is not None,
        "sso": any(next(root.iter(name), None) is not None for name in SSO),
    }


def _field(element: etree._Element, type_: str) -> list[str]:
    name = str(element.get("name") or "")
    return [type_ if type_ in TYPES else OTHER, name if NAME.fullmatch(name) else OTHER]


def _parsed(body: bytes) -> etree._Element:
    """The document, unless it is none or brings a document type of its own (entities)."""
    if b"<!doctype" in body.replace(b"\0", b"").lower():
        raise NoForm
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise NoForm from None
    return root
