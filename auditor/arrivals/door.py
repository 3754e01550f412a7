"""Judges one evidence file at the door: who signed it, for which machine it may speak, and how old it is.

A bundle is opened only after its signature was verified with a key the town trusts. What is refused keeps
what it claims to be, for whoever has to find out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import NoReturn

from auditor.access.hostkeys import HostKey
from auditor.arrivals.bundle import Sealed, Told, evidence_of, is_bundle, read_bundle, read_payload, text_of
from auditor.arrivals.signers import NAMESPACE, OFFICER, USER, Signers, may_speak
from auditor.arrivals.sshsig import is_true, read_signature
from auditor.declare import MACHINE
from auditor.errors import Garbled
from auditor.evidence import CLOCK_SLACK, Evidence, clean, decode
from auditor.run import Arrival, Standing
from auditor.targets import Endpoint, Target, Town, target_key

ENDPOINT = "endpoint:"


@dataclass(frozen=True, kw_only=True)
class Door:
    """What is known to whoever judges. `town` is the whole ledger; what is older than `oldest` is too old."""

    town: Town
    signers: Signers
    now: datetime
    oldest: datetime

    @cached_property
    def declared(self) -> Mapping[str, Target]:
        """Every target in use by its key."""
        return {target_key(target): target for target in self.town.targets}

    @cached_property
    def rows(self) -> Mapping[str, Endpoint]:
        """The ledger by asset number, retired machines too."""
        return {row.id: row for row in (*self.town.retired, *self.town.endpoints)}

    @cached_property
    def serials(self) -> Mapping[str, tuple[Endpoint, ...]]:
        """The same by serial number, which should be one row each."""
        found: dict[str, tuple[Endpoint, ...]] = {}
        for row in self.rows.values():
            if row.serial:
                found[row.serial] = (*found.get(row.serial, ()), row)
        return found

    @cached_property
    def owners(self) -> frozenset[str]:
        """Machines and users with a key of their own."""
        return self.signers.owners

    def signs(self, asset: str, context: str) -> bool:
        """True when a key stands for what would speak: no unsigned file does, then."""
        return asset in self.owners or (context != MACHINE and USER + asset in self.owners)

    def row(self, target: str) -> Endpoint | None:
        """The ledger's row in use of that target key."""
        found = self.declared.get(target)
        return found if isinstance(found, Endpoint) else None

    def named(self, asset: str, serial: str) -> tuple[Endpoint, ...]:
        """The rows a file may mean by what it tells of itself."""
        if asset:
            return (self.rows[asset],) if asset in self.rows else ()
        return self.serials.get(serial, ())

    def believes(self, kept: Evidence, key: str) -> str:
        """Why what was accepted before counts no more, "" = it still does."""
        row = self.row(kept.target)
        if row is None:
            return "not in the ledger any more"
        if kept.signer and not self.signers.trusts(key, kept.signer, self.now):
            return f"its signer {kept.signer} is not trusted any more"
        if not kept.signer and (not self.town.unsigned_inbox or self.signs(row.id, kept.context)):
            return "unsigned, and not accepted any more"
        return misfit(row, kept.serial, kept.system, readable=_tells_serial(kept.context, kept.signer))


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """One file as far as it can be judged alone. `digest` "" = not a bundle; `key` = who signed, by print.

    `evidence` None = refused. `stranger` = a machine that was truly heard and that the ledger has no use for.
    """

    arrival: Arrival
    digest: str = ""
    key: str = ""
    evidence: Evidence | None = None
    stranger: Evidence | None = None


class _Stop(Exception):  # noqa: N818 - an outcome more than an error
    def __init__(self, standing: Standing, note: str = "", stranger: Evidence | None = None) -> None:
        super().__init__(standing, note)
        self.standing = standing
        self.note = note
        self.stranger = stranger


