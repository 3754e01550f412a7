"""An officer's xlsx, looked over before anything in it is believed: size, macros, passwords, hostile XML.

Whatever is wrong has a sentence of its own (``problem.attest_…``), so that the officer knows what to do.
"""

import io
import stat
import warnings
import zipfile
import zlib
from pathlib import Path

from openpyxl import Workbook, load_workbook

from auditor.errors import ConfigError, Problem
from auditor.findings import Scalar

MAX_FILE_BYTES = 1024 * 1024
MAX_PARTS = 100
MAX_UNPACKED_BYTES = 8 * 1024 * 1024
"""Our own form unpacks to less than 100 kB; a suite adds styles and themes, never megabytes."""

_COMPOUND = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = 1
_BROKEN = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    zlib.error,
    EOFError,
    ValueError,
)


def refusal(path: Path, key: str, cell: str = "", **values: Scalar) -> ConfigError:
    """The error that says why the file is not taken."""
    return ConfigError([Problem(path, None, cell, f"attest_{key}", values)])


def opened(path: Path) -> Workbook:
    """The workbook, with formulas as they were written and nothing worked out.

    Raises:
        ConfigError: the file may not be opened; the problem says why.
    """
    body = _bytes(path)
    if body.startswith(_COMPOUND):
        raise refusal(path, "locked")
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            _harmless(archive, path)
    except _BROKEN:
        raise refusal(path, "not_xlsx") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # extensions of a suite that we have no use for
            return load_workbook(io.BytesIO(body), data_only=False, keep_links=False)
    except Exception:  # noqa: BLE001 - openpyxl raises whatever a broken part makes it stumble over
        raise refusal(path, "not_xlsx") from None


def _bytes(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise refusal(path, "not_file")
        with path.open("rb") as stream:
            body = stream.read(MAX_FILE_BYTES + 1)
    except OSError:
        raise refusal(path, "not_file") from None
    if len(body) > MAX_FILE_BYTES:
        raise refusal(path, "too_large", limit=MAX_FILE_BYTES // 1024)
    return body


def _harmless(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse what no form holds. What a part's header says of its size is what the archive gives at most."""
    parts = archive.infolist()
    names = [part.filename for part in parts]
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise refusal(path, "bomb")
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        raise refusal(path, "locked")
    if len(set(names)) != len(names):
        raise refusal(path, "not_xlsx")
    types = archive.read("[Content_Types].xml") if "[Content_Types].xml" in names else b""
    if b"macroenabled" in types.lower() or any("vbaproject" in name.lower() for name in names):
        raise refusal(path, "macro")
    if any("externallinks/" in name.lower() or "activex" in name.lower() for name in names):
        raise refusal(path, "links")
    for part in parts:
        if b"<!doctype" in archive.read(part).replace(b"\0", b"").lower():
            raise refusal(path, "doctype")
