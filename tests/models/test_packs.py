import importlib.util
import re
import subprocess
import sys
from typing import get_args

import pytest

from openrekog.models import capabilities
from openrekog.models.convert import CONVERTERS
from openrekog.models.pack import (
    Capability,
    Converter,
    LicenceNotAcceptedError,
    Pack,
    PackError,
    UnknownPackError,
    check_licences,
    default_packs,
    find,
    packs,
    parse,
)

SHA = "a" * 64
SMALL = f"""
version = "1"
title = "Small"
capabilities = ["face_detector"]
default = false
origin = "Here"
training_data = "None"
[licence]
name = "MIT"
note = "Free."
[[files]]
name = "small.onnx"
architecture = "yunet"
size_bytes = 3
[[files.sources]]
registry = "npm"
package = "small"
version = "1.0.0"
path = "package/small.onnx"
sha256 = "{SHA}"
"""

every_pack = pytest.mark.parametrize("pack", packs().values(), ids=packs().keys())


@every_pack
def test_pack_states_licence_and_origin(pack: Pack) -> None:
    assert re.fullmatch(r"[A-Za-z0-9.\-]+", pack.licence.name)
    for text in (pack.title, pack.licence.note, pack.origin, pack.training_data, pack.version):
        assert text.strip()
    assert pack.capabilities


@every_pack
def test_every_file_has_an_architecture(pack: Pack) -> None:
    for file in pack.files:
        assert importlib.util.find_spec(f"openrekog.models.architectures.{file.architecture}")


@pytest.mark.parametrize("pack", default_packs(), ids=lambda pack: pack.name)
def test_default_packs_are_clean_and_pinned(pack: Pack) -> None:
    assert pack.licence.name in {"MIT", "Apache-2.0", "CC0-1.0", "BSD-2-Clause", "BSD-3-Clause"}
    assert not pack.licence.accept
    for file in pack.files:
        assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert {source.registry for source in file.sources} <= {"pypi", "npm"}


# What only opt-in packs can do.
OPT_IN = {"concept_scorer", "exposure_detector"}


def test_default_packs_cover_every_capability() -> None:
    offered = {capability for pack in default_packs() for capability in pack.capabilities}
    assert offered == set(get_args(Capability)) - OPT_IN


def test_capabilities_are_the_protocols() -> None:
    names = {
        re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        for name, value in vars(capabilities).items()
        if isinstance(value, type) and value.__module__ == capabilities.__name__
    }
    assert set(get_args(Capability)) == names - {"face_analyzer", "text_reader"}


def test_converters_are_those_of_the_table() -> None:
    assert set(get_args(Converter)) == CONVERTERS.keys()


def test_embedders_have_a_similarity_scale() -> None:
    for pack in packs().values():
        assert bool(pack.similarity) == ("face_embedder" in pack.capabilities)
        if pack.similarity:
            assert pack.similarity[0][1] == 0
            assert pack.similarity[-1] == (0.9995, 100.0)


def test_object_detectors_say_what_their_scores_mean() -> None:
    for pack in packs().values():
        if pack.files and "object_detector" in pack.capabilities:
            ends = {(rows[0], rows[-1]) for rows in pack.confidence.values()}
            assert ends == {((0.0, 0.0), (1.0, 100.0))}


def test_a_pack_reads_as_written() -> None:
    pack = parse("small", SMALL)
    assert (pack.name, pack.size_bytes, pack.default) == ("small", 3, False)
    (source,) = pack.files[0].sources
    assert source.archive == "npm small 1.0.0"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('title = "Small"', 'tilte = "Small"', "tilte"),
        ('title = "Small"', "", "lacks title"),
        ('name = "MIT"', "", "Licence lacks name"),
        ('note = "Free."', 'note = "Free."\nspdx = "MIT"', "spdx"),
        ("size_bytes = 3", "size_bytes = 3\nsize = 3", "PackFile has no size"),
        (f'sha256 = "{SHA}"', 'sha256 = ""', "lacks its sha256"),
        ('registry = "npm"', 'registry = "cargo"', "no registry 'cargo'"),
        ('package = "small"', "", "where it comes from"),
        ("size_bytes = 3", 'size_bytes = 3\nconverter = "magic"', "no converter 'magic'"),
        ("size_bytes = 3", "", "small.onnx lacks size_bytes"),
        ('registry = "npm"', 'registry = "own"', "small.onnx is the user's own"),
        ('["face_detector"]', '["face_finder"]', "no capability face_finder"),
        ("default = false", "default = false\nsimilarity = [[0, 0], [1, 0]]", "does not rise"),
        ("default = false", "default false", "pack small"),
        ("[licence]", "[confidence]\ndog = [[0, 0], [1, 9]]\n[licence]", "lacks others"),
        (
            "[licence]",
            "[confidence]\nothers = [[0, 0], [0, 9]]\n[licence]",
            "confidence of others does not rise at 0",
        ),
    ],
)
def test_mistakes_are_named(old: str, new: str, complaint: str) -> None:
    assert old in SMALL
    with pytest.raises(PackError, match=re.escape(complaint)):
        parse("small", SMALL.replace(old, new, 1))


OWN = re.sub(r'registry = "npm"(.|\n)*', 'registry = "own"\npath = "small.*"\n', SMALL)


def test_files_of_the_user_have_no_hash_and_no_size() -> None:
    pack = parse("own", OWN.replace("size_bytes = 3\n", ""))
    (file,) = pack.files
    assert (pack.size_bytes, file.own_sources) == (0, ("small.*",))
    assert not file.sha256
    assert parse("small", SMALL).files[0].own_sources == ()


def test_an_unknown_pack_is_named_beside_the_known() -> None:
    with pytest.raises(UnknownPackError, match=r"no pack nosuch; known are .*yunet"):
        find(["yunet", "nosuch"])


def test_licences_are_accepted_by_name() -> None:
    chosen = find(["sface", "buffalo_l"])
    with pytest.raises(LicenceNotAcceptedError, match="LicenseRef-InsightFace-NonCommercial"):
        check_licences(chosen, ["MIT"])
    check_licences(chosen, ["LicenseRef-InsightFace-NonCommercial"])


def test_running_models_does_not_load_what_only_conversions_need() -> None:
    code = "import sys, openrekog.models.loading; sys.exit('onnx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
