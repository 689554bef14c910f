"""The example of docs/training.md, as it stands there, trains a model of real pictures."""

import os
import re
import subprocess
import sys
from pathlib import Path

import PIL.Image

from tests.acceptance.servers import ServerProcess

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
ADDRESS = "http://127.0.0.1:8080"
SIDE = 96


def put_pictures(folder: Path) -> None:
    """Six pieces of each of three photographs."""
    for path in sorted((DOCS / "images" / "textures").glob("*.jpg")):
        (folder / path.stem).mkdir(parents=True)
        with PIL.Image.open(path) as whole:
            for number in range(6):
                left, top = SIDE * (number % 3), SIDE * (number // 3)
                piece = whole.crop((left, top, left + SIDE, top + SIDE))
                piece.save(folder / path.stem / f"{number}.jpg")


def test_the_example_trains_a_model(real_server: ServerProcess, tmp_path: Path) -> None:
    put_pictures(real_server.data_dir / "buckets" / "photos" / "parts")
    blocks = BLOCK.findall((DOCS / "training.md").read_text())
    program = "\n".join(blocks)
    assert program.count(ADDRESS) == 1
    home = tmp_path / ".local" / "share"
    home.mkdir(parents=True)
    (home / "openrekog").symlink_to(real_server.data_dir)
    printed = subprocess.run(
        [sys.executable, "-c", program.replace(ADDRESS, real_server.url)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "HOME": str(tmp_path)},
    ).stdout
    assert "'Status': 'TRAINING_COMPLETED'" in printed
    assert "EvaluationReport-parts-v1.html" in os.listdir(
        real_server.data_dir / "buckets" / "models" / "trained"
    )
