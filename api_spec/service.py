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

from openrekog.api_spec.overlay import ImageLimits, OperationNotes, Overlay, Runs, load_overlay


@dataclass(frozen=True, slots=True)
class Pagination:
    """An operation that answers in pages, by NextToken and MaxResults."""

    results: tuple[str, ...]
    """The members that grow from page to page."""
    sdk: bool
    """Whether SDKs have a paginator for it; otherwise callers follow NextToken themselves."""


EXTENSIONS = "ext/"
"""Before the name of an operation of ours, where AWS's have nothing: they never meet."""


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    name: str
    path: str
    """Where plain HTTP finds it, below the root."""
    group: str
    summary: str
    input: StructureShape
    output: StructureShape
    errors: tuple[str, ...]
    pagination: Pagination | None
    image: ImageLimits | None
    runs: Runs | None


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    target_prefix: str
    """What precedes the operation's name in X-Amz-Target."""
    json_version: str
    signing_name: str
    operations: Mapping[str, Operation]
    """Those of AWS."""
    extensions: Mapping[str, Operation]
    """Those that we have beside them."""
    model: ServiceModel
    overlay: Overlay

    @property
    def all_operations(self) -> Mapping[str, Operation]:
        return {**self.operations, **self.extensions}

    def at(self, path: str) -> Operation | None:
        if path.startswith(EXTENSIONS):
            return self.extensions.get(path.removeprefix(EXTENSIONS))
        return self.operations.get(path)

    def asked_by(
        self, operation: Operation, payload: Mapping[str, Any]
    ) -> list[tuple[Operation, Mapping[str, Any]]]:
        """What a caller needs the right to: the operation, and the one that it has done, each with
        its request. The payload is unchecked."""
        asked = [(operation, payload)]
        if operation.runs is not None:
            other = self.operations.get(str(payload.get(operation.runs.operation)))
            request = payload.get(operation.runs.request)
            if other is not None:
                asked.append((other, request if isinstance(request, Mapping) else {}))
        return asked


@cache
def load_service() -> Service:
    # Only botocore's own data: ~/.aws/models, which is also a default place, may hold anything.
    loader = Loader(
        extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False
    )
    overlay = load_overlay()
    document = _extended(
        _merged(loader.load_service_model("rekognition", "service-2"), overlay.model),
        overlay.extension_model,
    )
    paginators = loader.load_service_model("rekognition", "paginators-1")["pagination"]
    model = ServiceModel(document, "rekognition")
    return Service(
        target_prefix=model.metadata["targetPrefix"],
        json_version=model.metadata["jsonVersion"],
        signing_name=model.signing_name,
        # A newer botocore may know operations that the overlay does not describe; they wait.
        operations={
            name: _operation(model.operation_model(name), name, overlay.operations, paginators)
            for name in sorted(set(model.operation_names) & set(overlay.operations))
        },
        extensions={
            name: _operation(
                model.operation_model(name), EXTENSIONS + name, overlay.extensions, paginators
            )
            for name in sorted(overlay.extensions)
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


def _operation(
    model: OperationModel,
    path: str,
    known: Mapping[str, OperationNotes],
    paginators: Mapping[str, Any],
) -> Operation:
    notes = known[model.name]
    return Operation(
        name=model.name,
        path=path,
        group=notes.group,
        summary=notes.summary,
        input=cast(StructureShape, model.input_shape),
        output=cast(StructureShape, model.output_shape),
        errors=tuple(shape.name for shape in model.error_shapes),
        pagination=_pagination(model, paginators),
        image=notes.image,
        runs=notes.runs,
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


def _extended(base: Mapping[str, Any], extension: Mapping[str, Any]) -> dict[str, Any]:
    """Adds operations and shapes; one that is there already would change AWS's API."""
    extended = {**base}
    for kind, ours in extension.items():
        if known := base[kind].keys() & ours.keys():
            raise ValueError(f"extensions.json has {kind} of AWS's: {', '.join(sorted(known))}")
        extended[kind] = {**base[kind], **ours}
    return extended
