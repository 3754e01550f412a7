"""Stored documents: what was scanned can be searched, so that somebody at home finds it."""

import time
from collections import Counter
from datetime import date
from hashlib import sha256

import msgspec

from auditor.api import (
    Answer,
    Documents,
    Folder,
    Garbled,
    Judgement,
    NotKnown,
    Params,
    Reason,
    Unreached,
    check,
    fact,
    failed,
    passed,
    probe,
    unknown,
)
from checks.sharing._tables import kept
from checks.sharing._textlayer import IMAGE, MIXED, TEXT, UNCLEAR, layer_of

PICTURES = (".tif", ".tiff", ".jpg", ".jpeg", ".png", ".bmp")
MAX_SAMPLE = 2000
MAX_SECONDS = 90.0
LEAST = 20
"""Fewer files than this say nothing about how a town scans."""

PERCENT = 100


class Sample(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Counts of a sample by what the files are. `total` = PDF files and pictures in the folder.

    `folders` = how many of the pictures lie in which folder; names of files are not kept, for residents'
    names stand in them.
    """

    total: int
    counts: dict[str, int]
    folders: dict[str, int]

    @property
    def size(self) -> int:
        """How many files were looked at."""
        return sum(self.counts.values())

    def share(self, *kinds: str) -> float:
        """Per cent of the sample that are of these kinds."""
        return PERCENT * sum(self.counts.get(kind, 0) for kind in kinds) / self.size


@probe("library.sample", kind="library")
def read_sample(documents: Documents, folder: Folder) -> bytes:
    """A sample of the folder, chosen by the digests of the names: the same again next time.

    It ends with the time there is for it, so a slow folder gives a smaller sample.
    """
    names = folder.names(".pdf", *PICTURES)
    if not names:
        raise NotKnown(Reason.NOT_COLLECTED, f"no PDF file and no picture in {documents.id}")
    chosen = sorted(names, key=lambda name: sha256(name.encode()).digest())[:MAX_SAMPLE]
    ends = time.monotonic() + MAX_SECONDS
    counts: Counter[str] = Counter()
    folders: Counter[str] = Counter()
    for name in chosen:
        kind = _kind(folder, name)
        counts[kind] += 1
        folders[name.rpartition("/")[0] or "."] += kind == IMAGE
        if time.monotonic() > ends:
            break
    return msgspec.json.encode(
        Sample(len(names), dict(counts), {key: of for key, of in folders.items() if of})
    )


def _kind(folder: Folder, name: str) -> str:
    if name.lower().endswith(PICTURES):
        return IMAGE
    try:
        return layer_of(folder.read(name))
    except (Garbled, Unreached):
        return UNCLEAR


@fact("library.sample", probe=read_sample)
def sample(answer: Answer) -> Sample:
    """The kept answer; its shape is our own."""
    seen = kept(answer, Sample)
    if set(seen.counts) - {TEXT, IMAGE, MIXED, UNCLEAR} or min(seen.counts.values(), default=0) < 0:
        raise Garbled(f"{answer.id}: counts of something else")
    return seen


@check("PPL-08")
def scans_can_be_searched(seen: Sample, params: Params, today: date) -> Judgement:
    """Enough of the sample has text; a file nobody can read counts for neither side."""
    del today
    if seen.size < max(LEAST, min(params.integer("sample"), seen.total)):
        return unknown(Reason.NOT_MEASURABLE, f"{seen.size} of {seen.total} files were looked at")
    least, most = params.integer("searchable"), params.integer("image_only_max")
    text, image, open_ = seen.share(TEXT), seen.share(IMAGE), seen.share(UNCLEAR)
    places = tuple(
        f"{name}: {count}" for name, count in sorted(seen.folders.items(), key=lambda row: -row[1])
    )
    if text + open_ < least or image > most:
        percent = {"text": round(text), "image": round(image), "size": seen.size, "total": seen.total}
        return failed("image", places=places, concerns=(), doubts=(), **percent)
    if text < least or image + open_ > most:
        return unknown(
            Reason.UNREADABLE, f"{open_:.0f} % of {seen.size} files have a password or are unclear"
        )
    return passed(text=round(text), size=seen.size, total=seen.total)
