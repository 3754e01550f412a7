"""Linux fragments run for real under three shells, as root and as nobody, and their answers can be read."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from auditor.answers import Answer, Status
from auditor.declare import CONSOLE
from auditor.findings import Reason, Unknown
from tests.endpoint.conftest import FACTS, fact_on, pc, value_of
from tests.endpoint.conftest import judged as judge
from tests.peers.process import need

LINUX = sorted(fact.id for fact in FACTS if fact.scripts.get("linux", CONSOLE) != CONSOLE)
MOVING = {"edr.service", "hw.summary"}
"""What changes between two questions: processes come and go."""
SHELLS = ("dash", "bash", "busybox")
NOBODY = 65534
STATUS = {0: Status.OK, 10: Status.ABSENT, 11: Status.DENIED}
FAIR = {Reason.NOT_COLLECTED, Reason.NO_PERMISSION, Reason.NOT_MEASURABLE}


def argv(shell: str) -> list[str]:
    program = need(shell)
    return [program, "sh"] if shell == "busybox" else [program, "--posix"] if shell == "bash" else [program]


def run(id_: str, shell: str, *, user: int | None = None) -> Answer:
    script = f"fact() {{\n:\n{fact_on(id_, 'linux').scripts['linux']}\n}}\n( fact )\n"
    environment = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C"}
    done = subprocess.run(
        [*argv(shell), "-c", script],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
        env=environment,
        user=user,
        group=user,
        extra_groups=[] if user is not None else None,
        cwd="/",
    )
    assert done.returncode in STATUS, (done.returncode, done.stderr[-500:])
    return Answer(id_, STATUS[done.returncode], done.stdout if done.returncode == 0 else b"")


def users() -> Sequence[int | None]:
    """This account, and nobody where we may become it."""
    return (None, NOBODY) if os.geteuid() == 0 else (None,)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("id_", LINUX)
def test_a_fragment_answers_readably_under_every_shell(id_: str, shell: str) -> None:
    for user in users():
        value = value_of(fact_on(id_, "linux"), run(id_, shell, user=user))
        assert not isinstance(value, Unknown) or value.reason in FAIR, value


@pytest.mark.parametrize("id_", LINUX)
def test_the_three_shells_agree(id_: str) -> None:
    values = [value_of(fact_on(id_, "linux"), run(id_, shell)) for shell in SHELLS]
    assert id_ in MOVING or values[0] == values[1] == values[2]


def test_the_firewall_is_denied_to_nobody_and_so_unknown() -> None:
    user = NOBODY if os.geteuid() == 0 else None
    given = run("fw.profiles", "dash", user=user)
    assert given.status is Status.DENIED
    judgement = judge("EP-08", {"fw.profiles": given}, endpoint=pc("linux"))
    assert judgement.reason is Reason.NO_PERMISSION


def weaker(low: Any, root: Any) -> bool:
    """True when `low` says what `root` says, or leaves it unknown, in each of its parts."""
    if isinstance(low, Unknown) or low == root:
        return True
    if not is_dataclass(low) or type(low) is not type(root):
        return False
    return all(weaker(getattr(low, field.name), getattr(root, field.name)) for field in fields(low))


@pytest.mark.parametrize("id_", LINUX)
def test_an_unprivileged_answer_never_passes_where_root_fails(id_: str) -> None:
    fact = fact_on(id_, "linux")
    low = value_of(fact, run(id_, "dash", user=users()[-1]))
    root = value_of(fact, run(id_, "dash"))
    unresolved: object = getattr(low, "unresolved", ())
    assert id_ in MOVING or weaker(low, root) or unresolved
