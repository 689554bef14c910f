"""Searches with real models; and the promise that they find the person."""

import csv
import os
from pathlib import Path
from typing import Any

import pytest
from PIL import ImageEnhance, ImageOps

from tests.acceptance.photos import (
    astronaut,
    heads,
    jpeg,
    photograph,
    png,
)
from tests.acceptance.refusals import refused_with
from tests.acceptance.searching import (
    found_faces,
    index,
)


class TestWithRealModels:
    @pytest.fixture
    def crowd(self, real_client: Any) -> Any:
        real_client.create_collection(CollectionId="people")
        return real_client

    def test_only_the_largest_face_is_searched(self, crowd: Any) -> None:
        index(crowd, jpeg(astronaut()))
        image = {"Bytes": png(heads(150, 400, 260))}
        by_face = crowd.search_faces_by_image(CollectionId="people", Image=image)
        details = crowd.detect_faces(Image=image)["FaceDetails"]
        assert len(details) == 3
        largest = max(details, key=lambda detail: detail["BoundingBox"]["Width"])
        assert by_face["SearchedFaceBoundingBox"] == largest["BoundingBox"]
        by_user = crowd.search_users_by_image(CollectionId="people", Image=image)
        assert by_user["SearchedFace"]["FaceDetail"]["BoundingBox"] == largest["BoundingBox"]
        reasons = [face["Reasons"] for face in by_user["UnsearchedFaces"]]
        assert reasons == [["FACE_NOT_LARGEST"]] * 2

    def test_faces_below_the_quality_filter_are_not_searched(self, crowd: Any) -> None:
        image = {"Bytes": png(heads(40))}
        request = {"CollectionId": "people", "Image": image, "QualityFilter": "HIGH"}
        refused_with("InvalidParameterException", crowd.search_faces_by_image, **request)
        by_user = crowd.search_users_by_image(**request)
        assert "SearchedFace" not in by_user
        [unsearched] = by_user["UnsearchedFaces"]
        assert "SMALL_BOUNDING_BOX" in unsearched["Reasons"]
        # The filter is NONE by default.
        crowd.search_faces_by_image(CollectionId="people", Image=image)

    def test_a_face_is_found_in_changed_pictures(self, crowd: Any) -> None:
        face = index(crowd, jpeg(astronaut()))
        for name in ("coffee.png", "rocket.jpg"):
            answer = crowd.index_faces(
                CollectionId="people", Image={"Bytes": jpeg(photograph(name))}
            )
            assert answer["FaceRecords"] == []
        variants = {
            "small": astronaut().resize((256, 256)),
            "mirrored": ImageOps.mirror(astronaut()),
            "dark": ImageEnhance.Brightness(astronaut()).enhance(0.5),
            "grey": astronaut().convert("L"),
            "turned": astronaut().rotate(20),
        }
        for name, picture in variants.items():
            answer = crowd.search_faces_by_image(
                CollectionId="people", Image={"Bytes": jpeg(picture, quality=80)}
            )
            assert found_faces(answer) == [face], name
            assert answer["FaceMatches"][0]["Similarity"] > 90, name


class TestThePromise:
    """Index photographs of several people, restart the server, find who is in a new one."""

    def test_the_right_person_is_found(self, real_models: None, launch: Any) -> None:
        people = labelled_people(12) or {"Eileen": eileen()}
        server = launch(packs=[])
        client = server.client()
        client.create_collection(CollectionId="people")
        for name, (known, _) in people.items():
            index(client, known, ExternalImageId=name)
        assert server.stop() == 0
        server.start()
        for name, (_, new) in people.items():
            answer = client.search_faces_by_image(CollectionId="people", Image={"Bytes": new})
            assert answer["FaceMatches"], name
            assert answer["FaceMatches"][0]["Face"]["ExternalImageId"] == name


def labelled_people(most: int) -> dict[str, tuple[bytes, bytes]]:
    """Two photographs each of several people, from the labelled data if this machine has it."""
    folder = os.environ.get("ACCURACY_DATA")
    if folder is None:
        return {}
    faces = Path(folder) / "faces"
    people: dict[str, tuple[bytes, bytes]] = {}
    with (faces / "lfw_pairs.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            one, other = faces / row["file_a"], faces / row["file_b"]
            if row["same"] == "1" and len(people) < most:
                people.setdefault(one.parent.name, (one.read_bytes(), other.read_bytes()))
    return people


def eileen() -> tuple[bytes, bytes]:
    changed = ImageOps.mirror(astronaut()).rotate(10).resize((300, 300))
    return jpeg(astronaut()), jpeg(ImageEnhance.Brightness(changed).enhance(0.7), quality=75)
