"""RDP entrances: who connects has to prove who they are before the server shows anything, inside of TLS.

Five connections, one after the other, each with another wish. A server that answers a wish has not granted
it: only what it chose counts. Network level authentication (NLA) is required where it is chosen when
offered, and where the two weaker wishes are refused for want of it ([MS-RDPBCGR] 2.2.1.1, 2.2.1.2).
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from auditor.api import (
    Answer,
    Dial,
    Garbled,
    Gateway,
    Judgement,
    NotKnown,
    Reason,
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
from checks.remote._credssp import Challenge, asked_for
from checks.remote._rdpclassic import DROPPED, TOLD, Classic, settings_of
from checks.remote._rdpwire import (
    EARLY,
    FAILURE,
    NLA,
    NLA_REQUIRED,
    NO_CERTIFICATE,
    PLAIN,
    SELECTED,
    SSL_NOT_ALLOWED,
    SSL_REQUIRED,
    TLS,
    NotRdp,
    asked,
    choices,
)
from checks.remote._read import compact, members, one_of, whole, word
from checks.remote._wire import (
    CLOSED,
    NAME_NOT_FOUND,
    PROHIBITED,
    REFUSED,
    SILENT,
    WRONG_SERVICE,
    Ended,
    outcome_of,
    within,
)

WAIT_S = 2.5
WISHES: Mapping[str, int | None] = {
    "none": None,
    "old": 0,
    "tls": TLS,
    "nla": TLS | NLA,
    "early": TLS | NLA | EARLY,
}
KINDS = (PLAIN, SELECTED, FAILURE, CLOSED, SILENT, WRONG_SERVICE, REFUSED, NAME_NOT_FOUND, PROHIBITED)
NOT_ASKED = "not_asked"
SETTINGS = (TOLD, DROPPED, SILENT, WRONG_SERVICE, NOT_ASKED)
ACCEPTED, UNCLEAR = "accepted", "unclear"
MOST = 2**32 - 1
METHODS = {0: "no encryption", 1: "RC4 40 bit", 2: "RC4 128 bit", 8: "RC4 56 bit", 16: "FIPS 140-1"}


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of one wish: `value` = the protocol chosen or the failure code, 0 for other kinds."""

    kind: str
    value: int

    def chose(self, *protocols: int) -> bool:
        """True when the server chose one of these."""
        return self.kind == SELECTED and self.value in protocols

    def failed(self, *codes: int) -> bool:
        """True when it refused in words, with one of these."""
        return self.kind == FAILURE and self.value in codes


@dataclass(frozen=True, slots=True)
class RdpOffer:
    """What an RDP entrance accepts.

    `replies` by wish; `settings` = how it took the old security's basic settings after `none` or `old`,
    `classic` = what it then told, None = nothing. `challenge` = what it told of itself under NLA, None =
    nothing.
    """

    replies: Mapping[str, Reply]
    settings: str
    classic: Classic | None
    challenge: Challenge | None

    @property
    def old(self) -> str:
        """Whether it is accepted, refused (in words, or by ending at its first step), or unclear."""
        none, old = self.replies["none"], self.replies["old"]
        if self.classic is not None or any(reply.chose(0) for reply in self.replies.values()):
            return ACCEPTED
        ended = none.kind == CLOSED or (none.kind == PLAIN and self.settings == DROPPED)
        told = none.failed(SSL_REQUIRED, NLA_REQUIRED)
        return REFUSED if old.failed(SSL_REQUIRED, NLA_REQUIRED) and (ended or told) else UNCLEAR

    @property
    def takes_tls(self) -> bool:
        """True when TLS (with or without NLA) is chosen by some wish."""
        return any(reply.chose(TLS, NLA, EARLY) for reply in self.replies.values())

    @property
    def takes_nla(self) -> bool:
        """True when NLA is chosen where it is offered."""
        return self.replies["nla"].chose(NLA)

    @property
    def wants_nla(self) -> bool:
        """True when it is chosen, and nothing weaker is taken for want of it."""
        weaker = (self.replies["old"], self.replies["tls"])
        refused = self.old == REFUSED and all(each.failed(NLA_REQUIRED) for each in weaker)
        return self.takes_nla and refused and not self.replies["early"].chose(TLS)


@probe("gateway.rdp", kind="gateway")
def ask_rdp(gateway: Gateway, dial: Dial) -> bytes:
    """The five wishes; the first contact's failure is passed on, for then nothing is known.

    Raises:
        Unreached: nobody answers.
    """
    if gateway.protocol != "rdp":
        return compact({"replies": {}})
    replies: dict[str, dict[str, Any]] = {}
    told: dict[str, Any] = {"settings": NOT_ASKED, "classic": None, "challenge": None}
    for name in WISHES:
        kind, value = _wish(gateway, dial, name, told, first=not replies)
        replies[name] = {"kind": kind, "value": value}
    return compact({"replies": replies, **told})


