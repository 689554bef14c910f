"""The kernel that OpenBLAS is told to use, on processors as Linux describes them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from openrekog.server.processor import NEEDED, VARIABLE, choose_kernel

AMD = "processor\t: 0\nvendor_id\t: AuthenticAMD\nflags\t\t: fpu sse {flags}\n\nprocessor\t: 1\n"
WIDE = " ".join(sorted(NEEDED))


@pytest.fixture
def cpuinfo(tmp_path: Path) -> Path:
    return tmp_path / "cpuinfo"


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        pytest.param(AMD.format(flags=WIDE), "SkylakeX", id="AMD with AVX-512"),
        pytest.param(AMD.format(flags="avx2 avx512f"), None, id="AMD with a part of it"),
        pytest.param(
            AMD.format(flags=WIDE).replace("AuthenticAMD", "GenuineIntel"), None, id="Intel"
        ),
        pytest.param("processor\t: 0\nFeatures\t: fp asimd\n", None, id="Arm"),
    ],
)
def test_the_wide_kernel_is_for_those_who_bear_it(
    cpuinfo: Path, text: str, chosen: str | None
) -> None:
    cpuinfo.write_text(text)
    environment: dict[str, str] = {}
    choose_kernel(cpuinfo, environment)
    assert environment.get(VARIABLE) == chosen


def test_a_choice_already_made_stands(cpuinfo: Path) -> None:
    cpuinfo.write_text(AMD.format(flags=WIDE))
    environment = {VARIABLE: "Haswell"}
    choose_kernel(cpuinfo, environment)
    assert environment == {VARIABLE: "Haswell"}


def test_no_description_is_no_choice(cpuinfo: Path) -> None:
    environment: dict[str, str] = {}
    choose_kernel(cpuinfo, environment)
    assert environment == {}


def test_the_choice_comes_before_numpy() -> None:
    code = "import sys, openrekog.server.__main__; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_server_starts_as_a_module() -> None:
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    said = subprocess.run(
        [sys.executable, "-m", "openrekog.server", "version"],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    assert said.stdout.strip()
