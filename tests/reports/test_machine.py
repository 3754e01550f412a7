import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import msgspec
import pytest

from auditor.errors import OutputError
from auditor.findings import tally
from auditor.run import Run
from reports.files import file_name, write
from reports.machine import render, schema, schema_text


def test_the_committed_schema_is_current() -> None:
    kept = files("reports").joinpath("run.schema.json").read_text("utf-8")
    assert kept == schema_text(), "write reports.machine.schema_text() into reports/run.schema.json"


def test_the_schema_is_the_same_whether_docstrings_are_indented_or_not() -> None:
    texts = [part["description"] for part in schema()["$defs"].values() if "description" in part]
    assert len(texts) > 10
    assert [text for text in texts if "\n    " in text] == []


def test_a_run_validates_against_the_schema(run: Run, tmp_path: Path) -> None:
    (path,) = render(run, tmp_path, "ja")
    document = json.loads(path.read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.Draft202012Validator(schema()).validate(document)


def test_a_wrong_verdict_does_not_validate(run: Run, tmp_path: Path) -> None:
    (path,) = render(run, tmp_path, "ja")
    document = json.loads(path.read_bytes())
    document["findings"][0]["verdict"] = "good"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema()).validate(document)


def test_the_document_gives_the_same_run_back_and_its_counts_are_its_findings(
    run: Run, tmp_path: Path
) -> None:
    (path,) = render(run, tmp_path, "ja")
    read = msgspec.json.decode(path.read_bytes(), type=Run)
    assert read == run
    assert tally(read.findings) == read.tally
    assert "髙﨑 𠮷子" in path.read_text("utf-8")


def test_what_cannot_be_written_is_an_output_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "run.json").mkdir()
    with pytest.raises(OutputError) as caught:
        render(run, tmp_path, "ja")
    assert caught.value.key == "write"


def test_a_full_disk_is_an_output_error() -> None:
    with pytest.raises(OutputError) as caught:
        write(Path("/dev/full"), b"x")
    assert caught.value.values["path"] == "/dev/full"


@pytest.mark.parametrize(
    "id_", ["../../etc/passwd", "総務課", "", "a/b", "CON.html", "x" * 300, "\ud800", "<b>"]
)
def test_a_file_name_never_leaves_its_folder(id_: str) -> None:
    name = file_name(id_)
    assert name
    assert all(sign.isascii() and (sign.isalnum() or sign in "-_") for sign in name)
    assert len(name) < 60


@pytest.mark.parametrize("id_", ["con", "nul", "com1", "lpt9"])
def test_a_name_that_windows_keeps_for_a_device_is_never_used(id_: str) -> None:
    assert file_name(id_) != id_
    assert file_name(f"{id_}x") == f"{id_}x"


def test_no_two_ids_share_a_file_also_where_case_is_ignored() -> None:
    ids = ["soumu", "Soumu", "SOUMU", "sou/mu", "総務", "税務", ""]
    assert len({file_name(id_).lower() for id_ in ids}) == len(ids)
