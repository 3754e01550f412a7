"""A real CUPS server on an ephemeral loopback port, with queues that print to nowhere."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True, slots=True)
class CupsQueue:
    """A queue to make: `raw` = without a driver, else with a PostScript one that can print two-sided."""

    name: str
    location: str = ""
    raw: bool = False
    two_sided: bool = True


@dataclass(frozen=True, slots=True)
class Cups:
    """A running server."""

    port: int
    home: Path

    @property
    def url(self) -> str:
        """Where IPP is spoken."""
        return f"http://127.0.0.1:{self.port}/"

    def print(self, queue: str, *, pages: int = 1, copies: int = 1) -> None:
        """Print so many pages and wait until the server says they are done."""
        document = self.home / "document.ps"
        document.write_text(
            "%!PS-Adobe-3.0\n"
            + "".join(
                f"%%Page: {page} {page}\n100 100 moveto 0 0 rlineto showpage\n"
                for page in range(1, pages + 1)
            )
            + "%%EOF\n"
        )
        self._run("lp", "-d", queue, "-n", str(copies), str(document))
        wait_until(lambda: not self._run("lpstat", "-o", queue), "end of printing", within_s=60)

    def make(self, queue: CupsQueue) -> None:
        """Make or change a queue."""
        arguments = ["-p", queue.name, "-E", "-v", "file:/dev/null", "-L", queue.location]
        if queue.raw:
            arguments += ["-m", "raw"]
        else:
            duplex = "DuplexNoTumble" if queue.two_sided else "None"
            arguments += ["-P", str(self.home / "test.ppd"), "-o", f"Duplex={duplex}"]
        self._run("lpadmin", *arguments)

    def _run(self, program: str, *arguments: str) -> str:
        command = [need(program), "-h", f"127.0.0.1:{self.port}", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout


@contextmanager
def cups(folder: Path, queues: Sequence[CupsQueue], *, name: str = "cups") -> Iterator[Cups]:
    """Run a cupsd whose files stand in `folder`, with these queues."""
    program = need("cupsd")
    need_root()
    home = (folder / name).resolve()
    for part in ("spool/tmp", "cache", "state", "ppd"):
        (home / part).mkdir(parents=True)
    for parent in home.parents:
        if not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)  # filters run as user lp and must get here
    subprocess.run(["chown", "-R", "lp:lp", str(home)], check=True)
    (home / "test.ppd").write_text(TEST_PPD)
    port = free_port()
    (home / "cupsd.conf").write_text(_CUPSD.format(port=port))
    (home / "cups-files.conf").write_text(_FILES.format(home=home))
    command = [program, "-f", "-c", str(home / "cupsd.conf"), "-s", str(home / "cups-files.conf")]
    with started(command, log=home / "cupsd.log", ready=lambda: listens(port)):
        server = Cups(port, home)
        for queue in queues:
            server.make(queue)
        yield server


TEST_PPD = """\
*PPD-Adobe: "4.3"
*FormatVersion: "4.3"
*FileVersion: "1.0"
*LanguageVersion: English
*LanguageEncoding: ISOLatin1
*PCFileName: "TEST.PPD"
*Manufacturer: "Test"
*Product: "(Test)"
*ModelName: "Test printer"
*ShortNickName: "Test printer"
*NickName: "Test printer"
*PSVersion: "(3010.000) 0"
*LanguageLevel: "3"
*ColorDevice: False
*DefaultColorSpace: Gray
*OpenUI *Duplex/Two-sided: PickOne
*DefaultDuplex: None
*Duplex None/Off: "<</Duplex false>>setpagedevice"
*Duplex DuplexNoTumble/Long edge: "<</Duplex true>>setpagedevice"
*CloseUI: *Duplex
*OpenUI *PageSize/Media Size: PickOne
*DefaultPageSize: A4
*PageSize A4/A4: "<</PageSize[595 842]>>setpagedevice"
*CloseUI: *PageSize
*OpenUI *PageRegion: PickOne
*DefaultPageRegion: A4
*PageRegion A4/A4: "<</PageSize[595 842]>>setpagedevice"
*CloseUI: *PageRegion
*DefaultImageableArea: A4
*ImageableArea A4/A4: "0 0 595 842"
*DefaultPaperDimension: A4
*PaperDimension A4/A4: "595 842"
*DefaultFont: Courier
*Font Courier: Standard "(1.0)" Standard ROM
"""
