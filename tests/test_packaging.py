"""What a user installs: every sub-package, every data file, and one OpenCV."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("api_spec", "collections_store", "models", "server")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def packages_of(room: str) -> set[str]:
    found = {path.parent for path in (ROOT / room).rglob("__init__.py")}
    return {"openrekog." + ".".join(path.relative_to(ROOT).parts) for path in found}


def test_every_package_of_the_tree_is_listed() -> None:
    in_tree = set().union(*(packages_of(room) for room in ROOMS))
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == in_tree


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Its files. Made from a copy: what an earlier build left in the tree would get into it too."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for room in ROOMS:
        shutil.copytree(ROOT / room, source / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w"]
    subprocess.run([*command, str(folder), str(source)], check=True, capture_output=True)
    return zipfile.ZipFile(next(folder.glob("openrekog-*.whl"))).namelist()


def test_the_wheel_puts_nothing_beside_its_namespace(wheel: list[str]) -> None:
    tops = {name.split("/")[0] for name in wheel}
    version = PROJECT["project"]["version"]
    assert tops == {"openrekog", f"openrekog-{version}.dist-info"}


def test_the_wheel_carries_every_data_file(wheel: list[str]) -> None:
    shipped = {name.removeprefix("openrekog/") for name in wheel}
    data = {
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    assert len(data) > len(ROOMS)
    # A template for those who write migrations.
    assert data - shipped == {"collections_store/migrations/script.py.mako"}


def test_only_one_opencv_is_installed() -> None:
    """Two OpenCV wheels own the same files and overwrite each other."""
    names = {name.lower() for dist in metadata.distributions() if (name := dist.name)}
    assert {name for name in names if name.startswith("opencv")} == {"opencv-python-headless"}


def imports_of(path: Path) -> Iterator[str]:
    """Top-level names of other people's modules, those whose files are read included."""
    text = path.read_text()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]
    yield from re.findall(r'files\("(\w+)"\)', text)


def test_every_library_that_is_used_is_a_dependency() -> None:
    """The development tools bring some along, so that their absence shows only on a new machine."""
    extras = PROJECT["project"]["optional-dependencies"]
    named = [*PROJECT["project"]["dependencies"], *extras["siglip2"], *extras["scenedetect"]]
    declared = {re.split(r"[\[>=<]", name)[0].lower() for name in named}
    only_types = {"mypy_boto3_s3", "mypy_boto3_sns"}
    homes = metadata.packages_distributions()
    missing = {
        (str(path.relative_to(ROOT)), module)
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        for module in set(imports_of(path)) - sys.stdlib_module_names - only_types - {"openrekog"}
        if declared.isdisjoint(name.lower().replace("_", "-") for name in homes.get(module, ()))
    }
    assert missing == set()
