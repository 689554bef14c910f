"""Binds handlers to the API: a function's name and annotations say which operation it answers.

Nothing is registered as a side effect; the table is drawn by walking the modules of operations.
"""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any, TypeVar, get_type_hints

from openrekog.api_spec import shapes
from openrekog.api_spec.service import Operation, load_service
from openrekog.server.context import Context

Handler = Callable[[Context, Any], Any]
HandlerT = TypeVar("HandlerT", bound=Callable[..., Any])

MARK = "__openrekog_operation__"


class WrongHandlerError(TypeError):
    """A handler that fits no operation of the model, raised at import."""


def operation(handler: HandlerT) -> HandlerT:
    """Marks a function as the handler of the operation that it is named like."""
    wanted = operation_named_like(handler.__name__)
    found = signature_of(handler)
    expected = [Context, getattr(shapes, wanted.input.name), getattr(shapes, wanted.output.name)]
    if found != expected:
        raise WrongHandlerError(
            f"{handler.__name__} must be annotated (context: Context, request: "
            f"{wanted.input.name}) -> {wanted.output.name}, not {found}"
        )
    setattr(handler, MARK, wanted.name)
    return handler


def snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def operation_named_like(function_name: str) -> Operation:
    by_function = {snake_case(name): op for name, op in load_service().all_operations.items()}
    if function_name not in by_function:
        raise WrongHandlerError(f"no operation of the API is called {function_name}")
    return by_function[function_name]


def signature_of(handler: Callable[..., Any]) -> list[Any]:
    hints = get_type_hints(handler)
    names = list(inspect.signature(handler).parameters)
    return [hints.get(name) for name in (*names, "return")]


def find_handlers(package: ModuleType) -> Mapping[str, Handler]:
    """The handlers of a package by operation name; two for one operation are refused."""
    handlers: dict[str, Handler] = {}
    for module in modules_of(package):
        for handler in vars(module).values():
            name = getattr(handler, MARK, None)
            if name is None or handler.__module__ != module.__name__:
                continue
            if name in handlers:
                raise WrongHandlerError(f"{name} has two handlers")
            handlers[name] = handler
    return handlers


def modules_of(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        yield importlib.import_module(found.name)
