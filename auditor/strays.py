"""Files of the town folder that belong to nobody any more: attestation forms, keys of those who left."""

from auditor.arrivals.signers import read_signers, unknown_machines
from auditor.attested import FOLDER, TOWN
from auditor.errors import ConfigError
from auditor.seasons import Loose, Orphan
from auditor.targets import Town

MAX_FORMS = 2000


def strays(town: Town) -> tuple[Orphan, ...]:
    """Forms of sections that are gone, and keys of people and machines that no ledger names.

    A file of signers that cannot be read tells nothing here; it stops a run by itself.
    """
    if town.root is None:
        return ()
    known = {TOWN, *(section.id for section in town.sections)}
    known |= {old for section in town.sections for old in section.formerly}
    try:
        signers = read_signers(town.root / "trusted_signers", town)
        named = [*signers.left, *unknown_machines(signers, town)]
    except ConfigError:
        named = []
    forms = sorted((town.root / FOLDER).glob("*.json"))[:MAX_FORMS]
    owners = [(path.name, path.stem.partition("-")[2]) for path in forms]
    return (
        *(Orphan(loose=Loose.FORM, owner=name, names=id_) for name, id_ in owners if id_ not in known),
        *(Orphan(loose=Loose.SIGNER, owner="trusted_signers", names=name) for _, name in sorted(named)),
    )
