"""From a request's `Image` member to decoded pixels and the faces in them."""

from collections.abc import Sequence, Set

from openrekog.api_spec.shapes import Image as ImageMember
from openrekog.models.capabilities import FaceAttributeName
from openrekog.models.results import Face, Vectors
from openrekog.server.context import Context
from openrekog.server.media.images import LoadedImage


def load(context: Context, image: ImageMember) -> LoadedImage:
    """Decoded within the limits that AWS documents for the operation."""
    limits = context.operation.image
    if limits is None:
        raise ValueError(f"{context.operation.name} has no image limits in the overlay")
    with context.timed("image"):
        return context.services.images.load(image, limits)


def find_faces(
    context: Context, image: LoadedImage, attributes: Set[FaceAttributeName] = frozenset()
) -> list[Face]:
    with context.timed("model"):
        return context.services.models.faces.find(image.pixels, attributes)


def embed(context: Context, image: LoadedImage, faces: Sequence[Face]) -> Vectors:
    with context.timed("model"):
        return context.services.models.faces.embed(image.pixels, faces)
