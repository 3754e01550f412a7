"""Pages are swapped in whole; what was there stays until the new ones are complete."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from auditor import publish as module
from auditor.errors import OutputError
from auditor.publish import Renderer, publish
from auditor.run import Run
from tests.core.disks import small_disk
from tests.core.runs import run_of

RUN = replace(run_of(), number=7)


def page(text: str, *, fail: Callable[[], None] = lambda: None) -> Renderer:
    def render(run: Run, out: Path, lang: str) -> tuple[Path, ...]:
        (out / "sections").mkdir(exist_ok=True)
        path = out / "sections" / "soumu.html"
        path.write_text(f"{text} {run.number} {lang}", "utf-8")
        fail()
        return (path,)

    return render


def full() -> None:
    raise OSError(28, "No space left on device", "soumu.html")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_pages_stand_under_their_day_and_number_and_latest_leads_there(tmp_path: Path) -> None:
    (path,) = publish(RUN, tmp_path / "out", "ja", {"html": page("a")})
    assert path == tmp_path / "out" / "20261123-0007" / "sections" / "soumu.html"
    assert path.read_text("utf-8") == "a 7 ja"
    assert (tmp_path / "out" / "latest" / "sections" / "soumu.html").read_text("utf-8") == "a 7 ja"
    assert names(tmp_path / "out") == ["20261123-0007", "latest"]


def test_another_language_stands_beside(tmp_path: Path) -> None:
    for lang in ("ja", "en"):
        publish(RUN, tmp_path, lang, {"html": page("a")})
    assert names(tmp_path) == ["20261123-0007", "20261123-0007-en", "latest", "latest-en"]
    assert (tmp_path / "latest-en" / "sections" / "soumu.html").read_text("utf-8").endswith("en")


def test_the_same_run_rendered_again_replaces_the_old_pages_wholly(tmp_path: Path) -> None:
    publish(RUN, tmp_path, "ja", {"html": page("old"), "more": more})
    publish(RUN, tmp_path, "ja", {"html": page("new")})
    assert names(tmp_path / "20261123-0007") == ["sections"]
    assert (tmp_path / "latest" / "sections" / "soumu.html").read_text("utf-8").startswith("new")


def more(run: Run, out: Path, lang: str) -> tuple[Path, ...]:
    path = out / "more.json"
    path.write_text(f"{run.number}{lang}", "utf-8")
    return (path,)


def test_an_older_run_shown_again_does_not_move_latest(tmp_path: Path) -> None:
    publish(RUN, tmp_path, "ja", {"html": page("new")})
    publish(replace(RUN, number=3), tmp_path, "ja", {"html": page("old")}, newest=False)
    assert (tmp_path / "latest" / "sections" / "soumu.html").read_text("utf-8").startswith("new")


@pytest.mark.parametrize("error", [full, lambda: (_ for _ in ()).throw(KeyError("x"))])
def test_a_failure_leaves_the_old_pages_and_nothing_half_done(
    tmp_path: Path, error: Callable[[], None]
) -> None:
    publish(RUN, tmp_path, "ja", {"html": page("old")})
    with pytest.raises((OutputError, KeyError)):
        publish(replace(RUN, number=8), tmp_path, "ja", {"html": page("new"), "bad": page("x", fail=error)})
    assert names(tmp_path) == ["20261123-0007", "latest"]
    assert (tmp_path / "latest" / "sections" / "soumu.html").read_text("utf-8").startswith("old")


def test_a_failure_says_the_file_and_the_reason(tmp_path: Path) -> None:
    with pytest.raises(OutputError) as caught:
        publish(RUN, tmp_path, "ja", {"bad": page("x", fail=full)})
    assert caught.value.values == {"path": "soumu.html", "why": "No space left on device"}


def test_a_failed_swap_puts_the_old_pages_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(RUN, tmp_path, "ja", {"html": page("old")})
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if self.parent.name.startswith(".new-") and self.name == "20261123-0007":
            full()
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OutputError):
        publish(RUN, tmp_path, "ja", {"html": page("new")})
    assert (tmp_path / "latest" / "sections" / "soumu.html").read_text("utf-8").startswith("old")


def test_a_full_disk_keeps_the_old_pages(tmp_path: Path) -> None:
    def large(run: Run, out: Path, lang: str) -> tuple[Path, ...]:
        path = out / f"{run.number}{lang}.html"
        path.write_bytes(b"x" * 1_000_000)
        return (path,)

    with small_disk(tmp_path / "disk", "256k") as disk:
        publish(RUN, disk / "out", "ja", {"html": page("old")})
        with pytest.raises(OutputError) as caught:
            publish(replace(RUN, number=8), disk / "out", "ja", {"html": large})
        assert "space" in str(caught.value.values["why"])
        assert names(disk / "out") == ["20261123-0007", "latest"]
        publish(replace(RUN, number=9), disk / "out", "ja", {"html": page("new")})
        assert (disk / "out" / "latest" / "sections" / "soumu.html").read_text("utf-8").startswith("new")


@pytest.mark.skipif(os.name == "nt", reason="links of POSIX")
def test_a_folder_called_latest_from_a_system_without_links_gives_way(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    publish(RUN, tmp_path, "ja", {"html": page("new")})
    assert (tmp_path / "latest").is_symlink()


def test_the_file_that_out_should_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(OutputError):
        publish(RUN, tmp_path / "out", "ja", {"html": page("a")})


def test_a_run_that_is_not_kept_has_its_time_as_name(tmp_path: Path) -> None:
    publish(replace(RUN, number=0), tmp_path, "ja", {"html": page("a")})
    assert names(tmp_path) == ["20261123-120000", "latest"]
    assert module.LATEST == "latest"
