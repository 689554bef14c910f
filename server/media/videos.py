"""Videos from outside: what a file says of itself, and its frames."""

import math
import re
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, BinaryIO, Self

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange
from av.video.stream import VideoStream
from numpy.typing import NDArray

from openrekog.models.results import Image
from openrekog.server.media.pulse import Pulse, WatchedFile

MILLISECONDS = 1000

# How much of the end may be missing before a file counts as cut off: streams of one file seldom end
# at the same time.
LATEST_END_MS = 2000
LATEST_END = 0.05

# How much earlier reading begins at first where a key frame turns out to be too late.
EARLIER_MS = 1000

# A file can say that it is as large as it likes; what we decode is bounded as for pictures.
MOST_PIXELS = 4096 * 2304

# AWS's limit; it also bounds what a file can make of one frame with a time far away.
LONGEST_MS = 6 * 3600 * 1000

# FFmpeg also knows playlists, which name other files and addresses.
CONTAINER_OPTIONS = {"format_whitelist": "mov,matroska,avi,mpegts"}

NOT_A_VIDEO = "The file is not a video (MP4, MOV, Matroska, AVI or MPEG-TS), or it is damaged."

MATROSKA = "matroska"
"""Its length counts from 0 and not from the first frame. It is that of the whole file; writers add
that of each stream as a tag."""

TAGGED_DURATION = re.compile(r"(\d{1,6}):(\d{2}):(\d{2}(?:\.\d{1,9})?)", re.ASCII)
"""Hours, minutes and seconds."""

FROM_THE_START = ("avi", "mpegts")
"""Where these are read from their middle, frames are lost or get other times: going on with one
means decoding it anew up to there."""

SQUARE = Fraction(1)

LIKELY_PIXEL = 3
"""Times as wide as high, or the reverse, that a pixel may be; files that say more are in error."""

AVI = "avi"
"""It has no times: frames follow each other at one rate, in the order in which they are stored."""


class VideoError(Exception):
    """The file cannot be analysed; the message tells its owner why."""


