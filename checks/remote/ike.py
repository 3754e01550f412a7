"""IKE: an IPsec entrance takes only sound proposals, and hands no hash of its key to strangers.

Nothing here logs in, and no half-open association stays behind: see `_ikev2` and `_ikev1` for how. What the
tunnels themselves would use (their own proposals, and whether with a group of their own) is agreed only
after the log-in, so it is not seen.
"""

from dataclasses import dataclass

from auditor.api import (
    Answer,
    Dial,
    Gateway,
    Judgement,
    NotKnown,
    Params,
    Reason,
    Unknown,
    check,
    fact,
    failed,
    not_applicable,
    passed,
    probe,
    unknown,
)
from checks.remote import _ike, _ikev1
from checks.remote._ikeold import ACCEPTED, NOT_SPOKEN, UNCLEAR
from checks.remote._ikeread import DOORS, NAMES, NewIke, OldIke, handed_of, new_of, old_of
from checks.remote._read import compact, members, one_of
from checks.remote._wire import ANSWERED, REFUSED, SILENT


@dataclass(frozen=True, slots=True)
class IkeOffer:
    """What the entrance said. `translated` = port 4500's outcome ("" = it is the declared port itself).

    `aggressive` = outcome per group and method (a combination's name = its hash was handed out), () = not
    asked, because no identity is named.
    """

    new: NewIke
    old: OldIke
    translated: str
    aggressive: tuple[tuple[str, str], ...]

    @property
    def hash_given(self) -> str:
        """The combination in which aggressive mode handed out a hash, "" = none."""
        return next((outcome for _, outcome in self.aggressive if _ikev1.is_choice(outcome)), "")


@probe("gateway.ike", kind="gateway", patience=4)
def ask_ike(gateway: Gateway, dial: Dial) -> bytes:
    """Version 2's matrix, version 1's main mode, port 4500, and aggressive mode only where opted in."""
    return compact(_ike.asked(gateway, dial) if gateway.protocol == "ike" else {})


@fact("gateway.ike", probe=ask_ike)
def ike_offer(answer: Answer) -> IkeOffer:
    """The outcomes as they were written down; nothing but known names.

    Raises:
        NotKnown: the entrance is not declared as IKE, so nothing was asked.
    """
    value = answer.json()
    if value == {}:
        raise NotKnown(Reason.NOT_MEASURABLE, "not an IKE entrance")
    value = members(value, answer.id, "v2", "v1", "translated", "aggressive")
    return IkeOffer(
        new_of(value["v2"]),
        old_of(value["v1"]),
        one_of(value["translated"], "translated", DOORS),
        handed_of(value["aggressive"]),
    )


@check("GW-20")
def sound_proposals_only(gateway: Gateway, offer: IkeOffer | Unknown, params: Params) -> Judgement:
    """Any weak part in anything accepted fails; a pass needs both versions' clear no to every weak part.

    Version 1's silence is a gap: some devices say nothing to what they do not accept, so it may be spoken.
    Aggressive mode, which is asked only where the town opted in, is told as not looked at.
    """
    if gateway.protocol != "ike":
        return not_applicable("not_ike")
    if isinstance(offer, Unknown):
        return unknown(offer.reason, offer.note)
    weak = _weak(params)
    if found := _weak_places(offer, weak):
        parts = dict.fromkeys(name for place in found for name in _parts_of(place) if name in weak)
        return failed("weak", places=found, count=len(found), parts=", ".join(parts))
    if gap := _gap(offer, weak):
        return unknown(Reason.NOT_MEASURABLE, gap)
    looked_at = offer.old.state == NOT_SPOKEN or not _aggressive_gap(offer)
    return passed("ok" if looked_at else "ok_main", count=len(offer.new.accepted) + len(offer.old.accepted))


def _weak(params: Params) -> frozenset[str]:
    """The weak parts as they stand in a combination's name."""
    hashes = params.texts("weak_hashes")
    prfs = (f"prf{name}" for name in hashes)
    return frozenset((*params.texts("weak_ciphers"), *hashes, *prfs, *params.texts("weak_groups")))


def _parts_of(place: str) -> list[str]:
    """The parts of ``IKEv2 3des-sha1-prfsha1-modp1024``, of ``IKEv1 … psk``, or of a part alone."""
    return place.split()[1].split("-")


def _weak_places(offer: IkeOffer, weak: frozenset[str]) -> tuple[str, ...]:
    """The accepted combinations that hold a weak part; a part alone where they are not known."""
    found = [f"IKEv2 {name}" for name in offer.new.accepted]
    found += [f"IKEv1 {name}" for name in offer.old.accepted]
    found += [f"IKEv1 {name} (aggressive)" for name in [offer.hash_given] if name]
    places = [place for place in found if weak.intersection(_parts_of(place))]
    named = {part for place in places for part in _parts_of(place)}
    alone = [name for name, outcome in _asked(offer.new) if outcome == ACCEPTED]
    return (*places, *(f"IKEv2 {name}" for name in alone if name in weak and name not in named))


