"""A collection handed over as a zip: its members by name, within limits, never written anywhere."""

import io
import zipfile
import zlib
from collections.abc import Iterator

from auditor.api import Garbled

MAX_MEMBERS = 5000
MAX_MEMBER = 8 * 1024 * 1024
MAX_TOTAL = 96 * 1024 * 1024
_UTF8 = 0x800
_BROKEN = (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError)
"""What `zipfile` raises for an archive that is cut off, enciphered or packed in a way it does not know."""


def members(body: bytes) -> Iterator[tuple[str, bytes | None]]:
    """Each file in the archive with its bytes, None = larger than any page of text.

    Raises:
        Garbled: it is no zip, enciphered, names a file twice, or holds more than a collection has.
    """
    left = MAX_TOTAL
    seen: set[str] = set()
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            if len(infos) > MAX_MEMBERS:
                raise Garbled(f"more than {MAX_MEMBERS} files in the zip")
            for info in infos:
                name = _name(info)
                if name in seen:
                    raise Garbled("a file is in the zip twice")
                seen.add(name)
                with archive.open(info) as file:
                    content = file.read(MAX_MEMBER + 1)
                left -= len(content)
                if left < 0:
                    raise Garbled(f"the zip holds more than {MAX_TOTAL} bytes")
                yield name, content if len(content) <= MAX_MEMBER else None
    except (*_BROKEN, OSError, ValueError, OverflowError) as error:
        raise Garbled(f"not a zip that can be read: {type(error).__name__}") from None


def _name(info: zipfile.ZipInfo) -> str:
    """The name as its maker wrote it: Japanese Windows writes cp932 where the format says cp437."""
    name = info.filename
    if not info.flag_bits & _UTF8:
        try:
            name = name.encode("cp437").decode("cp932")
        except UnicodeError:
            name = info.filename
    return "".join(char if char.isprintable() else "?" for char in name.replace("\\", "/"))[:300]
