"""The pictures of pictures.md: asks a running server, draws its answers and writes them down.

Run it beside a server with the default packs: `.venv/bin/python docs/pictures.py [URL]`. With
`--check` it writes nothing and says which answers of the page are not what the server says now.
"""

import argparse
import io
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import PIL.Image
from PIL import ImageDraw, ImageFont
from skimage import data_dir  # type: ignore[attr-defined]  # it is exported lazily

DOCS = Path(__file__).parent
PAGE = DOCS / "pictures.md"
IMAGES = DOCS / "images"
SECTION = re.compile(r"(<!-- answers: (\w+) -->\n).*?(<!-- end of answers -->)", re.DOTALL)
NUMBER = re.compile(r"\d+(?:\.\d+)?")

WIDTH = 720
STRIP = 40  # pixels in height of the dominant colours below a picture
DRAWN_TEXT = 80.0
INK = {"face": "#ffd54a", "label": "#5ce65c", "text": "#ff6fb5", "person": "#5cc8ff"}

Answer = Mapping[str, Any]
Ask = Callable[[Any, bytes], Answer]


@dataclass(frozen=True, slots=True)
class Mark:
    """What is drawn: an outline, or a point where there is only one; in ratios of the picture."""

    ink: str
    outline: Sequence[tuple[float, float]]
    words: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """A way of asking, what the table says of the answer, and what the picture shows of it."""

    title: str
    ask: Ask
    said: Callable[[Answer], Iterator[str]]
    marks: Callable[[Answer], Iterator[Mark]] | None = None
    palette: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """A picture of pictures.md; all views are in its table, those named here are drawn."""

    file: Path
    drawn: Sequence[str]

    @property
    def jpeg(self) -> bytes:
        """As it is sent; a picture that is a JPEG already goes as it is."""
        if self.file.suffix == ".jpg":
            return self.file.read_bytes()
        with PIL.Image.open(self.file) as picture:
            return encoded(picture.convert("RGB"), quality=95)


def encoded(picture: PIL.Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality, optimize=True)
    return file.getvalue()


def named(name: object, confidence: float) -> str:
    return f"{name} {confidence:.0f}"


def corners(box: Mapping[str, float]) -> list[tuple[float, float]]:
    left, top = box["Left"], box["Top"]
    right, bottom = left + box["Width"], top + box["Height"]
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def faces_said(answer: Answer) -> Iterator[str]:
    for face in answer["FaceDetails"]:
        age, mood = face["AgeRange"], face["Emotions"][0]
        yield f"a face {face['Confidence']:.0f}, aged {age['Low']} to {age['High']}"
        yield named(face["Gender"]["Value"], face["Gender"]["Confidence"])
        yield named(mood["Type"], mood["Confidence"])
        for attribute in ("Smile", "EyesOpen", "MouthOpen"):
            said = face[attribute]
            yield named(f"{attribute}: {str(said['Value']).lower()}", said["Confidence"])


def faces_marks(answer: Answer) -> Iterator[Mark]:
    for face in answer["FaceDetails"]:
        yield Mark("face", corners(face["BoundingBox"]), named("face", face["Confidence"]))
        for point in face["Landmarks"]:
            yield Mark("face", [(point["X"], point["Y"])])


def labels_said(answer: Answer) -> Iterator[str]:
    for label in answer["Labels"]:
        boxes = f" ({len(label['Instances'])} boxed)" if label["Instances"] else ""
        yield f"{named(label['Name'], label['Confidence'])}{boxes}"


def labels_marks(answer: Answer) -> Iterator[Mark]:
    """Labels that share a box, as a person and a woman do, share its words."""
    words: dict[tuple[tuple[float, float], ...], list[str]] = {}
    for label in answer["Labels"]:
        for instance in label["Instances"]:
            text = named(label["Name"], instance["Confidence"])
            words.setdefault(tuple(corners(instance["BoundingBox"])), []).append(text)
    return (Mark("label", outline, ", ".join(names)) for outline, names in words.items())


def properties_said(answer: Answer) -> Iterator[str]:
    properties = answer["ImageProperties"]
    for name, value in properties["Quality"].items():
        yield named(name.lower(), value)
    colors = (f"{c['HexCode']} {c['PixelPercent']:.0f} %" for c in properties["DominantColors"])
    yield f"colours {', '.join(colors)}"