def look(door: Door, name: str, body: bytes) -> Looked:
    """What one file is worth before it is compared with what was read earlier."""
    try:
        plain = text_of(body)
        return _bundle(door, name, read_bundle(plain)) if is_bundle(plain) else _document(door, name, plain)
    except Garbled as error:
        return Looked(arrival=Arrival(file=name, standing=Standing.GARBLED, note=clean(error.note)))


def _bundle(door: Door, name: str, sealed: Sealed) -> Looked:
    key: HostKey | None = None
    row: Endpoint | None = None
    try:
        if sealed.signature:
            key = _key(door, sealed)
        elif not door.town.unsigned_inbox:
            _stop(Standing.UNSIGNED)
        told = _told(sealed)
        principals = door.signers.principals(key, told.collected_at, door.now) if key is not None else ()
        if key is not None and not principals:
            _stop(Standing.UNKNOWN_SIGNER, f"{key.fingerprint}: its line does not hold at that time")
        row = _row(door, told, principals, name)
        signer = _speaker(door, row, told, principals)
        if fault := misfit(row, told.serial, told.system, readable=_tells_serial(told.context, signer)):
            _stop(Standing.NOT_LEDGER, fault)
        standing = _dated(door, told.collected_at, Standing.ACCEPTED if signer else Standing.ADMITTED)
    except _Stop as stop:
        return Looked(arrival=_claimed(door, name, sealed, (key, row), stop), stranger=stop.stranger)
    evidence = evidence_of(told, target_key(row), origin=name, signer=signer)
    return Looked(
        arrival=Arrival(
            file=name,
            standing=standing,
            target=evidence.target,
            signer=signer,
            sequence=told.sequence,
            collected_at=told.collected_at,
        ),
        digest=sealed.digest,
        key=key.fingerprint if key is not None else "",
        evidence=evidence,
    )


def _stop(standing: Standing, note: str = "", stranger: Evidence | None = None) -> NoReturn:
    raise _Stop(standing, note, stranger)


def _key(door: Door, sealed: Sealed) -> HostKey:
    """The trusted key that signed; a key nobody trusts is not even tried."""
    try:
        signature = read_signature(sealed.signature)
    except Garbled as error:
        _stop(Standing.BAD_SIGNATURE, error.note)
    if not door.signers.knows(signature.key):
        _stop(Standing.UNKNOWN_SIGNER, signature.key.fingerprint)
    try:
        true = is_true(signature, sealed.payload, NAMESPACE)
    except Garbled as error:
        _stop(Standing.BAD_SIGNATURE, error.note)
    if not true:
        _stop(Standing.BAD_SIGNATURE, f"not what {signature.key.fingerprint} signed for {NAMESPACE}")
    return signature.key


def _told(sealed: Sealed) -> Told:
    try:
        return read_payload(sealed.payload)
    except Garbled as error:
        _stop(Standing.GARBLED, error.note)


def _row(door: Door, told: Told, principals: tuple[str, ...], name: str) -> Endpoint:
    """The ledger's row that the file is about: by its number, its serial, or the one key that signed it."""
    found = door.named(told.asset, told.serial)
    if not found and not told.asset:
        mine = {one.removeprefix(USER) for one in principals if not one.startswith(OFFICER)}
        found = door.named(mine.pop(), "") if len(mine) == 1 else ()
    if len(found) != 1:
        note = "several rows have this serial" if found else "no row has this number or serial"
        _stop(Standing.NOT_OURS, note, _stranger(told, name) if principals else None)
    if found[0].retired_on is not None:
        heard = may_speak(principals, found[0].id, told.context)  # or any machine could accuse another
        _stop(Standing.RETIRED, "", _stranger(told, name, found[0].id) if heard else None)
    return found[0]


def _speaker(door: Door, row: Endpoint, told: Told, principals: tuple[str, ...]) -> str:
    """In whose name the file speaks, "" = unsigned and accepted by the town."""
    if not principals:
        if door.signs(row.id, told.context):
            _stop(Standing.UNSIGNED, "this machine or its user has a key")
        return ""
    speaker = may_speak(principals, row.id, told.context)
    if not speaker:
        _stop(Standing.WRONG_MACHINE, f"signed by {', '.join(principals)[:200]}")
    return speaker


