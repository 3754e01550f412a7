"""The three kinds of page: one per section for its head, one for the town, one for IT staff."""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from auditor.readiness import Ready
from auditor.run import LEGS, Run
from reports.book import Book
from reports.files import file_name, write
from reports.section import COUNTS, said_counts, section_view
from reports.technical import technical_view
from reports.town import town_view
from reports.wording import Words, plain
from reports.zones import zones_view

CONTACT_LENGTH = 60
"""So much of the contact fits between the other two texts at the foot of a sheet."""


def render(run: Run, out: Path, lang: str) -> tuple[Path, ...]:
    """Write ``town.html``, ``technical.html``, ``zones.html``, ``sections/*.html``; the files in that order.

    ``zones.html`` only where ways between segments are declared.

    Raises:
        OutputError: a file cannot be written.
    """
    book = Book(run, Words(lang))
    written = [
        write(out / "town.html", town_page(book).encode("utf-8")),
        write(out / "technical.html", technical_page(book).encode("utf-8")),
    ]
    if run.flows:
        written.append(write(out / "zones.html", zones_page(book).encode("utf-8")))
    for section in run.sections:
        path = out / "sections" / f"{file_name(section.id)}.html"
        written.append(write(path, section_page(book, section.id).encode("utf-8")))
    return tuple(written)


def town_page(book: Book) -> str:
    """全庁一覧."""
    return _page("town", book, town_view(book))


def technical_page(book: Book) -> str:
    """技術資料."""
    return _page("technical", book, technical_view(book))


def zones_page(book: Book) -> str:
    """区分の間の通信."""
    return _page("zones", book, zones_view(book))


def section_page(book: Book, section: str) -> str:
    """The page of one section, by its id."""
    return _page("section", book, section_view(book, section))


def _page(template: str, book: Book, view: dict[str, object]) -> str:
    """One self-contained page: its style inside, allowed by hash, and nothing else allowed at all."""
    words = book.words
    style = page_style(words, book.run.town.contact, sample=book.run.town.sample)
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    context = {
        "run": book.run,
        "book": book,
        "w": words,
        "lang": words.lang,
        "style": Markup(style),  # noqa: S704 - our own file and words; the contact is escaped
        "policy": f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        "legs": LEGS,
        "readies": tuple(Ready),
        "counts": COUNTS,
        "said_counts": said_counts,
        **view,
    }
    return _environment().get_template(f"{template}.html.j2").render(context)


@cache
def page_style(words: Words, contact: str, *, sample: bool) -> str:
    """The style sheet with what every printed sheet says in its margins."""
    ask = words("page.contact", contact=contact or words("page.no_contact"))
    pages = f'counter(page) " / " counter(pages) "{words("page.sheet")}"'
    margins = [
        f'@bottom-left {{ content: "{words("page.confidential")}"; font-size: 8pt; }}',
        f"@bottom-center {{ content: {css_text(ask[:CONTACT_LENGTH])}; font-size: 8pt; }}",
        f"@bottom-right {{ content: {pages}; font-size: 8pt; }}",
    ]
    if sample:
        mark = "　".join([words("page.sample")] * 3)
        margins.append(f'@top-center {{ content: "{mark}"; color: #a90000; font-size: 11pt; }}')
    source = files("reports").joinpath("style.css").read_text("utf-8")
    return f"{source}@media print {{ @page {{ {' '.join(margins)} }} }}\n"


def css_text(text: str) -> str:
    """A CSS string in which every sign but ASCII letters and digits is escaped."""
    signs = (sign if sign.isascii() and sign.isalnum() else f"\\{ord(sign):x} " for sign in plain(text))
    return f'"{"".join(signs)}"'


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _visible(value: object) -> object:
    """What a page may show of foreign text; our own markup passes as it is."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value
