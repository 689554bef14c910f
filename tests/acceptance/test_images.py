"""DetectFaces and CompareFaces through a real request."""

from typing import Any

import PIL.Image
import pytest

from tests.acceptance.photos import astronaut, jpeg, nobody, person
from tests.acceptance.refusals import refused_with

PORTRAIT = (190, 40, 330, 220)

# Where they are in the 512 pixels of the astronaut's picture; "left" is the left of the picture.
BY_EYE = {
    "eyeLeft": (203, 101),
    "eyeRight": (247, 103),
    "mouthLeft": (205, 141),
    "mouthRight": (244, 141),
    "nose": (224, 126),
    "leftEyeBrowLeft": (190, 91),
    "leftEyeBrowRight": (215, 93),
    "leftEyeBrowUp": (201, 89),
    "rightEyeBrowLeft": (237, 93),
    "rightEyeBrowRight": (265, 97),
    "rightEyeBrowUp": (252, 91),
    "leftEyeLeft": (194, 101),
    "leftEyeRight": (212, 104),
    "leftEyeUp": (204, 98),
    "leftEyeDown": (204, 105),
    "rightEyeLeft": (237, 105),
    "rightEyeRight": (257, 104),
    "rightEyeUp": (247, 100),
    "rightEyeDown": (247, 106),
    "noseLeft": (214, 131),
    "noseRight": (234, 131),
    "mouthUp": (223, 140),
    "mouthDown": (222, 155),
    "leftPupil": (203, 101),
    "rightPupil": (246, 103),
    "upperJawlineLeft": (180, 101),
    "midJawlineLeft": (184, 149),
    "chinBottom": (222, 178),
    "midJawlineRight": (262, 153),
    "upperJawlineRight": (271, 105),
}


class TestDetectFaces:
    def test_nobody_is_a_success(self, client: Any) -> None:
        answer = client.detect_faces(Image={"Bytes": nobody()})
        assert set(answer) - {"ResponseMetadata"} == {"FaceDetails"}
        assert answer["FaceDetails"] == []

    def test_every_attribute_of_a_photograph(self, real_client: Any) -> None:
        answer = real_client.detect_faces(Image={"Bytes": jpeg(astronaut())}, Attributes=["ALL"])
        [face] = answer["FaceDetails"]
        assert face["Confidence"] > 99
        assert face["Gender"]["Value"] == "Female"
        assert face["Smile"]["Value"] is True
        assert face["EyesOpen"]["Value"] is True
        assert face["AgeRange"]["Low"] <= 45
        assert face["AgeRange"]["High"] >= 25
        assert face["Emotions"][0]["Type"] == "HAPPY"
        places = {one["Type"]: (one["X"] * 512, one["Y"] * 512) for one in face["Landmarks"]}
        assert len(face["Landmarks"]) == len(places) == 30
        for name, place in BY_EYE.items():
            assert places[name] == pytest.approx(place, abs=5), name
        for value in (*face["Quality"].values(), *(one["Confidence"] for one in face["Emotions"])):
            assert 0 <= value <= 100


class TestCompareFaces:
    def test_members_of_the_answer(self, client: Any) -> None:
        image = {"Bytes": person(1)}
        answer = client.compare_faces(SourceImage=image, TargetImage=image)
        assert set(answer) - {"ResponseMetadata"} == {
            "SourceImageFace",
            "FaceMatches",
            "UnmatchedFaces",
        }
        assert set(answer["SourceImageFace"]) == {"BoundingBox", "Confidence"}
        [match] = answer["FaceMatches"]
        assert match["Similarity"] > 99.9
        assert set(match["Face"]) == {
            "BoundingBox",
            "Confidence",
            "Landmarks",
            "Pose",
            "Quality",
        }
        assert answer["UnmatchedFaces"] == []

    def test_faces_below_the_threshold_are_unmatched(self, client: Any) -> None:
        source, target = {"Bytes": person(1)}, {"Bytes": person(2)}
        answer = client.compare_faces(SourceImage=source, TargetImage=target)
        assert answer["FaceMatches"] == []
        [unmatched] = answer["UnmatchedFaces"]
        assert "Similarity" not in unmatched
        everything = client.compare_faces(
            SourceImage=source, TargetImage=target, SimilarityThreshold=0
        )
        assert [match["Face"] for match in everything["FaceMatches"]] == [unmatched]
        assert everything["UnmatchedFaces"] == []

    @pytest.mark.parametrize("empty", ["SourceImage", "TargetImage"])
    def test_no_face_in_either_picture(self, client: Any, empty: str) -> None:
        images = {"SourceImage": {"Bytes": person(1)}, "TargetImage": {"Bytes": person(1)}}
        message = refused_with(
            "InvalidParameterException",
            client.compare_faces,
            **{**images, empty: {"Bytes": nobody()}},
        )
        assert message == "Request has invalid parameters"

    @pytest.mark.parametrize("threshold", [-1, 100.5])
    def test_thresholds_that_are_refused(self, client: Any, threshold: float) -> None:
        image = {"Bytes": person(1)}
        message = refused_with(
            "ValidationException",
            client.compare_faces,
            SourceImage=image,
            TargetImage=image,
            SimilarityThreshold=threshold,
        )
        assert "at 'similarityThreshold' failed" in message

    def test_the_largest_face_against_every_face(self, real_client: Any) -> None:
        group = PIL.Image.new("RGB", (1000, 512), (120, 120, 120))
        group.paste(astronaut().crop(PORTRAIT), (40, 100))
        group.paste(astronaut().crop(PORTRAIT).resize((280, 360)), (500, 60))
        answer = real_client.compare_faces(
            SourceImage={"Bytes": jpeg(astronaut())}, TargetImage={"Bytes": jpeg(group)}
        )
        assert len(answer["FaceMatches"]) == 2
        likeness = [match["Similarity"] for match in answer["FaceMatches"]]
        assert likeness == sorted(likeness, reverse=True)
        swapped = real_client.compare_faces(
            SourceImage={"Bytes": jpeg(group)}, TargetImage={"Bytes": jpeg(astronaut())}
        )
        # The larger of the two is the one on the right.
        assert swapped["SourceImageFace"]["BoundingBox"]["Left"] > 0.4
