"""WireGuard: the entrance holds the declared key, as told by a handshake of the audit's own peer.

A WireGuard server answers nobody but registered peers. Without a key of the audit's own, silence can mean a
living server, a filtered port or no server at all; only a refusal says something. With one, silence can mean:
filtered, another server key, our key not registered there, or a clock behind the one we last came with.
"""

import base64
import secrets
import time
from dataclasses import dataclass

from auditor.api import (
    Answer,
    Dial,
    Gateway,
    Judgement,
    NotKnown,
    Reason,
    Secret,
    Unknown,
    Unreached,
    check,
    fact,
    failed,
    not_applicable,
    passed,
    probe,
    unknown,
)
from checks.remote import _noise
from checks.remote._read import compact, flag, members, one_of
from checks.remote._wire import (
    ANSWERED,
    NAME_NOT_FOUND,
    PROHIBITED,
    REFUSED,
    SILENT,
    WRONG_SERVICE,
    outcome_of,
)

WAIT_S = 1.5
ATTEMPTS = 3
PACE_S = 0.1
"""Servers take at most 50 first messages a second of a peer; what comes faster is dropped as a flood."""
OK, PSK_MISMATCH, COOKIE = "ok", "psk_mismatch", "cookie"
OUTCOMES = (OK, PSK_MISMATCH, COOKIE, REFUSED, SILENT, WRONG_SERVICE, NAME_NOT_FOUND, PROHIBITED)
MEANINGS = "filtered, another server key, the audit's key not registered, or a clock behind"

_CLOSED = (Reason.REFUSED, "its port is closed")
_TURNED_AWAY = (Reason.PROHIBITED, "turned away on the way to it")
_NAMELESS = (Reason.NAME_NOT_FOUND, "its name does not exist")
_UNTOLD = {
    (PSK_MISMATCH, True): (Reason.NOT_DECLARED, "psk_file: the server has a pre-shared key for the audit"),
    (COOKIE, True): (Reason.NO_ANSWER, "the server is under load and sends cookies only"),
    (SILENT, True): (Reason.NO_ANSWER, MEANINGS),
    (SILENT, False): (Reason.NOT_DECLARED, "audit_key_file: WireGuard answers registered keys only"),
    **{(REFUSED, keyed): _CLOSED for keyed in (True, False)},
    **{(NAME_NOT_FOUND, keyed): _NAMELESS for keyed in (True, False)},
    **{(PROHIBITED, keyed): _TURNED_AWAY for keyed in (True, False)},
}


@dataclass(frozen=True, slots=True)
class WireGuard:
    """How a WireGuard server answered. `keyed` False = no audit key is declared, so that none could answer.

    `psk` = a pre-shared key was declared. Outcomes: ok (the handshake is complete), psk_mismatch (the server
    read our message and has another pre-shared key for us), cookie (it is under load), or as everywhere.
    """

    outcome: str
    keyed: bool
    psk: bool


@probe("gateway.wireguard", kind="gateway")
def ask_wireguard(gateway: Gateway, dial: Dial) -> bytes:
    """At most three first messages of a handshake that is never used.

    Raises:
        NotKnown: NOT_MEASURABLE, another protocol; UNREADABLE, a key file holds no key.
        Unreached: a key file cannot be used.
    """
    if gateway.protocol != "wireguard":
        raise NotKnown(Reason.NOT_MEASURABLE, "not a WireGuard entrance")
    outcome, _ = shake(gateway, dial, WAIT_S)
    keys = gateway.keys
    return compact({"outcome": outcome, "keyed": "audit" in keys, "psk": "psk" in keys})


def ask(gateway: Gateway, dial: Dial, wait_s: float) -> tuple[str, float]:
    """Proof of life: its outcome, and the milliseconds until the answer (0 unless answered).

    Another pre-shared key is an answer too: only who has the server's private key could read who we are.
    """
    outcome, took_ms = shake(gateway, dial, wait_s)
    if outcome in (OK, PSK_MISMATCH):
        return ANSWERED, took_ms
    return SILENT if outcome == COOKIE else outcome, 0.0


