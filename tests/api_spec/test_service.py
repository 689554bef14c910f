"""The service: all 75 operations, their groups, their pages and their defaults."""

from collections import Counter
from typing import Any

import pytest
from botocore.model import StructureShape
from constraint_cases import minimal_request

from openrekog.api_spec import codec, service
from openrekog.api_spec.service import Pagination, load_service, parts, shapes_within

SERVICE = load_service()
OPERATIONS = SERVICE.operations


def test_every_operation_of_the_model_is_described() -> None:
    assert len(OPERATIONS) == 75
    assert set(OPERATIONS) == set(SERVICE.overlay.operations)
    assert set(SERVICE.all_operations) == set(SERVICE.model.operation_names)


def test_an_extension_is_found_at_its_own_path_alone() -> None:
    for name, extension in SERVICE.extensions.items():
        assert SERVICE.at(f"ext/{name}") is extension
        assert SERVICE.at(name) is None
    for name, operation in OPERATIONS.items():
        assert SERVICE.at(name) is operation
        assert SERVICE.at(f"ext/{name}") is None


@pytest.mark.parametrize(
    "extension",
    [{"operations": {"DetectFaces": {}}, "shapes": {}}, {"operations": {}, "shapes": {"Face": {}}}],
    ids=["operation", "shape"],
)
def test_an_extension_changes_nothing_of_amazons(extension: dict[str, Any]) -> None:
    base = {"operations": {"DetectFaces": {}}, "shapes": {"Face": {}}}
    with pytest.raises(ValueError, match=r"of AWS's: (DetectFaces|Face)"):
        service._extended(base, extension)


def test_a_call_is_also_the_one_that_it_has_done() -> None:
    start = SERVICE.extensions["StartImageAnalysisJob"]
    asked = {"Operation": "SearchFacesByImage", "Parameters": {"CollectionId": "staff"}}
    assert SERVICE.asked_by(start, asked) == [
        (start, asked),
        (OPERATIONS["SearchFacesByImage"], {"CollectionId": "staff"}),
    ]
    for unchecked in ({}, {"Operation": 7}, {"Operation": "Nothing", "Parameters": 7}):
        assert SERVICE.asked_by(start, unchecked) == [(start, unchecked)]
    detect = OPERATIONS["DetectFaces"]
    assert SERVICE.asked_by(detect, asked) == [(detect, asked)]


def test_groups() -> None:
    assert Counter(operation.group for operation in OPERATIONS.values()) == {
        "Image": 9,
        "Collections and faces": 9,
        "Users": 7,
        "Stored video": 16,
        "Stream processors": 7,
        "Custom Labels and adapters": 19,
        "Bulk analysis": 3,
        "Face liveness": 2,
        "Tags": 3,
    }


def test_summaries_are_one_line_each_and_our_own() -> None:
    for operation in OPERATIONS.values():
        assert operation.summary.endswith(".")
        assert "\n" not in operation.summary
        theirs = SERVICE.model.operation_model(operation.name).documentation
        assert operation.summary not in theirs


def test_names_for_the_wire() -> None:
    assert SERVICE.target_prefix == "RekognitionService"
    assert SERVICE.json_version == "1.1"
    assert SERVICE.signing_name == "rekognition"


@pytest.mark.parametrize(
    ("operation", "pagination"),
    [
        ("ListCollections", Pagination(("CollectionIds", "FaceModelVersions"), sdk=True)),
        ("ListFaces", Pagination(("Faces",), sdk=True)),
        ("GetSegmentDetection", Pagination(("Segments",), sdk=False)),
        ("ListMediaAnalysisJobs", Pagination(("MediaAnalysisJobs",), sdk=False)),
        ("DetectFaces", None),
    ],
)
def test_pagination(operation: str, pagination: Pagination | None) -> None:
    assert OPERATIONS[operation].pagination == pagination


def test_operations_that_answer_in_pages() -> None:
    paged = [each.pagination for each in OPERATIONS.values() if each.pagination is not None]
    assert sum(pagination.sdk for pagination in paged) == 9
    assert sum(not pagination.sdk for pagination in paged) == 9
    assert all(pagination.results for pagination in paged)


def test_image_limits() -> None:
    faces, equipment = (
        OPERATIONS["DetectFaces"].image,
        OPERATIONS["DetectProtectiveEquipment"].image,
    )
    assert faces is not None
    assert equipment is not None
    assert (faces.min_side_px, faces.max_side_px, faces.max_bytes) == (80, 10_000, 5_242_880)
    assert (equipment.min_side_px, equipment.max_side_px, equipment.max_bytes) == (
        64,
        4096,
        4_194_304,
    )


def test_every_operation_that_takes_an_image_has_limits_for_it() -> None:
    for operation in OPERATIONS.values():
        shapes = {shape.name for shape in shapes_within([operation.input])}
        assert ("Image" in shapes) == (operation.image is not None), operation.name


