"""From ``[[ssh.jumps]]`` of ``town.toml`` to jump hosts; every id, address and account is checked."""

from auditor.cells import MAX_NAME, MAX_PORT, is_account, is_id, parse_host
from auditor.findings import Scalar
from auditor.problems import Told
from auditor.townfile import JumpTable, TownFile
from auditor.zones import Jump


def read_jumps(file: TownFile, told: Told) -> tuple[Jump, ...]:
    """The jump hosts that endpoints of other segments stand behind; what is wrong goes to `told`."""
    ssh = file.written.ssh
    seen: set[str] = set()
    for index, row in enumerate(ssh.jumps):
        for key, problem, value in _faults(row, ssh.account, seen):
            place = ("ssh", "jumps", str(index), key)
            told.problems.append(file.toml.problem(place, problem, seen=value, name=row.id[:MAX_NAME]))
        seen.add(row.id)
    return tuple(
        Jump(id=row.id, host=parse_host(row.host) or "", port=row.port, account=row.account or ssh.account)
        for row in ssh.jumps
    )


def _faults(row: JumpTable, account: str, seen: set[str]) -> list[tuple[str, str, Scalar]]:
    """Key, problem and the value seen, of everything that cannot be used."""
    faults: list[tuple[str, str, Scalar]] = []
    if not is_id(row.id):
        faults.append(("id", "bad_id" if row.id else "blank", row.id[:MAX_NAME]))
    elif row.id in seen:
        faults.append(("id", "jump_twice", row.id))
    if parse_host(row.host) is None:
        faults.append(("host", "bad_host" if row.host else "blank", row.host[:MAX_NAME]))
    if not 1 <= row.port <= MAX_PORT:
        faults.append(("port", "bad_port", row.port))
    if row.account and not is_account(row.account):
        faults.append(("account", "bad_account", row.account[:MAX_NAME]))
    elif not row.account and not account:
        faults.append(("account", "jump_account", ""))
    return faults
