"""Files as cameras, editors and attackers make them: what is read of them, and what is refused."""

import struct
from collections.abc import Iterator
from fractions import Fraction
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition

from openrekog.server.media import videos
from openrekog.server.media.ahead import ahead
from openrekog.server.media.videos import NOT_A_VIDEO, Video, VideoError
from tests.acceptance.videos import SIZE, write_video

# Corners of one colour each, so that a picture tells how it is turned.
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def corners() -> np.ndarray[Any, Any]:
    picture = np.zeros((240, 320, 3), np.uint8)
    picture[:120, :160], picture[:120, 160:] = RED, GREEN
    picture[120:, :160], picture[120:, 160:] = BLUE, WHITE
    return picture


def shades(count: int) -> Iterator[np.ndarray[Any, Any]]:
    return (np.full((240, 320, 3), index % 256, np.uint8) for index in range(count))


def opened(data: Path | bytes, **options: Any) -> Video:
    return Video(BytesIO(data if isinstance(data, bytes) else data.read_bytes()), **options)


def times(data: Path | bytes, start_ms: int = 0) -> list[int]:
    with opened(data) as video:
        return [frame.timestamp_ms for frame in video.frames(start_ms)]


def refusal(data: Path | bytes) -> str:
    with pytest.raises(VideoError) as caught:
        times(data)
    return str(caught.value)


