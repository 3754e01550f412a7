"""The form files: one that the ledger calls free of seals has no mark for one left in it."""

from collections.abc import Sequence
from typing import Any

import msgspec

from auditor.api import (
    Answer,
    Documents,
    Folder,
    Garbled,
    Judgement,
    Params,
    Reason,
    Unreached,
    check,
    fact,
    failed,
    not_applicable,
    passed,
    probe,
    unknown,
)  # fmt: skip
from checks._ledgers._headings import WORKBOOKS, is_ledger, tables_in
from checks._ledgers._procedures import Ledgers, Procedure
from checks.counter._formfiles import PICTURES, read_form
from checks.counter._formnames import files_by_row
from checks.counter._marks import marks_in, unseen
from checks.counter.ledger import gap

IGNORED = ("csv", "tsv", "toml", "md", "ini", "db", "json")
_JAPANESE = ("\u3040", "\u9fff")


class FormFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file. `marks` = what stands where a seal would; `open` = why there may be more, "" = none."""

    name: str
    marks: list[str]
    open: str = ""


class FormFiles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every form file of the folder; their texts are not kept."""

    files: list[FormFile]


@probe("counter.forms", kind="counter")
def read_folder(documents: Documents, folder: Folder) -> bytes:
    """The marks of every file that is neither ledger nor log."""
    del documents
    names = [name for name in folder.names() if _suffix(name) not in IGNORED and not _hidden(name)]
    return msgspec.json.encode(
        FormFiles([_read(folder, name) for name in names if not _is_ledger(folder, name)])
    )


def _suffix(name: str) -> str:
    base = name.rpartition("/")[2]
    return base.rpartition(".")[2].lower() if "." in base else ""


def _hidden(name: str) -> bool:
    """Files that programs leave behind: ``.DS_Store``, and ``~$…`` while somebody has a document open."""
    return name.rpartition("/")[2].startswith((".", "~$"))


def _is_ledger(folder: Folder, name: str) -> bool:
    if not name.lower().endswith(WORKBOOKS):
        return False
    try:
        return any(is_ledger(table) for table in tables_in(folder, name))
    except (Garbled, Unreached):
        return False


def _read(folder: Folder, name: str) -> FormFile:
    """One file; what cannot be read is named with the reason's code."""
    if _suffix(name) in PICTURES:
        return FormFile(name, [], Reason.IMAGE_ONLY.value)
    try:
        form = read_form(folder.read(name), name)
    except Garbled as error:
        return FormFile(name, [], error.note)
    except Unreached as error:
        return FormFile(name, [], error.reason.value)
    marks = marks_in(form.units)
    if not any(_JAPANESE[0] <= char <= _JAPANESE[1] for unit in form.units for char in unit):
        return FormFile(name, marks, Reason.IMAGE_ONLY.value)
    if form.pictures:
        return FormFile(name, marks, f"{form.pictures} pictures or fields")
    return FormFile(name, marks, unseen(form.units))


@fact("counter.forms", probe=read_folder)
def form_files(answer: Answer) -> FormFiles:
    """The kept marks; their shape is our own."""
    body: Any = answer.json()
    try:
        return msgspec.convert(body, FormFiles)
    except msgspec.ValidationError as error:
        raise Garbled(f"not the forms of this version of the program: {error}"[:200]) from None


@check("ONL-08")
def seal_free_forms_have_no_field(seen: Ledgers, found: FormFiles, params: Params) -> Judgement:
    """Every form whose seal the ledger calls 不要 is there, can be read, and holds no mark.

    The place names the form, its file, the mark, the article that the ledger gives, and the owning section.
    """
    free = [row for row in seen.rows if row.flags.get("seal") == "no"]
    files = files_by_row(seen.rows, [file.name for file in found.files])
    read = {file.name: file for file in found.files}
    mine = {row.place: [read[name] for name in files[row.place]] for row in free}
    marked = [(row, file) for row in free for file in mine[row.place] if file.marks]
    if len(marked) > params.integer("remaining"):
        return _failed(marked, len(free))
    vague = [f"{row.title} {file.name}" for row in free for file in mine[row.place] if file.open]
    missing = [row.title for row in free if not mine[row.place]]
    if vague:
        return unknown(
            Reason.IMAGE_ONLY, f"{len(vague)} forms cannot be read to the end", places=(*vague, *missing)
        )
    if missing:
        return unknown(Reason.NOT_COLLECTED, f"{len(missing)} forms have no file", places=tuple(missing))
    owned = {name for names in files.values() for name in names}
    strays = tuple(file.name for file in found.files if file.marks and file.name not in owned)
    if strays:
        return unknown(Reason.BLANK, f"{len(strays)} forms with a seal field in no ledger", places=strays)
    untold = tuple(row.title for row in seen.rows if row.flags.get("seal", "") in ("", "?"))
    if untold or gap(seen):
        return gap(seen) or unknown(Reason.BLANK, f"{len(untold)} blank cells", places=untold)
    return passed("ok", forms=len(free)) if free else not_applicable("none")


def _failed(marked: Sequence[tuple[Procedure, FormFile]], forms: int) -> Judgement:
    places = tuple(dict.fromkeys(_place(row, file) for row, file in marked))
    row, file = min(marked, key=lambda each: not each[0].ground)  # one with an article tells more
    name, mark, count = row.name, file.marks[0], len(places)
    if row.ground:
        return failed(
            "mark", places=places, form=name, mark=mark, count=count, forms=forms, ground=row.ground
        )
    return failed("bare", places=places, form=name, mark=mark, count=count, forms=forms)


def _place(row: Procedure, file: FormFile) -> str:
    """What a person needs to decide: which form, what is left in it, the article behind it, the file."""
    return " ".join(part for part in (f"{row.title}「{file.marks[0]}」", row.ground, file.name) if part)
