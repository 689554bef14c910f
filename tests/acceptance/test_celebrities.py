"""Recognising the people of the gallery: with made-up faces where the rules count, and with the
real models and photographs where the faces do."""

import io
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from openrekog.collections_store.celebrities import ids_of
from openrekog.collections_store.store import CelebrityDetails, FaceModel, NewFace, Store
from tests.acceptance.photos import astronaut, head, jpeg, nobody, person, photograph, png, resized
from tests.acceptance.refusals import refusal, refused_with
from tests.acceptance.servers import ServerProcess

Launch = Callable[..., ServerProcess]

PORTRAITS = Path(__file__).parents[2] / "docs" / "images"
FACE = {"BoundingBox", "Confidence", "Emotions", "Landmarks", "Pose", "Quality", "Smile"}
PEOPLE = """\
name,images,urls,known_gender,licence
Ann Example,ann.png;ann.jpg,https://www.example.com/ann;example.org,female,CC0
Bob Example,bob.png,,,
"""


def celebrities(server: ServerProcess, *arguments: str | Path) -> str:
    """What a command prints that works on the running server's data."""
    return server.command("celebrities", *arguments)


def vectors_in(server: ServerProcess) -> set[bytes]:
    with closing(sqlite3.connect(server.data_dir / "openrekog.sqlite3")) as connection:
        query = (
            "SELECT vector, 'face', key FROM faces WHERE vector IS NOT NULL"
            " UNION SELECT vector, 'user', key FROM users WHERE vector IS NOT NULL"
        )
        return {vector for vector, *_ in connection.execute(query)}


def recognise(client: Any, picture: bytes) -> tuple[list[Any], list[Any]]:
    answer = client.recognize_celebrities(Image={"Bytes": picture})
    assert set(answer) == {"CelebrityFaces", "UnrecognizedFaces", "ResponseMetadata"}
    return answer["CelebrityFaces"], answer["UnrecognizedFaces"]


def names(client: Any, picture: bytes) -> list[str]:
    return [celebrity["Name"] for celebrity in recognise(client, picture)[0]]


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of two, with two pictures of one and one of the other."""
    folder = tmp_path_factory.mktemp("people")
    (folder / "ann.png").write_bytes(person(1))
    (folder / "ann.jpg").write_bytes(jpeg(as_picture(person(1)), quality=80))
    (folder / "bob.png").write_bytes(person(2))
    (folder / "people.csv").write_text(PEOPLE)
    return folder / "people.csv"


@pytest.fixture(scope="module")
def peopled(people: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server of these tests alone, since a gallery is the same for all who call."""
    running = ServerProcess(tmp_path_factory.mktemp("peopled") / "data").start()
    celebrities(running, "import", people)
    yield running
    running.close()


def as_picture(data: bytes) -> PIL.Image.Image:
    return PIL.Image.open(io.BytesIO(data)).convert("RGB")


