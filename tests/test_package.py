"""What is installed is what stands in the repository: all three packages, with their data."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("auditor", "checks", "reports")


def test_the_wheel_holds_every_file_of_the_three_packages(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.split("/")[0] in PACKAGES}
    here = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed == here
    assert {name.rsplit(".", 1)[-1] for name in packed} >= {"py", "toml", "j2", "css", "json", "bpmn", "txt"}


def test_the_installed_wheel_audits_without_the_repository(tmp_path: Path) -> None:
    target = tmp_path / "site"
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
    ]
    subprocess.run([*install, "--target", str(target), str(ROOT)], check=True, capture_output=True)
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(target)!r})\n{RUN}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4, done.stderr
    assert (tmp_path / "pages" / "latest" / "town.html").exists()


RUN = """
import auditor
from auditor.cli.app import run
assert "site" in auditor.__file__, auditor.__file__
assert run(["demo", "town"]) == 0
sys.exit(run(["scan", "town", "--out", "pages"]))
"""
