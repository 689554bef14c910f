"""Datasets of real pictures as people have them on their disks."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson
import PIL.Image
from skimage import data_dir  # type: ignore[attr-defined]  # it is exported lazily

SIDE = 96


def cut(folder: Path, texture: str, numbers: Iterable[int], suffix: str = ".jpg") -> list[Path]:
    """Different pieces of one of scikit-image's textures."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = PIL.Image.open(f"{data_dir}/{texture}.png").convert("RGB")
    paths = []
    for number in numbers:
        left, top = SIDE * (number % 5), SIDE * (number // 5)
        paths.append(folder / f"{number}{suffix}")
        whole.crop((left, top, left + SIDE, top + SIDE)).save(paths[-1])
    return paths


def coco_file(pictures: Mapping[str, list[dict[str, Any]]], side: int = SIDE) -> bytes:
    """File names and their annotations, which name the category."""
    names = sorted({each["name"] for found in pictures.values() for each in found})
    return orjson.dumps(
        {
            "info": {},
            "images": [
                {"id": number, "file_name": name, "width": side, "height": side}
                for number, name in enumerate(pictures)
            ],
            "annotations": [
                {
                    "id": 10 * number + index,
                    "image_id": number,
                    "category_id": names.index(each["name"]),
                    "bbox": each["bbox"],
                    "iscrowd": each.get("iscrowd", 0),
                }
                for number, found in enumerate(pictures.values())
                for index, each in enumerate(found)
            ],
            "categories": [{"id": number, "name": name} for number, name in enumerate(names)],
        }
    )


def boxed(name: str, *bbox: float, **more: Any) -> dict[str, Any]:
    return {"name": name, "bbox": list(bbox), **more}
