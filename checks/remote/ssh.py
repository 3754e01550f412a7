"""SSH entrances: sound algorithms only, none of them open to Terrapin, a host key that is long enough."""

from dataclasses import asdict, dataclass

from auditor.api import (
    Answer,
    Dial,
    Garbled,
    Gateway,
    Judgement,
    NotKnown,
    Params,
    Reason,
    check,
    fact,
    failed,
    not_applicable,
    passed,
    probe,
    unknown,
)
from checks.remote._read import compact, listed, members, whole, word
from checks.remote._sshkey import HostKey, shown
from checks.remote._sshwire import MOST_NAMES, VERSIONS, NotSsh, greeting
from checks.remote._wire import Ended, within

WAIT_S = 4.0
MOST_BITS = 65_536
STRICT = "kex-strict-s-v00@openssh.com"
MARKERS = ("ext-info-", "kex-strict-")
"""Announcements that stand among the exchanges and are none (RFC 8308 §2.1)."""
OPEN_TO_TERRAPIN = "chacha20-poly1305@openssh.com"
KINDS = ("kex", "keys", "ciphers", "macs")


@dataclass(frozen=True, slots=True)
class SshOffer:
    """What a server offers, in its order; ciphers and packet checks of both directions together.

    `version` is 2.0, 1.99 (version 1 too) or older, "" = it was not asked. `key` None = none was shown.
    """

    version: str
    program: str
    kex: tuple[str, ...]
    keys: tuple[str, ...]
    ciphers: tuple[str, ...]
    macs: tuple[str, ...]
    key: HostKey | None

    @property
    def strict(self) -> bool:
        """It closes the gap that Terrapin uses, with clients that do so too."""
        return STRICT in self.kex


NOT_ASKED = SshOffer("", "", (), (), (), (), None)


@probe("gateway.ssh", kind="gateway")
def ask_ssh(gateway: Gateway, dial: Dial) -> bytes:
    """One connection: version lines, what is offered, and the host key; it ends before anybody logs in.

    Raises:
        NotKnown: NO_ANSWER, or WRONG_SERVICE.
    """
    if gateway.protocol != "ssh":
        return compact({"version": ""})
    with dial.tcp(gateway.host, gateway.port, wait_s=WAIT_S) as stream:
        left = within(dial, WAIT_S)
        try:
            found = greeting(stream.sock, left)
        except NotSsh:
            raise NotKnown(Reason.WRONG_SERVICE, "no SSH") from None
        except Ended as end:
            raise NotKnown(Reason.NO_ANSWER, f"{end.outcome} before it said what it offers") from None
        try:
            key = shown(stream.sock, found, left) if found.lists else None
        except (NotSsh, Ended):
            key = None
    return compact(
        {
            "version": found.version,
            "program": found.program,
            "kex": found.names("kex"),
            "keys": found.names("keys"),
            "ciphers": found.names("ciphers", "ciphers_back"),
            "macs": found.names("macs", "macs_back"),
            "key": asdict(key) if key is not None else {},
        }
    )


@fact("gateway.ssh", probe=ask_ssh)
def ssh_offer(answer: Answer) -> SshOffer:
    """The lists as they were written down."""
    told = answer.json()
    if told == {"version": ""}:
        return NOT_ASKED
    value = members(told, answer.id, "version", "program", "key", *KINDS)
    lists = {kind: _names(value[kind], kind) for kind in KINDS}
    version = word(value["version"], "version")
    if not version or (version in VERSIONS and not lists["kex"]):
        raise Garbled(f"{answer.id}: nothing offered")
    return SshOffer(
        version=version, program=word(value["program"], "program"), key=_key(value["key"]), **lists
    )


def _names(value: object, kind: str) -> tuple[str, ...]:
    return tuple(word(each, kind) for each in listed(value, kind, 2 * MOST_NAMES))


def _key(value: object) -> HostKey | None:
    if value == {}:
        return None
    found = members(value, "key", "type", "bits", "fingerprint")
    bits = whole(found["bits"], "bits", MOST_BITS)
    return HostKey(word(found["type"], "type"), bits, word(found["fingerprint"], "fingerprint"))


@check("GW-53")
def sound_algorithms_only(offer: SshOffer, params: Params) -> Judgement:
    """A name that holds a piece of the weak ones fails; so does version 1, alone or beside version 2."""
    if not offer.version:
        return not_applicable("not_ssh")
    if offer.version != VERSIONS[0]:
        return failed("version_1", version=offer.version)
    exchanges = tuple(name for name in offer.kex if not name.startswith(MARKERS))
    offered = {"kex": exchanges, "keys": offer.keys, "ciphers": offer.ciphers, "macs": offer.macs}
    weak = [
        name
        for kind, names in offered.items()
        for name in names
        if any(piece in name for piece in params.texts(f"weak_{kind}"))
    ]
    if weak:
        return failed("weak", places=tuple(weak), count=len(weak))
    if not all((exchanges, offer.keys, offer.ciphers)):
        return unknown(Reason.NOT_MEASURABLE, "it offers nothing for one of the steps")
    return passed("ok", count=sum(len(names) for names in offered.values()))


@check("GW-54")
def closed_to_terrapin(offer: SshOffer) -> Judgement:
    """Concerned are ChaCha20-Poly1305, and CBC with a check over the encrypted packet (CVE-2023-48795)."""
    if not offer.version:
        return not_applicable("not_ssh")
    if not offer.ciphers:
        return unknown(Reason.NOT_MEASURABLE, "it names no ciphers")
    late = any("-etm" in name for name in offer.macs)
    concerned = [name for name in offer.ciphers if name == OPEN_TO_TERRAPIN or (late and "-cbc" in name)]
    if not concerned:
        return passed("not_concerned")
    return passed("strict") if offer.strict else failed("open", places=tuple(concerned))


@check("GW-55")
def key_long_enough(offer: SshOffer, params: Params) -> Judgement:
    """The RSA key where there is one, for of the others the type alone tells the length."""
    if not offer.version:
        return not_applicable("not_ssh")
    if "ssh-dss" in offer.keys:
        return failed("dsa")
    if offer.key is None or not offer.key.bits:
        return unknown(Reason.NOT_MEASURABLE, "the host key was not shown in a way we can begin")
    least = params.integer("rsa_min_bits") if offer.key.type == "ssh-rsa" else 0
    if offer.key.bits < least:
        return failed("short", bits=offer.key.bits, places=(offer.key.fingerprint,))
    return passed("ok", type=offer.key.type, bits=offer.key.bits)
