"""Asks a web API for data, page by page: anything that is not the whole list is refused, never shortened."""

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from auditor.api import Garbled, Http, NotKnown, Reason, Reply, Unreached, strict_json

PAGE_SIZE = 100
MAX_PAGES = 50
REFUSALS = (401, 403)
OK, MISSING, BUSY, REDIRECTS = 200, 404, 429, range(300, 400)
TRIES = 4
LONGEST_PAUSE_S, PAUSE_DIGITS = 5.0, 6


class Refused(NotKnown):
    """The system does not let this account see it (401, 403, or what a system answers instead)."""

    def __init__(self, note: str) -> None:
        super().__init__(Reason.NO_PERMISSION, note)


class Hidden(NotKnown):
    """The system says in data that there is no such thing: it may hide it from this account."""

    def __init__(self, note: str) -> None:
        super().__init__(Reason.NO_PERMISSION, note)


class Asker:
    """Asks one system; `headers` carry the token. Paths begin with a slash and are ours, never the system's.

    `named` = values of a reply's ``code`` that mean a refusal whatever its status.
    """

    def __init__(
        self, http: Http, url: str, headers: Mapping[str, str], named: frozenset[str] = frozenset()
    ) -> None:
        self._http, self._url, self._named = http, url.rstrip("/"), named
        self._headers = {"Accept": "application/json", **headers}
        self._host = (urlsplit(url).hostname or "").lower()

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """The JSON object that the path answers.

        Raises:
            Refused: the account may not see it.
            Hidden: there is no such thing, for this account.
            Unreached: no answer, a redirect, a page for people instead of data, another status than 200.
            Garbled: no JSON object.
        """
        url = f"{self._url}{path}" + (f"?{urlencode(query)}" if query else "")
        reply = self._reply(url, path)
        if reply.status in REFUSALS:
            raise Refused(f"{path}: {reply.status}")
        if reply.status in REDIRECTS:
            raise Unreached(Reason.WRONG_SERVICE, f"{path}: sends us elsewhere ({reply.status})")
        if "json" not in reply.headers.get("content-type", "").lower():
            raise Unreached(Reason.WRONG_SERVICE, f"{path}: a page for people, not data ({reply.status})")
        body = strict_json(reply.body, path)
        if not isinstance(body, dict):
            raise Garbled(f"{path}: no JSON object")
        if reply.status != OK:
            if body.get("code") in self._named:
                raise Refused(f"{path}: {body['code']}")
            if reply.status == MISSING:
                raise Hidden(f"{path}: {MISSING}")
            raise Unreached(Reason.UNREADABLE, f"{path}: answered {reply.status}")
        return body

    def _reply(self, url: str, path: str) -> Reply:
        """A reply; a system that is asked too fast (Mayan: 20 times a second) gets the pause it wants."""
        for _ in range(TRIES):
            reply = self._http.request("GET", url, headers=self._headers)
            if reply.status != BUSY:
                return reply
            wanted = reply.headers.get("retry-after", "")
            asked_s = (
                float(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < PAUSE_DIGITS else 1.0
            )
            time.sleep(min(asked_s + 0.5, LONGEST_PAUSE_S))
        raise Unreached(Reason.NO_ANSWER, f"{path}: wants to be asked more slowly")

    def numbered(self, path: str, key: str = "id") -> tuple[dict[str, Any], ...]:
        """All rows of a list in pages by number (``count``, ``next``, ``results``); see `_whole`.

        A ``next`` that names another host is refused; nothing it names is ever followed.
        """

        def page(number: int) -> tuple[object, object]:
            body = self.get(path, page_size=PAGE_SIZE, page=number)
            following = body.get("next")
            if following is not None and not self._is_own(following):
                raise Unreached(Reason.WRONG_SERVICE, f"{path}: its next page is on another host")
            return body.get("results"), body.get("count")

        return _whole(path, page, key)

    def offset(self, path: str, key: str, **query: str | int) -> tuple[dict[str, Any], ...]:
        """All rows of a list in pages by offset (``total_count``); see `_whole`."""

        def page(number: int) -> tuple[object, object]:
            body = self.get(path, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE, **query)
            return body.get(key), body.get("total_count")

        return _whole(path, page, "id")

    def _is_own(self, address: object) -> bool:
        try:
            return isinstance(address, str) and (urlsplit(address).hostname or "").lower() == self._host
        except ValueError:
            return False


def _whole(path: str, page: Callable[[int], tuple[object, object]], key: str) -> tuple[dict[str, Any], ...]:
    """All rows, as many as the list says it has, each with a `key` of its own.

    Raises:
        NotKnown: more pages than anybody would make by hand.
        Garbled: not such a list, a row twice, fewer rows or more than it says, a count that changes.
    """
    rows: dict[str, dict[str, Any]] = {}
    total = -1
    for number in range(1, MAX_PAGES + 1):
        found, count = page(number)
        if type(count) is not int or count < 0 or total not in (-1, count):
            raise Garbled(f"{path}: page {number} has another count than the first")
        total = count
        for row in listed(found, path):
            if rows.setdefault(_key(row, key, path), row) is not row:
                raise Garbled(f"{path}: the same row twice, page {number}")
        if len(rows) == total:
            return tuple(rows.values())
        if len(rows) > total or not found:
            raise Garbled(f"{path}: {len(rows)} rows came, {total} were announced")
    raise NotKnown(Reason.NOT_MEASURABLE, f"{path}: more than {MAX_PAGES} pages")


def _key(row: Mapping[str, Any], key: str, path: str) -> str:
    value = row.get(key)
    if type(value) not in (int, str):
        raise Garbled(f"{path}: a row without {key}")
    return f"{value}"


def listed(value: object, path: str) -> tuple[dict[str, Any], ...]:
    """The value as rows.

    Raises:
        Garbled: it is no list of objects.
    """
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise Garbled(f"{path}: no list of rows")
    return tuple(value)


def identity(row: Mapping[str, Any], path: str) -> int:
    """A row's own number.

    Raises:
        Garbled: it has none.
    """
    return whole_number(row.get("id"), f"{path}: id")


def whole_number(value: object, what: str) -> int:
    """A number that is not negative.

    Raises:
        Garbled: it is none.
    """
    if type(value) is not int or value < 0:
        raise Garbled(f"{what}: not a number")
    return value


def text(value: object, what: str, limit: int = 255) -> str:
    """A text of at most `limit` characters.

    Raises:
        Garbled: it is none, or longer.
    """
    if not isinstance(value, str) or len(value) > limit:
        raise Garbled(f"{what}: not a text of at most {limit} characters")
    return value
