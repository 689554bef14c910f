"""A page of text, and what a reader says of it."""

from openrekog.models.reading import ModelTextReader
from openrekog.models.results import Image, TextLine
from tests.models.pictures import photograph, resized


def read(reader: ModelTextReader, image: Image) -> list[TextLine]:
    (found,) = reader.read([image])
    return found


def page() -> Image:
    """A scanned page, 384 x 191, twice as large: the caption and text of scikit-image's example."""
    return resized(photograph("page.png"), 768, 382)