@dataclass(frozen=True, slots=True)
class AudioInfo:
    codec: str
    duration_ms: int
    sample_rate: int
    channels: int


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a file says of itself; width and height are those of the upright picture."""

    codec: str
    format: str
    frame_rate: float
    duration_ms: int
    width: int
    height: int
    full_range: bool
    audio: tuple[AudioInfo, ...]


@dataclass(frozen=True)
class Frame:
    """One picture of a video: its number from 0, and milliseconds from the start of the video.

    Most frames are only decoded to get at later ones: pixels are made of those that are asked.
    """

    index: int
    timestamp_ms: int
    decoded: VideoFrame
    pixel: Fraction = SQUARE
    """The width of a stored pixel in its heights."""

    @cached_property
    def image(self) -> Image:
        """Upright RGB with square pixels, of about as many as are stored."""
        if self.pixel == SQUARE:
            return self._upright(self.decoded.to_ndarray(format="rgb24"))
        wider = math.sqrt(self.pixel)
        width, height = round(self.decoded.width * wider), round(self.decoded.height / wider)
        shown = self.decoded.reformat(width, height, "rgb24", interpolation="BICUBIC")
        return self._upright(shown.to_ndarray())

    def thumbnail(self, width: int, height: int) -> Image:
        """Upright RGB of this size, whatever the proportions of the video."""
        turned = _quarter_turns(self.decoded) % 2
        across, down = (height, width) if turned else (width, height)
        small = self.decoded.reformat(across, down, "rgb24", interpolation="AREA")
        return self._upright(small.to_ndarray())

    def _upright(self, pixels: NDArray[Any]) -> Image:
        turned = np.rot90(pixels, _quarter_turns(self.decoded))
        return np.ascontiguousarray(turned, dtype=np.uint8)


class Video:
    """An open file. Its frames can be asked for again and again; each time it is read anew."""

    def __init__(
        self,
        file: BinaryIO,
        codecs: Collection[str] = ("h264",),
        pulse: Pulse | None = None,
    ) -> None:
        """Raises VideoError for what is no video, or one of a codec that is not among `codecs`;
        the file is closed with the video."""
        self.pulse = Pulse() if pulse is None else pulse
        self._file = WatchedFile(file, self.pulse)
        self._codecs = codecs
        self._open()
        try:
            # Only a frame tells how the picture is turned, and whether there is one at all.
            first = next(self._decoded(), None)
            if first is None:
                raise VideoError("The video has no frame that can be decoded.")
            self.info = _info(self._container, self._stream, first)
        except BaseException:
            self._container.close()
            raise

    def frames(self, start_ms: int = 0, index: int = 0) -> Iterator[Frame]:
        """The frames from `start_ms` on; the first of them has the number `index`.

        Damaged packets are left out, as players do. Raises VideoError if the file ends long before
        the video does.
        """
        try:
            yield from self._frames(start_ms, index)
        finally:
            if self.pulse.abandoned:
                self._release()

    def _frames(self, start_ms: int, index: int) -> Iterator[Frame]:
        last, pixel = 0, _pixel(self._stream)
        for frame in self._decoded_from(start_ms):
            last = self._timestamp(frame)
            if last > LONGEST_MS:
                raise VideoError(too_long(last))
            if last >= start_ms:
                yield Frame(index, last, frame, pixel)
                index += 1
        self._check_end(last)

    def close(self) -> None:
        """What a decoder that hangs still uses is closed when it comes to an end after all."""
        if not self.pulse.abandoned:
            self._release()

    def _release(self) -> None:
        self._container.close()
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _decoded_from(self, start_ms: int) -> Iterator[VideoFrame]:
        """Frames from one at or before `start_ms` on, or from the first.

        In an open group of pictures those that are shown before its key frame cannot be decoded
        from there: then reading begins further ahead.
        """
        if self._container.format.name in FROM_THE_START:
            self._container.close()
            self._open()
            yield from self._decoded()
            return
        early = 0
        while True:
            self._seek(max(0, start_ms - early))
            frames = self._decoded()
            first = next(frames, None)
            if early >= start_ms or (first is not None and self._timestamp(first) <= start_ms):
                break
            early = early * 2 or EARLIER_MS
        if first is not None:
            yield first
        yield from frames

    def _open(self) -> None:
        self.pulse.begin()
        self._file.seek(0)
        try:
            self._container = av.open(
                self._file, "r", metadata_errors="replace", container_options=CONTAINER_OPTIONS
            )
        except (av.FFmpegError, ValueError) as error:
            raise VideoError(NOT_A_VIDEO) from error
        try:
            self._stream = _video_stream(self._container, self._codecs)
        except BaseException:
            self._container.close()
            raise

    def _decoded(self) -> Iterator[VideoFrame]:
        """Frames with a time, in the order of showing."""
        decode = _StoredOrder().decode if self._container.format.name == AVI else _decode
        try:
            for packet in self._container.demux(self._stream):
                self.pulse.reach("packet", packet.dts)
                for frame in decode(packet):
                    self.pulse.reach("frame", frame.pts)
                    if frame.pts is not None:
                        yield frame
        except av.FFmpegError:
            return  # cut off; whether too much is missing is judged by the last frame's time

    def _check_end(self, last_ms: int) -> None:
        missing = self.info.duration_ms - last_ms
        if missing > max(LATEST_END_MS, self.info.duration_ms * LATEST_END):
            raise VideoError(
                f"The file is cut off: its last frame is at {last_ms} ms "
                f"of {self.info.duration_ms} ms."
            )

    def _seek(self, start_ms: int) -> None:
        self.pulse.begin()
        wanted = self._origin + Fraction(start_ms, MILLISECONDS) / _time_base(self._stream)
        self._container.seek(int(wanted), stream=self._stream, backward=True)

    def _timestamp(self, frame: VideoFrame) -> int:
        """Milliseconds from the first thing in the file, rounded down as AWS does."""
        shown = (frame.pts or 0) - self._origin
        return int(shown * _time_base(self._stream) * MILLISECONDS)

    @property
    def _origin(self) -> int:
        """Where the file begins, in the stream's own units."""
        start = Fraction(self._container.start_time or 0, av.time_base)
        return int(start / _time_base(self._stream))


