"""The bundle: what one machine answered, signed, in one file that a share, a server or a hand carries.

The file is JSON (UTF-8 with or without BOM, or UTF-16LE with BOM, as Windows PowerShell writes it)::

    {"schema": 1, "kind": "telework-auditor-bundle", "payload": "<Base64>", "signature": "<SSHSIG or empty>"}

The signature is over the payload's bytes, and those are read only after it was verified.
"""

import base64
import binascii
import codecs
import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from auditor.answers import Answer
from auditor.errors import Garbled, Unreached
from auditor.evidence import (
    MAX_FILE_BYTES,
    MAX_SEQUENCE,
    Evidence,
    machine_of,
    moment_of,
    strict_document,
)
from auditor.script import every

KIND = "telework-auditor-bundle"
SCHEMA = 1
CONTEXTS = ("machine", "user")
SYSTEMS = ("windows", "linux", "macos")
_NONCE = re.compile(r"[0-9a-f]{32}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ASSET = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._-]{0,63})?")
_TEXT = re.compile(r"[ -~]{0,80}")
_HOST = re.compile(r"[^\x00-\x1f\x7f]{0,253}")
_MACHINE = re.compile(r"[A-Za-z0-9-]{0,80}")
_VERSION = re.compile(r"[A-Za-z0-9.+_-]{0,40}")
_UNSAFE = re.compile(r"[^A-Za-z0-9._@-]")


class _Outer(msgspec.Struct, forbid_unknown_fields=True):
    schema: int
    kind: str
    payload: str
    signature: str


class _Payload(msgspec.Struct, forbid_unknown_fields=True):
    schema: int
    asset: str
    host: str
    system: str
    context: str
    machine_id: str
    serial: str
    sequence: int
    collected_at: datetime
    collector: str
    version: str
    nonce: str
    output: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """A bundle as it arrived: the signed bytes and the armored signature, "" = it is unsigned."""

    payload: bytes
    signature: str

    @property
    def digest(self) -> str:
        """What two files that say the same have in common: the payload's SHA-256 (hex)."""
        return hashlib.sha256(self.payload).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a payload says. `asset`, `serial` "" = not told; `collected_at` is UTC.

    `collector` is the SHA-256 (hex) of the script that wrote it; `answers` are in the order of its output.
    """

    asset: str
    host: str
    system: str
    context: str
    machine_id: str
    serial: str
    sequence: int
    collected_at: datetime
    collector: str
    version: str
    answers: tuple[Answer, ...]

    @property
    def name(self) -> str:
        """What the machine may be called where no ledger names it; "" = it told nothing."""
        return _UNSAFE.sub("_", self.asset or self.serial or self.machine_id or self.host)[:80]


def text_of(body: bytes) -> bytes:
    """The same document in UTF-8.

    Raises:
        Garbled: it begins like UTF-16 and is none.
    """
    for mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        if body.startswith(mark):
            if mark == codecs.BOM_UTF16_BE:
                raise Garbled("bundle: UTF-16 of the other byte order")
            try:
                return body[len(mark) :].decode("utf-16-le").encode()
            except UnicodeError:
                raise Garbled("bundle: not UTF-16") from None
    return body.removeprefix(codecs.BOM_UTF8)


def is_bundle(body: bytes) -> bool:
    """True when a file means to be a bundle, whether or not it is a good one."""
    return KIND.encode() in body[:4096] or KIND.encode() in body[-4096:]


def read_bundle(body: bytes) -> Sealed:
    """The payload and the signature of a bundle file in UTF-8; the payload is not looked into.

    Raises:
        Garbled: too large, not our form, not Base64.
    """
    if len(body) > MAX_FILE_BYTES:
        raise Garbled(f"larger than {MAX_FILE_BYTES} bytes")
    outer = _fitting(strict_document(body, "bundle"), _Outer)
    if outer.schema != SCHEMA or outer.kind != KIND:
        raise Garbled(f"bundle: schema {outer.schema} of {outer.kind[:60]!r}")
    return Sealed(_unpacked(outer.payload, "payload"), outer.signature)


def read_payload(payload: bytes, *, answers: bool = True) -> Told:
    """What the signed bytes say; without `answers` only who says it, whatever its output holds.

    Raises:
        Garbled: not our form, a value outside its bounds, or an output without answers.
    """
    row = _fitting(strict_document(payload, "payload"), _Payload)
    if row.schema != SCHEMA:
        raise Garbled(f"payload: schema {row.schema}, this program reads {SCHEMA}")
    _check(row)
    moment = moment_of(row.collected_at, "payload: collected_at")
    try:
        found = every(_unpacked(row.output, "output"), row.nonce) if answers else ()
    except Unreached as error:
        raise Garbled(f"payload: {error.note}") from None
    return Told(
        asset=row.asset,
        host=row.host,
        system=row.system,
        context=row.context,
        machine_id=row.machine_id.lower(),
        serial=row.serial.strip(),
        sequence=row.sequence,
        collected_at=moment,
        collector=row.collector,
        version=row.version,
        answers=found,
    )


def evidence_of(told: Told, target: str, *, origin: str, signer: str) -> Evidence:
    """The same as evidence of `target`; every answer keeps the age of its own bundle."""
    answers = tuple(replace(answer, collected_at=told.collected_at) for answer in told.answers)
    details = {
        "host_name": told.host,
        "context": told.context,
        "sequence": str(told.sequence),
        "signer": signer or "-",
        "collector": told.collector[:16],
        "version": told.version,
    }
    return Evidence(
        target=target,
        collected_at=told.collected_at,
        answers=answers,
        serial=told.serial,
        system=told.system,
        collector="bundle",
        details={name: text for name, text in details.items() if text},
        origin=origin,
        context=told.context,
        machine_id=told.machine_id or machine_of(answers),
        sequence=told.sequence,
        signer=signer,
    )


def _fitting(plain: Any, shape: Any) -> Any:
    try:
        return msgspec.convert(plain, shape)
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError) as error:
        raise Garbled(f"bundle: {error}"[:300]) from None


def _check(row: _Payload) -> None:
    bounds = {
        "asset": _ASSET.fullmatch(row.asset),
        "host": _HOST.fullmatch(row.host),
        "system": row.system in SYSTEMS,
        "context": row.context in CONTEXTS,
        "machine_id": _MACHINE.fullmatch(row.machine_id),
        "serial": _TEXT.fullmatch(row.serial),
        "sequence": 0 < row.sequence <= MAX_SEQUENCE,
        "collector": _DIGEST.fullmatch(row.collector),
        "version": _VERSION.fullmatch(row.version),
        "nonce": _NONCE.fullmatch(row.nonce),
    }
    if wrong := [name for name, good in bounds.items() if not good]:
        raise Garbled(f"payload: {', '.join(wrong)} outside of what may stand there")


def _unpacked(text: str, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Garbled(f"bundle: {what} is not Base64") from None
