"""Who is in the groups that approve: a CSV beside the routes, one member a row."""

from auditor.api import Garbled
from checks.paperless._csv import FORMULA, Headings, sheet

HEADINGS: Headings = {
    "group": ("グループ", "承認グループ", "グループ名", "role", "ロール"),
    "staff": ("職員番号", "職員ID", "staff_id", "user", "利用者ID"),
}


def members_in(body: bytes, file: str) -> dict[str, tuple[str, ...]]:
    """User ids by group; a row with a group alone tells of an empty one.

    Raises:
        Garbled: not such a list, or a row without a group.
    """
    _, found = sheet(body, file, {"members": (HEADINGS, frozenset(HEADINGS))})
    members: dict[str, dict[str, None]] = {}
    for row in found.rows:
        group, staff = row.cells.get("group", ""), row.cells.get("staff", "")
        if not group or group.startswith(FORMULA) or staff.startswith(FORMULA):
            raise Garbled(f"{row.place()}: no group, or a formula")
        members.setdefault(group, {}).update({staff: None} if staff else {})
    return {group: tuple(people) for group, people in members.items()}
