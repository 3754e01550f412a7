"""Shows the history in Datasette: on this machine only, from a copy that holds the documented views."""

import shutil
import sqlite3
import subprocess
import sys
import tomllib
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import msgspec

from auditor.control import Wording
from auditor.errors import OutputError
from auditor.keeping.views import NAMES

HOST = "127.0.0.1"
COPY = "history.db"
SETTINGS = {"allow_download": "off", "sql_time_limit_ms": "5000", "num_sql_threads": "1"}


class Query(msgspec.Struct, forbid_unknown_fields=True):
    """A ready-made question."""

    title: Wording
    sql: str


def queries() -> dict[str, Query]:
    """The questions of ``queries.toml`` by name."""
    text = (files(__package__) / "queries.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Query])


def program() -> str:
    """Datasette, beside this Python or on the search path.

    Raises:
        OutputError: it is not installed.
    """
    beside = str(Path(sys.executable).parent)
    found = shutil.which("datasette", path=beside) or shutil.which("datasette")
    if found is None:
        raise OutputError("no_datasette")
    return found


def laid_out(db: sqlite3.Connection, folder: Path, lang: str) -> tuple[Path, Path]:
    """A copy of what the views show and the settings of its pages, in `folder`.

    Evidence and run documents are not in it.
    """
    copy, pages = folder / COPY, folder / "metadata.json"
    with closing(sqlite3.connect(copy)) as shown:
        for name in NAMES:
            rows = db.execute(f"SELECT * FROM {name}")  # noqa: S608 - our own names
            columns = ", ".join(column[0] for column in rows.description)
            marks = ", ".join("?" for _ in rows.description)
            shown.execute(f"CREATE TABLE {name} ({columns})")
            shown.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)  # noqa: S608 - same
        shown.execute("CREATE INDEX of_target ON v_interval(target)")
        shown.commit()
    ready = {
        name: {"title": query.title.in_(lang), "sql": query.sql.strip()} for name, query in queries().items()
    }
    pages.write_bytes(msgspec.json.encode({"databases": {copy.stem: {"queries": ready}}}))
    return copy, pages


def serve(datasette: str, copy: Path, pages: Path, port: int) -> None:
    """Show the copy until the user ends it.

    Raises:
        OutputError: Datasette does not start, or ended by itself.
    """
    settings = [word for name, value in SETTINGS.items() for word in ("--setting", name, value)]
    command = [datasette, "serve", "--immutable", str(copy), "--metadata", str(pages), *settings]
    command += ["--host", HOST, "--port", str(port)]
    try:
        with subprocess.Popen(command, stdin=subprocess.DEVNULL) as running:  # noqa: S603 - no words of others
            code = _until_ended(running)
    except OSError as error:
        raise OutputError("explore", why=error.strerror or str(error)) from error
    if code:
        raise OutputError("explore", why=f"{Path(datasette).name}: {code}")


def _until_ended(running: "subprocess.Popen[bytes]") -> int:
    """Its exit code; 0 when the user ended it."""
    try:
        return running.wait()
    except KeyboardInterrupt:
        running.terminate()
        running.wait()
        return 0