class TestMadeUpFaces:
    def test_an_empty_gallery_recognises_nobody(self, client: Any) -> None:
        known, unknown = recognise(client, person(1))
        assert known == []
        [face] = unknown
        assert set(face) == FACE
        assert recognise(client, nobody()) == ([], [])

    def test_from_import_to_deleting(self, launch: Launch, people: Path) -> None:
        server = launch()
        client = server.client()
        assert names(client, person(1)) == []
        celebrities(server, "import", people)

        [celebrity], unknown = recognise(client, person(1))
        assert unknown == []
        assert set(celebrity) == {"Face", "Id", "KnownGender", "MatchConfidence", "Name", "Urls"}
        assert celebrity["Name"] == "Ann Example"
        assert celebrity["Id"] == next(ids_of(CelebrityDetails("Ann Example")))
        assert celebrity["Urls"] == ["www.example.com/ann", "example.org"]
        assert celebrity["KnownGender"] == {"Type": "Female"}
        assert 99 <= celebrity["MatchConfidence"] <= 100
        assert set(celebrity["Face"]) == FACE
        assert len(celebrity["Face"]["Emotions"]) == 8
        assert {point["Type"] for point in celebrity["Face"]["Landmarks"]} == {
            "eyeLeft",
            "eyeRight",
            "mouthLeft",
            "mouthRight",
            "nose",
        }
        assert recognise(client, person(3))[0] == []

        told = client.get_celebrity_info(Id=celebrity["Id"])
        assert {name: told[name] for name in ("Name", "Urls", "KnownGender")} == {
            name: celebrity[name] for name in ("Name", "Urls", "KnownGender")
        }
        traces = vectors_in(server)
        assert len(traces) == 4  # Ann's two and their mean, and Bob's only one, which is its own
        celebrities(server, "delete", "Ann Example")
        kept = vectors_in(server)
        assert len(kept) == 1
        for path in server.data_dir.rglob("*"):
            data = path.read_bytes() if path.is_file() else b""
            assert [vector for vector in traces - kept if vector in data] == [], path
        assert names(client, person(1)) == []
        assert names(client, person(2)) == ["Bob Example"]
        refused_with("ResourceNotFoundException", client.get_celebrity_info, Id=celebrity["Id"])

    def test_what_nobody_said_of_a_person(self, peopled: ServerProcess) -> None:
        client = peopled.client()
        [bob], _ = recognise(client, person(2))
        told = client.get_celebrity_info(Id=bob["Id"])
        assert (told["Urls"], told["KnownGender"]) == ([], {"Type": "Unlisted"})

    def test_of_two_who_look_alike_neither_is_named(
        self, peopled: ServerProcess, tmp_path: Path
    ) -> None:
        for name in ("Eva", "Twin"):
            (tmp_path / f"{name}.png").write_bytes(person(7))
        celebrities(peopled, "import", tmp_path)
        known, unknown = recognise(peopled.client(), person(7))
        assert (len(known), len(unknown)) == (0, 1)
        celebrities(peopled, "delete", "Twin")
        assert names(peopled.client(), person(7)) == ["Eva"]

    def test_the_gallery_is_the_same_in_every_region_and_survives_a_kill(
        self, peopled: ServerProcess
    ) -> None:
        for region in ("us-east-1", "ap-south-1"):
            assert names(peopled.client(region), person(2)) == ["Bob Example"]
            assert peopled.client(region).list_collections()["CollectionIds"] == []
        peopled.kill()
        peopled.start()
        assert names(peopled.client(), person(2)) == ["Bob Example"]

    def test_how_sure_a_match_must_be_is_a_setting(self, launch: Launch, people: Path) -> None:
        server = launch(celebrity_match_confidence=99.9)
        celebrities(server, "import", people)
        client = server.client()
        shown = as_picture(person(2))
        darker = png(shown.point(lambda value: value * 0.9 + 3 * (value % 7)))
        assert names(client, person(2)) == ["Bob Example"]
        assert names(client, darker) == []
        server.stop()
        server.settings = {**server.settings, "celebrity_match_confidence": 90}
        server.start()
        assert names(server.client(), darker) == ["Bob Example"]

    def test_a_gallery_of_another_model_is_refused_by_name(
        self, launch: Launch, tmp_path: Path
    ) -> None:
        server = launch()
        store = Store.open(
            f"sqlite:///{server.data_dir / 'openrekog.sqlite3'}",
            tmp_path / "index",
            housekeeping_interval=None,
        )
        vector = np.eye(1, 512, dtype=np.float32)[0]
        with store.write() as rows:
            celebrity = rows.celebrities.put(CelebrityDetails("Ann"))
            model = FaceModel("buffalo_l", "7.0", 512)
            face = NewFace((0, 0, 1, 1), 99.0, vector)
            rows.celebrities.set_faces(celebrity, model, [], {"image": face})
        store.close()
        message = refused_with(
            "InvalidParameterException",
            server.client().recognize_celebrities,
            Image={"Bytes": person(1)},
        )
        assert "made by the model buffalo_l; this server runs fake" in message
        assert server.client().get_celebrity_info(Id=celebrity.celebrity_id)["Name"] == "Ann"

    @pytest.mark.parametrize(
        ("celebrity_id", "code"),
        [
            ("", "ResourceNotFoundException"),
            ("0", "ResourceNotFoundException"),
            ("a b", "ValidationException"),
        ],
    )
    def test_ids_of_nobody(self, client: Any, celebrity_id: str, code: str) -> None:
        assert refusal(client.get_celebrity_info, Id=celebrity_id)[0] == code


