"""A real CUPS server on an ephemeral loopback port, with queues that print to nowhere."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.peers.process import free_port, listens, need, need_root, started, wait_until

_CUPSD = """\
LogLevel warn
Listen 127.0.0.1:{port}
Browsing No
WebInterface No
DefaultAuthType None
PreserveJobHistory Yes
PreserveJobFiles No
MaxJobs 500
PageLogFormat {page_log}
<Location />
  Order allow,deny
  Allow all
</Location>
<Policy default>
  JobPrivateAccess default
  JobPrivateValues default
  SubscriptionPrivateAccess default
  SubscriptionPrivateValues default
  <Limit All>
    Order deny,allow
  </Limit>
</Policy>
"""
_FILES = """\
FileDevice Yes
SystemGroup root lpadmin
User lp
Group lp
ServerRoot {home}
RequestRoot {home}/spool
TempDir {home}/spool/tmp
CacheDir {home}/cache
StateDir {home}/state
ServerBin /usr/lib/cups
DataDir /usr/share/cups
AccessLog {home}/access_log
ErrorLog {home}/error_log
PageLog {home}/page_log
"""


_PPD = Path("/usr/share/ppd/cupsfilters/Generic-PDF_Printer-PDF.ppd")
"""A driver whose filters count pages; Debian's cups-filters brings it."""


def _need_driver() -> None:
    """Skip where the driver is missing, fail under ``CI=true``."""
    if not _PPD.is_file():
        message = f"{_PPD} is not installed; Debian's cups-filters brings it"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)


@dataclass(frozen=True, slots=True)
class CupsQueue:
    """A queue to make: `raw` = without a driver, else with one that can print two-sided.

    `banner` = the page before each job.
    """

    name: str
    location: str = ""
    raw: bool = False
    two_sided: bool = True
    banner: str = "none"


@dataclass(frozen=True, slots=True)
class Cups:
    """A running server."""

    port: int
    home: Path

    @property
    def url(self) -> str:
        """Where IPP is spoken."""
        return f"http://127.0.0.1:{self.port}/"

    def print(
        self, queue: str, *options: str, pages: int = 1, copies: int = 1, title: str = "", user: str = ""
    ) -> None:
        """Print so many pages of text with these ``-o`` options, and wait until the server is done.

        `title` and `user` "" = those that ``lp`` takes by itself.
        """
        document = self.home / "document.txt"
        document.write_text("\f".join(f"page {page}\n" for page in range(1, pages + 1)))
        chosen = [word for option in options for word in ("-o", option)]
        named = ("-t", title) if title else ()
        posing = ("-U", user) if user else ()
        self._run("lp", *posing, "-d", queue, "-n", str(copies), *named, *chosen, str(document))
        wait_until(lambda: not self._run("lpstat", "-o", queue), "end of printing", within_s=60)

    def make(self, queue: CupsQueue) -> None:
        """Make or change a queue."""
        arguments = ["-p", queue.name, "-E", "-v", "file:/dev/null", "-L", queue.location]
        if queue.raw:
            arguments += ["-m", "raw"]
        else:
            duplex = "DuplexNoTumble" if queue.two_sided else "None"
            arguments += ["-P", str(_PPD), "-o", f"Duplex={duplex}"]
        self._run("lpadmin", *arguments, "-o", f"job-sheets-default={queue.banner},none")

    def delete(self, queue: str) -> None:
        """Delete a queue; CUPS then forgets its jobs too."""
        self._run("lpadmin", "-x", queue)

    def _run(self, program: str, *arguments: str) -> str:
        command = [need(program), "-h", f"127.0.0.1:{self.port}", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout


@contextmanager
def cups(queues: Sequence[CupsQueue], *, page_log: str = "") -> Iterator[Cups]:
    """Run a cupsd with these queues; `page_log` = the format of its page log, "" = it keeps none.

    Its files stand in a folder of their own, not in pytest's: filters run as user lp and must get there,
    and every start of pytest closes its folder to other users.
    """
    program = need("cupsd")
    need_root()
    _need_driver()
    with TemporaryDirectory(prefix="cups-") as place:
        home = Path(place).resolve()
        home.chmod(0o755)
        for part in ("spool/tmp", "cache", "state", "ppd"):
            (home / part).mkdir(parents=True)
        subprocess.run(["chown", "-R", "lp:lp", str(home)], check=True)
        port = free_port()
        (home / "cupsd.conf").write_text(_CUPSD.format(port=port, page_log=page_log))
        (home / "cups-files.conf").write_text(_FILES.format(home=home))
        command = [program, "-f", "-c", str(home / "cupsd.conf"), "-s", str(home / "cups-files.conf")]
        with started(command, log=home / "cupsd.log", ready=lambda: listens(port)):
            server = Cups(port, home)
            for queue in queues:
                server.make(queue)
            yield server
