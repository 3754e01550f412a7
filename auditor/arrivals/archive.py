"""The archive that carries evidence files between networks, and the short code to compare it by eye.

A zip of ``manifest.json`` and ``000001.json`` …; the manifest lists each member's size, SHA-256 and name of
before. The code is over the whole file. An archive is hostile until every byte of it is verified.
"""

import hashlib
import os
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import msgspec

from auditor.answers import strict_json
from auditor.arrivals.aside import safe_name
from auditor.errors import CarryError, Garbled
from auditor.evidence import MAX_FILE_BYTES

KIND = "telework-auditor-archive"
SCHEMA = 1
MANIFEST = "manifest.json"
MAX_FILES = 50_000
MAX_ARCHIVE_BYTES = 1024 * 1024 * 1024
MAX_PLAIN_BYTES = 2 * 1024 * 1024 * 1024
MAX_MANIFEST_BYTES = 8 * 1024 * 1024 - 1
GROUPS = 4
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ALIKE = str.maketrans("OIL", "011")
_MEMBER = re.compile(r"[0-9]{6}\.json")
_EPOCH = (1980, 1, 1, 0, 0, 0)
BAD = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    RuntimeError,
    NotImplementedError,
    OverflowError,
    ValueError,
    KeyError,
    Garbled,
)


class Listed(msgspec.Struct, forbid_unknown_fields=True):
    """One member: its number's file, the name it had in the sender's inbox, size in bytes, SHA-256 (hex)."""

    member: str
    name: str
    size: int
    sha256: str


class _Manifest(msgspec.Struct, forbid_unknown_fields=True):
    schema: int
    kind: str
    files: list[Listed]


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive whose every byte was verified, except that somebody has to compare `code`."""

    path: Path
    code: str
    files: tuple[Listed, ...]


def code_of(digest: bytes) -> str:
    """80 bits of a digest as four groups of four signs that cannot be mistaken for each other (Crockford)."""
    number = int.from_bytes(digest[:10], "big")
    signs = "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(75, -1, -5))
    return "-".join(signs[at : at + 4] for at in range(0, 4 * GROUPS, 4))


def same_code(written: str, code: str) -> bool:
    """True when somebody typed that code, in any case, with or without hyphens, O for 0 and I or L for 1.

    Raises:
        CarryError: what was typed is no code at all.
    """
    plain = re.sub(r"[\s-]", "", written.upper()).translate(_ALIKE)
    if len(plain) != 4 * GROUPS or set(plain) - set(_CROCKFORD):
        raise CarryError("archive_code_shape")
    return plain == code.replace("-", "")


def pack(files: Sequence[tuple[str, bytes]], target: Path) -> str:
    """Write an archive of (name, content) and tell its code; the same files give the same archive.

    Raises:
        CarryError: the file exists, cannot be written, or would be more than `examine` takes; nothing
            half-done is left.
    """
    unique = {hashlib.sha256(body).hexdigest(): (name, body) for name, body in files}
    listed = [
        Listed(f"{number:06}.json", safe_name(name), len(body), digest)
        for number, (digest, (name, body)) in enumerate(sorted(unique.items()), start=1)
    ]
    manifest = msgspec.json.format(msgspec.json.encode(_Manifest(SCHEMA, KIND, listed)), indent=1)
    if len(listed) > MAX_FILES or len(manifest) > MAX_MANIFEST_BYTES:  # the receiver would refuse it
        raise CarryError("archive_write", path=str(target), why=f"{len(listed)} files; try fewer --days")
    if target.exists() or target.is_symlink():
        raise CarryError("archive_exists", path=str(target))
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".export-")
        try:
            with os.fdopen(handle, "wb") as file:
                with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                    archive.writestr(_info(MANIFEST), manifest)
                    for one in listed:
                        archive.writestr(_info(one.member), unique[one.sha256][1])
                file.flush()
                os.fsync(file.fileno())
            _settle(Path(temporary), target)
        finally:
            Path(temporary).unlink(missing_ok=True)
        return _code(target)
    except FileExistsError:
        raise CarryError("archive_exists", path=str(target)) from None
    except OSError as error:
        raise CarryError("archive_write", path=str(target), why=error.strerror or str(error)) from None


def _settle(temporary: Path, target: Path) -> None:
    """Give the finished file its name, never over a file that came in the meantime."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:  # FAT and exFAT, which sticks have, know no links
        if target.exists():
            raise FileExistsError(str(target)) from None
        temporary.rename(target)


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    info.create_system = 3
    return info