def test_the_overlay_names_only_what_the_model_has() -> None:
    overlay, known = SERVICE.overlay, SERVICE.model.shape_names
    for table in (overlay.defaults, overlay.caps):
        for structure, members in table.items():
            shape = SERVICE.model.shape_for(structure)
            assert isinstance(shape, StructureShape)
            assert set(members) <= set(parts(shape)), structure
    assert set(overlay.examples) <= set(known)


def decoded(operation: str, **given: Any) -> dict[str, Any]:
    return codec.decode(OPERATIONS[operation], minimal_request(OPERATIONS[operation]) | given)


DEFAULTS = [
    ("AssociateFaces", {"UserMatchThreshold": 75.0}),
    ("CompareFaces", {"SimilarityThreshold": 80.0, "QualityFilter": "NONE"}),
    ("CreateProject", {"Feature": "CUSTOM_LABELS"}),
    ("DescribeProjects", {"MaxResults": 100, "Features": ["CUSTOM_LABELS"]}),
    ("DetectFaces", {"Attributes": ["DEFAULT"]}),
    (
        "DetectLabels",
        {
            "MaxLabels": 1000,
            "MinConfidence": 55.0,
            "Features": ["GENERAL_LABELS"],
            "Settings": {"ImageProperties": {"MaxDominantColors": 10}},
        },
    ),
    ("DetectModerationLabels", {"MinConfidence": 50.0}),
    ("DetectText", {"Filters": {}}),
    ("GetFaceSearch", {"MaxResults": 1000, "SortBy": "TIMESTAMP"}),
    ("GetLabelDetection", {"SortBy": "TIMESTAMP", "AggregateBy": "TIMESTAMPS"}),
    ("IndexFaces", {"DetectionAttributes": ["DEFAULT"], "MaxFaces": 100, "QualityFilter": "AUTO"}),
    ("ListCollections", {"MaxResults": 4096}),
    ("ListFaces", {"MaxResults": 4096}),
    ("ListProjectPolicies", {"MaxResults": 5}),
    ("ListUsers", {"MaxResults": 500}),
    ("SearchFaces", {"FaceMatchThreshold": 80.0, "MaxFaces": 80}),
    (
        "SearchFacesByImage",
        {"FaceMatchThreshold": 80.0, "MaxFaces": 80, "QualityFilter": "NONE"},
    ),
    ("SearchUsers", {"UserMatchThreshold": 80.0, "MaxUsers": 500}),
    ("SearchUsersByImage", {"UserMatchThreshold": 80.0, "QualityFilter": "NONE"}),
    ("StartFaceDetection", {"FaceAttributes": "DEFAULT"}),
    ("StartLabelDetection", {"MinConfidence": 50.0, "Features": ["GENERAL_LABELS"]}),
    (
        "StartSegmentDetection",
        {
            "Filters": {
                "TechnicalCueFilter": {
                    "MinSegmentConfidence": 50.0,
                    "BlackFrame": {"MaxPixelThreshold": 0.2, "MinCoveragePercentage": 99.0},
                },
                "ShotFilter": {"MinSegmentConfidence": 50.0},
            }
        },
    ),
    (
        "CreateFaceLivenessSession",
        {
            "Settings": {
                "AuditImagesLimit": 0,
                "ChallengePreferences": [{"Type": "FaceMovementAndLightChallenge"}],
            }
        },
    ),
]


@pytest.mark.parametrize(("operation", "defaults"), DEFAULTS, ids=[row[0] for row in DEFAULTS])
def test_defaults(operation: str, defaults: dict[str, Any]) -> None:
    request = decoded(operation)
    assert {name: request[name] for name in defaults} == defaults


def test_what_has_no_default_stays_absent() -> None:
    assert "MinConfidence" not in decoded("DetectCustomLabels")
    assert "SummarizationAttributes" not in decoded("DetectProtectiveEquipment")
    assert set(decoded("CreateCollection")) == {"CollectionId"}


def test_a_given_value_beats_the_default_and_null_does_not() -> None:
    assert decoded("DetectLabels", MinConfidence=0)["MinConfidence"] == 0.0
    assert decoded("DetectLabels", MinConfidence=None)["MinConfidence"] == 55.0
    assert decoded("DetectFaces", Attributes=[])["Attributes"] == []


def test_defaults_are_not_shared_between_requests() -> None:
    decoded("DetectFaces")["Attributes"].append("ALL")
    assert decoded("DetectFaces")["Attributes"] == ["DEFAULT"]


@pytest.mark.parametrize(
    ("operation", "member", "given", "used"),
    [
        ("IndexFaces", "MaxFaces", 5000, 100),
        ("IndexFaces", "MaxFaces", 3, 3),
        ("DetectLabels", "MaxLabels", 2_000_000, 1000),
        ("GetLabelDetection", "MaxResults", 1001, 1000),
    ],
)
def test_some_numbers_are_lowered_in_silence(
    operation: str, member: str, given: int, used: int
) -> None:
    assert decoded(operation, **{member: given})[member] == used
