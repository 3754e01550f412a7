"""A machine that plays Windows behind a real sshd: cmd.exe or PowerShell as default shell, powershell.exe.

It stands in for what we cannot run, and does what Windows does by its documentation: which shell expands
what, a command not found ends with 1, ``-EncodedCommand`` is Base64 of UTF-16LE, and the bootstrap runs the
script only when the whole of stdin ends with its mark.
"""

import stat
import sys
from pathlib import Path

_POWERSHELL = r'''#!{python}
"""Plays powershell.exe -EncodedCommand with our bootstrap: recorded answers, or exit 97 for half a script."""
import base64, os, re, sys
arguments = sys.argv[1:]
bootstrap = base64.b64decode(arguments[arguments.index("-EncodedCommand") + 1]).decode("utf-16-le")
if "ReadToEnd" not in bootstrap or "#EOF" not in bootstrap or "exit 97" not in bootstrap:
    sys.exit(1)
script = sys.stdin.buffer.read(int(os.environ.get("FAKE_LIMIT", "-1")))
script = script.decode("ascii")
if os.environ.get("FAKE_CLIXML"):
    sys.stderr.buffer.write(b"#< CLIXML\r\n<Objs Version=\"1.1.0.1\"><Obj S=\"progress\"/></Objs>" * 50)
if not script.rstrip().endswith("#EOF"):
    sys.exit(97)
nonce = re.search(r"\b[0-9a-f]{{32}}\b", script)[0]
answers = open({answers!r}, encoding="utf-8").read().replace("@NONCE@", nonce)
sys.stdout.buffer.write(answers.encode(os.environ.get("FAKE_ENCODING", "cp932")))
'''

_SHELL = r'''#!{python}
"""Plays {shell} as sshd's default shell: runs powershell.exe, echoes as that shell would, no more."""
import os, subprocess, sys
line = os.environ.get("SSH_ORIGINAL_COMMAND", "")
words = line.split(" ")
if words[0] == "powershell.exe":
    sys.exit(subprocess.run([{powershell!r}, *words[1:]]).returncode)
if words[0] == "echo":
    text = " ".join(words[1:])
    text = text.replace("%OS%", "Windows_NT") if {cmd} else text.replace("$HOME", "C:\\Users\\auditor")
    sys.stdout.buffer.write(text.encode("cp932") + b"\r\n")
    sys.exit(0)
said = "'" + words[0] + "' は、内部コマンドまたは外部コマンド、\r\n"
said += "操作可能なプログラムまたはバッチ ファイルとして認識されていません。\r\n"
sys.stderr.buffer.write(said.encode("cp932"))
sys.exit(1)
'''


def default_shell(folder: Path, shell: str, answers: str, **environment: str) -> str:
    """The sshd configuration that makes every command go through `shell`: cmd.exe or PowerShell.

    `answers` = what powershell.exe prints, with ``@NONCE@`` for the script's nonce; `environment` =
    FAKE_ENCODING, FAKE_CLIXML, FAKE_LIMIT (bytes of stdin that arrive).
    """
    recorded = folder / "answers.txt"
    recorded.write_text(answers, "utf-8", newline="")
    powershell = _programme(
        folder / "powershell.exe", _POWERSHELL.format(python=sys.executable, answers=str(recorded))
    )
    words = {"python": sys.executable, "shell": shell, "powershell": powershell, "cmd": shell == "cmd.exe"}
    played = _programme(folder / "shell", _SHELL.format(**words))
    given = " ".join(f"{name}={value}" for name, value in environment.items())
    return f"ForceCommand env {given} {played}"


def _programme(path: Path, text: str) -> str:
    path.write_text(text, "utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)
