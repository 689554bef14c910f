"""The Rekognition service as data: botocore's model with our overlay laid over it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from botocore.loaders import Loader
from botocore.model import (
    ListShape,
    MapShape,
    OperationModel,
    ServiceModel,
    Shape,
    StructureShape,
)

from openrekog.api_spec.overlay import ImageLimits, Overlay, load_overlay


@dataclass(frozen=True, slots=True)
class Pagination:
    """An operation that answers in pages, by NextToken and MaxResults."""

    results: tuple[str, ...]
    """The members that grow from page to page."""
    sdk: bool
    """Whether SDKs have a paginator for it; otherwise callers follow NextToken themselves."""


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    name: str
    group: str
    summary: str
    input: StructureShape
    output: StructureShape
    errors: tuple[str, ...]
    pagination: Pagination | None
    image: ImageLimits | None


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    target_prefix: str
    """What precedes the operation's name in X-Amz-Target."""
    json_version: str
    signing_name: str
    operations: Mapping[str, Operation]
    model: ServiceModel
    overlay: Overlay


@cache
def load_service() -> Service:
    # Only botocore's own data: ~/.aws/models, which is also a default place, may hold anything.
    loader = Loader(
        extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False
    )
    overlay = load_overlay()
    document = _merged(loader.load_service_model("rekognition", "service-2"), overlay.model)
    paginators = loader.load_service_model("rekognition", "paginators-1")["pagination"]
    model = ServiceModel(document, "rekognition")
    return Service(
        target_prefix=model.metadata["targetPrefix"],
        json_version=model.metadata["jsonVersion"],
        signing_name=model.signing_name,
        # A newer botocore may know operations that the overlay does not describe; they wait.
        operations={
            name: _operation(model.operation_model(name), overlay, paginators)
            for name in sorted(set(model.operation_names) & set(overlay.operations))
        },
        model=model,
        overlay=overlay,
    )


def shapes_within(roots: Iterable[Shape]) -> list[Shape]:
    """Every shape that values of the given shapes can hold, themselves included, by name."""
    found: dict[str, Shape] = {}
    waiting = list(roots)
    while waiting:
        shape = waiting.pop()
        if shape.name not in found:
            found[shape.name] = shape
            waiting += parts(shape).values()
    return [found[name] for name in sorted(found)]


def parts(shape: Shape) -> Mapping[str, Shape]:
    """What a shape is made of: the members of a structure, the member of a list, ..."""
    match shape:
        case StructureShape():
            return shape.members
        case ListShape():
            return {"member": shape.member}
        case MapShape():
            return {"key": shape.key, "value": shape.value}
        case _:
            return {}


def _operation(model: OperationModel, overlay: Overlay, paginators: Mapping[str, Any]) -> Operation:
    notes = overlay.operations[model.name]
    return Operation(
        name=model.name,
        group=notes.group,
        summary=notes.summary,
        input=cast(StructureShape, model.input_shape),
        output=cast(StructureShape, model.output_shape),
        errors=tuple(shape.name for shape in model.error_shapes),
        pagination=_pagination(model, paginators),
        image=notes.image,
    )


def _pagination(model: OperationModel, paginators: Mapping[str, Any]) -> Pagination | None:
    output = cast(StructureShape, model.output_shape).members
    if "NextToken" not in output:
        return None
    if paginator := paginators.get(model.name):
        keys = paginator["result_key"]
        return Pagination((keys,) if isinstance(keys, str) else tuple(keys), sdk=True)
    lists = tuple(name for name, shape in output.items() if shape.type_name == "list")
    return Pagination(tuple(name for name in lists if not _describes(name)), sdk=False)


def _describes(name: str) -> bool:
    """Whether a list of a paged answer is repeated on every page instead of growing."""
    return name in {"VideoMetadata", "AudioMetadata", "SelectedSegmentTypes"}


def _merged(base: Any, patch: Any) -> Any:
    if not (isinstance(base, Mapping) and isinstance(patch, Mapping)):
        return patch
    merged = {**base, **{key: _merged(base.get(key), value) for key, value in patch.items()}}
    return {key: value for key, value in merged.items() if value is not None}
