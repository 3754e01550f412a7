"""Tablets: what an iPad's console tells of its passcode, which locks it and encrypts it."""

from auditor.api import CONSOLE, Answer, Garbled, NotKnown, Reason, fact
from checks.endpoint._read import record, truth, whole
from checks.endpoint.disk import Cover, Disks, Volume
from checks.endpoint.lock import MAX_LOCK_S, ScreenLock


@fact("disk.encryption", ipados=CONSOLE)
def ipados_disks(answer: Answer) -> Disks:
    """Data protection works only with a passcode; either of the console's two words for it may be there.

    Apple encrypts the storage of every iPad in hardware, which gives nothing away only once a passcode
    guards the keys (Apple Platform Security, "Data Protection overview").
    """
    values = record(answer, "passcode", "data_protection")
    words = [truth(values[name], name) for name in ("passcode", "data_protection")]
    cover = Cover.PROTECTED if True in words else Cover.UNCLEAR
    return Disks((Volume("/", Cover.PLAIN if False in words else cover),), virtual=False)


@fact("lock.screen", ipados=CONSOLE)
def ipados_lock(answer: Answer) -> ScreenLock:
    """A passcode is set, and the longest auto-lock the profile allows, in seconds (0 = never)."""
    values = record(answer, "passcode", "lock_s")
    passcode, after_s = truth(values["passcode"], "passcode"), whole(values["lock_s"], "lock_s")
    if passcode is None or after_s is None:
        raise NotKnown(Reason.NOT_MEASURABLE, "the export does not tell the passcode and the auto-lock")
    if not 0 <= after_s <= MAX_LOCK_S:
        raise Garbled(f"{answer.id}: out of range")
    return ScreenLock(after_s or None, asks=passcode)
