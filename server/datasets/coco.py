"""Boxes around objects as COCO writes them: a JSON file of images, annotations and categories."""

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import orjson
from pydantic import BaseModel, Field, ValidationError

from openrekog.models.custom.labels import TrueLabel
from openrekog.server.datasets.layouts import Layout, LayoutError, Sample, clipped, shown, split_of

MEMBERS = (b'"images"', b'"annotations"', b'"categories"')


class CocoImage(BaseModel):
    id: int | str
    file_name: str
    width: int = Field(gt=0)
    height: int = Field(gt=0)


class CocoCategory(BaseModel):
    id: int
    name: str


class CocoAnnotation(BaseModel):
    """One of a crowd is a box around many objects, of which none is told apart."""

    image_id: int | str
    category_id: int
    bbox: tuple[float, float, float, float]
    iscrowd: int = 0


class CocoFile(BaseModel):
    images: list[CocoImage]
    annotations: list[CocoAnnotation]
    categories: list[CocoCategory]


def read_coco(folder: Path) -> Layout | None:
    """Every file of annotations in the folder and the folders in it."""
    files = list(_files(folder))
    if not files:
        return None
    splits: dict[str, list[Sample]] = {}
    remarks: list[str] = []
    for file in files:
        samples = list(_samples(folder, file, remarks))
        splits.setdefault(_split(folder, file), []).extend(samples)
    names = ", ".join(file.relative_to(folder).as_posix() for file in files)
    return Layout.of_splits(f"COCO annotations ({names})", splits, remarks)


def _split(folder: Path, file: Path) -> str:
    """As the file is called, or the folder that it is in."""
    inside = "" if file.parent == folder else file.parent.name
    return split_of(file.stem, inside) or "TRAIN"


def _files(folder: Path) -> Iterator[Path]:
    """COCO's own folder has each picture in three files; instances are what boxes are in."""
    for place in (folder, *(path for path in shown(folder) if path.is_dir())):
        files = [path for path in shown(place) if path.suffix == ".json" and _is_coco(path)]
        instances = [path for path in files if path.stem.startswith("instances")]
        yield from instances or files


def _is_coco(path: Path) -> bool:
    data = path.read_bytes()
    return all(member in data for member in MEMBERS)


def _samples(folder: Path, file: Path, remarks: list[str]) -> Iterator[Sample]:
    coco = _read(file)
    names = {category.id: category.name for category in coco.categories}
    boxes: dict[int | str, list[CocoAnnotation]] = {}
    for annotation in coco.annotations:
        if not annotation.iscrowd:
            boxes.setdefault(annotation.image_id, []).append(annotation)
    for image in coco.images:
        path = _picture(folder, file, image.file_name)
        if path is None:
            remarks.append(f"{file}: there is no picture {image.file_name}")
            continue
        found = (_label(image, each, names) for each in boxes.get(image.id, ()))
        truth = tuple(label for label in found if label is not None)
        yield Sample(path, path.relative_to(folder).as_posix(), truth, located=True)


def _read(file: Path) -> CocoFile:
    try:
        return CocoFile.model_validate(orjson.loads(file.read_bytes()))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise LayoutError(f"{file} is no COCO file: {place}: {first['msg']}.") from error
    except ValueError as error:
        raise LayoutError(f"{file} is no JSON: {error}.") from error


def _picture(folder: Path, file: Path, name: str) -> Path | None:
    """Beside the file, in images/, or as COCO has them in a folder named like the annotations."""
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
        return None
    beside = (file.parent, folder, file.parent / "images", folder / "images")
    named = [each for word in file.stem.split("_") for each in (folder / word, beside[3] / word)]
    return next((place / name for place in (*beside, *named) if (place / name).is_file()), None)


def _label(
    image: CocoImage, annotation: CocoAnnotation, names: Mapping[int, str]
) -> TrueLabel | None:
    left, top, width, height = annotation.bbox
    return clipped(
        names.get(annotation.category_id, str(annotation.category_id)),
        left / image.width,
        top / image.height,
        (left + width) / image.width,
        (top + height) / image.height,
    )
