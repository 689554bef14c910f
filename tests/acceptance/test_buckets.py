"""Pictures in the folder of buckets, through a real request."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.photos import MIB, jpeg, padded, person, photograph
from tests.acceptance.refusals import refusal, refused_with

MOST_OBJECT_BYTES = 15 * MIB


class TestFolderOfBuckets:
    """S3Object leads to <data-dir>/buckets/<bucket>/<key>, and never out of it."""

    CODE = "InvalidS3ObjectException"
    MESSAGE = (
        "Unable to get object metadata from S3. Check object key, region and/or access permissions."
    )

    @pytest.fixture
    def bucket(self, server: Any, region: str) -> Path:
        folder: Path = server.data_dir / "buckets" / f"photos-{region}"
        folder.mkdir(parents=True)
        (folder / "face.png").write_bytes(person(1))
        return folder

    def look(self, client: Any, bucket: str, key: str, **more: str) -> list[Any]:
        image = {"S3Object": {"Bucket": bucket, "Name": key, **more}}
        faces: list[Any] = client.detect_faces(Image=image)["FaceDetails"]
        return faces

    def refuse(self, client: Any, bucket: str, key: str, **more: str) -> None:
        image = {"S3Object": {"Bucket": bucket, "Name": key, **more}}
        assert refused_with(self.CODE, client.detect_faces, Image=image) == self.MESSAGE

    def test_reads_an_object(self, client: Any, bucket: Path) -> None:
        expected = client.detect_faces(Image={"Bytes": person(1)})["FaceDetails"]
        assert self.look(client, bucket.name, "face.png") == expected
        deep = bucket / "2024" / "may" / "fête 1.png"
        deep.parent.mkdir(parents=True)
        deep.write_bytes(person(1))
        assert self.look(client, bucket.name, "2024/may/fête 1.png") == expected

    @pytest.mark.parametrize(
        "key",
        [
            "missing.png",
            "face.png/",
            "/face.png",
            "./face.png",
            "face.png/face.png",
            "sub/../face.png",
            "sub//face.png",
            "../../secret.png",
            "..",
            ".",
            "sub",
            "face.png\0",
            "k" * 300,
            "a/" * 500 + "face.png",
        ],
        ids=repr,
    )
    def test_keys_that_lead_nowhere(self, client: Any, bucket: Path, key: str) -> None:
        (bucket / "sub").mkdir()
        (bucket / "sub" / "face.png").write_bytes(person(1))
        (bucket.parent.parent / "secret.png").write_bytes(person(1))
        self.refuse(client, bucket.name, key)

    def test_absolute_keys(self, client: Any, bucket: Path) -> None:
        self.refuse(client, bucket.name, str(bucket / "face.png"))
        self.refuse(client, bucket.name, "/etc/passwd")

    @pytest.mark.parametrize("name", ["...", "..", "nowhere"])
    def test_buckets_that_lead_nowhere(self, client: Any, bucket: Path, name: str) -> None:
        image = {"S3Object": {"Bucket": name, "Name": f"{bucket.name}/face.png"}}
        code, _ = refusal(client.detect_faces, Image=image)
        # Names of fewer than three characters break a constraint of the model.
        assert code == ("ValidationException" if len(name) < 3 else self.CODE)

    def test_links_lead_nowhere(self, client: Any, bucket: Path, tmp_path: Path) -> None:
        outside = tmp_path / "secret.png"
        outside.write_bytes(person(1))
        (bucket / "link.png").symlink_to(outside)
        (bucket / "folder").symlink_to(tmp_path)
        (bucket / "inside.png").symlink_to("face.png")
        linked = bucket.with_name(f"linked-{bucket.name}")
        linked.symlink_to(tmp_path)
        self.refuse(client, bucket.name, "link.png")
        self.refuse(client, bucket.name, "folder/secret.png")
        self.refuse(client, bucket.name, "inside.png")
        self.refuse(client, linked.name, "secret.png")

    def test_what_is_no_file(self, client: Any, bucket: Path) -> None:
        os.mkfifo(bucket / "pipe.png")
        (bucket / "folder.png").mkdir()
        started = time.monotonic()
        self.refuse(client, bucket.name, "pipe.png")
        self.refuse(client, bucket.name, "folder.png")
        assert time.monotonic() - started < 5

    def test_versions_do_not_exist(self, client: Any, bucket: Path) -> None:
        self.refuse(client, bucket.name, "face.png", Version="3")

    def test_the_limit_of_bytes(self, client: Any, bucket: Path) -> None:
        picture = jpeg(photograph("chelsea.png"))
        (bucket / "most.jpg").write_bytes(padded(picture, MOST_OBJECT_BYTES))
        (bucket / "more.jpg").write_bytes(padded(picture, MOST_OBJECT_BYTES + 1))
        assert self.look(client, bucket.name, "most.jpg")
        image = {"S3Object": {"Bucket": bucket.name, "Name": "more.jpg"}}
        message = refused_with("ImageTooLargeException", client.detect_faces, Image=image)
        assert message == "Image size is too large."

    def test_an_object_that_is_no_picture(self, client: Any, bucket: Path) -> None:
        (bucket / "text.png").write_bytes(b"text")
        (bucket / "empty.png").write_bytes(b"")
        for key in ("text.png", "empty.png"):
            image = {"S3Object": {"Bucket": bucket.name, "Name": key}}
            refused_with("InvalidImageFormatException", client.detect_faces, Image=image)

    def test_every_operation_on_images_reads_objects(self, client: Any, bucket: Path) -> None:
        image = {"S3Object": {"Bucket": bucket.name, "Name": "face.png"}}
        client.create_collection(CollectionId="people")
        indexed = client.index_faces(CollectionId="people", Image=image)
        by_bytes = client.index_faces(CollectionId="people", Image={"Bytes": person(1)})
        assert by_bytes["FaceRecords"] == indexed["FaceRecords"]
        found = client.search_faces_by_image(CollectionId="people", Image=image)
        assert len(found["FaceMatches"]) == 1
        assert client.search_users_by_image(CollectionId="people", Image=image)["SearchedFace"]
        compared = client.compare_faces(SourceImage=image, TargetImage={"Bytes": person(1)})
        assert len(compared["FaceMatches"]) == 1