def lines(answer: Answer) -> Iterator[Mapping[str, Any]]:
    return (found for found in answer["TextDetections"] if found["Type"] == "LINE")


def text_said(answer: Answer) -> Iterator[str]:
    return (named(f"“{line['DetectedText']}”", line["Confidence"]) for line in lines(answer))


def text_marks(answer: Answer) -> Iterator[Mark]:
    """Those of some confidence: below it figures and signs are read into patterns."""
    for line in lines(answer):
        if line["Confidence"] < DRAWN_TEXT:
            continue
        outline = [(point["X"], point["Y"]) for point in line["Geometry"]["Polygon"]]
        yield Mark("text", outline, named(line["DetectedText"], line["Confidence"]))


def moderation_said(answer: Answer) -> Iterator[str]:
    return (named(label["Name"], label["Confidence"]) for label in answer["ModerationLabels"])


def persons_said(answer: Answer) -> Iterator[str]:
    for person in answer["Persons"]:
        yield named("a person", person["Confidence"])
        for part in person["BodyParts"]:
            worn = ", ".join(
                named(each["Type"], each["Confidence"]) for each in part["EquipmentDetections"]
            )
            yield f"{named(part['Name'], part['Confidence'])} wears {worn or 'nothing'}"


def persons_marks(answer: Answer) -> Iterator[Mark]:
    for person in answer["Persons"]:
        parts = (named(part["Name"], part["Confidence"]) for part in person["BodyParts"])
        yield Mark("person", corners(person["BoundingBox"]), ", ".join(parts))
        for part in person["BodyParts"]:
            for worn in part["EquipmentDetections"]:
                words = named(worn["Type"], worn["Confidence"])
                yield Mark("person", corners(worn["BoundingBox"]), words)


VIEWS: Mapping[str, View] = {
    "faces": View(
        "DetectFaces",
        lambda client, data: client.detect_faces(Image={"Bytes": data}, Attributes=["ALL"]),
        faces_said,
        faces_marks,
    ),
    "labels": View(
        "DetectLabels",
        lambda client, data: client.detect_labels(Image={"Bytes": data}),
        labels_said,
        labels_marks,
    ),
    "properties": View(
        "DetectLabels, image properties",
        lambda client, data: client.detect_labels(
            Image={"Bytes": data},
            Features=["IMAGE_PROPERTIES"],
            Settings={"ImageProperties": {"MaxDominantColors": 5}},
        ),
        properties_said,
        palette=True,
    ),
    "text": View(
        "DetectText",
        lambda client, data: client.detect_text(Image={"Bytes": data}),
        text_said,
        text_marks,
    ),
    "moderation": View(
        "DetectModerationLabels",
        lambda client, data: client.detect_moderation_labels(Image={"Bytes": data}),
        moderation_said,
    ),
    "persons": View(
        "DetectProtectiveEquipment",
        lambda client, data: client.detect_protective_equipment(Image={"Bytes": data}),
        persons_said,
        persons_marks,
    ),
}

SKIMAGE = Path(data_dir)
EXAMPLES: Mapping[str, Example] = {
    "collins": Example(IMAGES / "collins.jpg", ["faces"]),
    "hopper": Example(IMAGES / "hopper.jpg", ["labels", "text"]),
    "photographer": Example(SKIMAGE / "camera.png", ["persons", "faces"]),
    "cat": Example(SKIMAGE / "chelsea.png", ["labels", "properties"]),
    "coffee": Example(SKIMAGE / "coffee.png", ["labels", "text"]),
    "retina": Example(SKIMAGE / "retina.jpg", ["labels"]),
}


def answers(client: Any, example: Example) -> Mapping[str, Answer]:
    data = example.jpeg
    return {name: view.ask(client, data) for name, view in VIEWS.items()}


def table(told: Mapping[str, Answer]) -> str:
    rows = (
        f"| {VIEWS[name].title} | {', '.join(VIEWS[name].said(answer)) or 'nothing'} |"
        for name, answer in told.items()
    )
    return "\n".join(["| Asked | Answered |", "|---|---|", *rows])


