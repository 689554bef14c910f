"""Pictures from outside: header checked before any pixel is decoded, then upright RGB."""

import hashlib
import io
import struct
import uuid
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL.ExifTags import Base as ExifTag

from openrekog.api_spec import errors
from openrekog.api_spec.overlay import ImageLimits
from openrekog.api_spec.shapes import Image as ImageMember
from openrekog.models.results import Image
from openrekog.server.media.jpeg import TURNS, decode_colour
from openrekog.server.media.objects import ObjectStore, limited
from openrekog.server.media.pixels import PixelBudget

# We compare the claimed size with our own limits before decoding; Pillow's global only warns.
PIL.Image.MAX_IMAGE_PIXELS = None

# Converted whole, a transparent picture stands in memory five times: 1.9 GB for 100 megapixels.
ROWS_AT_ONCE = 256

IMAGE_IDS = uuid.UUID("6f1d5be3-0a5c-5d0e-9d0c-6a4f3f0c8a51")  # namespace of our ImageIds

# A JPEG with more pictures behind the first, as many phones make (depth, brightness), is an MPO to
# Pillow.
JPEGS = ("JPEG", "MPO")

# What Pillow's decoders raise for bytes that are not what their header says.
DECODE_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    RuntimeError,  # the AVIF decoder's
    struct.error,
    zlib.error,
)


@dataclass(frozen=True, slots=True, weakref_slot=True)
class LoadedImage:
    """A decoded picture and the bytes that it came from."""

    pixels: Image
    data: bytes

    @property
    def image_id(self) -> str:
        return image_id_of(self.data)


def image_id_of(data: bytes) -> str:
    """The API's ImageId: equal for equal bytes."""
    return str(uuid.uuid5(IMAGE_IDS, hashlib.sha256(data).hexdigest()))


@dataclass(frozen=True, slots=True)
class ImageLoader:
    """Reads the API's `Image` member, whichever way the client gives it."""

    objects: ObjectStore
    formats: Collection[str]
    max_pixels: int
    budget: PixelBudget

    def load(self, image: ImageMember, limits: ImageLimits) -> LoadedImage:
        return self.decode(self._read(image, limits), limits)

    def _read(self, image: ImageMember, limits: ImageLimits) -> bytes:
        match image:
            case {"Bytes": data} if "S3Object" not in image:
                # The service model refuses more than 5 MiB; some operations take less.
                return limited(data, limits.max_bytes)
            case {"S3Object": {"Bucket": bucket, "Name": key} as place} if "Bytes" not in image:
                most = limits.max_object_bytes
                return self.objects.read(bucket, key, place.get("Version"), most)
        raise errors.InvalidParameter("Requested image should either contain bytes or s3 object.")

    def decode(self, data: bytes, limits: ImageLimits) -> LoadedImage:
        """Raises InvalidImageFormat, ImageTooLarge, InvalidParameter, or
        ProvisionedThroughputExceeded if too many pixels are in memory already."""
        try:
            with PIL.Image.open(io.BytesIO(data), formats=tuple(self.formats)) as picture:
                self._check_size(picture.width, picture.height, limits)
                return self._decode(picture, data)
        except DECODE_ERRORS as error:
            raise errors.InvalidImageFormat("Request has invalid image format") from error

    def _decode(self, picture: PIL.Image.Image, data: bytes) -> LoadedImage:
        count = picture.width * picture.height
        self.budget.take(count)
        try:
            loaded = LoadedImage(upright(picture, stored_pixels(picture, data)), data)
        except BaseException:
            self.budget.give_back(count)
            raise
        self.budget.give_back_with(loaded, count)
        return loaded

    def _check_size(self, width: int, height: int, limits: ImageLimits) -> None:
        shorter, longer = sorted((width, height))
        most = longer if limits.max_aspect is None else limits.max_aspect * shorter
        if shorter < limits.min_side_px or longer > most:
            raise errors.InvalidParameter("Request has invalid parameters")
        if longer > limits.max_side_px:
            raise errors.ImageTooLarge(
                f"Input image dimensions {width} x {height} exceed maximum dimension size of "
                f"{limits.max_side_px} pixels"
            )
        if width * height > self.max_pixels:
            raise errors.ImageTooLarge("Image size is too large.")


def stored_pixels(picture: PIL.Image.Image, data: bytes) -> Image:
    colour = picture.mode == "RGB" and picture.format in JPEGS
    fast = decode_colour(data) if colour else None
    return to_rgb(picture) if fast is None else fast


def to_rgb(picture: PIL.Image.Image) -> Image:
    """Any mode to 8-bit RGB: 16-bit loses its low byte, transparency lies on white."""
    if picture.mode.startswith(("I", "F")):
        return np.repeat(eight_bits(np.asarray(picture))[:, :, None], 3, axis=2)
    transparent = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    picture.load()
    pixels = np.empty((picture.height, picture.width, 3), np.uint8)
    for top in range(0, picture.height, ROWS_AT_ONCE):
        rows = picture.crop((0, top, picture.width, min(top + ROWS_AT_ONCE, picture.height)))
        plain = on_white(rows.convert("RGBA")) if transparent else rows.convert("RGB")
        pixels[top : top + ROWS_AT_ONCE] = np.asarray(plain)
    return pixels


def upright(picture: PIL.Image.Image, pixels: Image) -> Image:
    # AWS reads the orientation of JPEG files alone.
    turn = TURNS.get(orientation(picture)) if picture.format in JPEGS else None
    return pixels if turn is None else np.asarray(turn(pixels), np.uint8)


def orientation(picture: PIL.Image.Image) -> Any:
    """As Exif has it; a damaged Exif block means 1, "as stored"."""
    try:
        return picture.getexif().get(ExifTag.Orientation, 1)
    except DECODE_ERRORS:
        return 1


def eight_bits(samples: NDArray[Any]) -> NDArray[np.uint8]:
    """Grey samples of 16 bits (PNG, TIFF) or of a float's own range, as 8 bits."""
    if samples.dtype.kind == "f":
        top = float(np.nanmax(samples, initial=0.0)) or 1.0
        samples = np.nan_to_num(samples) * (255.0 / top)
        return np.asarray(np.clip(samples, 0, 255), dtype=np.uint8)
    return np.asarray(np.clip(samples, 0, 0xFFFF) >> 8, dtype=np.uint8)


def on_white(picture: PIL.Image.Image) -> PIL.Image.Image:
    background = PIL.Image.new("RGBA", picture.size, "white")
    return PIL.Image.alpha_composite(background, picture).convert("RGB")
