"""Documentation under test: what follows from the code is current, and every setting is there."""

import subprocess
import sys
from pathlib import Path

from openrekog.api_spec.service import load_service
from openrekog.api_spec.shapes import FaceDetail
from openrekog.models.pack import packs
from openrekog.server.settings import Settings

ROOT = Path(__file__).parent.parent


def test_generated_sections_are_current() -> None:
    command = [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text()
    assert [
        name for name in Settings.model_fields if f"`OPENREKOG_{name.upper()}`" not in text
    ] == []


def test_the_readme_lists_every_operation() -> None:
    text = (ROOT / "README.md").read_text()
    assert [name for name in load_service().operations if f"| {name} |" not in text] == []
    assert len(load_service().operations) == 75


def test_every_extension_is_listed() -> None:
    text = (ROOT / "docs" / "extensions.md").read_text()
    assert [
        name for name in load_service().extensions if f"| `POST /ext/{name}` |" not in text
    ] == []


def test_every_pack_and_every_member_of_a_face_is_explained() -> None:
    text = (ROOT / "docs" / "models.md").read_text()
    assert [name for name, pack in packs().items() if text.count(name) < 2] == []
    assert [name for name in FaceDetail.__annotations__ if name not in text] == []
