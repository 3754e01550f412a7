"""The ways to targets that one run shares, and the log of the contacts made on them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from auditor.access.jump import Gate
from auditor.access.ssh import SshRoad
from auditor.contacts import Contact
from auditor.evidence import Evidence
from auditor.script import Entrance
from auditor.targets import Target, target_key
from auditor.vantages import Lookout
from auditor.zones import Vantage, Zone


@dataclass(frozen=True, kw_only=True)
class Roads:
    """The ways to targets. `inbox` = newest evidence by target key, `consoles` = what exports tell of it.

    Deadlines are in seconds per target.

    `accept_unsigned` = the town accepted unsigned inbox files in writing. `entrances` = the declared gateways
    that endpoints try from where they are. `vantages` by id, and the `gates` to them by their jump host's id.
    `root` = the town folder, None = there is none; `folders` of its document sets by their kind.
    """

    ssh: SshRoad | None = None
    inbox: Mapping[str, Evidence] = field(default_factory=dict)
    consoles: Mapping[str, Evidence] = field(default_factory=dict)
    accept_unsigned: bool = False
    entrances: tuple[Entrance, ...] = ()
    vantages: Mapping[str, Vantage] = field(default_factory=dict)
    zones: tuple[Zone, ...] = ()
    gates: Mapping[str, Gate] = field(default_factory=dict)
    endpoint_deadline_s: float = 30.0
    probe_deadline_s: float = 15.0
    system_deadline_s: float = 60.0
    contacts: list[Contact] = field(default_factory=list)
    root: Path | None = None
    folders: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)

    @property
    def lookout(self) -> Lookout:
        """The vantages and the ways to them."""
        return Lookout(self.vantages, self.zones, self.gates, self.probe_deadline_s)

    def note(self, contact: Contact, target: Target, what: str = "") -> None:
        """Keep one contact in the log of the run."""
        self.contacts.append(replace(contact, target=target_key(target), what=what or contact.what))

    @property
    def made(self) -> tuple[Contact, ...]:
        """Every contact so far in order of time, those with jump hosts too."""
        there = (contact for gate in self.gates.values() for contact in gate.contacts)
        return tuple(sorted((*self.contacts, *there), key=lambda contact: contact.at))

    def close(self) -> None:
        """End what is shared or still in use: the connections of SSH."""
        for gate in self.gates.values():
            gate.close()
        if self.ssh is not None:
            self.ssh.close()

    def hang_ups(self) -> int:
        """How often a server closed a connection before its greeting."""
        return self.ssh.traffic.hang_ups if self.ssh is not None else 0