def _code(path: Path) -> str:
    with path.open("rb") as file:
        return code_of(hashlib.file_digest(file, "sha256").digest())


def examine(path: Path) -> Archive:
    """An archive, read to its last byte and found to be exactly what its manifest lists.

    Raises:
        CarryError: it cannot be read, or is not such an archive.
    """
    try:
        if not path.is_file() or path.stat().st_size > MAX_ARCHIVE_BYTES:
            raise CarryError("archive_unreadable", path=str(path), why=f"no file up to {MAX_ARCHIVE_BYTES}")
        code = _code(path)
        with zipfile.ZipFile(path) as archive:
            files = _listing(archive)
            for one, body in members(archive, files):
                matches(one, body)
    except BAD as error:
        raise bad(path, error) from None
    except OSError as error:
        raise CarryError("archive_unreadable", path=str(path), why=error.strerror or str(error)) from None
    return Archive(path, code, files)


def bad(path: Path, error: Exception) -> CarryError:
    """Whatever is wrong inside an archive, as one error."""
    why = error.note if isinstance(error, Garbled) else f"{type(error).__name__}: {error}"
    return CarryError("archive_bad", path=str(path), why=why[:200])


def _listing(archive: zipfile.ZipFile) -> tuple[Listed, ...]:
    """What the manifest lists, which must be the members and nothing else."""
    members = archive.infolist()
    if len(members) > MAX_FILES + 1:
        raise Garbled(f"{len(members)} members, more than {MAX_FILES + 1}")
    for info in members:
        _harmless(info)
    if sum(info.file_size for info in members) > MAX_PLAIN_BYTES:
        raise Garbled(f"more than {MAX_PLAIN_BYTES} bytes in all")
    names = [info.filename for info in members]
    if len(set(names)) != len(names) or MANIFEST not in names:
        raise Garbled("a member stands twice, or there is no manifest")
    plain: Any = strict_json(_content(archive, MANIFEST, MAX_MANIFEST_BYTES), "manifest")
    try:
        manifest = msgspec.convert(plain, _Manifest)
    except msgspec.MsgspecError as error:
        raise Garbled(f"manifest: {error}") from None
    if manifest.schema != SCHEMA or manifest.kind != KIND:
        raise Garbled("manifest: of another kind or schema")
    if sorted(one.member for one in manifest.files) != sorted(set(names) - {MANIFEST}):
        raise Garbled("manifest: does not list exactly the members")
    return tuple(manifest.files)


def _harmless(info: zipfile.ZipInfo) -> None:
    """A plain member under a name of ours: no path, no link, no folder, no encryption."""
    if info.orig_filename != info.filename or not (
        info.filename == MANIFEST or _MEMBER.fullmatch(info.filename)
    ):
        raise Garbled("a member's name is none of ours")
    if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Garbled(f"{info.filename}: encrypted, or packed in another way")
    if (info.external_attr >> 16) & 0o170000 not in (0, 0o100000):
        raise Garbled(f"{info.filename}: no regular file")
    if info.file_size > MAX_FILE_BYTES:
        raise Garbled(f"{info.filename}: larger than {MAX_FILE_BYTES} bytes")


def _content(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """A member's bytes, never more than `limit`, whatever size it declares."""
    with archive.open(name) as stream:
        body = _bounded(stream, limit)
    if len(body) != archive.getinfo(name).file_size:
        raise Garbled(f"{name}: its size is not the one it declares")
    return body


def _bounded(stream: IO[bytes], limit: int) -> bytes:
    body = stream.read(limit + 1)
    if len(body) > limit:
        raise Garbled(f"a member holds more than {limit} bytes")
    return body


def members(archive: zipfile.ZipFile, files: Sequence[Listed]) -> Iterator[tuple[Listed, bytes]]:
    """The listed members with their bytes, within the limits.

    Raises:
        Garbled: one is larger than it declares, or all are too much.
    """
    total = 0
    for one in files:
        body = _content(archive, one.member, MAX_FILE_BYTES)
        total += len(body)
        if total > MAX_PLAIN_BYTES:
            raise Garbled(f"more than {MAX_PLAIN_BYTES} bytes in all")
        yield one, body


def matches(one: Listed, body: bytes) -> None:
    """Raise Garbled unless the bytes are what the manifest lists."""
    if len(body) != one.size or hashlib.sha256(body).hexdigest() != one.sha256:
        raise Garbled(f"{one.member}: not what the manifest lists")