def _decode(packet: "Packet[VideoStream]") -> list[VideoFrame]:
    """The frames that a packet completes; none if it is damaged."""
    try:
        return packet.decode()
    except av.FFmpegError:
        return []


class _StoredOrder:
    """Gives the frames of an AVI their times: the first that is shown has the place of the first
    that is stored, and so on. Places may be left out, where a camera had nothing to store."""

    def __init__(self) -> None:
        self._places: deque[int] = deque()

    def decode(self, packet: "Packet[VideoStream]") -> list[VideoFrame]:
        try:
            frames = packet.decode()
        except av.FFmpegError:
            return []
        if packet.dts is not None:
            self._places.append(packet.dts)
        for frame in frames:
            frame.pts = self._places.popleft() if self._places else None
        return frames


def too_long(milliseconds: int) -> str:
    return f"The video is too long: {milliseconds} ms, at most {LONGEST_MS} ms."


def _time_base(stream: VideoStream) -> Fraction:
    return stream.time_base or Fraction(1, av.time_base)


def _video_stream(container: InputContainer, codecs: Collection[str]) -> VideoStream:
    """The first stream of moving pictures; a cover picture is none."""
    streams = [
        stream
        for stream in container.streams.video
        if not stream.disposition & Disposition.attached_pic
    ]
    if not streams:
        raise VideoError("The file has no video stream.")
    stream = streams[0]
    codec = _codec(stream)
    if codec not in codecs:
        raise VideoError(f"The video's codec is {codec}; supported: {', '.join(codecs)}.")
    if stream.width * stream.height > MOST_PIXELS:
        raise VideoError(f"The video is too large: {stream.width} x {stream.height} pixels.")
    if (duration := _duration_ms(container, stream)) > LONGEST_MS:
        raise VideoError(too_long(duration))
    stream.thread_type = "AUTO"
    # Later frames may be of another size than the first.
    stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
    return stream


def _codec(stream: VideoStream | AudioStream) -> str:
    """A stream of a codec that FFmpeg does not know has no context."""
    return getattr(stream.codec_context, "name", "unknown")


def _pixel(stream: VideoStream) -> Fraction:
    """Faces that are squeezed as stored are taken for others: those of DVDs and of some cameras."""
    pixel = stream.sample_aspect_ratio or SQUARE
    return pixel if 1 / LIKELY_PIXEL <= pixel <= LIKELY_PIXEL else SQUARE


def _info(container: InputContainer, stream: VideoStream, frame: VideoFrame) -> VideoInfo:
    width, height = frame.width, frame.height
    if _quarter_turns(frame) % 2:
        width, height = height, width
    return VideoInfo(
        codec=_codec(stream),
        format=container.format.long_name,
        frame_rate=float(stream.average_rate or stream.guessed_rate or 0),
        duration_ms=_duration_ms(container, stream),
        width=width,
        height=height,
        full_range=frame.color_range == ColorRange.JPEG,
        audio=tuple(
            _audio(container, audio)
            for audio in container.streams.audio
            if audio.codec_context is not None
        ),
    )


def _audio(container: InputContainer, stream: AudioStream) -> AudioInfo:
    return AudioInfo(
        codec=_codec(stream),
        duration_ms=_duration_ms(container, stream),
        sample_rate=stream.sample_rate or 0,
        channels=stream.channels,
    )


def _duration_ms(container: InputContainer, stream: VideoStream | AudioStream) -> int:
    if stream.duration is not None and stream.time_base is not None:
        return int(stream.duration * stream.time_base * MILLISECONDS)
    duration = container.duration or 0
    if MATROSKA in container.format.name:
        tagged = TAGGED_DURATION.fullmatch(stream.metadata.get("DURATION", ""))
        if tagged:
            hours, minutes, seconds = map(Fraction, tagged.groups())
            duration = int((3600 * hours + 60 * minutes + seconds) * av.time_base)
        duration -= container.start_time or 0
    return max(0, duration * MILLISECONDS // av.time_base)


def _quarter_turns(frame: VideoFrame) -> int:
    """How often the stored picture has to be turned against the clock by 90 degrees."""
    return round(frame.rotation / 90) % 4