def _asked(new: NewIke) -> list[tuple[str, str]]:
    """The parts of version 2 by their names in a combination, with their outcomes."""
    return [(_part(name), outcome) for name, outcome in new.parts]


def _part(name: str) -> str:
    kind, _, short = name.partition("/")
    return f"prf{short}" if kind == "prfs" else short


def _gap(offer: IkeOffer, weak: frozenset[str]) -> str:
    """Why "nothing weak is accepted" is not proven, "" = it is."""
    if gap := _old_gap(offer):
        return gap
    if offer.new.state == SILENT:
        return "no answer to version 2"
    if offer.new.took:
        return "it took up a key exchange that was not offered; nothing more was asked"
    if not offer.new.accepted and not offer.old.accepted:
        return "it accepts none of what was offered"
    known = {_part(f"{kind}/{name}") for kind, names in NAMES.items() for name in names}
    if strange := sorted(weak - known):
        return f"the model names what nobody knows: {', '.join(strange)}"
    refused = {name for name, outcome in _asked(offer.new) if outcome == REFUSED}
    open_ = sorted(weak & known - refused) if offer.new.state == ANSWERED else []
    return f"no clear answer to {', '.join(open_)}" if open_ else ""


def _old_gap(offer: IkeOffer) -> str:
    """Why "version 1 accepts nothing weak" is not proven, "" = it is, or version 1 is not spoken."""
    if offer.old.state == NOT_SPOKEN:
        return ""
    if offer.old.state in (SILENT, UNCLEAR):
        return f"version 1: {offer.old.state}, so nobody knows what it accepts"
    if not offer.old.whole:
        return "not every combination of version 1 was asked"
    if offer.hash_given and offer.hash_given not in offer.old.accepted:
        return "aggressive mode accepts what main mode refuses, and is asked no further after its first hash"
    return ""


@check("GW-21")
def no_hash_for_strangers(gateway: Gateway, offer: IkeOffer | Unknown) -> Judgement:
    """A hash that was handed out fails; a pass needs aggressive mode to refuse all it was asked."""
    if gateway.protocol != "ike":
        return not_applicable("not_ike")
    if isinstance(offer, Unknown):
        return unknown(offer.reason, offer.note)
    if given := offer.hash_given:
        return failed("hash", places=(f"IKEv1 {given} (aggressive)",), proposal=given)
    if offer.old.state == NOT_SPOKEN:
        return passed("not_spoken")
    if gap := _aggressive_gap(offer):
        return unknown(*gap)
    return passed("ok")


def _aggressive_gap(offer: IkeOffer) -> tuple[Reason, str] | None:
    """Why "aggressive mode refuses all it was asked" is not proven, None = it is."""
    if not offer.aggressive:
        return Reason.NOT_DECLARED, "aggressive mode is asked only where ike_identity is named"
    outcomes = dict(offer.aggressive)
    if open_ := sorted(name for name in _ikev1.ASKED if outcomes.get(name) != REFUSED):
        return Reason.NOT_MEASURABLE, f"aggressive mode: no clear refusal of {', '.join(open_)}"
    return None


@check("GW-22")
def version_1_is_off(gateway: Gateway, offer: IkeOffer | Unknown, params: Params) -> Judgement:
    """Anything version 1 accepts fails; a pass needs that it says no in words, to both of its modes."""
    if gateway.protocol != "ike":
        return not_applicable("not_ike")
    if isinstance(offer, Unknown):
        return unknown(offer.reason, offer.note)
    if params.flag("allow_v1"):
        return not_applicable("allowed")
    accepted = tuple(dict.fromkeys(name for name in (*offer.old.accepted, offer.hash_given) if name))
    if accepted:
        return failed("spoken", places=tuple(f"IKEv1 {name}" for name in accepted), count=len(accepted))
    if offer.old.state == NOT_SPOKEN:
        return passed("ok")
    gap = _not_refused(offer)
    return unknown(*gap) if gap else passed("refused")


def _not_refused(offer: IkeOffer) -> tuple[Reason, str] | None:
    """Why "version 1 refuses everything" is not proven, None = it is."""
    if offer.old.state in (SILENT, UNCLEAR):
        return Reason.NO_ANSWER, f"version 1: {offer.old.state}; version 2: {offer.new.state}"
    if not offer.old.whole:
        return Reason.NOT_MEASURABLE, "not every combination of version 1 was asked"
    return _aggressive_gap(offer)


@check("GW-23")
def works_behind_routers(gateway: Gateway, offer: IkeOffer | Unknown) -> Judgement:
    """People at home sit behind a router that translates addresses: port 4500 must answer as well."""
    if gateway.protocol != "ike":
        return not_applicable("not_ike")
    if isinstance(offer, Unknown):
        return unknown(offer.reason, offer.note)
    if offer.translated in ("", ANSWERED):
        return passed("ok")
    if offer.translated == REFUSED:
        return failed("refused")
    return unknown(Reason.NO_ANSWER, f"port 4500: {offer.translated}, next to the declared port's answer")
