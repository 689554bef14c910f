"""What the first round of a detector's training is for: who proposes boxes in which picture."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from openrekog.models.custom.folds import FOLDS
from openrekog.models.custom.linear import Numbers
from openrekog.models.custom.proposer import Proposer, weight_shapes
from openrekog.models.dense import DenseShape


@dataclass(frozen=True, slots=True)
class Proposers:
    """`whole` was taught all pictures, and becomes a part of the model. When confidence is learnt
    on a picture, boxes are proposed by the one of `others` that was not taught the picture's fold:
    of what it knows by heart a proposer is surer than it will ever be of a new picture."""

    whole: Proposer
    others: tuple[Proposer, ...]

    def weights(self) -> Mapping[str, Numbers]:
        named = dict(self.whole.weights())
        for fold, proposer in enumerate(self.others):
            named |= {_named(name, fold): array for name, array in proposer.weights().items()}
        return named

    @classmethod
    def of(cls, weights: Mapping[str, Numbers], shape: DenseShape) -> "Proposers":
        names = weight_shapes(shape)

        def others() -> Iterator[Proposer]:
            for fold in range(FOLDS):
                own = {name: weights[_named(name, fold)] for name in names}
                yield Proposer.of(own, shape.strides)

        return cls(Proposer.of(weights, shape.strides), tuple(others()))


def all_weight_shapes(shape: DenseShape) -> Mapping[str, tuple[int, ...]]:
    one = weight_shapes(shape)
    others = {_named(name, fold): size for fold in range(FOLDS) for name, size in one.items()}
    return {**one, **others}


def _named(name: str, fold: int) -> str:
    return f"{name}_without_{fold}"