def shake(gateway: Gateway, dial: Dial, wait_s: float) -> tuple[str, float]:
    """One of `OUTCOMES`, and the milliseconds until the answer; without an audit key with one made up."""
    keys = _keys(gateway, dial)
    try:
        for _ in range(ATTEMPTS):
            time.sleep(PACE_S)  # each attempt is a message of its own: one sent twice is dropped as a replay
            try:
                return _once(gateway, dial, keys, wait_s / ATTEMPTS)
            except Unreached as error:
                if error.reason is not Reason.NO_ANSWER:
                    raise
    except Unreached as error:
        return outcome_of(error), 0.0
    return SILENT, 0.0


def _keys(gateway: Gateway, dial: Dial) -> tuple[bytes, bytes, bytes]:
    """Our private key, the server's public one, and the pre-shared one (zeros = none)."""
    server = base64.b64decode(gateway.server_public_key) or secrets.token_bytes(_noise.KEY_BYTES)
    static, psk = secrets.token_bytes(_noise.KEY_BYTES), _noise.NO_PSK
    if gateway.audit_key_file:
        static = _key(dial.secret("audit"), "audit_key_file")
    if gateway.psk_file:
        psk = _key(dial.secret("psk"), "psk_file")
    return static, server, psk


def _once(gateway: Gateway, dial: Dial, keys: tuple[bytes, bytes, bytes], wait_s: float) -> tuple[str, float]:
    """One message and, where the server is under load, the same once more with its cookie."""
    static, server, psk = keys
    first = _started(static, server)
    with dial.talk(gateway.host, gateway.port, first.message, attempts=1, wait_s=wait_s) as talk:
        reply: bytes | None = talk.first
        began = time.monotonic() - talk.took_s
        if (cookie := first.cookie_in(talk.first)) is not None:
            talk.send(first.with_cookie(cookie))
            reply = talk.receive(wait_s)
            if reply is None or first.cookie_in(reply) is not None:
                return COOKIE, 0.0
        took_ms = (time.monotonic() - began) * 1000
        if reply is None or not first.answers(reply):
            return WRONG_SERVICE, 0.0
        return OK if first.proves(reply, psk) else PSK_MISMATCH, took_ms


def _started(static: bytes, server: bytes) -> _noise.Initiation:
    try:
        return _noise.initiation(static, server, secrets.token_bytes(4))
    except ValueError:
        raise NotKnown(Reason.UNREADABLE, "server_public_key: not a key") from None


def _key(secret: Secret, name: str) -> bytes:
    """The 32 bytes that ``wg genkey`` or ``wg genpsk`` wrote down in base64."""
    try:
        key = base64.b64decode(secret.value.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != _noise.KEY_BYTES:
        raise NotKnown(Reason.UNREADABLE, f"{name}: not a WireGuard key")
    return key


@fact("gateway.wireguard", probe=ask_wireguard, explains=("RA-02",))
def wireguard(answer: Answer) -> WireGuard:
    """The outcome as it was written down."""
    value = members(answer.json(), answer.id, "outcome", "keyed", "psk")
    return WireGuard(
        one_of(value["outcome"], "outcome", OUTCOMES),
        keyed=flag(value["keyed"], "keyed"),
        psk=flag(value["psk"], "psk"),
    )


@check("GW-35")
def holds_the_declared_key(gateway: Gateway, found: WireGuard | Unknown) -> Judgement:
    """A pass needs the whole handshake; silence is never a failure."""
    if gateway.protocol != "wireguard":
        return not_applicable("not_wireguard")
    if isinstance(found, Unknown):
        return unknown(found.reason, found.note)
    if found.outcome == OK and found.keyed:
        return passed("ok")
    if found.outcome == PSK_MISMATCH and found.psk:
        return failed("psk")
    return unknown(*_UNTOLD.get((found.outcome, found.keyed), (Reason.WRONG_SERVICE, "not WireGuard")))
