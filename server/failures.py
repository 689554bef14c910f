"""One table from the exceptions of the rooms to the errors of the API."""

from collections.abc import Callable, Mapping

from openrekog.api_spec import errors
from openrekog.api_spec.errors import ApiError
from openrekog.collections_store.errors import Busy, StorageFull, Unavailable
from openrekog.models.batching import BusyError, ClosedError

FAILURES: Mapping[type[Exception], Callable[[], ApiError]] = {
    Busy: errors.ProvisionedThroughputExceeded,
    BusyError: errors.ProvisionedThroughputExceeded,
    ClosedError: errors.InternalServerError,
    Unavailable: lambda: errors.InternalServerError("The server cannot reach its database."),
    StorageFull: lambda: errors.InternalServerError("The server has no room left to store this."),
}


def as_api_error(error: Exception) -> ApiError | None:
    """What a caller is told; None for an error that nobody expected."""
    if isinstance(error, ApiError):
        return error
    for kind in type(error).__mro__:
        make = FAILURES.get(kind)
        if make is not None:
            return make()
    return None


def unexpected() -> ApiError:
    return errors.InternalServerError()
