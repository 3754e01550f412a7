"""The old file sharing of Windows (SMBv1): neither offered nor used; whether today's is signed."""

import re
from dataclasses import dataclass

from auditor.api import Answer, Garbled, Judgement, Params, check, fact, failed, passed
from checks.endpoint._fragments import REGISTRY
from checks.endpoint._read import record, truth, whole, word

CLIENT, DOMAIN_CONTROLLER, MEMBER_SERVER = 1, 2, 3
"""ProductType of Win32_OperatingSystem."""
SIGNED_BUILD = 26100
"""Windows 11 24H2 and Windows Server 2025, from which signing is required by default."""
SIGNED_EDITIONS = re.compile(r"(Professional|Enterprise|Education)N?|Professional(Education|Workstation)N?")
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


@dataclass(frozen=True, slots=True)
class Signing:
    """Whether SMB connections must be signed: those the PC takes (`server`) and makes (`client`).

    None = not set, and the maker's documents do not say what then holds for this edition and build.
    `by_default` = names of the sides whose value is not set, so that the documented default holds.
    """

    server: bool | None
    client: bool | None
    by_default: tuple[str, ...]


@fact(
    "net.smbsigning",
    explains=("EP-17",),
    windows=REGISTRY
    + r"""
$nt = 'SOFTWARE\Microsoft\Windows NT\CurrentVersion'
$services = 'SYSTEM\CurrentControlSet\Services'
$system = Get-CimInstance -ClassName Win32_OperatingSystem -OperationTimeoutSec 15 -ErrorAction Stop
@{
  build = (Read-Value 'LocalMachine' $nt 'CurrentBuildNumber')
  edition = (Read-Value 'LocalMachine' $nt 'EditionID')
  product_type = [int]$system.ProductType
  server = (Read-Value 'LocalMachine' "$services\LanmanServer\Parameters" 'RequireSecuritySignature')
  client = (Read-Value 'LocalMachine' "$services\LanmanWorkstation\Parameters" 'RequireSecuritySignature')
}
""",
)
def windows_signing(answer: Answer) -> Signing:
    """RequireSecuritySignature of LanmanServer and LanmanWorkstation, or the default of build and edition."""
    values = record(answer, "build", "edition", "product_type", "server", "client")
    build, kind = whole(values["build"], "build"), whole(values["product_type"], "product_type")
    if build is None or kind not in (CLIENT, DOMAIN_CONTROLLER, MEMBER_SERVER):
        raise Garbled(f"{answer.id}: build or product type")
    defaults = signing_defaults(build, word(values["edition"], "edition"), kind)
    found = {side: truth(values[side], side) for side in ("server", "client")}
    return Signing(
        server=defaults[0] if found["server"] is None else found["server"],
        client=defaults[1] if found["client"] is None else found["client"],
        by_default=tuple(side for side, value in found.items() if value is None),
    )


def signing_defaults(build: int, edition: str, product_type: int) -> tuple[bool | None, bool | None]:
    """What an unset value means, for taken and made connections; None = not documented.

    The maker's announcement of Windows 11 24H2 and Windows Server 2025: required for both on the client's
    Pro, Enterprise and Education editions (other editions are not named), and for made connections on the
    server. Before that neither was, except on domain controllers, whose policy sets the value.
    """
    if build < SIGNED_BUILD:
        return (None, False) if product_type == DOMAIN_CONTROLLER else (False, False)
    if product_type == CLIENT:
        named = SIGNED_EDITIONS.fullmatch(edition) is not None
        return (True, True) if named else (None, None)
    return None, True
