"""Files that are whole or not there, and never locked away from the account that the folder belongs to.

An administrator works as root in a town folder that belongs to the account of the nightly audit: what is made
there belongs to whom the folder belongs to, what is replaced keeps its owner, group and mode. Both are given
through open files and never through names, which the other account could turn into links.
"""

import contextlib
import errno
import os
import sys
from pathlib import Path

PRIVATE = 0o600
OWN_FOLDER = 0o700
GROUP_WRITES = 0o060


def created(path: Path, mode: int = PRIVATE) -> int:
    """A new file, open for reading and writing; it belongs to whom the folder belongs to.

    Raises:
        OSError: it cannot be made, or there is something of that name, be it a link.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    if sys.platform != "win32":
        _give(handle, path.parent.stat())
    return handle


def hand_over(handle: int, place: Path) -> None:
    """Let a fresh private file take after the one at `place`, which it will replace; without one, the folder.

    Raises:
        OSError: neither the old owner nor the folder's could be kept: somebody would be locked out.
    """
    if sys.platform == "win32":
        return
    folder = place.parent.stat()
    try:
        before = place.stat()
    except FileNotFoundError:
        _give(handle, folder)
        return
    now = _give(handle, before)
    mode = before.st_mode & 0o777
    shared = now.st_gid == before.st_gid and mode & GROUP_WRITES == GROUP_WRITES  # colleagues of one group
    if now.st_uid not in (before.st_uid, folder.st_uid) and not shared:
        raise PermissionError(errno.EPERM, "its owner cannot be kept", str(place))
    wanted = mode if now.st_gid == before.st_gid else mode & ~0o070  # no rights for another group
    if now.st_mode & 0o777 != wanted:  # on a share that gives all files the same, it cannot be set
        os.fchmod(handle, wanted)


def _give(handle: int, like: os.stat_result) -> os.stat_result:
    """Give an open file the owner and group of another, as far as we may; how it stands then."""
    now = os.fstat(handle)
    if sys.platform == "win32" or (now.st_uid, now.st_gid) == (like.st_uid, like.st_gid):
        return now
    try:
        os.fchown(handle, like.st_uid, like.st_gid)
    except OSError:
        with contextlib.suppress(OSError):
            os.fchown(handle, -1, like.st_gid)
    return os.fstat(handle)


def give(path: Path, folder: Path) -> None:
    """Give a file or folder that we made to whom `folder` belongs to, as far as we may."""
    whose, now = folder.stat(), path.lstat()
    if sys.platform == "win32" or (now.st_uid, now.st_gid) == (whose.st_uid, whose.st_gid):
        return
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        _give(handle, whose)
    finally:
        os.close(handle)


def make_folder(path: Path, mode: int = 0o777, *, parents: bool = False) -> None:
    """The folder, made where it is missing; it belongs to whom the folder around it belongs to.

    Raises:
        OSError: it cannot be made, or something else has its name.
    """
    if path.is_dir():
        return
    if parents:
        make_folder(path.parent, parents=True)
    path.mkdir(mode=mode, exist_ok=True)
    give(path, path.parent)


def replaced(path: Path, content: bytes, mode: int = PRIVATE) -> None:
    """Put `content` where `path` is: on the disk before its name leads to it; `mode` = that of a new file.

    Raises:
        OSError: it cannot be written; what was there before is untouched.
    """
    aside = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        aside.unlink(missing_ok=True)  # left behind by one that was killed
        with os.fdopen(created(aside, mode), "wb") as file:
            hand_over(file.fileno(), path)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        folder_on_disk(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise


def on_disk(file: Path) -> None:
    """Nothing of the file is only in memory any more."""
    handle = os.open(file, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def folder_on_disk(folder: Path) -> None:
    """The names in the folder would survive a power cut; Windows does this by itself."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