def drawing(example: Example, told: Mapping[str, Answer]) -> PIL.Image.Image:
    """The picture at a width where words can be read, with what its views show."""
    with PIL.Image.open(io.BytesIO(example.jpeg)) as opened:
        height = round(opened.height * WIDTH / opened.width)
        picture = opened.convert("RGB").resize((WIDTH, height), PIL.Image.Resampling.LANCZOS)
    for name in example.drawn:
        view = VIEWS[name]
        for mark in view.marks(told[name]) if view.marks else ():
            draw(picture, mark)
        if view.palette:
            picture = with_palette(picture, told[name]["ImageProperties"]["DominantColors"])
    return picture


def draw(picture: PIL.Image.Image, mark: Mark) -> None:
    pen, ink = ImageDraw.Draw(picture), INK[mark.ink]
    points = [(x * picture.width, y * picture.height) for x, y in mark.outline]
    if len(points) == 1:
        pen.circle(points[0], 3, fill=ink, outline="black")
        return
    pen.line([*points, points[0]], fill="black", width=4)
    pen.line([*points, points[0]], fill=ink, width=2)
    if mark.words:
        write(pen, picture.width, min(points, key=lambda point: (point[1], point[0])), mark)


def write(pen: ImageDraw.ImageDraw, width: int, corner: tuple[float, float], mark: Mark) -> None:
    """Above the corner where there is room for it, else below."""
    font = ImageFont.load_default(size=16)
    long = pen.textlength(mark.words, font) + 8
    left = max(0.0, min(corner[0], width - long))
    top = corner[1] - 22 if corner[1] >= 22 else corner[1]
    pen.rectangle((left, top, left + long, top + 21), fill=INK[mark.ink])
    pen.text((left + 4, top + 1), mark.words, fill="black", font=font)


def with_palette(picture: PIL.Image.Image, colors: Sequence[Mapping[str, Any]]) -> PIL.Image.Image:
    """Below the picture its dominant colours, each as wide as its share of them."""
    whole = PIL.Image.new("RGB", (picture.width, picture.height + STRIP), "white")
    whole.paste(picture)
    pen, left = ImageDraw.Draw(whole), 0.0
    total = sum(color["PixelPercent"] for color in colors)
    for color in colors:
        right = left + picture.width * color["PixelPercent"] / total
        pen.rectangle((left, picture.height, right, whole.height), fill=color["HexCode"])
        left = right
    return whole


def filled(page: str, tables: Mapping[str, str]) -> str:
    return SECTION.sub(lambda found: f"{found[1]}{tables[found[2]]}\n{found[3]}", page)


def alike(one: str, other: str) -> bool:
    """Equal but for numbers, which may be one apart: other processors round other ways."""
    if NUMBER.sub("N", one) != NUMBER.sub("N", other):
        return False
    pairs = zip(NUMBER.findall(one), NUMBER.findall(other), strict=True)
    return all(abs(float(a) - float(b)) <= 1 for a, b in pairs)


def stale(page: str, tables: Mapping[str, str]) -> list[str]:
    written = {found[2]: found[0] for found in SECTION.finditer(page)}
    fresh = {found[2]: found[0] for found in SECTION.finditer(filled(page, tables))}
    return [name for name in tables if not alike(written.get(name, ""), fresh.get(name, "-"))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", nargs="?", default="http://127.0.0.1:8080")
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    client = boto3.client(
        "rekognition",
        endpoint_url=given.url,
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
    )
    told = {name: answers(client, example) for name, example in EXAMPLES.items()}
    tables = {name: table(answer) for name, answer in told.items()}
    if given.check:
        old = stale(PAGE.read_text(), tables)
        sys.stderr.write("".join(f"stale in pictures.md: {name}\n{tables[name]}\n" for name in old))
        return bool(old)
    PAGE.write_text(filled(PAGE.read_text(), tables))
    for name, answer in told.items():
        picture = drawing(EXAMPLES[name], answer)
        (IMAGES / "annotated" / f"{name}.jpg").write_bytes(encoded(picture, quality=78))
    return 0


if __name__ == "__main__":
    sys.exit(main())
