"""Decoded pictures share a budget of pixels, and give theirs back when they are done with."""

import pytest

from tests.acceptance.conftest import Launch
from tests.acceptance.photos import astronaut, jpeg, resized

SIDE = 200


def test_what_does_not_fit_now_is_throttled_and_room_is_given_back(launch: Launch) -> None:
    client = launch(max_pending_pixels=SIDE * SIDE, request_threads=1).client()
    fits, too_large = (jpeg(resized(astronaut(), side)) for side in (SIDE, SIDE + 1))
    for _ in range(3):
        assert client.detect_faces(Image={"Bytes": fits})["FaceDetails"]
        with pytest.raises(client.exceptions.ImageTooLargeException):
            client.detect_faces(Image={"Bytes": too_large})
        with pytest.raises(client.exceptions.ProvisionedThroughputExceededException):
            client.compare_faces(SourceImage={"Bytes": fits}, TargetImage={"Bytes": fits})
        with pytest.raises(client.exceptions.InvalidImageFormatException):
            client.detect_faces(Image={"Bytes": fits[: len(fits) // 2]})
