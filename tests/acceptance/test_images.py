"""Pictures that must be read, and pictures that must be refused, through a real request."""

import base64
import os
import random
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from PIL.Image import Image, Transpose

from tests.acceptance.photos import (
    astronaut,
    encoded,
    jpeg,
    nobody,
    person,
    photograph,
    png,
    resized,
)
from tests.acceptance.refusals import refusal, refused_with

MIB = 1024 * 1024
MOST_BYTES = 5 * MIB
MOST_OBJECT_BYTES = 15 * MIB
PORTRAIT = (190, 40, 330, 220)


def sixteen_bits() -> bytes:
    samples = np.asarray(astronaut().convert("L")).astype(np.uint16) * 257
    return png(PIL.Image.fromarray(samples))


def rgb_of_sixteen_bits() -> bytes:
    """Pillow writes no such PNG, so the chunks are put together here."""
    samples = np.asarray(astronaut()).astype(">u2") * 257
    rows = b"".join(b"\0" + row.tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", astronaut().width, astronaut().height, 16, 2, 0, 0, 0)
    return png_file((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))


def png_file(*chunks: tuple[bytes, bytes]) -> bytes:
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def with_alpha() -> Image:
    picture = astronaut().convert("RGBA")
    picture.putalpha(255)
    return picture


READABLE: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: jpeg(astronaut()),
    "progressive jpeg": lambda: jpeg(astronaut(), progressive=True),
    "grey jpeg": lambda: jpeg(astronaut().convert("L")),
    "cmyk jpeg": lambda: jpeg(astronaut().convert("CMYK")),
    "png": lambda: png(astronaut()),
    "grey png": lambda: png(astronaut().convert("L")),
    "palette png": lambda: png(astronaut().quantize(128)),
    "alpha png": lambda: png(with_alpha()),
    "grey alpha png": lambda: png(astronaut().convert("LA")),
    "16 bit grey png": sixteen_bits,
    "16 bit rgb png": rgb_of_sixteen_bits,
    "trailing bytes": lambda: jpeg(astronaut()) + b"more",
}


def box_of(client: Any, picture: bytes) -> list[float]:
    [detail] = client.detect_faces(Image={"Bytes": picture})["FaceDetails"]
    box = detail["BoundingBox"]
    return [box[side] for side in ("Left", "Top", "Width", "Height")]


@pytest.mark.parametrize("picture", READABLE.values(), ids=READABLE)
def test_the_same_face_is_seen_in_every_kind_of_file(
    real_client: Any, picture: Callable[[], bytes]
) -> None:
    expected = box_of(real_client, png(astronaut()))
    assert box_of(real_client, picture()) == pytest.approx(expected, abs=0.03)


def test_transparency_is_white_and_no_face(client: Any) -> None:
    picture = with_alpha()
    picture.putalpha(0)
    assert client.detect_faces(Image={"Bytes": png(picture)})["FaceDetails"] == []


# How a camera held so stores a picture that is upright once it is turned by this orientation.
AS_STORED: dict[int, Callable[[Image], Image]] = {
    1: lambda picture: picture,
    2: lambda picture: picture.transpose(Transpose.FLIP_LEFT_RIGHT),
    3: lambda picture: picture.transpose(Transpose.ROTATE_180),
    4: lambda picture: picture.transpose(Transpose.FLIP_TOP_BOTTOM),
    5: lambda picture: picture.transpose(Transpose.TRANSPOSE),
    6: lambda picture: picture.transpose(Transpose.ROTATE_90),
    7: lambda picture: picture.transpose(Transpose.TRANSVERSE),
    8: lambda picture: picture.transpose(Transpose.ROTATE_270),
}


def oriented(picture: Image, orientation: int) -> Any:
    exif = picture.getexif()
    exif[0x0112] = orientation
    return exif


@pytest.mark.parametrize("orientation", AS_STORED)
def test_jpeg_photographs_are_turned_upright(real_client: Any, orientation: int) -> None:
    portrait = astronaut().crop((60, 0, 460, 300))
    expected = box_of(real_client, jpeg(portrait))
    stored = AS_STORED[orientation](portrait)
    picture = jpeg(stored, exif=oriented(stored, orientation))
    assert box_of(real_client, picture) == pytest.approx(expected, abs=0.03)
    answer = real_client.detect_faces(Image={"Bytes": picture})
    assert "OrientationCorrection" not in answer


