"""The old file sharing of Windows (SMBv1): neither offered nor used."""

from dataclasses import dataclass

from auditor.api import Answer, Judgement, Params, check, fact, failed, passed
from checks.endpoint._fragments import REGISTRY
from checks.endpoint._read import record, whole

DISABLED = 4
"""Start type of a driver that Windows never loads."""


@dataclass(frozen=True, slots=True)
class OldSharing:
    """Registry values; None = does not exist.

    `server` is LanmanServer's SMB1 (0 off, 1 on). `server_driver` and `client_driver` are the Start types
    of the drivers srv and mrxsmb10, which exist only where the SMBv1 feature is installed.
    """

    server: int | None
    server_driver: int | None
    client_driver: int | None


@fact(
    "net.smb1",
    windows=REGISTRY
    + r"""
$services = 'SYSTEM\CurrentControlSet\Services'
@{
  server = (Read-Value 'LocalMachine' "$services\LanmanServer\Parameters" 'SMB1')
  server_driver = (Read-Value 'LocalMachine' "$services\srv" 'Start')
  client_driver = (Read-Value 'LocalMachine' "$services\mrxsmb10" 'Start')
}
""",
)
def windows_smb1(answer: Answer) -> OldSharing:
    """The three values as they stand."""
    names = ("server", "server_driver", "client_driver")
    values = record(answer, *names)
    server, server_driver, client_driver = (whole(values[name], name) for name in names)
    return OldSharing(server, server_driver, client_driver)


@check("EP-17")
def old_sharing_is_off(smb: OldSharing, params: Params) -> Judgement:
    """Server off, or unset where its driver is not installed; client driver off or not installed."""
    off = params.integer("server_smb1")
    if smb.server is not None and smb.server != off:
        return failed("server")
    if smb.server is None and smb.server_driver not in (None, DISABLED):
        return failed("server_unset")
    if smb.client_driver not in (None, params.integer("client_start")):
        return failed("client", start=smb.client_driver or 0)
    return passed()
