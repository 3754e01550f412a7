"""What to say to the shell of an account so that every one understands, and which kind of shell answered.

Nothing here rests on a sentence that a shell prints, for those are in the machine's language. It rests on
what each kind of shell makes of the same line, on marks and on exit statuses.
"""

import codecs
import re

from auditor.script_ps import windows_argv

SUDO = "sudo -n /bin/sh -s"
"""As root, without ever asking for a password; the script comes on stdin."""

PROBE = "echo shell-%OS%-$HOME"
"""cmd.exe fills in ``%OS%`` and leaves ``$HOME``; PowerShell and POSIX shells do the reverse."""

WRONG_SYSTEM = 96
"""Exit status of a script that found itself on another system than the ledger says."""

CUT_SHORT = 97
"""Exit status of the bootstrap of Windows when the script did not come whole."""

_SYSTEMS = {"linux": "Linux", "macos": "Darwin"}
_GUARD = """\
system=$(uname -s)
case $system in @SYSTEM@|'') ;; *) printf '\\nsystem-%.60s\\n' "$system"; exit @STATUS@;; esac
"""
_FOUND = re.compile(rb"\nsystem-([!-~]{1,60})\n")
_PROBED = re.compile(rb"shell-([^\r\n]{1,300})")
_CLIXML = b"#< CLIXML"
_UTF16_SHARE = 4
NOTE_BYTES = 400


def command(system: str) -> str:
    """A command line that every login shell of that system reads the same way."""
    return " ".join(windows_argv()) if system == "windows" else "sh -s"


def guarded(script: str, system: str) -> bytes:
    """The script, after lines that end it where the system is another one.

    A POSIX shell on the wrong system (Git's on Windows, a Mac in the Linux ledger) would answer something.
    """
    if system not in _SYSTEMS:
        return script.encode("ascii")
    guard = _GUARD.replace("@SYSTEM@", _SYSTEMS[system]).replace("@STATUS@", str(WRONG_SYSTEM))
    return (guard + script).encode("ascii")


def plain(output: bytes, nonce: str) -> bytes:
    """The output as it would be in an ASCII-compatible encoding; only UTF-16 has to be turned."""
    mark = nonce.encode("utf-16-le")
    if not nonce or nonce.encode("ascii") in output or (at := output.find(mark)) < 0:
        return output
    return output[at % 2 :].decode("utf-16-le", "replace").encode("utf-8")


def other_system(output: bytes) -> str:
    """The system that the guard of a script met, "" = it said nothing."""
    found = _FOUND.search(output)
    return found[1].decode("ascii") if found else ""


def recognised(answer: bytes) -> str:
    """Which shell answered `PROBE`: named for the technical page, "" = none we know."""
    found = _PROBED.search(plain(answer, "shell-"))
    if found is None:
        return ""
    text = found[1].decode("utf-8", "replace").strip()
    if text.endswith("-$HOME"):
        return "Windows (cmd.exe)" if not text.startswith("%OS%") else ""
    home = text.removeprefix("%OS%-")
    if re.match(r"[A-Za-z]:\\|\\\\", home):
        return "Windows (PowerShell)"
    return "a POSIX shell" if home.startswith("/") else ""


def words(errors: bytes) -> str:
    """The beginning of an error stream as text for a note: cp932, UTF-8 or UTF-16, never PowerShell's XML."""
    if errors.startswith(_CLIXML):
        return "error records of PowerShell"
    if errors.startswith(codecs.BOM_UTF16_LE) or errors.count(0) * _UTF16_SHARE > len(errors):
        return errors.decode("utf-16-le", "replace").strip("\ufeff\r\n ")
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(errors).strip()  # the last character may be cut
    except UnicodeDecodeError:
        return errors.decode("cp932", "replace").strip()
