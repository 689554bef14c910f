"""The classes that networks were trained to tell apart, in the order of their outputs."""

import csv
from functools import cache
from importlib.resources import files


@cache
def class_names(scheme: str) -> tuple[str, ...]:
    """What each class of a scheme ("coco", "imagenet") is called in results: the first column of
    its table, so ImageNet's are WordNet ids."""
    table = files("openrekog.models.vocabulary") / f"{scheme}_classes.csv"
    rows = csv.reader(table.read_text(encoding="utf-8").splitlines())
    next(rows)
    return tuple(row[0] for row in rows)
