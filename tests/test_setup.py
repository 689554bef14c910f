"""What `make` says on a machine that lacks something, before it does anything."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parent.parent / "Makefile"

GOOD = f'exec {sys.executable} "$@"'
OLD = 'case "$2" in *version_info*) exit 1;; *) echo Python 3.10.1;; esac'
NO_VENV = f'case "$2" in *ensurepip*) exit 1;; *) {GOOD};; esac'


@pytest.mark.parametrize(
    ("python", "npm", "said"),
    [
        (None, True, "needs Python 3.11 or newer, and there is no 'python3' on the PATH"),
        (OLD, True, "Python 3.10.1 is too old"),
        (NO_VENV, True, "install python3-venv"),
        (GOOD, False, "needs npm"),
        (GOOD, True, ""),
    ],
    ids=["no python", "an old python", "no venv", "no npm", "all there"],
)
def test_what_is_missing_is_told_at_once(
    tmp_path: Path, python: str | None, npm: bool, said: str
) -> None:
    programs = {"python3": python, "npm": "exit 0" if npm else None}
    for name, script in programs.items():
        if script is not None:
            (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
            (tmp_path / name).chmod(0o755)
    done = make("prerequisites", tmp_path)
    assert (done.returncode == 0) == (said == "")
    assert said in done.stderr


def test_an_environment_that_was_broken_off_is_made_anew(tmp_path: Path) -> None:
    venv = tmp_path / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "constraints.txt").touch()
    made = tmp_path / "made"
    (tmp_path / "python3").write_text(f'#!/bin/sh\necho "$*" > {made}\nexit 1\n')
    (tmp_path / "python3").chmod(0o755)
    make(".venv/.installed", tmp_path)
    assert made.read_text() == "-m venv --clear .venv\n"


def make(target: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """In a folder whose programs are all that is on the PATH."""
    return subprocess.run(
        [shutil.which("make") or "make", "-f", MAKEFILE, target],
        cwd=folder,
        env={"PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
