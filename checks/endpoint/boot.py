"""The start of a Windows PC: a stolen one asks for a PIN before it opens its disk."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from auditor.api import (
    Answer,
    Garbled,
    Judgement,
    Reason,
    Unknown,
    check,
    fact,
    failed,
    passed,
    unknown,
)
from checks.endpoint._fragments import REGISTRY
from checks.endpoint._parts import PARTS, part
from checks.endpoint._read import members, record, whole, word
from checks.endpoint.disk import Cover, Disks

TPM_ALONE = 1
WITH_PIN = frozenset({4, 6})
"""Key protectors: TPM and PIN; TPM, PIN and startup key."""
OTHER_FACTOR = frozenset({5, 8})
"""TPM and startup key; passphrase: asked for before the start too, but no PIN."""
REQUIRED = 1
"""UseTPMPIN and UseTPMKeyPIN: 0 forbids, 1 requires, 2 allows."""


@dataclass(frozen=True, slots=True)
class VolumePolicy:
    """What group policy demands of BitLocker. Values as in the registry, None = not set.

    `escrowed_at` and `escrow_failed_at` = when the recovery key was last sent to the directory (UTC), None =
    no such entry in the log. The recovery password itself is never read.
    """

    advanced: int | None
    pin: int | None
    key_pin: int | None
    recovery: int | None
    directory: int | None
    directory_first: int | None
    escrowed_at: datetime | Unknown | None
    escrow_failed_at: datetime | Unknown | None

    @property
    def prescribes_pin(self) -> bool:
        """True when a PIN is required, not only allowed."""
        return self.advanced == 1 and REQUIRED in (self.pin, self.key_pin)


@fact(
    "disk.policy",
    explains=("EP-05",),
    windows=REGISTRY
    + PARTS
    + r"""
$fve = 'SOFTWARE\Policies\Microsoft\FVE'
function Read-Last($id) {
  $log = 'Microsoft-Windows-BitLocker/BitLocker Management'
  $events = 'System.Diagnostics.Eventing.Reader'
  $query = New-Object "$events.EventLogQuery" $log, 'LogName', "*[System[EventID=$id]]"
  $query.ReverseDirection = $true
  $reader = New-Object "$events.EventLogReader" $query
  $one = $reader.ReadEvent([timespan]::FromSeconds(10))
  if ($null -eq $one) { return @{ at = $null } }
  @{ at = $one.TimeCreated }
}
@{
  advanced = (Read-Value 'LocalMachine' $fve 'UseAdvancedStartup')
  pin = (Read-Value 'LocalMachine' $fve 'UseTPMPIN')
  key_pin = (Read-Value 'LocalMachine' $fve 'UseTPMKeyPIN')
  recovery = (Read-Value 'LocalMachine' $fve 'OSRecovery')
  directory = (Read-Value 'LocalMachine' $fve 'OSActiveDirectoryBackup')
  directory_first = (Read-Value 'LocalMachine' $fve 'OSRequireActiveDirectoryBackup')
  sent = (Get-Part { Read-Last 845 })
  failed = (Get-Part { Read-Last 846 })
}
""",
)
def windows_policy(answer: Answer) -> VolumePolicy:
    """Policy values of BitLocker, and events 845 and 846 (key kept in the directory; that failed)."""
    names = ("advanced", "pin", "key_pin", "recovery", "directory", "directory_first")
    values = record(answer, *names, "sent", "failed")
    return VolumePolicy(
        **{name: whole(values[name], name) for name in names},
        escrowed_at=part(values["sent"], "sent", _moment),
        escrow_failed_at=part(values["failed"], "failed", _moment),
    )


def _moment(value: Any) -> datetime | None:
    text = word(members(value, "event", "at")["at"], "at")
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) if text else None
    except ValueError:
        raise Garbled("event: not a time") from None


@check("EP-06")
def asks_before_start(disks: Disks, policy: VolumePolicy | Unknown) -> Judgement:
    """The volume of the system opens only with a PIN: a policy is no proof, an open key undoes all."""
    systems = [volume for volume in disks.volumes if volume.system]
    if len(systems) != 1:
        return unknown(Reason.NOT_MEASURABLE, "which volume Windows starts from")
    cover, kinds = systems[0].cover, systems[0].protectors
    if cover in (Cover.SUSPENDED, Cover.PLAIN, Cover.CHANGING):
        return failed("open")
    if cover is Cover.UNCLEAR or kinds is None:
        return unknown(Reason.NOT_MEASURABLE, "the kinds of keys are not told")
    return _factor(kinds, policy)


def _factor(kinds: frozenset[int], policy: VolumePolicy | Unknown) -> Judgement:
    if kinds & WITH_PIN and TPM_ALONE in kinds:
        return failed("passed_by")
    prescribed = not isinstance(policy, Unknown) and policy.prescribes_pin
    if not kinds & WITH_PIN and kinds & OTHER_FACTOR:
        return unknown(Reason.NOT_MEASURABLE, "a startup key or passphrase, no PIN")
    if not kinds & WITH_PIN:
        return failed("policy_only" if prescribed else "none")
    if isinstance(policy, Unknown):
        return unknown(policy.reason, policy.note)
    return passed() if prescribed else passed("unprescribed")
