"""Small graphs with the signatures of the premium packs' networks: each answers by colours."""

import json
import math
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers

from openrekog.models.architectures.squares import IMAGENET_MEAN, IMAGENET_SPREAD
from tests.models.graphs import GraphBuilder, cell_boxes

DOG, TIE = 16, 27  # places in COCO's list

CELLS = 4  # each way, of the detectors that predict a set

TAGS = ("dog", "wibble", "bunny", "rabbits", "fire truck")
SCALE, BIAS = 10.0, -5.0


def yolo(path: Path, side: int = 640, classes: int = 80, free: bool = False) -> Path:
    """A dog, and a worse tie, wherever a cell of a tenth of the side is bright: the dog's score is
    the cell's brightness, the tie's half of it."""
    build = GraphBuilder()
    weights = np.zeros((4 + classes, 3))
    weights[4 + DOG % classes], weights[4 + TIE % classes] = 1 / 3, 1 / 6
    found = build.cells("images", side, 10, weights, np.zeros(4 + classes))
    boxes = np.zeros((1, 4 + classes, 100))
    boxes[0, :4] = cell_boxes(10).T * side
    build.node("Add", found, build.weight(boxes), output="output0")
    sizes = ["n", 3, "h", "w"] if free else [1, 3, side, side]
    outputs = {"output0": ["n" if free else 1, 4 + classes, 100]}
    return build.save(path, {"images": sizes}, outputs)


def rf_detr(path: Path, side: int = 384, classes: int = 91, outputs: str = "dets labels") -> Path:
    """A box for each of 4 x 4 cells. Its logits are 4 for a dog where the cell is bright and -4
    where it is black, 1 less for a toothbrush (the last column), and -9 for all else."""
    build = GraphBuilder()
    weights, bias = np.zeros((classes, 3)), np.full(classes, -9.0)
    # The graph sees pixels scaled as for ImageNet, and undoes it.
    for column, high in ((18 % classes, 4), (90 % classes, 3)):
        weights[column] = 8 / 3 * IMAGENET_SPREAD
        bias[column] = high - 8 + 8 / 3 * IMAGENET_MEAN.sum()
    found = build.cells("input", side, CELLS, weights, bias)
    dets, labels = outputs.split()
    build.node("Transpose", found, perm=[0, 2, 1], output=labels)
    # The batch is one: its boxes are the same for every picture.
    build.node("Identity", build.weight(cell_boxes(CELLS)[None]), output=dets)
    count = CELLS * CELLS
    shapes = {dets: [1, count, 4], labels: [1, count, classes]}
    return build.save(path, {"input": [1, 3, side, side]}, shapes)


def d_fine(path: Path, label: int = 16, free: bool = True) -> Path:
    """A box for each of 4 x 4 cells, in pixels of the picture, scored by its brightness."""
    build = GraphBuilder()
    found = build.cells("images", 640, CELLS, np.full((1, 3), 1 / 3), np.zeros(1))
    build.node("Squeeze", found, build.weight([1], np.int64), output="scores")
    centres = cell_boxes(CELLS)
    corners = np.concatenate([centres[:, :2], centres[:, :2]], 1) + np.outer(
        np.ones(len(centres)), [-1, -1, 1, 1]
    ) / (2 * CELLS)
    sizes = build.node("Cast", "orig_target_sizes", to=1)
    twice = build.node("Concat", sizes, sizes, axis=1)
    build.node("Mul", build.weight(corners[None]), twice, output="boxes")
    count = CELLS * CELLS
    build.node("Identity", build.weight(np.full((1, count), label), np.int64), output="labels")
    batch = "N" if free else 1
    return build.save(
        path,
        {"images": [batch, 3, 640, 640], "orig_target_sizes": [batch, 2]},
        {"labels": [batch, count], "boxes": [batch, count, 4], "scores": [batch, count]},
        integers=("orig_target_sizes", "labels"),
    )


def ram(path: Path, ending: str = "", tags: int = len(TAGS)) -> Path:
    """A dog in red, a wibble in everything, a bunny in green, rabbits in a little green, a fire
    truck in blue: logits from -4 (none of the colour) to 4. `ending` is what follows the logits."""
    build = GraphBuilder()
    weights, bias = np.zeros((tags, 3)), np.full(tags, -4.0)
    for tag, (channel, slope) in enumerate([(0, 8), (1, 0), (1, 8), (1, 12), (2, 8)]):
        weights[tag, channel] = slope * IMAGENET_SPREAD[channel]
        bias[tag] += slope * IMAGENET_MEAN[channel]
    bias[1] = 3
    cells = build.cells("image", 384, 1, weights, bias)
    logits = build.node("Flatten", cells)
    if ending == "cut":
        logits = build.node("Cast", build.node("Greater", logits, build.weight(0.6)), to=1)
    build.node("Sigmoid" if ending == "sigmoid" else "Identity", logits, output="tag")
    return build.save(path, {"image": [1, 3, 384, 384]}, {"tag": [1, tags]})


def image_tower(path: Path, vectors: bool = True, width: int = 3) -> Path:
    """The mean colour as a vector, behind the last hidden state as usual exports have it."""
    build = GraphBuilder()
    build.node("ReduceMean", "pixel_values", axes=[2, 3], keepdims=0, output="mean")
    build.node("Unsqueeze", "mean", build.weight([1], np.int64), output="last_hidden_state")
    outputs: dict[str, list[object]] = {"last_hidden_state": ["n", 1, 3]}
    if vectors:
        build.node("MatMul", "mean", build.weight(np.eye(3, width)), output="pooler_output")
        outputs["pooler_output"] = ["n", width]
    return build.save(path, {"pixel_values": ["n", "c", "h", "w"]}, outputs)


def text_tower(path: Path) -> Path:
    """Sums the vectors of 64 tokens: those of `dog` and `red` are red, of `sea` blue, others 0."""
    build = GraphBuilder()
    table = np.zeros((len(WORDS) + 1, 3))
    table[WORDS["dog"]] = table[WORDS["red"]] = (1, -1, -1)
    table[WORDS["sea"]] = (-1, -1, 1)
    found = build.node("Gather", build.weight(table), "input_ids")
    summed = build.node("ReduceSum", found, build.weight([1], np.int64), keepdims=0)
    build.node("Identity", summed, output="pooler_output")
    return build.save(
        path, {"input_ids": ["n", 64]}, {"pooler_output": ["n", 3]}, integers=["input_ids"]
    )


WORDS = {word: index for index, word in enumerate(("<pad>", "<unk>", "dog", "red", "sea"))}


def tokenizer(path: Path, words: dict[str, int] | None = None) -> Path:
    made = Tokenizer(models.WordLevel(words or WORDS, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.save(str(path))
    return path


def brought(folder: Path) -> Path:
    """A folder as its user would bring it, for both packs."""
    folder.mkdir()
    ram(folder / "ram_plus.onnx")
    (folder / "ram_tag_list.txt").write_text("\n".join(TAGS) + "\n")
    image_tower(folder / "vision_model.onnx")
    text_tower(folder / "text_model.onnx")
    tokenizer(folder / "tokenizer.json")
    numbers = {"logit_scale": math.log(SCALE), "logit_bias": BIAS, "image_size": 64}
    (folder / "siglip2.json").write_text(json.dumps(numbers))
    return folder
