"""What the counter's tests share: ledgers, office files and PDF files made on the spot, and a judgement."""

import csv
import io
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

from auditor.access.folder import DirectFolder
from auditor.answers import Answer, Status
from auditor.control import Params
from auditor.declare import Check, Fact
from auditor.errors import Garbled, NotKnown, Unreached
from auditor.findings import Judgement, Reason, unknown
from auditor.work import Documents

TODAY = date(2026, 11, 26)
MODULES = [import_module(f"checks.counter.{name}") for name in
           ("applications", "forms", "intake", "ledger", "printed", "priority")]  # fmt: skip
CITED = import_module("checks.ordinance.cited")
CHECKS = {
    value.control: value
    for module in (*MODULES, CITED)
    for value in vars(module).values()
    if isinstance(value, Check)
}
FACTS = {
    value.type: value
    for module in (*MODULES, CITED)
    for value in vars(module).values()
    if isinstance(value, Fact)
}
CONTROLS: Mapping[str, Any] = {
    control: row
    for area in ("counter", "ordinance")
    for control, row in tomllib.loads(
        (Path(import_module(f"checks.{area}").__path__[0]) / "controls.toml").read_text("utf-8")
    ).items()
}
HEAD = ("様式番号", "名称", "所管課", "根拠例規", "根拠条文", "押印要否")
WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
BOOK = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def sheet(*rows: Sequence[str], encoding: str = "utf-8-sig") -> bytes:
    """A CSV file as a spreadsheet writes it."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode(encoding)


def archive(parts: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return out.getvalue()


def docx(body: str, **more: str | bytes) -> bytes:
    """A document whose body is this WordprocessingML."""
    parts = {name.replace("__", "/"): content for name, content in more.items()}
    return archive({"word/document.xml": f"<w:document {WORD}><w:body>{body}</w:body></w:document>", **parts})


def par(*runs: str) -> str:
    return "<w:p>" + "".join(f'<w:r><w:t xml:space="preserve">{run}</w:t></w:r>' for run in runs) + "</w:p>"


def xlsx(rows: str, after: str = "", shared: Sequence[str] = (), **more: str | bytes) -> bytes:
    """A workbook of one sheet whose rows are this SpreadsheetML."""
    parts: dict[str, str | bytes] = {
        "xl/workbook.xml": (
            f'<workbook {BOOK} xmlns:r="{LINKS}"><sheets><sheet name="台帳" r:id="r1"/></sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": '<R><Relationship Id="r1" Target="worksheets/sheet1.xml"/></R>',
        "xl/worksheets/sheet1.xml": f"<worksheet {BOOK}><sheetData>{rows}</sheetData>{after}</worksheet>",
    }
    if shared:
        items = "".join(f"<si>{item}</si>" for item in shared)
        parts["xl/sharedStrings.xml"] = f"<sst {BOOK}>{items}</sst>"
    return archive(parts | {name.replace("__", "/"): content for name, content in more.items()})


def cells(line: int, *texts: str, hidden: bool = False) -> str:
    inside = "".join(
        f'<c r="{chr(65 + at)}{line}" t="inlineStr"><is><t>{text}</t></is></c>'
        for at, text in enumerate(texts)
        if text
    )
    return f'<row r="{line}"{" hidden=" + chr(34) + "1" + chr(34) if hidden else ""}>{inside}</row>'


def pdf(lines: Sequence[str], resources: str = "") -> bytes:
    """One page with a text layer in Japanese; `resources` = more entries of its resources."""
    stream = "BT /F1 12 Tf 72 760 Td 20 TL\n" + "".join(
        f"<{line.encode('utf-16-be').hex()}> Tj T*\n" for line in lines
    )
    base = "/BaseFont/HeiseiKakuGo-W5"
    info = "/CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)/Supplement 2>>/DW 1000/FontDescriptor 7 0 R"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        (
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
            f"/Resources<</Font<</F1 5 0 R>>{resources}>>>>"
        ),
        f"<</Length {len(stream) + 2}>>\nstream\n{stream}ET\nendstream",
        f"<</Type/Font/Subtype/Type0{base}/Encoding/UniJIS-UTF16-H/DescendantFonts[6 0 R]>>",
        f"<</Type/Font/Subtype/CIDFontType0{base}{info}>>",
        (
            "<</Type/FontDescriptor/FontName/HeiseiKakuGo-W5/Flags 4/FontBBox[-92 -250 1010 922]"
            "/ItalicAngle 0/Ascent 752/Descent -221/CapHeight 737/StemV 114>>"
        ),
        (
            "<</Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray"
            "/BitsPerComponent 8/Length 1>>\nstream\n0\nendstream"
        ),
    ]
    out = bytearray(b"%PDF-1.5\n")
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{content}\nendobj\n".encode()
    at = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{offset:010} 00000 n \n".encode() for offset in offsets)
    out += f"trailer\n<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{at}\n%%EOF\n".encode()
    return bytes(out)


def put(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, body in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return folder


def learnt(fact: Fact[Any], folder: Path, others: Mapping[str, Sequence[Path]] | None = None) -> Any:
    """A fact of a folder, through its probe."""
    documents = Documents(id="c", name="c", kind="counter", folder=folder)
    assert fact.probe is not None
    body = fact.probe.collect(documents, DirectFolder(folder, others=others))
    return fact(Answer(fact.id, Status.OK, body))


def params(control: str, **changed: object) -> Params:
    rows = CONTROLS[control].get("params", {})
    return Params({name: row["value"] for name, row in rows.items()} | changed)


def judged(
    control: str,
    folder: Path,
    others: Mapping[str, Sequence[Path]] | None = None,
    today: date = TODAY,
    **changed: object,
) -> Judgement:
    """The judgement of a control over a folder, the way a run makes it."""
    check = CHECKS[control]
    given: dict[type, Any] = {Params: params(control, **changed), date: today}
    try:
        given |= {need.type: learnt(FACTS[need.type], folder, others) for need in check.facts}
    except (Garbled, NotKnown, Unreached) as error:
        return unknown(getattr(error, "reason", Reason.UNREADABLE), error.note)
    result = check(**{need.name: given[need.type] for need in check.needs})
    if result.key:  # every sentence has its values
        wording = CONTROLS[control]["says"][result.key]
        names = {
            **{name: row["value"] for name, row in CONTROLS[control].get("params", {}).items()},
            **result.values,
        }
        for text in wording.values():
            text.replace(":date}", "}").format(**names)
    return result
