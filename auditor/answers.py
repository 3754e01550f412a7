"""Answers: what a target replied, raw, with a status; hostile until parsed."""

import json
import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NoReturn

from auditor.errors import Garbled
from auditor.findings import Reason

MAX_ANSWER_BYTES = 8 * 1024 * 1024
MAX_JSON_DEPTH = 64


class Status(StrEnum):
    """How a question ended. `denied` needs more rights and is never read as "off"."""

    OK = "ok"
    ABSENT = "absent"
    DENIED = "denied"
    ERROR = "error"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class Answer:
    """One raw reply.

    `id` is the fact's or probe's id (``lock.screen``). `body` is what came back, at most
    `MAX_ANSWER_BYTES`; empty unless `status` is ok. `note` is for the technical page only.
    `reason` tells more closely why there is no body; None = what the status alone says.
    `collected_at` (UTC) = when it was learnt, None = with the rest of its evidence document.
    """

    id: str
    status: Status
    body: bytes = b""
    note: str = ""
    reason: Reason | None = None
    collected_at: datetime | None = None

    def text(self) -> str:
        """The body as UTF-8 (with or without BOM) text.

        Raises:
            Garbled: the bytes are not UTF-8.
        """
        try:
            return self.body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise Garbled(f"{self.id}: not UTF-8 at byte {error.start}") from None

    def json(self) -> Any:
        """The body as JSON, refusing what a hostile writer would use.

        Raises:
            Garbled: not JSON, duplicate keys, NaN or Infinity, lone surrogates, nested too deeply.
        """
        return strict_json(self.body, self.id)


def strict_json(body: bytes, what: str) -> Any:
    """Parse JSON without its traps: duplicate keys, NaN, surrogates, deep nesting; `what` names it in errors.

    Raises:
        Garbled: see `Answer.json`.
    """
    if len(body) > MAX_ANSWER_BYTES:
        raise Garbled(f"{what}: larger than {MAX_ANSWER_BYTES} bytes")
    try:
        text = body.decode("utf-8-sig")
        value = json.loads(
            text, object_pairs_hook=_no_duplicates, parse_constant=_no_constants, parse_float=_finite
        )
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # refuses lone surrogates
    except (ValueError, RecursionError) as error:
        raise Garbled(f"{what}: {type(error).__name__}: {error}"[:300]) from None
    if _depth(value) > MAX_JSON_DEPTH:
        raise Garbled(f"{what}: nested deeper than {MAX_JSON_DEPTH}")
    return value


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate key")
    return result


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number too large")
    return value


def _no_constants(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _depth(value: Any) -> int:
    """How deeply lists and objects nest, without recursion."""
    deepest, level, layer = 0, 0, [value]
    while layer and deepest <= MAX_JSON_DEPTH:
        below: list[Any] = []
        for item in layer:
            if isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        level += 1 if below else 0
        deepest, layer = level, below
    return deepest
