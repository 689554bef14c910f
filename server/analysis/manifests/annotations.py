"""The parts of a line, as Ground Truth writes labels of images and labelled boxes."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

LONGEST_LABEL = 255
"""The model's DatasetLabel; AWS's page says 256, which no filter could name."""

CLASSIFICATION = "groundtruth/image-classification"

DETECTION = "groundtruth/object-detection"

METADATA = "-metadata"


class Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


# NUL is what PostgreSQL does not store.
Name = Annotated[str, Field(pattern=r"^[^\x00]*$")]

Finite = Annotated[float, Field(allow_inf_nan=False)]


class Metadata(Part):
    human_annotated: Literal["yes", "no"] = Field(alias="human-annotated")
    creation_date: str = Field(alias="creation-date", min_length=1)
    job_name: str | None = Field(None, alias="job-name")


class LabelMetadata(Metadata):
    class_name: Name = Field(alias="class-name")
    confidence: float = Field(ge=0, le=1)


class BoxConfidence(Part):
    confidence: Annotated[float, Field(ge=0, le=1)] | None = None


class BoxMetadata(Metadata):
    objects: list[BoxConfidence]
    class_map: dict[str, Name] = Field(alias="class-map")


class ImageSize(Part):
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    depth: int = Field(3, gt=0)


class Annotation(Part):
    class_id: int
    left: Finite
    top: Finite
    width: Finite
    height: Finite


class Boxes(Part):
    image_size: list[ImageSize] = Field(min_length=1, max_length=1)
    annotations: list[Annotation] = Field(default_factory=list)
