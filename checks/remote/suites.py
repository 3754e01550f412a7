"""Cipher suites: the entrance encrypts with nothing weak, in no version of TLS, and speaks no SSL.

Nor does it agree on keys in a DHE group that is too small, which the suite's name does not tell.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from auditor.api import (
    Answer,
    Dial,
    Garbled,
    Gateway,
    Judgement,
    NotKnown,
    Params,
    Reason,
    Unreached,
    check,
    fact,
    failed,
    not_applicable,
    passed,
    probe,
    unknown,
)
from checks.remote import _flight, _hello, _oldssl, _suites
from checks.remote._elimination import ACCEPTED, UNCLEAR, Pick, Taken, eliminate
from checks.remote._read import compact, listed, members, one_of, whole, word
from checks.remote._upgrade import AT_ONCE, RELAY, TOUCHY, Declined, may_speak_tls, opened
from checks.remote._wire import (
    ANSWERED,
    CLOSED,
    NAME_NOT_FOUND,
    PROHIBITED,
    REFUSED,
    SILENT,
    WRONG_SERVICE,
    Ended,
    exactly,
    outcome_of,
    send,
    within,
)

WAIT_S = 3.0
KEPT_S = 1.0
LEAST_PAUSE_S, MOST_PAUSE_S = 0.001, 0.25
"""A server rests as long as it worked; what answers within a millisecond is not pressed by the next one."""
MOST_BITS = 65_536
SSL_2, SSL_3 = "SSL 2.0", "SSL 3.0"
ORDER = {
    "TLS 1.2": _hello.VERSIONS["1.2"],
    "TLS 1.3": _hello.VERSIONS["1.3"],
    "TLS 1.0": _hello.VERSIONS["1.0"],
    "TLS 1.1": _hello.VERSIONS["1.1"],
    SSL_3: _hello.SSL_3,
}
REFUSALS = (40, 70, 71)
"""Alerts about what is offered: handshake_failure, protocol_version, insufficient_security (RFC 8446 §6)."""
INTERNAL_ERROR = 80
OUTCOMES = (ACCEPTED, REFUSED, CLOSED, SILENT, WRONG_SERVICE, UNCLEAR, NAME_NOT_FOUND, PROHIBITED)


@dataclass(frozen=True, slots=True)
class Offered:
    """One version: `outcome` of offering it, names of the suites taken.

    `whole` = there are no others, and each DHE group was seen; `group_bits`: see `Taken`.
    """

    version: str
    outcome: str
    suites: tuple[str, ...]
    whole: bool
    group_bits: int | None = None


@dataclass(frozen=True, slots=True)
class SuiteOffer:
    """Every version from SSL 3.0 on with its suites, and what became of SSL 2.0.

    `spoken` is False for an entrance whose protocol has no TLS, `declined` True where it goes on without.
    """

    versions: tuple[Offered, ...]
    ssl_2: str
    spoken: bool = True
    declined: bool = False

    @property
    def old_ssl(self) -> tuple[str, ...]:
        """The versions before TLS that are spoken."""
        third = [each.version for each in self.versions if each.version == SSL_3 and each.outcome == ACCEPTED]
        return (*((SSL_2,) if self.ssl_2 == ACCEPTED else ()), *third)


@probe("gateway.suites", kind="gateway", most=256, patience=4)
def ask_suites(gateway: Gateway, dial: Dial) -> bytes:
    """One connection per suite taken and a few per version, one after the other, the weak suites first.

    Between two of them there is a pause as long as the last one took: a slow device is asked slowly. Nothing
    is sent but the hello, so a server that wants a client certificate is read like any other.

    Raises:
        NotKnown: NOT_MEASURABLE, that many connections would do harm.
    """
    if not may_speak_tls(gateway) or gateway.protocol == RELAY:
        return compact({"versions": {}, "ssl2": ""})
    if gateway.protocol in TOUCHY:
        raise NotKnown(Reason.NOT_MEASURABLE, f"{gateway.protocol} servers shut out who connects so often")
    found: dict[str, Taken] = {}
    try:
        for name, version in ORDER.items():
            usual = _suites.offered(usual=True, modern=name == "TLS 1.3")
            rare = _suites.offered(usual=False, modern=name == "TLS 1.3")
            weak = [number for number in usual if _suites.flaws(_suites.names()[number])]
            good = [number for number in usual if number not in weak]
            ask = partial(_ask, gateway, dial, version, not found)
            groups = [group for group in (weak, rare, good) if group]
            found[name] = eliminate(ask, usual, groups, lambda: dial.remaining_s() > KEPT_S)
        old = _ask_ssl_2(gateway, dial) if gateway.protocol in AT_ONCE else ""
    except Declined:
        return compact({"declined": True})
    if any(taken.outcome == CLOSED for taken in found.values()) and _shuts_out(gateway, dial, found):
        shut = Taken(UNCLEAR, (), whole=False)
        found = {name: shut if taken.outcome == CLOSED else taken for name, taken in found.items()}
    versions = {name: _written(taken) for name, taken in found.items()}
    return compact({"versions": versions, "ssl2": old})


def _shuts_out(gateway: Gateway, dial: Dial, found: Mapping[str, Taken]) -> bool:
    """True when what was taken before no longer is: then a close says nothing of a version."""
    known = next(((ORDER[name], taken.suites[:1]) for name, taken in found.items() if taken.suites), None)
    return known is not None and _ask(gateway, dial, known[0], False, known[1]).outcome != ACCEPTED


def _written(taken: Taken) -> dict[str, Any]:
    names = [_suites.names()[number] for number in taken.suites]
    return {"outcome": taken.outcome, "suites": names, "whole": taken.whole, "group": taken.group_bits}


def _ask(gateway: Gateway, dial: Dial, version: int, first: bool, suites: Sequence[int]) -> Pick:  # noqa: FBT001
    """One hello; a failed first contact of all is passed on, because then nothing is known."""
    hello = _hello.client_hello(version, gateway.server_name or gateway.host, suites)
    began = time.monotonic()
    try:
        with opened(gateway, dial, WAIT_S) as stream:
            left = within(dial, WAIT_S)
            send(stream.sock, hello, left)
            heard = bytearray()

            def take(size: int) -> bytes:
                part = exactly(stream.sock, size, left)
                heard.extend(part)
                return part

            pick = _meant(_hello.reply_to_hello(take), version, suites)
            pick = _with_group(pick, bytes(heard), take)
    except Unreached as error:
        if first:
            raise
        return Pick(SILENT if (outcome := outcome_of(error)) == REFUSED else outcome)
    except NotKnown:
        if first:
            raise
        return Pick(SILENT)
    except Ended as end:
        return Pick(end.outcome)
    except _hello.NotTls:
        return Pick(WRONG_SERVICE)
    if (took_s := time.monotonic() - began) > LEAST_PAUSE_S:
        time.sleep(min(took_s, MOST_PAUSE_S, dial.remaining_s()))
    return pick


def _with_group(pick: Pick, heard: bytes, take: Callable[[int], bytes]) -> Pick:
    """The pick with the size of its DHE group, which the server tells a few messages later."""
    name = _suites.names().get(pick.suite, "")
    if pick.outcome != ACCEPTED or not name.startswith(_suites.CHOSEN_GROUP):
        return pick
    try:
        bits = _flight.prime_bits(heard, take, hinted="PSK" in name)
    except (Ended, _hello.NotTls):
        bits = None
    return replace(pick, group_bits=bits or 0)


def _meant(reply: _hello.Reply, version: int, suites: Sequence[int]) -> Pick:
    if reply.alert is not None:
        other = CLOSED if reply.alert == INTERNAL_ERROR else UNCLEAR
        return Pick(REFUSED if reply.alert in REFUSALS else other)
    if reply.version != version:
        return Pick(REFUSED)
    return Pick(ACCEPTED, reply.suite or 0) if reply.suite in suites else Pick(WRONG_SERVICE)


def _ask_ssl_2(gateway: Gateway, dial: Dial) -> str:
    """Accepted, or refused in whatever words (all others than its own mean that)."""
    try:
        with dial.tcp(gateway.host, gateway.port, wait_s=WAIT_S) as stream:
            left = within(dial, WAIT_S)
            send(stream.sock, _oldssl.client_hello(), left)
            spoken = _oldssl.is_spoken(lambda size: exactly(stream.sock, size, left))
    except Unreached:
        return SILENT
    except Ended as end:
        return end.outcome
    return ACCEPTED if spoken else REFUSED


@fact("gateway.suites", probe=ask_suites)
def suite_offer(answer: Answer) -> SuiteOffer:
    """The suites by their registered names; nothing but known ones.

    Raises:
        NotKnown: no version was accepted or refused in words; the reason is what came instead.
    """
    told = answer.json()
    if told == {"declined": True}:
        return SuiteOffer((), "", spoken=False, declined=True)
    value = members(told, answer.id, "versions", "ssl2")
    if value["versions"] == {}:
        return SuiteOffer((), "", spoken=False)
    rows = members(value["versions"], "versions", *ORDER)
    versions = tuple(_offered(name, rows[name]) for name in ORDER)
    outcomes = {each.outcome for each in versions}
    if not outcomes & {ACCEPTED, REFUSED}:
        wrong = outcomes & {WRONG_SERVICE, CLOSED}
        note = ", ".join(f"{each.version} {each.outcome}" for each in versions)
        raise NotKnown(Reason.WRONG_SERVICE if wrong else Reason.NO_ANSWER, note)
    return SuiteOffer(versions, one_of(value["ssl2"], "ssl2", ("", ANSWERED, *OUTCOMES)))


def _offered(version: str, row: Any) -> Offered:
    old = isinstance(row, dict) and "group" not in row  # kept before groups were looked at: none was seen
    value = members(row, version, "outcome", "suites", "whole", *(() if old else ("group",)))
    known = set(_suites.names().values())
    suites = tuple(word(each, "suite") for each in listed(value["suites"], "suites", len(known)))
    outcome = one_of(value["outcome"], "outcome", OUTCOMES)
    strange = not set(suites) <= known or len(set(suites)) < len(suites)
    if strange or bool(suites) is not (outcome == ACCEPTED) or not isinstance(value["whole"], bool):
        raise Garbled(f"{version}: suites")
    chosen = any(each.startswith(_suites.CHOSEN_GROUP) for each in suites)
    group = (0 if chosen else None) if old else value["group"]
    bits = None if group is None else whole(group, "group", MOST_BITS)
    if (bits is not None) is not chosen:
        raise Garbled(f"{version}: group")
    return Offered(version, outcome, suites, value["whole"], bits)


@check("GW-50")
def nothing_weak(gateway: Gateway, offer: SuiteOffer, params: Params) -> Judgement:
    """Any suite with a flaw of `deny` fails, and so does a DHE group that is too small.

    A pass needs that everything taken is known in every version.
    """
    if gateway.protocol == RELAY:
        return not_applicable("not_ours")
    if not offer.spoken:
        return not_applicable("declined" if offer.declined else "not_tls")
    return _weak(offer, params) or _known(offer)


def _weak(offer: SuiteOffer, params: Params) -> Judgement | None:
    """What is too weak, None = nothing that is known."""
    deny = set(params.texts("deny"))
    found = {
        f"{each.version} {name}": deny.intersection(_suites.flaws(name))
        for each in offer.versions
        for name in each.suites
    }
    if weak := {place: why for place, why in found.items() if why}:
        kinds = [flaw for flaw in _suites.FLAWS if any(flaw in why for why in weak.values())]
        return failed("weak", places=tuple(weak), count=len(weak), kinds=", ".join(kinds))
    if small := [each for each in offer.versions if 0 < (each.group_bits or 0) < params.integer("dhe_bits")]:
        bits = min(each.group_bits or 0 for each in small)
        return failed("group", bits=bits, places=tuple(each.version for each in small))
    return None


def _known(offer: SuiteOffer) -> Judgement:
    """Whether all that is taken is known, and how much that is."""
    if open_ := [each.version for each in offer.versions if not _clear(each)]:
        return unknown(Reason.NOT_MEASURABLE, f"not every suite got a clear answer: {', '.join(open_)}")
    found = {name for each in offer.versions for name in each.suites}
    if not found:
        return unknown(Reason.NOT_MEASURABLE, "it speaks TLS and accepts none of the suites offered")
    return passed("ok", count=len(found))


def _clear(each: Offered) -> bool:
    """All suites of this version and their groups are known.

    A close without words is a no beside versions that work.
    """
    return (each.whole and each.group_bits != 0) or each.outcome in (REFUSED, CLOSED)
