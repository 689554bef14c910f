"""What a model found in a test picture, as it is kept until the model is evaluated."""

from dataclasses import dataclass

import orjson

from openrekog.models.custom.labels import CustomLabel
from openrekog.models.results import Box


@dataclass(frozen=True, slots=True)
class Found:
    """What a model found in a test picture of this size in pixels."""

    width: int
    height: int
    labels: list[CustomLabel]

    def pack(self) -> str:
        labels = [
            [each.name, float(each.confidence), each.box and _numbers(each.box)]
            for each in self.labels
        ]
        return orjson.dumps([self.width, self.height, labels]).decode()

    @classmethod
    def unpack(cls, text: str) -> "Found":
        width, height, labels = orjson.loads(text)
        return cls(
            width,
            height,
            [CustomLabel(name, confidence, box and Box(*box)) for name, confidence, box in labels],
        )


def _numbers(box: Box) -> list[float]:
    return [float(each) for each in (box.left, box.top, box.width, box.height)]
