"""Stored video as jobs: what is started is done, whatever happens in between."""

import time
from pathlib import Path
from typing import Any

import pytest

from openrekog.server.media.videos import NOT_A_VIDEO
from tests.acceptance.conftest import Launch
from tests.acceptance.photos import astronaut, jpeg, photograph
from tests.acceptance.refusals import refused_with
from tests.acceptance.servers import ServerProcess
from tests.acceptance.videos import write_video

BUCKET = "videos"
SECONDS = 45


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """45 seconds that change from one picture to the other every second."""
    pictures = [astronaut(), photograph("chelsea.png")]
    frames = (pictures[second % 2] for second in range(SECONDS) for _ in range(10))
    return write_video(tmp_path_factory.mktemp("film") / "film.mp4", frames, preset="ultrafast")


def put(server: ServerProcess, file: Path, name: str = "film.mp4") -> dict[str, Any]:
    target = server.data_dir / "buckets" / BUCKET / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(file.read_bytes())
    return {"S3Object": {"Bucket": BUCKET, "Name": name}}


def wait(client: Any, job_id: str, get: Any = None, seconds: float = 100) -> dict[str, Any]:
    """The first page of an ended job."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        answer: dict[str, Any] = (get or client.get_face_detection)(JobId=job_id)
        if answer["JobStatus"] != "IN_PROGRESS":
            return answer
        time.sleep(0.1)
    raise AssertionError(f"job {job_id} did not end")


def faces(client: Any, job_id: str) -> list[Any]:
    answer = wait(client, job_id)
    assert answer["JobStatus"] == "SUCCEEDED", answer
    found = list(answer["Faces"])
    while "NextToken" in answer:
        answer = client.get_face_detection(JobId=job_id, NextToken=answer["NextToken"])
        found += answer["Faces"]
    return found


def only(answer: dict[str, Any], member: str) -> dict[str, Any]:
    return {member: answer[member]} if member in answer else {}


@pytest.fixture
def undisturbed(launch: Launch, film: Path) -> list[Any]:
    server = launch("undisturbed")
    job = server.client().start_face_detection(Video=put(server, film))["JobId"]
    return faces(server.client(), job)


def test_a_killed_server_goes_on_and_finds_the_same(
    launch: Launch, film: Path, undisturbed: list[Any]
) -> None:
    assert [face["Timestamp"] for face in undisturbed] == [*range(0, SECONDS * 1000, 500)]
    server = launch("killed")
    client = server.client()
    job = client.start_face_detection(Video=put(server, film))["JobId"]
    for moment in (0.05, 0.3, 0.5, 0.7):
        time.sleep(moment)
        server.kill()
        server.start()
    assert faces(client, job) == undisturbed


def test_results_are_as_documented(server: ServerProcess, client: Any, film: Path) -> None:
    video = put(server, film)
    job = client.start_face_detection(Video=video, JobTag="mine")["JobId"]
    assert len(job) == 64
    assert client.get_face_detection(JobId=job)["Faces"] == []
    answer = wait(client, job)
    assert answer["Video"] == video
    assert (answer["JobId"], answer["JobTag"]) == (job, "mine")
    assert answer["VideoMetadata"] == {
        "Codec": "h264",
        "ColorRange": "LIMITED",
        "DurationMillis": SECONDS * 1000,
        "Format": "QuickTime / MOV",
        "FrameHeight": 240,
        "FrameWidth": 320,
        "FrameRate": 10.0,
    }
    first = answer["Faces"][0]
    assert first["Timestamp"] == 0
    assert len(first["Face"]["Landmarks"]) == 5
    assert "AgeRange" not in first["Face"]


def test_pages_follow_each_other_and_the_metadata_is_on_each(
    server: ServerProcess, client: Any, film: Path
) -> None:
    job = client.start_face_detection(Video=put(server, film), FaceAttributes="ALL")["JobId"]
    whole = wait(client, job)["Faces"]
    assert len(whole[0]["Face"]["Landmarks"]) == 30
    assert "EyeDirection" not in whole[0]["Face"]
    pages: list[list[Any]] = []
    request = {"JobId": job, "MaxResults": 40}
    while not pages or "NextToken" in request:
        page = client.get_face_detection(**request)
        assert page["VideoMetadata"]["FrameWidth"] == 320
        pages.append(page["Faces"])
        request = {"JobId": job, "MaxResults": 40, **only(page, "NextToken")}
    assert [len(page) for page in pages] == [40, 40, 10]
    assert [face for page in pages for face in page] == whole
    refused_with(
        "InvalidPaginationTokenException",
        client.get_face_detection,
        JobId=job,
        NextToken="nonsense",
    )


def test_a_token_starts_one_job(server: ServerProcess, client: Any, film: Path) -> None:
    video = put(server, film)
    jobs = [
        client.start_face_detection(Video=video, ClientRequestToken="once")["JobId"]
        for _ in range(2)
    ]
    assert jobs[0] == jobs[1]
    refused_with(
        "IdempotentParameterMismatchException",
        client.start_face_detection,
        Video=video,
        ClientRequestToken="once",
        FaceAttributes="ALL",
    )


def test_a_repeated_request_is_answered_when_what_it_names_is_gone(
    server: ServerProcess, client: Any, film: Path, people: str
) -> None:
    video = put(server, film, "short-lived.mp4")

    def start() -> str:
        job: str = client.start_face_search(
            Video=video, CollectionId=people, ClientRequestToken="once"
        )["JobId"]
        return job

    first = start()
    wait(client, first, client.get_face_search)
    (server.data_dir / "buckets" / BUCKET / "short-lived.mp4").unlink()
    client.delete_collection(CollectionId=people)
    assert start() == first
    refused_with(
        "IdempotentParameterMismatchException",
        client.start_face_search,
        Video=video,
        CollectionId="others",
        ClientRequestToken="once",
    )


def test_jobs_are_of_one_account_region_and_operation(
    server: ServerProcess, client: Any, film: Path
) -> None:
    job = client.start_face_detection(Video=put(server, film))["JobId"]
    elsewhere = server.client("elsewhere-1")
    message = refused_with("ResourceNotFoundException", elsewhere.get_face_detection, JobId=job)
    assert message == f"The job id: {job} does not exist"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", NOT_A_VIDEO),
        (b"this is text " * 1000, NOT_A_VIDEO),
    ],
    ids=["empty", "text"],
)
def test_what_is_no_video_fails_with_a_reason(
    server: ServerProcess, client: Any, tmp_path: Path, content: bytes, message: str
) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    job = client.start_face_detection(Video=put(server, file, "no.mp4"))["JobId"]
    answer = wait(client, job)
    assert (answer["JobStatus"], answer["StatusMessage"]) == ("FAILED", message)
    assert answer["Faces"] == []


def test_a_truncated_video_fails_with_a_reason(
    server: ServerProcess, client: Any, tmp_path: Path
) -> None:
    pictures = [astronaut()] * 200
    whole = write_video(
        tmp_path / "a.mp4", pictures, container_options={"movflags": "faststart"}
    ).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    job = client.start_face_detection(Video=put(server, tmp_path / "cut.mp4", "cut.mp4"))["JobId"]
    answer = wait(client, job)
    assert answer["JobStatus"] == "FAILED"
    assert answer["StatusMessage"].startswith("The file is cut off: its last frame is at ")


def test_an_unsupported_codec_and_a_picture_fail_with_a_reason(
    server: ServerProcess, client: Any, tmp_path: Path
) -> None:
    write_video(tmp_path / "a.mp4", [astronaut()] * 5, codec="mpeg4")
    job = client.start_face_detection(Video=put(server, tmp_path / "a.mp4", "old.mp4"))["JobId"]
    assert wait(client, job)["StatusMessage"] == "The video's codec is mpeg4; supported: h264."


def test_a_missing_or_too_large_video_is_told_at_once(launch: Launch, film: Path) -> None:
    server = launch(max_video_bytes=1000)
    client = server.client()
    refused_with(
        "InvalidS3ObjectException",
        client.start_face_detection,
        Video={"S3Object": {"Bucket": BUCKET, "Name": "missing.mp4"}},
    )
    message = refused_with(
        "VideoTooLargeException", client.start_face_detection, Video=put(server, film)
    )
    size = film.stat().st_size
    assert message == (
        f"Video size in bytes: {size} is more than the maximum limit of: 1000 bytes."
    )


def test_a_video_swapped_before_its_turn_fails(launch: Launch, film: Path) -> None:
    server = launch(job_concurrency=0)
    client = server.client()
    job = client.start_face_detection(Video=put(server, film))["JobId"]
    put(server, film)
    server.stop()
    server.settings = {**server.settings, "job_concurrency": 1}
    server.start()
    answer = wait(client, job)
    assert answer["StatusMessage"] == (
        "The video was changed or removed while it was being analysed."
    )


def test_an_account_may_have_so_many_jobs_open(launch: Launch, film: Path) -> None:
    server = launch(job_concurrency=0, max_open_jobs=2)
    client = server.client()
    video = put(server, film)
    for _ in range(2):
        client.start_face_detection(Video=video)
    message = refused_with("LimitExceededException", client.start_face_detection, Video=video)
    assert message == "2 open Jobs for account 000000000000 Maximum limit: 2"


def test_no_one_to_tell_is_told_at_once(server: ServerProcess, client: Any, film: Path) -> None:
    message = refused_with(
        "InvalidParameterException",
        client.start_face_detection,
        Video=put(server, film),
        NotificationChannel={
            "SNSTopicArn": "arn:aws:sns:us-east-1:111122223333:topic",
            "RoleArn": "arn:aws:iam::111122223333:role/role",
        },
    )
    assert message.startswith("This server sends no notifications")


def test_faces_of_a_collection_are_found_in_a_video(
    server: ServerProcess, client: Any, film: Path, people: str
) -> None:
    # As the video has it: four by three.
    indexed = client.index_faces(
        CollectionId=people, Image={"Bytes": jpeg(astronaut().resize((320, 240)))}
    )["FaceRecords"][0]["Face"]
    video = put(server, film)
    job = client.start_face_search(Video=video, CollectionId=people)["JobId"]
    answer = wait(client, job, client.get_face_search)
    assert answer["JobStatus"] == "SUCCEEDED"
    found = {person["Timestamp"]: person for person in answer["Persons"]}
    # Ten frames a second: the first ones at or after each quarter.
    assert [*found][:5] == [0, 300, 500, 800, 1000]
    assert len(found) == 4 * SECONDS
    [match] = found[0]["FaceMatches"]
    assert match["Face"]["FaceId"] == indexed["FaceId"]
    assert match["Similarity"] > 90
    # Made-up faces are all in one place; over a cut they are somebody else all the same.
    indexes = [person["Person"]["Index"] for person in answer["Persons"]]
    assert indexes == [person["Timestamp"] // 1000 for person in answer["Persons"]]
    assert {bool(person["FaceMatches"]) for person in answer["Persons"][::4]} == {True, False}
    by_index = client.get_face_search(JobId=job, SortBy="INDEX")["Persons"]
    assert by_index == answer["Persons"]
    refused_with(
        "ResourceNotFoundException", client.start_face_search, Video=video, CollectionId="nobody"
    )


# The operations' names, the member that holds the results, and what their requests need.
KINDS = {
    "label_detection": ("Labels", {}),
    "content_moderation": ("ModerationLabels", {}),
    "face_detection": ("Faces", {}),
    "text_detection": ("TextDetections", {}),
    "celebrity_recognition": ("Celebrities", {}),
    "person_tracking": ("Persons", {}),
    "segment_detection": ("Segments", {"SegmentTypes": ["TECHNICAL_CUE", "SHOT"]}),
}


def test_every_kind_of_analysis_goes_through_one_video_together(
    server: ServerProcess, client: Any, tmp_path: Path
) -> None:
    pictures = [astronaut()] * 30 + [photograph("chelsea.png")] * 30
    video = put(server, write_video(tmp_path / "short.mp4", pictures), "short.mp4")
    jobs = {
        kind: getattr(client, f"start_{kind}")(Video=video, **needs)["JobId"]
        for kind, (_, needs) in KINDS.items()
    }
    for kind, (member, _) in KINDS.items():
        answer = wait(client, jobs[kind], getattr(client, f"get_{kind}"))
        assert answer["JobStatus"] == "SUCCEEDED", (kind, answer)
        assert isinstance(answer[member], list), kind
    segments = client.get_segment_detection(JobId=jobs["segment_detection"])
    assert segments["VideoMetadata"][0]["FrameWidth"] == 320
    assert segments["SelectedSegmentTypes"] == [
        {"Type": "TECHNICAL_CUE", "ModelVersion": "2.0"},
        {"Type": "SHOT", "ModelVersion": "2.0"},
    ]
    shots = [one for one in segments["Segments"] if one["Type"] == "SHOT"]
    assert [(one["StartFrameNumber"], one["EndFrameNumber"]) for one in shots] == [
        (0, 29),
        (30, 59),
    ]
    assert segments["Segments"][-1]["StartTimecodeSMPTE"] == "00:00:03:00"


def test_labels_by_frame_and_by_segment(server: ServerProcess, client: Any, tmp_path: Path) -> None:
    pictures = [astronaut()] * 30 + [photograph("chelsea.png")] * 30
    video = put(server, write_video(tmp_path / "short.mp4", pictures), "labels.mp4")
    job = client.start_label_detection(Video=video, MinConfidence=10)["JobId"]
    answer = wait(client, job, client.get_label_detection)
    assert answer["GetRequestMetadata"] == {"SortBy": "TIMESTAMP", "AggregateBy": "TIMESTAMPS"}
    stamps = [one["Timestamp"] for one in answer["Labels"]]
    assert stamps == sorted(stamps)
    assert {*stamps} == {*range(0, 6000, 500)}
    by_name = client.get_label_detection(JobId=job, SortBy="NAME")["Labels"]
    names = [one["Label"]["Name"] for one in by_name]
    assert names == sorted(names)
    whole = client.get_label_detection(JobId=job, AggregateBy="SEGMENTS")["Labels"]
    person = next(one for one in whole if one["Label"]["Name"] == "Person")
    assert (person["StartTimestampMillis"], person["EndTimestampMillis"]) == (0, 6000)
    assert person["DurationMillis"] == 6000
    assert person["Label"]["Instances"] == []