def corner_colors(picture: np.ndarray[Any, Any]) -> list[tuple[int, ...]]:
    """Of the four corners in reading order, rounded to the eight colours of the cube."""
    height, width = picture.shape[:2]
    return [
        tuple(int(value > 127) * 255 for value in picture[y, x])
        for y in (height // 8, height * 7 // 8)
        for x in (width // 8, width * 7 // 8)
    ]


def add_pictures(container: Any, size: tuple[int, int] = SIZE, codec: str = "libx264") -> Any:
    stream = container.add_stream(codec, 10)
    stream.width, stream.height = size
    stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    return stream


def encode(container: Any, stream: Any, pictures: Any, first_pts: int = 0) -> None:
    for index, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, "rgb24")
        frame.pts, frame.time_base = first_pts + index, Fraction(1, 10)
        container.mux(stream.encode(frame))
    container.mux(stream.encode())


def encode_sound(container: Any, stream: Any, seconds: float) -> None:
    for index in range(int(seconds * 8000 / 1024)):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate, frame.pts = 8000, index * 1024
        container.mux(stream.encode(frame))
    container.mux(stream.encode())


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_turned_video_is_read_upright(tmp_path: Path, degrees: int) -> None:
    path = tmp_path / "turned.mp4"
    turns = degrees // 90
    with av.open(path, "w") as container:
        # As a camera that is held turned stores it: the player turns it back.
        stored = np.ascontiguousarray(np.rot90(corners(), -turns))
        stream = add_pictures(container, (stored.shape[1], stored.shape[0]))
        stream.set_display_rotation(degrees)
        encode(container, stream, [stored] * 5)
    with opened(path) as video:
        assert (video.info.width, video.info.height) == (320, 240)
        for start in (0, 300):  # and where reading goes on
            frame = next(iter(video.frames(start)))
            assert frame.image.shape == (240, 320, 3)
            assert frame.thumbnail(64, 48).shape == (48, 64, 3)
            for picture in (frame.image, frame.thumbnail(64, 48)):
                assert corner_colors(picture) == [RED, GREEN, BLUE, WHITE]


# Where cameras and editors put key frames, and what may be shown before one that comes after it.
GROUPS = {
    "no b-frames": {"bf": "0"},
    "b-frames": {"bf": "3"},
    "open groups": {"bf": "3", "x264-params": "open-gop=1:b-adapt=0:scenecut=0"},
    "no key frames": {"x264-params": "intra-refresh=1:scenecut=0"},
}


@pytest.mark.parametrize("extension", ["mp4", "mkv"])
@pytest.mark.parametrize("group", GROUPS)
def test_reading_from_anywhere_gives_the_same_frames(
    tmp_path: Path, group: str, extension: str
) -> None:
    pictures = (np.roll(corners(), 9 * index, axis=1) for index in range(30))
    path = write_video(tmp_path / f"a.{extension}", pictures, g="7", **GROUPS[group])
    with opened(path) as video:
        whole = [(frame.timestamp_ms, frame.image) for frame in video.frames()]
        assert [time for time, _ in whole] == [*range(0, 3000, 100)]
        for start in range(450, 1500, 50):
            read = [*islice(video.frames(start), 9)]
            expected = [one for one in whole if one[0] >= start][:9]
            assert [frame.timestamp_ms for frame in read] == [time for time, _ in expected]
            pairs = zip(read, expected, strict=True)
            assert all(np.array_equal(frame.image, image) for frame, (_, image) in pairs), start


@pytest.mark.parametrize("b_frames", ["0", "2"])
@pytest.mark.parametrize("extension", ["mp4", "mov", "mkv", "avi", "ts"])
def test_containers(tmp_path: Path, extension: str, b_frames: str) -> None:
    """Each frame has its own time, wherever reading begins."""
    pictures = (np.full((240, 320, 3), 8 * number, np.uint8) for number in range(30))
    path = write_video(tmp_path / f"a.{extension}", pictures, bf=b_frames, g="12")
    with opened(path) as video:
        for start in (0, 1500, 2050, 1500):
            shown = [(one.timestamp_ms, one.image.mean() / 8) for one in video.frames(start)]
            assert [time for time, _ in shown] == [*range(-(-start // 100) * 100, 3000, 100)]
            assert [round(shade) for _, shade in shown] == [time // 100 for time, _ in shown]


def test_an_avi_may_leave_frames_out(tmp_path: Path) -> None:
    numbers = [*range(10), *range(30, 40)]
    path = tmp_path / "a.avi"
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", 10, {"bf": "0"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for number, picture in zip(numbers, shades(20), strict=True):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert times(path) == [number * 100 for number in numbers]


def test_an_avi_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "a.avi", shades(100)).read_bytes()
    assert refusal(whole[: len(whole) // 2]).startswith("The file is cut off: its last frame is at")


@pytest.mark.parametrize("extension", ["flv", "wmv"])
def test_other_containers_are_refused(tmp_path: Path, extension: str) -> None:
    path = write_video(tmp_path / f"a.{extension}", shades(30), codec="flv1")
    assert refusal(path) == NOT_A_VIDEO


def test_the_clock_starts_with_the_first_thing_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "late.mkv"
    with av.open(path, "w") as container:
        encode(container, add_pictures(container), shades(20), first_pts=50)
    assert times(path) == [*range(0, 2000, 100)]


def test_pictures_may_begin_after_the_sound(tmp_path: Path) -> None:
    path = tmp_path / "late.mkv"
    with av.open(path, "w") as container:
        stream = add_pictures(container)
        sound = container.add_stream("aac", 8000, layout="mono")
        encode(container, stream, shades(20), first_pts=20)
        encode_sound(container, sound, 4)
    stamps = times(path)
    assert stamps[0] in range(1990, 2200)  # the encoder's own delay of the sound
    with opened(path) as video:
        [audio] = video.info.audio
    assert (audio.codec, audio.sample_rate, audio.channels) == ("aac", 8000, 1)


@pytest.mark.parametrize(
    ("pixel", "degrees", "width", "height"),
    [("4/3", 0, 370, 208), ("3/4", 0, 277, 277), ("4/3", 90, 208, 370), ("100/1", 0, 320, 240)],
    ids=["wide", "narrow", "wide and turned", "unlikely"],
)
def test_pixels_become_square(
    tmp_path: Path, pixel: str, degrees: int, width: int, height: int
) -> None:
    path = tmp_path / "a.mp4"
    with av.open(path, "w") as container:
        stream = add_pictures(container)
        stream.codec_context.sample_aspect_ratio = Fraction(pixel)
        stream.set_display_rotation(degrees)
        encode(container, stream, [corners()])
    with opened(path) as video:
        (frame,) = video.frames()
        assert frame.image.shape == (height, width, 3)
        assert sorted((video.info.width, video.info.height)) == [240, 320]
        if not degrees:
            assert corner_colors(frame.image) == [RED, GREEN, BLUE, WHITE]


@pytest.mark.parametrize("extension", ["mp4", "mkv", "avi", "ts"])
def test_sound_may_go_on_when_the_pictures_are_over(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"a.{extension}"
    with av.open(path, "w") as container:
        stream = add_pictures(container)
        sound = container.add_stream("aac", 8000, layout="mono")
        encode(container, stream, shades(20))
        encode_sound(container, sound, 12)
    assert len(times(path)) == 20
    with opened(path) as video:
        assert video.info.duration_ms == pytest.approx(2000, abs=100)


def test_a_rate_that_varies(tmp_path: Path) -> None:
    stamps = [0, 40, 500, 520, 2100, 2101, 2500, 4000]
    path = write_video(tmp_path / "a.mp4", shades(len(stamps)), times=stamps)
    assert times(path) == stamps
    assert times(path, 520) == stamps[3:]


def test_a_file_that_does_not_tell_its_rate_or_length(tmp_path: Path) -> None:
    path = tmp_path / "live.mkv"
    with av.open(path, "w", options={"live": "1"}) as container:
        encode(container, add_pictures(container), shades(30))
    with opened(path) as video:
        assert video.info.duration_ms == 0
        assert [frame.timestamp_ms for frame in video.frames()] == [*range(0, 3000, 100)]
        assert [frame.timestamp_ms for frame in video.frames(1500)] == [*range(1500, 3000, 100)]


def test_the_first_moving_pictures_are_taken_and_a_cover_is_not(tmp_path: Path) -> None:
    path = tmp_path / "two.mp4"
    with av.open(path, "w") as container:
        cover = add_pictures(container, codec="mjpeg")
        cover.disposition = Disposition.attached_pic
        streams = [add_pictures(container) for _ in range(2)]
        container.mux(cover.encode(av.VideoFrame.from_ndarray(corners(), "rgb24")))
        for stream, value in zip(streams, (200, 50), strict=True):
            encode(container, stream, [np.full((240, 320, 3), value, np.uint8)] * 10)
    with opened(path) as video:
        images = [frame.image for frame in video.frames()]
    assert len(images) == 10
    assert abs(float(images[0].mean()) - 200) < 5


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    with av.open(tmp_path / "a.mp4", "w") as container:
        encode_sound(container, container.add_stream("aac", 8000, layout="mono"), 1)
    assert refusal(tmp_path / "a.mp4") == "The file has no video stream."


def test_a_video_without_frames_is_refused(tmp_path: Path) -> None:
    data = bytearray(write_video(tmp_path / "a.mp4", shades(10)).read_bytes())
    # The samples are still listed, but nothing is in them.
    start = data.index(b"mdat") + 4
    end = data.index(b"moov") - 4
    data[start:end] = bytes(end - start)
    assert refusal(bytes(data)) == "The video has no frame that can be decoded."


def test_a_damaged_middle_is_left_out(tmp_path: Path) -> None:
    data = bytearray(write_video(tmp_path / "a.mp4", shades(100)).read_bytes())
    start = data.index(b"mdat") + 4
    length = data.index(b"moov") - 4 - start
    data[start + length // 2 : start + length // 2 + 300] = b"\xff" * 300
    read = times(bytes(data))
    assert read[0] == 0
    assert read[-1] == 9900


@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, kept: float) -> None:
    fast = {"movflags": "faststart"}
    whole = write_video(tmp_path / "a.mp4", shades(400), container_options=fast).read_bytes()
    cut = whole[: int(len(whole) * kept)]
    assert refusal(cut).startswith("The file is cut off: its last frame is at ")


def test_a_file_without_its_index_is_refused(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "a.mp4", shades(50)).read_bytes()
    assert refusal(whole[: len(whole) // 2]) == NOT_A_VIDEO


def test_a_sparse_file_that_claims_ten_gigabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sparse.mp4"
    with path.open("wb") as file:
        file.write(struct.pack(">I4s", 16, b"ftyp") + b"isom\0\0\0\0")
        file.write(struct.pack(">I4sQ", 1, b"mdat", 10 * 2**30))
        file.truncate(10 * 2**30 + 16)
    with path.open("rb") as file, pytest.raises(VideoError) as caught:
        Video(file)
    assert str(caught.value) == NOT_A_VIDEO


def test_a_length_beyond_the_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_video(tmp_path / "a.mp4", shades(10))
    monkeypatch.setattr(videos, "LONGEST_MS", 999)
    assert refusal(path) == "The video is too long: 1000 ms, at most 999 ms."


def test_a_frame_far_away_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "gap.mkv"
    with av.open(path, "w", options={"live": "1"}) as container:
        encode(container, add_pictures(container), shades(2))
    monkeypatch.setattr(videos, "LONGEST_MS", 99)
    assert refusal(path) == "The video is too long: 100 ms, at most 99 ms."


@pytest.mark.parametrize("name", ["avc1", "mp4a"])
def test_an_unknown_codec_is_refused_and_unknown_sound_left_out(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.mp4"
    with av.open(path, "w") as container:
        stream = add_pictures(container)
        sound = container.add_stream("aac", 8000, layout="mono")
        encode(container, stream, shades(10))
        encode_sound(container, sound, 1)
    data = path.read_bytes().replace(name.encode(), b"zzzz")
    if name == "avc1":
        assert refusal(data) == "The video's codec is unknown; supported: h264."
    else:
        assert len(times(data)) == 10


PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:6,\n{}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{}'\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns={}\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
}


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_playlist_leads_nowhere(tmp_path: Path, kind: str) -> None:
    path = write_video(tmp_path / "a.ts", shades(10))
    for name in ("a.m3u8", "a.mp4"):
        playlist = tmp_path / name
        playlist.write_text(PLAYLISTS[kind].format(path))
        # A file with a name, as FFmpeg judges some formats by it.
        with playlist.open("rb") as file, pytest.raises(VideoError) as caught:
            Video(file)
        assert str(caught.value) == NOT_A_VIDEO


def test_a_picture_larger_than_allowed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_video(tmp_path / "a.mp4", shades(5))
    monkeypatch.setattr(videos, "MOST_PIXELS", 320 * 240 - 1)
    assert refusal(path) == "The video is too large: 320 x 240 pixels."


def test_the_reader_ahead_ends_with_its_user(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", shades(100))
    with opened(path) as video:
        frames = ahead(video.frames(), video.pulse, 60)
        assert next(frames).index == 0
        frames.close()
        assert [frame.index for frame in ahead(video.frames(), video.pulse, 60)] == [*range(100)]
