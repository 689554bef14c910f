"""Lines of manifests: what is read from them, and what is said of every fault."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from openrekog.server.analysis.manifests.entries import LabelledBox
from openrekog.server.analysis.manifests.lines import parse_line
from openrekog.server.analysis.manifests.messages import MESSAGES, LineRefused

Line = dict[str, Any]
SOURCE = "s3://photos/pets/1.jpg"


def label(name: str = "cat", **changed: Any) -> Line:
    """The metadata of an image-level label."""
    return {
        "class-name": name,
        "confidence": 1,
        "type": "groundtruth/image-classification",
        "human-annotated": "yes",
        "creation-date": "2024-05-18T22:18:13.527256",
        "job-name": "pets",
    } | changed


def classified(value: Any = 1, **changed: Any) -> Line:
    return {"source-ref": SOURCE, "kind": value, "kind-metadata": label(**changed)}


def box(class_id: int = 0, left: float = 10, top: float = 20, **changed: Any) -> Line:
    return {"class_id": class_id, "left": left, "top": top, "width": 30, "height": 40} | changed


def boxed(*boxes: Line, width: int = 640, height: int = 480, **changed: Any) -> Line:
    metadata = {
        "objects": [{"confidence": 1} for _ in boxes],
        "class-map": {"0": "cat", "1": "dog"},
        "type": "groundtruth/object-detection",
        "human-annotated": "yes",
        "creation-date": "2024-05-18T22:18:13.527256",
    }
    size = [{"width": width, "height": height, "depth": 3}]
    value = {"image_size": size, "annotations": list(boxes)}
    return {"source-ref": SOURCE, "bb": value, "bb-metadata": metadata | changed}


def parsed(line: Line) -> Any:
    return parse_line(orjson.dumps(line))


def codes(place: Line) -> list[str]:
    return [note["code"] for note in (*place.get("cl-errors", []), *place.get("warnings", []))]


def all_codes(value: Any) -> set[str]:
    """The codes at every place of a document."""
    if isinstance(value, list):
        return set().union(*map(all_codes, value))
    if not isinstance(value, dict):
        return set()
    return set(codes(value)).union(*map(all_codes, value.values()))


def test_a_label_of_the_image() -> None:
    entry = parsed(classified())
    assert (entry.source_ref, entry.labels, entry.boxes) == (SOURCE, ["cat"], [])
    assert (entry.faulty, entry.usable) == (False, True)
    assert entry.document == classified() | {"cl-metadata": {"is_labeled": True}}


def test_several_labels() -> None:
    line = classified() | {"b": 0, "b-metadata": label("dog"), "c": 7, "c-metadata": label()}
    assert parsed(line).labels == ["cat", "dog"]
    assert parsed(line).boxed_by_label == {"cat": False, "dog": False}


def test_boxes() -> None:
    entry = parsed(boxed(box(), box(1, 0, 0, width=640, height=480), box(1)))
    assert entry.boxes == [
        LabelledBox("cat", 10, 20, 30, 40),
        LabelledBox("dog", 0, 0, 640, 480),
        LabelledBox("dog", 10, 20, 30, 40),
    ]
    assert entry.boxed_by_label == {"cat": True, "dog": True}
    assert not entry.faulty


def test_other_members_of_a_line_are_kept() -> None:
    line = classified() | {"workerid": "w1", "rank": 3}
    assert parsed(line).document == line | {"cl-metadata": {"is_labeled": True}}


REFUSED: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"{", "ERROR_INVALID_JSON_LINE"),
    "no object": (b'["source-ref"]', "ERROR_INVALID_JSON_LINE"),
    "no UTF-8": (b'{"source-ref": "s3://photos/\xff"}', "ERROR_INVALID_JSON_LINE"),
    "too long": (
        orjson.dumps({"source-ref": SOURCE, "more": "x" * 100_000}),
        "ERROR_INVALID_JSON_LINE",
    ),
    "no source-ref": (b'{"source_ref": "s3://photos/1.jpg"}', "ERROR_MISSING_SOURCE_REF"),
    "https": (b'{"source-ref": "https://photos/1.jpg"}', "ERROR_INVALID_SOURCE_REF_FORMAT"),
    "no key": (b'{"source-ref": "s3://photos/"}', "ERROR_INVALID_SOURCE_REF_FORMAT"),
    "too deep": (
        b'{"source-ref": "s3://photos/1.jpg", "a": ' + b"[" * 200 + b"]" * 200 + b"}",
        "ERROR_INVALID_JSON_LINE",
    ),
    "a NUL": (b'{"source-ref": "s3://photos/\\u0000"}', "ERROR_INVALID_SOURCE_REF_FORMAT"),
    "a number": (b'{"source-ref": 7}', "ERROR_INVALID_SOURCE_REF_FORMAT"),
}


@pytest.mark.parametrize(("line", "code"), REFUSED.values(), ids=REFUSED)
def test_lines_that_name_no_image(line: bytes, code: str) -> None:
    with pytest.raises(LineRefused) as caught:
        parse_line(line)
    assert caught.value.code == code
    assert str(caught.value) == MESSAGES[code]


def without(line: Line, *path: Any) -> Line:
    """The line without one of its members."""
    copy: Any = orjson.loads(orjson.dumps(line))
    place = copy
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return dict(copy)


NONE_VALID = "ERROR_NO_VALID_LABEL_ATTRIBUTES"
FORMAT = "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT"
METADATA = "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"
NAME = "ERROR_INVALID_LABEL_NAME_LENGTH"

UNUSABLE: dict[str, tuple[Line, set[str]]] = {
    "no metadata": (without(classified(), "kind-metadata"), {"ERROR_NO_LABEL_ATTRIBUTES"}),
    "no attribute": (without(classified(), "kind"), {"ERROR_NO_LABEL_ATTRIBUTES"}),
    "a text for a label": (classified("cat"), {FORMAT, NONE_VALID}),
    "a truth for a label": (classified(True), {FORMAT, NONE_VALID}),
    "metadata of no kind": (
        {"source-ref": SOURCE, "kind": 1, "kind-metadata": "cat"},
        {METADATA, NONE_VALID},
    ),
    "no class-name": (without(classified(), "kind-metadata", "class-name"), {METADATA, NONE_VALID}),
    "a NUL in a name": (classified(**{"class-name": "c\0t"}), {METADATA, NONE_VALID}),
    "a NUL in a class map": (
        boxed(box(), **{"class-map": {"0": "c\0t"}}),
        {METADATA, NONE_VALID},
    ),
    "confidence 2": (classified(confidence=2), {METADATA, NONE_VALID}),
    "maybe annotated": (classified(**{"human-annotated": "maybe"}), {METADATA, NONE_VALID}),
    "no date": (without(classified(), "kind-metadata", "creation-date"), {METADATA, NONE_VALID}),
    "another type": (
        classified(type="groundtruth/text"),
        {"ERROR_UNSUPPORTED_USE_CASE_TYPE", NONE_VALID},
    ),
    "a list of types": (classified(type=[]), {"ERROR_UNSUPPORTED_USE_CASE_TYPE", NONE_VALID}),
    "a long name": (classified(**{"class-name": "x" * 256}), {NAME, NONE_VALID}),
    "an empty name": (classified(**{"class-name": ""}), {NAME, NONE_VALID}),
    "no size": (without(boxed(box()), "bb", "image_size"), {FORMAT, NONE_VALID}),
    "a box without top": (
        without(boxed(box()), "bb", "annotations", 0, "top"),
        {FORMAT, NONE_VALID},
    ),
    "boxes that are none": ({**boxed(box()), "bb": 1}, {FORMAT, NONE_VALID}),
    "no class map": (without(boxed(box()), "bb-metadata", "class-map"), {METADATA, NONE_VALID}),
    "a small image": (
        boxed(box(), width=63, height=63),
        {"ERROR_INVALID_IMAGE_DIMENSION", NONE_VALID},
    ),
    "a large image": (boxed(box(), width=4097), {"ERROR_INVALID_IMAGE_DIMENSION", NONE_VALID}),
    "51 boxes": (boxed(*[box()] * 51), {"ERROR_TOO_MANY_BOUNDING_BOXES", NONE_VALID}),
}


@pytest.mark.parametrize(("line", "expected"), UNUSABLE.values(), ids=UNUSABLE)
def test_lines_without_any_label(line: Line, expected: set[str]) -> None:
    entry = parsed(line)
    assert all_codes(entry.document) == expected
    assert codes(entry.document)[-1:] == [
        "ERROR_NO_LABEL_ATTRIBUTES" if "ERROR_NO_LABEL_ATTRIBUTES" in expected else NONE_VALID
    ]
    assert (entry.faulty, entry.usable, entry.labels, entry.boxes) == (True, False, [], [])
    assert entry.document["cl-metadata"] == {"is_labeled": False}


def test_fifty_boxes_are_allowed() -> None:
    assert len(parsed(boxed(*[box()] * 50)).boxes) == 50


Place = Callable[[Line], Any]


def second_box(document: Line) -> Any:
    return document["bb"]["annotations"][1]


def metadata(document: Line) -> Any:
    return document["bb-metadata"]


OFF, SMALL = "ERROR_INVALID_BOUNDING_BOX", "ERROR_BOUNDING_BOX_TOO_SMALL"
UNMAPPED, UNSURE = "ERROR_MISSING_CLASS_MAP_ID", "ERROR_MISSING_BOUNDING_BOX_CONFIDENCE"

BOXES: dict[str, tuple[Line, Line, Place, str]] = {
    "left of the frame": (box(left=-1), {}, second_box, OFF),
    "over the right": (box(left=611), {}, second_box, OFF),
    "over the bottom": (box(height=461), {}, second_box, OFF),
    "one pixel": (box(width=1), {}, second_box, SMALL),
    "unknown class": (box(2), {}, metadata, UNMAPPED),
    "no confidence": (
        box(),
        {"objects": [{"confidence": 1}, {}]},
        metadata,
        UNSURE,
    ),
    "one confidence for two": (
        box(),
        {"objects": [{"confidence": 1}]},
        metadata,
        UNSURE,
    ),
    "a long name": (
        box(1),
        {"class-map": {"0": "cat", "1": "x" * 256}},
        metadata,
        NAME,
    ),
}


@pytest.mark.parametrize(("wrong", "changed", "place", "code"), BOXES.values(), ids=BOXES)
def test_a_wrong_box_beside_a_good_one_and_alone(
    wrong: Line, changed: Line, place: Place, code: str
) -> None:
    entry = parsed(boxed(box(), wrong, **changed))
    assert entry.boxes == [LabelledBox("cat", 10, 20, 30, 40)]
    assert codes(place(entry.document)) == [code]
    assert all_codes(entry.document) == {code}
    assert (entry.faulty, entry.usable) == (True, True)

    line = boxed(wrong, **changed)
    if "objects" in changed:
        line["bb-metadata"]["objects"] = []
    alone = parsed(line)
    assert all_codes(alone.document) == {code, "ERROR_NO_VALID_ANNOTATIONS", NONE_VALID}
    assert codes(alone.document["bb"]) == ["ERROR_NO_VALID_ANNOTATIONS"]
    assert not alone.usable


def test_a_box_that_shrinks_to_a_pixel_in_training() -> None:
    assert parsed(boxed(box(width=2), width=1280)).usable
    shrunk = parsed(boxed(box(width=2), width=2560))
    assert "ERROR_BOUNDING_BOX_TOO_SMALL" in all_codes(shrunk.document)


def test_a_good_attribute_beside_a_wrong_one() -> None:
    entry = parsed(classified() | {"b": "x", "b-metadata": label("dog")})
    assert entry.labels == ["cat"]
    assert codes(entry.document["b-metadata"]) == [FORMAT]
    assert entry.document["b-metadata"]["cl-errors"][0]["message"] == (
        "The format of the label attribute b is invalid."
    )
    assert (entry.faulty, entry.usable) == (True, True)


WARNED: dict[str, tuple[Line, set[str]]] = {
    "nothing but the image": ({"source-ref": SOURCE}, {"WARNING_UNANNOTATED_RECORD"}),
    "no boxes": (boxed(), {"WARNING_NO_ANNOTATIONS", "WARNING_NO_ATTRIBUTE_ANNOTATIONS"}),
    "no list of boxes": (
        without(boxed(), "bb", "annotations"),
        {"WARNING_NO_ANNOTATIONS", "WARNING_NO_ATTRIBUTE_ANNOTATIONS"},
    ),
}


@pytest.mark.parametrize(("line", "expected"), WARNED.values(), ids=WARNED)
def test_unlabelled_images_are_no_faults(line: Line, expected: set[str]) -> None:
    entry = parsed(line)
    assert all_codes(entry.document) == expected
    assert (entry.faulty, entry.usable) == (False, True)
    assert entry.document["cl-metadata"] == {"is_labeled": False}


def test_every_code_has_a_line() -> None:
    seen = {code for _, code in REFUSED.values()}
    seen |= {code for _, expected in (*UNUSABLE.values(), *WARNED.values()) for code in expected}
    seen |= {code for _, _, _, code in BOXES.values()} | {"ERROR_NO_VALID_ANNOTATIONS"}
    # What is wrong with the image itself, no line tells.
    assert seen | {"ERROR_INVALID_IMAGE"} == MESSAGES.keys()


@pytest.mark.parametrize("line", [classified("x"), boxed(box(left=-1)), boxed(), classified()])
def test_a_line_that_comes_back_as_it_was_listed(line: Line) -> None:
    listed = parsed(line).document
    assert parsed(listed).document == listed
    # Mended, it has no reproach left in it.
    mended = {**listed, "kind": 1, "kind-metadata": label()}
    assert "cl-errors" not in parsed(mended).document