@pytest.fixture(scope="module")
def gallery(real_server: ServerProcess) -> ServerProcess:
    """Grace Hopper and Eileen Collins, each by one portrait."""
    folder = real_server.data_dir.with_name("people")
    folder.mkdir()
    for picture, name in (("collins", "Eileen Collins"), ("hopper", "Grace Hopper")):
        (folder / f"{name}.jpg").write_bytes((PORTRAITS / f"{picture}.jpg").read_bytes())
    celebrities(real_server, "import", folder)
    return real_server


class TestPhotographs:
    @pytest.mark.parametrize(
        "picture",
        [
            astronaut(),
            resized(astronaut(), 240),
            head().resize((280, 340)),
            astronaut().transpose(PIL.Image.Transpose.FLIP_LEFT_RIGHT),
            astronaut().convert("L").convert("RGB"),
            astronaut().rotate(20),
        ],
        ids=["as it is", "small", "cut out", "mirrored", "grey", "tilted"],
    )
    def test_the_astronaut_is_eileen_collins(
        self, gallery: ServerProcess, real_client: Any, picture: PIL.Image.Image
    ) -> None:
        known, _ = recognise(real_client, png(picture))
        assert [celebrity["Name"] for celebrity in known] == ["Eileen Collins"]
        assert known[0]["MatchConfidence"] >= 98

    def test_everybody_in_one_picture(self, gallery: ServerProcess, real_client: Any) -> None:
        """The larger face first; a stranger is among those who are not recognised."""
        canvas = PIL.Image.new("RGB", (1200, 600), (90, 90, 90))
        hopper = PIL.Image.open(PORTRAITS / "hopper.jpg").convert("RGB")
        canvas.paste(resized(hopper, 600), (0, 0))
        canvas.paste(resized(astronaut(), 400), (700, 100))
        known, _ = recognise(real_client, jpeg(canvas))
        assert [each["Name"] for each in known] == ["Grace Hopper", "Eileen Collins"]
        smile = {each["Name"]: each["Face"]["Smile"]["Value"] for each in known}
        assert smile["Eileen Collins"] is True
        for celebrity in known:
            assert max(celebrity["Face"]["Emotions"], key=lambda e: e["Confidence"])["Type"] in (
                "HAPPY",
                "CALM",
            )

    def test_strangers_stay_strangers(self, gallery: ServerProcess, real_client: Any) -> None:
        for name in ("camera.png", "chelsea.png", "coffee.png"):
            assert recognise(real_client, png(photograph(name)))[0] == []

    def test_the_64_largest_faces(self, gallery: ServerProcess, real_client: Any) -> None:
        small, large = resized(head(), 56), resized(head(), 80)
        canvas = PIL.Image.new("RGB", (1000, 900), (120, 120, 120))
        for place in range(70):
            picture = large if place >= 60 else small
            canvas.paste(picture, (place % 10 * 98 + 10, place // 10 * 125 + 20))
        known, unknown = recognise(real_client, jpeg(canvas))
        boxes = [each["Face"]["BoundingBox"] for each in known]
        boxes += [face["BoundingBox"] for face in unknown]
        assert len(boxes) == 64
        heights = sorted(box["Height"] * 900 for box in boxes)
        assert heights[-10] > 1.2 * heights[-11]  # all ten large ones are among them