def _wish(gateway: Gateway, dial: Dial, name: str, told: dict[str, Any], *, first: bool) -> tuple[str, int]:
    try:
        with dial.tcp(gateway.host, gateway.port, wait_s=WAIT_S) as stream:
            left = within(dial, WAIT_S)
            confirm = asked(stream.sock, WISHES[name], left)
            if name in ("none", "old") and confirm.kind != FAILURE and told["classic"] is None:
                told["settings"], found = settings_of(stream.sock, left)
                told["classic"] = None if found is None else asdict(found)
            if name == "nla" and confirm.kind == SELECTED and confirm.value == NLA:
                challenge = asked_for(stream.sock, gateway.server_name or gateway.host, left)
                told["challenge"] = None if challenge is None else asdict(challenge)
            return confirm.kind, confirm.value
    except Unreached as error:
        if first:
            raise
        outcome = outcome_of(error)
        return (outcome if outcome in KINDS else SILENT), 0
    except Ended as end:
        return end.outcome, 0
    except NotRdp:
        return WRONG_SERVICE, 0


@fact("gateway.rdp", probe=ask_rdp)
def rdp_offer(answer: Answer) -> RdpOffer:
    """The replies as they were written down.

    Raises:
        NotKnown: NOT_MEASURABLE, the entrance is not declared as RDP; WRONG_SERVICE or NO_ANSWER, no wish was
            answered in RDP's words.
    """
    written = answer.json()
    if written == {"replies": {}}:
        raise NotKnown(Reason.NOT_MEASURABLE, "not an RDP entrance")
    value = members(written, answer.id, "replies", "settings", "classic", "challenge")
    rows = members(value["replies"], "replies", *WISHES)
    replies = {name: _reply(rows[name], name) for name in WISHES}
    settings = one_of(value["settings"], "settings", SETTINGS)
    if (settings == TOLD) != (value["classic"] is not None):
        raise Garbled(f"{answer.id}: settings {settings} and what was told do not go together")
    if not any(reply.kind in (PLAIN, SELECTED, FAILURE) for reply in replies.values()):
        kinds = [reply.kind for reply in replies.values()]
        silent = set(kinds) <= {SILENT, CLOSED}
        raise NotKnown(Reason.NO_ANSWER if silent else Reason.WRONG_SERVICE, ", ".join(kinds))
    return RdpOffer(replies, settings, _classic(value["classic"]), _challenge(value["challenge"]))


def _reply(row: Any, name: str) -> Reply:
    pair = members(row, name, "kind", "value")
    reply = Reply(one_of(pair["kind"], "kind", KINDS), whole(pair["value"], "value", MOST))
    if (reply.kind == SELECTED and reply.value not in choices(WISHES[name])) or (
        reply.kind not in (SELECTED, FAILURE) and reply.value
    ):
        raise Garbled(f"{name}: {reply.kind} {reply.value}")
    return reply


def _classic(value: Any) -> Classic | None:
    if value is None:
        return None
    pair = members(value, "classic", "method", "level")
    return Classic(whole(pair["method"], "method", MOST), whole(pair["level"], "level", MOST))


def _challenge(value: Any) -> Challenge | None:
    if value is None:
        return None
    found = members(value, "challenge", "names", "digest", "build")
    return Challenge(
        whole(found["names"], "names", 64), word(found["digest"], "digest"), word(found["build"], "build")
    )


@check("GW-41")
def nla_required(gateway: Gateway, offer: RdpOffer | Unknown) -> Judgement:
    """A pass needs NLA chosen and both weaker wishes refused for want of it; a doubt is unknown."""
    if gateway.protocol != "rdp":
        return not_applicable("not_rdp")
    if isinstance(offer, Unknown):
        return unknown(offer.reason, offer.note)
    return _nla(offer) or unknown(Reason.NOT_MEASURABLE, _shown(offer))


def _nla(offer: RdpOffer) -> Judgement | None:
    """What is told about NLA, None = a doubt."""
    if offer.wants_nla and offer.replies["early"].chose(EARLY):
        return passed("early")
    if offer.wants_nla:
        return passed("ok")
    weaker = offer.old == ACCEPTED or offer.replies["tls"].chose(TLS)
    if offer.takes_nla and weaker:
        return failed("optional")
    if offer.replies["nla"].chose(0, TLS) or offer.replies["nla"].failed(SSL_NOT_ALLOWED, NO_CERTIFICATE):
        return failed("not_offered")
    return None


@check("GW-42")
def no_old_security(gateway: Gateway, offer: RdpOffer | Unknown) -> Judgement:
    """The old security accepted by any wish fails; a pass needs it refused both asked for and not."""
    if gateway.protocol != "rdp":
        return not_applicable("not_rdp")
    if isinstance(offer, Unknown):
        return unknown(offer.reason, offer.note)
    if offer.old == REFUSED:
        return passed("ok")
    if offer.old == UNCLEAR:
        return unknown(Reason.NOT_MEASURABLE, _shown(offer))
    return _old(offer)


def _old(offer: RdpOffer) -> Judgement:
    """How the old security is accepted."""
    if offer.classic is not None and offer.classic.method == 0:
        return failed("bare", places=_proof(offer))
    if offer.takes_tls:
        return failed("also", places=_proof(offer))
    return failed("only", places=_proof(offer))


def _proof(offer: RdpOffer) -> tuple[str, ...]:
    """What the server told of its old encryption."""
    if offer.classic is None:
        return ()
    method = METHODS.get(offer.classic.method, f"method {offer.classic.method}")
    return (f"{method}, level {offer.classic.level}",)


def _shown(offer: RdpOffer) -> str:
    return ", ".join(_words(offer))


def _words(offer: RdpOffer) -> Iterator[str]:
    for name, reply in offer.replies.items():
        yield f"{name}: {reply.kind}" + (f" {reply.value}" if reply.kind in (SELECTED, FAILURE) else "")
