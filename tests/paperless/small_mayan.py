"""A stub that speaks like a Mayan EDMS with two workflows; the shapes are those of the real one's answers."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.paperless.systems import TOKEN, Answers, Said

API = "/api/v4"
ME = {"username": "audit", "id": 7, "email": "someone@town.example", "first_name": "花子"}
RIGHTS = (
    *("document_states.workflow_view", "documents_types.document_type_view", "acls.acl_view"),
    *("permissions.role_view", "user_management.group_view", "user_management.user_view"),
)


def page(*rows: Mapping[str, Any], following: str | None = None, count: int | None = None) -> dict[str, Any]:
    return {"count": len(rows) if count is None else count, "next": following, "results": list(rows)}


def state(number: int, label: str, **more: Any) -> dict[str, Any]:
    return {"id": number, "label": label, "initial": False, "final": False, "completion": number, **more}


FIRST, LAST = state(1, "起案", initial=True), state(2, "完了", final=True)
WAY = {"origin_state": FIRST, "destination_state": LAST}
SAID: dict[str, Any] = {
    "/users/current/": ME,
    "/users/7/groups/": page({"id": 3}),
    "/roles/": page({"id": 4, "label": "点検"}),
    "/roles/4/permissions/": page(*({"pk": right} for right in RIGHTS)),
    "/roles/4/groups/": page({"id": 3}),
    "/workflow_templates/": page({"id": 1, "label": "休暇"}, {"id": 2, "label": "旅費"}),
    "/document_types/": page({"id": 1, "label": "起案", "trash_time_period": 5, "trash_time_unit": "days"}),
} | {
    f"/workflow_templates/{number}{part}": body
    for number in (1, 2)
    for part, body in (
        ("/states/", page(FIRST, LAST)),
        (
            "/transitions/",
            page(
                {"id": 1, "label": "出す", "condition": "", "origin_state": FIRST, "destination_state": LAST}
            ),
        ),
    )
}
"""A Mayan in small: what its API answers to the audit's account, by path."""


def mayan_like(**instead: Said | Callable[[], Said]) -> Answers:
    """A stub that speaks like Mayan, but for the paths that end in one of the words."""

    def answers(path: str, headers: Mapping[str, str]) -> Said:
        if headers.get("authorization") != f"Token {TOKEN}":
            return Said({"detail": "Invalid token."}, status=403)
        plain = path.partition("?")[0].removeprefix(API)
        for word, said in instead.items():
            if plain.endswith(f"/{word}/"):
                return said() if callable(said) else said
        if plain.endswith(("/acls/", "/escalations/")):
            return Said(page())
        return Said(SAID[plain]) if plain in SAID else Said({"detail": "Not found."}, status=404)

    return answers
