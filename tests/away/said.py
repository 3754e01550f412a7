"""The raw text of a Linux fragment that reads below a folder."""

import subprocess
from pathlib import Path

from tests.endpoint.conftest import fact_on
from tests.endpoint.test_linux_files import ABSOLUTE
from tests.endpoint.test_linux_fragments import argv


def said(id_: str, root: Path, *, shell: str = "dash", user: int | None = None) -> str:
    """What the fragment prints."""
    script = ABSOLUTE.sub(lambda found: f"{root}/{found[1]}/", fact_on(id_, "linux").scripts["linux"])
    done = subprocess.run(
        [*argv(shell), "-c", f"fact() {{\n:\n{script}\n}}\n( fact )\n"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=60,
        user=user,
        group=user,
        extra_groups=[] if user is not None else None,
        cwd="/",
        env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C"},
    )
    return done.stdout.decode()
