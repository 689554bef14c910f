"""Runs the Dockerfile's steps for one target without an engine: `python docker/try_steps.py cpu`.

Each stage becomes a folder with a virtual environment, filled by the Dockerfile's own COPY, RUN and
ENV lines; then its ENTRYPOINT serves, its HEALTHCHECK asks, and SIGTERM ends it. The Python is of
the image's version, where this machine has one.

What this cannot show: the base image (this machine's Python and libraries stand in for it), the
steps that need a machine of their own (`LEFT_OUT`), the user, and the port on all addresses (the
server listens on loopback). Of Dockerfile syntax it knows the forms that ours uses.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCKERFILE = ROOT / "docker" / "Dockerfile"

# Programs of a RUN line that change the machine: packages of the system, users and their folders.
LEFT_OUT = ("apt-get", "rm", "useradd", "install")

READY_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Step:
    instruction: str
    text: str


@dataclass(frozen=True, slots=True)
class Stage:
    name: str
    base: str
    steps: tuple[Step, ...]


@dataclass(slots=True)
class Box:
    """A stage as a folder: where its root lies, and what its image would be configured with."""

    root: Path
    environment: dict[str, str]
    folder: str = "/"
    settings: dict[str, str] = field(default_factory=dict)


def read_steps(text: str) -> Iterator[Step]:
    """The instructions, with continued lines joined and comments left out."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        if line.strip():
            instruction, _, rest = line.strip().partition(" ")
            yield Step(instruction, rest.strip())


def read_stages(text: str) -> dict[str, Stage]:
    stages: dict[str, Stage] = {}
    name, base, steps = "", "", []
    for step in [*read_steps(text), Step("FROM", "end AS end")]:
        if step.instruction != "FROM":
            steps.append(step)
            continue
        stages[name] = Stage(name, base, tuple(steps))
        base, _, name = step.text.partition(" AS ")
        steps = []
    return stages


def own_folders(stages: Mapping[str, Stage]) -> tuple[str, ...]:
    """The absolute paths that the Dockerfile makes, which move below a stage's root."""
    named = {
        word
        for stage in stages.values()
        for step in stage.steps
        if step.instruction in ("WORKDIR", "VOLUME", "COPY")
        for word in step.text.split()
        if word.startswith("/")
    }
    return tuple(sorted(named))


class Builder:
    def __init__(self, stages: Mapping[str, Stage], work: Path) -> None:
        self._stages = stages
        self._work = work
        self._folders = re.compile(rf"(?<![\w/])({'|'.join(own_folders(stages))})(?=[/\s'\";]|$)")
        self._built: dict[str, Box] = {}

    def build(self, name: str) -> Box:
        if name not in self._built:
            stage = self._stages[name]
            # First what it takes from elsewhere: stages upon one base share its folder, because
            # a virtual environment cannot be copied.
            base = self.build(stage.base) if stage.base in self._stages else None
            for source in sources_of(stage):
                self.build(source)
            print(f"--- stage {name}", flush=True)
            box = self._box(name) if base is None else upon(base)
            for step in stage.steps:
                self._do(box, step)
            self._built[name] = box
        return self._built[name]

    def _box(self, name: str) -> Box:
        root = self._work / name
        venv = self._work / f"{name}-python"
        home = self._work / "home"
        home.mkdir(exist_ok=True)
        root.mkdir()
        subprocess.run([interpreter(), "-m", "venv", venv], check=True)
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("OPENREKOG_", "PYTHON", "VIRTUAL_ENV", "AWS_"))
        }
        path = f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return Box(root, {**kept, "HOME": str(home), "PATH": path, "PYTHONNOUSERSITE": "1"})

    def _do(self, box: Box, step: Step) -> None:
        match step.instruction:
            case "ARG":
                name, _, default = step.text.partition("=")
                box.environment.setdefault(name, default)
            case "ENV":
                for name, value in (word.split("=", 1) for word in shlex.split(step.text)):
                    box.environment[name] = self._inside(box, value)
            case "WORKDIR":
                box.folder = step.text
                self._path(box, step.text).mkdir(parents=True, exist_ok=True)
            case "COPY":
                self._copy(box, step.text)
            case "RUN":
                self._run(box, step.text)
            case _:
                box.settings[step.instruction] = step.text

    def _copy(self, box: Box, text: str) -> None:
        words = [word for word in text.split() if not word.startswith("--")]
        target = self._path(box, words[-1])
        for source in re.findall(r"--from=(\w+)", text):
            came = self._path(self._built[source], words[0])
            if came != target:
                shutil.copytree(came, target, dirs_exist_ok=True)
            return
        copy_context(target)

    def _run(self, box: Box, text: str) -> None:
        parts = re.split(r"\s+&&\s+", text)
        kept = [part for part in parts if part.split()[0] not in LEFT_OUT]
        for part in parts:
            print(f"{'run     ' if part in kept else 'left out'} {part}", flush=True)
        script = self._inside(box, " && ".join(kept)) or "true"
        folder = self._path(box, box.folder)
        subprocess.run(["/bin/sh", "-ec", script], cwd=folder, env=box.environment, check=True)

    def _inside(self, box: Box, text: str) -> str:
        return self._folders.sub(lambda found: f"{box.root}{found[1]}", text)

    def _path(self, box: Box, path: str) -> Path:
        return box.root / path.lstrip("/") if path.startswith("/") else self._path(box, box.folder)


