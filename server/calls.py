"""Calls of operations that come in through no door: those that a bulk job has done."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openrekog.api_spec import codec
from openrekog.api_spec.service import load_service
from openrekog.collections_store.records import Scope
from openrekog.server.context import Context, Services
from openrekog.server.operations.registry import Handler

REQUEST_ID = "job"


@dataclass(frozen=True, slots=True)
class Calls:
    """Jobs lie below the operations and must not know them: they are given this instead, and get
    an operation's real answer, whichever way it comes about."""

    services: Services
    handlers: Mapping[str, Handler]

    def answer(self, scope: Scope, name: str, request: Mapping[str, Any]) -> bytes:
        """The answer of an operation of AWS, as JSON, to a request in JSON's terms. Raises what
        the operation does."""
        operation = load_service().operations[name]
        # Whoever started the job was asked for what the job does.
        caller = f"arn:aws:iam::{scope.account_id}:root"
        context = Context(REQUEST_ID, operation, scope, caller, self.services)
        checked = codec.decode(operation, request)
        return codec.encode(operation, self.handlers[name](context, checked))