def _tells_serial(context: str, signer: str) -> bool:
    """A signed user document may be without the serial, which Linux keeps for root."""
    return not (context == "user" and signer)


def misfit(row: Endpoint, serial: str, system: str, *, readable: bool = True) -> str:
    """What differs from the ledger's row, "" = nothing; `readable` False = the serial may be left out."""
    if system != row.os:
        return f"system {system!r} is not the ledger's {row.os!r}"
    if row.serial and serial != row.serial and (readable or serial):
        return f"serial {serial!r} is not the ledger's {row.serial!r}"
    return ""


def _dated(door: Door, collected_at: datetime, good: Standing) -> Standing:
    if collected_at > door.now + CLOCK_SLACK:
        ahead = collected_at - door.now
        _stop(Standing.FUTURE, f"dated in the future by {int(ahead.total_seconds())} s")
    return Standing.TOO_OLD if collected_at < door.oldest else good


def _stranger(told: Told, name: str, asset: str = "") -> Evidence:
    """That this machine was heard; what it answered is nobody's to judge."""
    target = f"{ENDPOINT}{asset or told.name or 'unknown'}"
    return replace(evidence_of(told, target, origin=name, signer=""), answers=())


def _claimed(
    door: Door, name: str, sealed: Sealed, proved: tuple[HostKey | None, Endpoint | None], stop: _Stop
) -> Arrival:
    """A refused bundle with the key and row that were `proved`, else with what it claims to be."""
    key, row = proved
    signer = key.fingerprint if key is not None else ""
    if stop.standing is Standing.UNKNOWN_SIGNER:
        signer = stop.note.partition(": ")[0]
    refused = Arrival(file=name, standing=stop.standing, signer=signer, note=clean(stop.note))
    try:
        told = read_payload(sealed.payload, answers=False)
    except Garbled:
        return refused
    found = (row,) if row is not None else door.named(told.asset, told.serial)
    target = target_key(found[0]) if len(found) == 1 else ""
    return replace(refused, target=target, sequence=told.sequence, collected_at=told.collected_at)


def _document(door: Door, name: str, body: bytes) -> Looked:
    """The older, unsigned evidence document: only where the town accepted such files in writing."""
    evidence = decode(body, origin=name)
    if evidence.signer:
        raise Garbled("who signed is not for the file to say")
    about = Arrival(
        file=name, standing=Standing.ADMITTED, target=evidence.target, collected_at=evidence.collected_at
    )
    try:
        _dated(door, evidence.collected_at, Standing.ADMITTED)
        _admit(door, evidence)
    except _Stop as stop:
        stranger = evidence if stop.standing in (Standing.NOT_OURS, Standing.RETIRED) else None
        heard = stranger is not None and stranger.target.startswith(ENDPOINT) and door.town.unsigned_inbox
        return Looked(
            arrival=replace(about, standing=stop.standing, note=clean(stop.note)),
            stranger=replace(evidence, answers=()) if heard else None,
        )
    return Looked(arrival=about, evidence=evidence)


def _admit(door: Door, evidence: Evidence) -> None:
    if not door.town.unsigned_inbox:
        _stop(Standing.UNSIGNED)
    target = door.declared.get(evidence.target)
    if target is None:
        retired = evidence.target.removeprefix(ENDPOINT) in door.rows
        _stop(Standing.RETIRED if retired else Standing.NOT_OURS)
    if isinstance(target, Endpoint):
        if door.signs(target.id, evidence.context):
            _stop(Standing.UNSIGNED, "this machine or its user has a key")
        if fault := misfit(target, evidence.serial, evidence.system):
            _stop(Standing.NOT_LEDGER, fault)