def interpreter() -> str:
    version = re.search(r"^ARG PYTHON_IMAGE=python:(\d+\.\d+)", DOCKERFILE.read_text(), re.M)
    name = f"python{version[1]}" if version else "python3"
    if (path := shutil.which(name)) is None:
        print(f"There is no {name} here: {sys.executable} stands in for it.", flush=True)
    return path or sys.executable


def upon(base: Box) -> Box:
    return Box(base.root, dict(base.environment), base.folder, dict(base.settings))


def sources_of(stage: Stage) -> Iterator[str]:
    for step in stage.steps:
        if step.instruction == "COPY":
            yield from re.findall(r"--from=(\w+)", step.text)


def copy_context(target: Path) -> None:
    """What .dockerignore lets through: it leaves out all, and takes names back by `!`."""
    rules = (ROOT / ".dockerignore").read_text().split()
    if rules[0] != "*":
        raise SystemExit(".dockerignore no longer begins by leaving out everything")
    ignored = [rule.removeprefix("**/") for rule in rules[1:] if not rule.startswith("!")]

    def ignore(_folder: str, names: list[str]) -> list[str]:
        return [name for name in names if any(fnmatch(name, rule) for rule in ignored)]

    target.mkdir(parents=True, exist_ok=True)
    for name in (rule[1:] for rule in rules if rule.startswith("!")):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=ignore, dirs_exist_ok=True)
        else:
            shutil.copy(source, target / name)


def serve(box: Box) -> None:
    """Starts the server as the image would, asks for its health, and ends it."""
    port = free_port()
    environment = {
        **box.environment,
        # The image has an address of its own; here it is loopback, where no keys are needed.
        "OPENREKOG_HOST": "127.0.0.1",
        "OPENREKOG_PORT": str(port),
    }
    command = [*json.loads(box.settings["ENTRYPOINT"]), *json.loads(box.settings["CMD"])]
    folder = box.root / box.folder.lstrip("/")
    print(f"--- serve: {' '.join(command)}", flush=True)
    start = time.monotonic()
    server = subprocess.Popen(with_path(command, environment), cwd=folder, env=environment)
    try:
        check = health_command(box.settings["HEALTHCHECK"], port)
        wait_until_healthy(server, with_path(check, environment), environment)
        print(f"healthy after {time.monotonic() - start:.1f} s", flush=True)
        server.send_signal(signal.SIGTERM)
        code = server.wait(timeout=60)
    finally:
        server.kill()
    if code != 0:
        raise SystemExit(f"after SIGTERM the server ended with {code}, not 0")
    print("ended with 0 after SIGTERM", flush=True)


def with_path(command: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Popen looks for programs on its own PATH, not on the one that it hands on."""
    program = shutil.which(command[0], path=environment["PATH"])
    if program is None:
        raise SystemExit(f"the image has no {command[0]}")
    return [program, *command[1:]]


def health_command(text: str, port: int) -> list[str]:
    command: list[str] = json.loads(text.partition("CMD ")[2])
    return [word.replace(":8080/", f":{port}/") for word in command]


def wait_until_healthy(
    server: "subprocess.Popen[bytes]", check: list[str], environment: Mapping[str, str]
) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            raise SystemExit(f"the server ended with {server.returncode} before it was ready")
        if subprocess.run(check, env=environment, capture_output=True).returncode == 0:
            return
        time.sleep(0.5)
    raise SystemExit(f"the server was not healthy within {READY_SECONDS} s")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def main() -> None:
    stages = read_stages(DOCKERFILE.read_text())
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("target", choices=("cpu", "gpu"))
    parser.add_argument("--folder", type=Path, help="where to build (and leave) the stages")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = (options.folder or Path(temporary)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        serve(Builder(stages, work).build(options.target))


if __name__ == "__main__":
    main()
