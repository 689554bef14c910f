"""How a file that its user brought is known: by the shapes of what its graph takes and gives."""

from collections.abc import Mapping

from openrekog.models.session import Session, Shape


class UnusablePackError(ValueError):
    """A pack cannot be run as it lies here; the message says why."""


class UnknownGraphError(UnusablePackError):
    """A file of a pack is none of the graphs that the pack may hold."""


class MissingPackageError(UnusablePackError):
    """A pack needs a Python package that is not installed."""


def refuse(session: Session, wanted: str) -> UnknownGraphError:
    """Names the file, what it should have been, and what it is."""
    return UnknownGraphError(
        f"{session.name} is not {wanted}: it takes {describe(session.inputs)} "
        f"and gives {describe(session.outputs)}"
    )


def describe(tensors: Mapping[str, Shape]) -> str:
    """`images 1x3x640x640, sizes 1x2`; a free size is shown by its name, or as `?`."""
    return ", ".join(
        f"{name} {'x'.join('?' if size is None else str(size) for size in shape)}"
        for name, shape in tensors.items()
    )


def picture_input(session: Session, wanted: str) -> tuple[str, Shape]:
    """Name and shape of the input that takes pictures: batch, 3, height, width."""
    for name, shape in session.inputs.items():
        if len(shape) == 4 and (shape[1] == 3 or not isinstance(shape[1], int)):
            return name, shape
    raise refuse(session, wanted)


def fits(shape: Shape, *wanted: int | None) -> bool:
    """Whether a shape is the one wanted; None is any size, and a size that a graph leaves open is
    taken for right: exporters do not always work out the last ones."""
    return len(shape) == len(wanted) and all(
        size is None or not isinstance(found, int) or found == size
        for found, size in zip(shape, wanted, strict=True)
    )


def side_of(shape: Shape, free: int) -> int:
    """The side of the square pictures that a graph takes; `free` where it leaves the size open."""
    return shape[-1] if isinstance(shape[-1], int) else free
