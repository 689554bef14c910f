"""What is said of datasets that no model can be trained with."""

from collections.abc import Iterable

import pytest

from openrekog.server.analysis.dataset_faults import (
    MESSAGES,
    Census,
    Faults,
    find_faults,
    find_split_faults,
)
from openrekog.server.analysis.manifests.entries import LabelledBox, ManifestEntry

BOX = (0.0, 0.0, 10.0, 10.0)


def entry(
    labels: str = "", boxes: str = "", *, bucket: str = "b", usable: bool = True
) -> ManifestEntry:
    return ManifestEntry(
        f"s3://{bucket}/1.jpg",
        {},
        labels.split(),
        [LabelledBox(name, *BOX) for name in boxes.split()],
        faulty=not usable,
        usable=usable,
    )


def census(*entries: ManifestEntry) -> Census:
    return Census.of(entries)


def labels(*names: str) -> Census:
    return Census.of(entry(name) for name in names)


def boxes(*names: str) -> Census:
    return Census.of(entry(boxes=name) for name in names)


def codes(faults: Iterable[object]) -> list[str]:
    return [getattr(fault, "code", "") for fault in faults]


FEW, FEW_USABLE = "ERROR_MANIFEST_TOO_FEW_LABELS", "ERROR_MANIFEST_TOO_FEW_USABLE_LABELS"
OVERLAP = "ERROR_INSUFFICIENT_LABEL_OVERLAP"


@pytest.mark.parametrize(
    ("training", "testing", "expected"),
    [
        pytest.param(labels("a", "b"), labels("a", "b"), ([], [], []), id="nothing"),
        pytest.param(boxes("a"), boxes("a"), ([], [], []), id="one label is enough for boxes"),
        pytest.param(labels("a"), labels("a"), ([FEW], [FEW], []), id="but not for pictures"),
        pytest.param(census(), census(), ([FEW], [FEW], []), id="empty datasets"),
        pytest.param(labels("a", "b", "c", "d"), labels("a", "b"), ([], [], []), id="half"),
        pytest.param(labels("a", "b", "c"), labels("a", "x"), ([], [], [OVERLAP]), id="a third"),
        pytest.param(
            labels(*map(str, range(251))),
            labels(*map(str, range(250))),
            (["ERROR_MANIFEST_TOO_MANY_LABELS"], [], []),
            id="too many labels",
        ),
        pytest.param(
            census(entry("a"), entry("b", bucket="other")),
            labels("a", "b"),
            (["ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS"], [], []),
            id="two buckets",
        ),
        pytest.param(
            census(*[entry("a")] * 2, entry("b"), entry(usable=False)),
            labels("a", "b"),
            (["ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST"], [], []),
            id="a quarter invalid",
        ),
        pytest.param(
            census(*[entry("a")] * 3, entry("b"), entry(usable=False)),
            labels("a", "b"),
            ([], [], []),
            id="a fifth invalid",
        ),
        pytest.param(
            census(entry("a"), entry("a"), entry("a"), entry(boxes="b")),
            labels("a", "b"),
            ([FEW_USABLE], [], []),
            id="labels of pictures, but one of a box",
        ),
        pytest.param(
            boxes("a", "b", "c"),
            census(entry("a"), entry("b"), entry(boxes="c")),
            ([], [], ["ERROR_INSUFFICIENT_USABLE_LABEL_OVERLAP"]),
            id="the test labels are of pictures",
        ),
    ],
)
def test_faults(
    training: Census, testing: Census, expected: tuple[list[str], list[str], list[str]]
) -> None:
    found = find_faults(training, testing)
    assert (codes(found.training), codes(found.testing), codes(found.both)) == expected


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        (labels("a", "a", "b", "b"), []),
        (labels("a", "a", "b"), []),
        (labels("a", "b"), ["ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT"]),
        (boxes("a"), ["ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT"]),
        (labels("a", "a"), [FEW]),
    ],
)
def test_faults_of_splitting(dataset: Census, expected: list[str]) -> None:
    assert codes(find_split_faults(dataset).training) == expected


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        (labels("a"), "IMAGE_LEVEL_LABELS"),
        (boxes("a"), "OBJECT_LOCALIZATION"),
        (census(entry("a", boxes="a")), "OBJECT_LOCALIZATION"),
        (census(entry("a"), entry("a"), entry(boxes="a")), "IMAGE_LEVEL_LABELS"),
        (census(entry()), None),
        (census(entry("a"), entry(usable=False)), None),
    ],
)
def test_the_use_case(dataset: Census, expected: str | None) -> None:
    assert dataset.use_case == expected


def test_one_image_counts_a_label_once() -> None:
    dataset = census(entry(boxes="a a a"), entry(boxes="a b"))
    assert dataset.images["OBJECT_LOCALIZATION"] == {"a": 2, "b": 1}


def test_all_faults_are_told_in_words() -> None:
    found = find_faults(labels("a"), labels("b"))
    assert [fault.message for fault in found.all] == [
        "The manifest file has too few labels.",
        "The manifest file has too few labels.",
        "Less than 50% label overlap between the training and testing manifest files.",
    ]
    assert all(MESSAGES[code].endswith(".") for code in MESSAGES)
    assert Faults().all == ()