@pytest.mark.parametrize("orientation", [0, 9, 6000])
def test_an_orientation_that_does_not_exist_is_none(client: Any, orientation: int) -> None:
    picture = photograph("chelsea.png")
    turned = jpeg(picture, exif=oriented(picture, orientation))
    expected = client.detect_faces(Image={"Bytes": jpeg(picture)})["FaceDetails"]
    assert client.detect_faces(Image={"Bytes": turned})["FaceDetails"] == expected


def test_oddities_of_pictures_do_not_fill_the_log(server: Any, client: Any) -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\6\0"
    client.detect_faces(Image={"Bytes": jpeg(photograph("chelsea.png"), exif=exif)})
    assert "Corrupt EXIF" not in server.log.read_text()


def test_png_pictures_are_taken_as_stored(client: Any) -> None:
    picture = photograph("chelsea.png")
    turned = png(picture, exif=oriented(picture, 6))
    expected = client.detect_faces(Image={"Bytes": png(picture)})["FaceDetails"]
    assert client.detect_faces(Image={"Bytes": turned})["FaceDetails"] == expected


def claiming(width: int, height: int) -> bytes:
    """A small PNG file whose header claims these dimensions."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return png_file((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))


def jpeg_claiming(width: int, height: int) -> bytes:
    """A JPEG file with its frame header (SOF0) changed to these dimensions."""
    data = bytearray(jpeg(PIL.Image.new("RGB", (96, 96), "red")))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


UNREADABLE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "gif": ("InvalidImageFormatException", lambda: encoded(astronaut(), "GIF")),
    "bmp": ("InvalidImageFormatException", lambda: encoded(astronaut(), "BMP")),
    "tiff": ("InvalidImageFormatException", lambda: encoded(astronaut(), "TIFF")),
    "webp": ("InvalidImageFormatException", lambda: encoded(astronaut(), "WEBP")),
    "text": ("InvalidImageFormatException", lambda: b"no picture at all" * 20),
    "zeros": ("InvalidImageFormatException", lambda: bytes(5000)),
    "one byte": ("InvalidImageFormatException", lambda: b"\xff"),
    "magic only": ("InvalidImageFormatException", lambda: b"\x89PNG\r\n\x1a\n"),
    "jpeg start only": ("InvalidImageFormatException", lambda: b"\xff\xd8\xff\xe0"),
    "double base64": (
        "InvalidImageFormatException",
        lambda: base64.b64encode(jpeg(astronaut())),
    ),
    "no bytes": ("ValidationException", lambda: b""),
    "79 wide": ("InvalidParameterException", lambda: nobody(79, 200)),
    "79 high": ("InvalidParameterException", lambda: nobody(200, 79)),
    "10,001 wide": ("ImageTooLargeException", lambda: nobody(10_001, 80)),
    "10,001 high": ("ImageTooLargeException", lambda: nobody(80, 10_001)),
    "png bomb": ("ImageTooLargeException", lambda: claiming(60_000, 60_000)),
    "largest claim": ("ImageTooLargeException", lambda: claiming(2**31 - 1, 2**31 - 1)),
    "jpeg bomb": ("ImageTooLargeException", lambda: jpeg_claiming(60_000, 60_000)),
    "claim without pixels": ("InvalidImageFormatException", lambda: claiming(5000, 5000)),
    "no dimensions": ("InvalidImageFormatException", lambda: claiming(0, 0)),
}


@pytest.mark.parametrize(("code", "picture"), UNREADABLE.values(), ids=UNREADABLE)
def test_pictures_that_are_refused(client: Any, code: str, picture: Callable[[], bytes]) -> None:
    data = picture()
    started = time.monotonic()
    found, message = refusal(client.detect_faces, Image={"Bytes": data})
    if data.startswith(b"\x89PNG") and found == "InvalidParameterException":
        assert message == "Request has invalid parameters"
    assert (found, time.monotonic() - started < 5) == (code, True), message


@pytest.mark.parametrize(("width", "height"), [(80, 80), (10_000, 80), (80, 10_000)])
def test_the_smallest_and_the_largest_picture(client: Any, width: int, height: int) -> None:
    answer = client.detect_faces(Image={"Bytes": nobody(width, height)})
    assert answer["FaceDetails"] == []


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_cut_off_pictures(client: Any, kind: str) -> None:
    """Never more than the documented refusal, and never half a picture."""
    whole = encoded(resized(astronaut(), 160), kind)
    for length in {*range(1, 60), *range(60, len(whole) - 12, len(whole) // 40)}:
        message = refused_with(
            "InvalidImageFormatException", client.detect_faces, Image={"Bytes": whole[:length]}
        )
        assert message == "Request has invalid image format", length
    assert client.detect_faces(Image={"Bytes": whole})["FaceDetails"]


def padded(picture: bytes, length: int) -> bytes:
    """The JPEG file grown to an exact length by bytes after its end."""
    return picture + bytes(length - len(picture))


def test_the_limit_of_bytes(client: Any) -> None:
    picture = jpeg(photograph("chelsea.png"))
    most = padded(picture, MOST_BYTES)
    assert client.detect_faces(Image={"Bytes": most})["FaceDetails"]
    message = refused_with(
        "ValidationException",
        client.detect_faces,
        Image={"Bytes": padded(picture, MOST_BYTES + 1)},
    )
    assert message == (
        "1 validation error detected: Value 'java.nio.HeapByteBuffer[pos=0 lim=5242881 "
        "cap=5242881]' at 'image.bytes' failed to satisfy constraint: Member must have length "
        "less than or equal to 5242880"
    )


def test_two_pictures_of_the_largest_size(client: Any) -> None:
    most = padded(jpeg(photograph("chelsea.png")), MOST_BYTES)
    answer = client.compare_faces(SourceImage={"Bytes": most}, TargetImage={"Bytes": most})
    assert len(answer["FaceMatches"]) == 1


@pytest.mark.parametrize(
    "image",
    [
        {},
        {"S3Object": {}},
        {"S3Object": {"Bucket": "photos"}},
        {"S3Object": {"Name": "a.jpg"}},
        {"Bytes": person(1), "S3Object": {"Bucket": "photos", "Name": "a.jpg"}},
    ],
    ids=["neither", "empty object", "no name", "no bucket", "both"],
)
def test_exactly_one_of_bytes_and_object(client: Any, image: dict[str, Any]) -> None:
    message = refused_with("InvalidParameterException", client.detect_faces, Image=image)
    assert message == "Requested image should either contain bytes or s3 object."


# Where they are in the picture of the astronaut, in its 512 pixels.
BY_EYE = {
    "eyeLeft": (203, 101),
    "eyeRight": (247, 103),
    "nose": (224, 126),
    "mouthLeft": (205, 141),
    "mouthRight": (244, 141),
    "chinBottom": (222, 178),
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
        assert len({landmark["Type"] for landmark in face["Landmarks"]}) == 30
        places = {one["Type"]: (one["X"], one["Y"]) for one in face["Landmarks"]}
        for name, (x, y) in BY_EYE.items():
            assert places[name] == pytest.approx((x / 512, y / 512), abs=4 / 512), name
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


class TestFormatsThatASettingAllows:
    def test_they_are_read(self, launch: Any) -> None:
        kinds = ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"]
        client = launch(image_formats=kinds).client()
        for kind in kinds:
            picture = encoded(photograph("chelsea.png"), kind)
            assert client.detect_faces(Image={"Bytes": picture})["FaceDetails"], kind

    def test_damaged_files_of_them_are_refused(self, launch: Any) -> None:
        kinds = ["WEBP", "GIF", "TIFF", "BMP", "AVIF"]
        client = launch(image_formats=kinds).client()
        chance = random.Random(7)
        for kind in kinds:
            whole = encoded(resized(photograph("chelsea.png"), 120), kind)
            for number in range(40):
                broken = bytearray(
                    whole if number % 2 else whole[: chance.randrange(9, len(whole))]
                )
                for _ in range(number // 4):
                    broken[chance.randrange(len(broken))] = chance.randrange(256)
                code = outcome(client, bytes(broken))
                assert code in (
                    "OK",
                    "InvalidImageFormatException",
                    "InvalidParameterException",
                    "ImageTooLargeException",
                ), kind


def outcome(client: Any, picture: bytes) -> str:
    try:
        client.detect_faces(Image={"Bytes": picture})
    except client.exceptions.ClientError as error:
        code: str = error.response["Error"]["Code"]
        return code
    return "OK"
