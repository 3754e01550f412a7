"""Office Open XML files (docx, xlsx) as hardened XML parts; bombs and locked files are refused."""

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from auditor.api import Garbled

MAX_PARTS = 2000
MAX_PART_BYTES = 16 * 1024 * 1024
MAX_ALL_BYTES = 48 * 1024 * 1024
_COMPOUND = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = 1
_BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError,
    OSError, ValueError, struct.error,
)  # fmt: skip


@dataclass(slots=True)
class Package:
    """An opened file. `names` are its parts in the order of the file; `spent` = bytes unpacked so far."""

    file: str
    names: tuple[str, ...]
    archive: zipfile.ZipFile = field(repr=False)
    spent: int = 0

    def read(self, name: str) -> bytes:
        """One part's bytes, never more than the limits whatever its header promises.

        Raises:
            Garbled: no such part, broken, or larger than the limits.
        """
        try:
            with self.archive.open(name) as stream:
                body = stream.read(min(MAX_PART_BYTES, MAX_ALL_BYTES - self.spent) + 1)
        except KeyError:
            raise Garbled(f"{self.file}: lacks {name}"[:200]) from None
        except _BROKEN as error:
            raise Garbled(f"{self.file}: {name}: {error}"[:200]) from None
        self.spent += len(body)
        if len(body) > MAX_PART_BYTES or self.spent > MAX_ALL_BYTES:
            raise Garbled(f"{self.file}: unpacks to more than an office file holds")
        return body

    def xml(self, name: str) -> Any:
        """One part as XML.

        Raises:
            Garbled: as `read`; not well-formed, a DOCTYPE, nested too deeply.
        """
        return parsed(self.read(name), f"{self.file}: {name}")


def opened(body: bytes, file: str) -> Package:
    """An office file, opened in memory.

    Raises:
        Garbled: no zip file, a password, parts without number or twice under one name.
    """
    if body.startswith(_COMPOUND):
        raise Garbled(f"{file}: has a password or is of an old format")
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
        entries = archive.infolist()
    except _BROKEN as error:
        raise Garbled(f"{file}: {error}"[:200]) from None
    names = tuple(entry.filename for entry in entries if not entry.is_dir())
    if len(names) > MAX_PARTS or len(set(names)) != len(names):
        raise Garbled(f"{file}: too many parts, or one name twice")
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise Garbled(f"{file}: has a password")
    return Package(file, names, archive)


def parsed(body: bytes, what: str) -> Any:
    """Hardened XML.

    Raises:
        Garbled: not well-formed, a DOCTYPE, nested too deeply.
    """
    if b"<!doctype" in body.replace(b"\0", b"").lower():
        raise Garbled(f"{what}: a DOCTYPE is not accepted"[:200])
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Garbled(f"{what}: {error}"[:200]) from None
    if str(getattr(root.getroottree().docinfo, "doctype", "")):
        raise Garbled(f"{what}: a DOCTYPE is not accepted"[:200])
    return root


def local(element: Any) -> str:
    """An element's name without its namespace; "" for comments and the like."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
