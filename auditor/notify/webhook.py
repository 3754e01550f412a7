"""Posts the outbox's calls to the one declared address, signed; no redirect, no other host, few tries.

A call may arrive twice: after a lost answer it is made again, with the same delivery id, by which the
receiver knows it. Its signature is of the moment it is sent, so that an old copy can be refused.
"""

import hashlib
import hmac
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from auditor.access.http import DirectHttp
from auditor.access.private import private_bytes
from auditor.errors import ConfigError, Problem, Unreached
from auditor.notify.declared import Webhook
from auditor.notify.notice import Kind, Notice, State
from auditor.notify.outbox import Outbox
from auditor.notify.smtp import Clock, Delivered, utc_now

TRY_S = 20.0
PAUSES_S = (2.0, 8.0)
"""The waits before the second and the third try of one night."""

MOST_A_NIGHT = 20
LEAST_SECRET = 16
_TAKEN = range(200, 300)
_LATER = (408, 425, 429)
_SERVER_FAULT = range(500, 600)


@dataclass(frozen=True, slots=True)
class _Answer:
    """`taken`, or `why` not; `again` = another try may help tonight, `for_good` = none ever will as it is."""

    taken: bool
    why: str = ""
    again: bool = False
    for_good: bool = False


def secret_of(webhook: Webhook) -> bytes:
    """The shared secret.

    Raises:
        ConfigError: unreadable, readable by others, or shorter than `LEAST_SECRET` bytes.
    """
    secret = private_bytes(webhook.secret_file, "password_file").strip()
    if len(secret) < LEAST_SECRET:
        problem = Problem(webhook.secret_file, None, "", "webhook_secret_short", {"least": LEAST_SECRET})
        raise ConfigError([problem])
    return secret


def signature(secret: bytes, at: int, document: bytes) -> str:
    """``t=SECONDS,v1=HEX``: HMAC-SHA256 over the Unix time, a dot and the document."""
    return f"t={at},v1={hmac.new(secret, b'%d.' % at + document, hashlib.sha256).hexdigest()}"


def deliver(
    webhook: Webhook,
    outbox: Outbox,
    clock: Clock = utc_now,
    *,
    pause: Callable[[float], None] = time.sleep,
    pauses_s: Sequence[float] = PAUSES_S,
) -> Delivered:
    """Make every call that waits, in order; at the first that fails the rest waits for the next night."""
    waiting = outbox.waiting(Kind.WEBHOOK)[:MOST_A_NIGHT]
    sent = 0
    try:
        secret = secret_of(webhook) if waiting else b""
    except ConfigError as error:
        return Delivered(why="; ".join(problem.key for problem in error.problems))
    for notice in waiting:
        answer = _tried(webhook, notice, secret, outbox, clock, pause, pauses_s)
        if answer.taken:
            outbox.mark(notice.key, State.SENT, clock())
            sent += 1
            continue
        if answer.for_good:
            outbox.refuse(notice, clock(), answer.why)
        else:
            outbox.mark(notice.key, State.WAITING, clock(), answer.why)
        return Delivered(sent=sent, why=answer.why)
    return Delivered(sent=sent)


def _tried(
    webhook: Webhook,
    notice: Notice,
    secret: bytes,
    outbox: Outbox,
    clock: Clock,
    pause: Callable[[float], None],
    pauses_s: Sequence[float],
) -> _Answer:
    outbox.mark(notice.key, State.SENDING, clock())
    answer = _called(webhook, notice, secret, clock)
    for wait_s in pauses_s:
        if answer.taken or not answer.again:
            break
        pause(wait_s)
        answer = _called(webhook, notice, secret, clock)
    return answer


def _called(webhook: Webhook, notice: Notice, secret: bytes, clock: Clock) -> _Answer:
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "telework-auditor",
        "X-Auditor-Delivery": notice.key,
        "X-Auditor-Signature": signature(secret, int(clock().timestamp()), notice.document),
    }
    http = DirectHttp(webhook.url, TRY_S, lambda _: None, webhook.ca_file)
    try:
        reply = http.request("POST", webhook.url, body=notice.document, headers=headers)
    except Unreached as error:
        return _Answer(taken=False, why=f"{error.reason}: {error.note}"[:300], again=True)
    if reply.status in _TAKEN:
        return _Answer(taken=True)
    again = reply.status in _LATER or reply.status in _SERVER_FAULT
    return _Answer(taken=False, why=f"HTTP {reply.status}", again=again, for_good=not again)
