"""What a client sees of a refusal, in one line of a test."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError


def refusal(call: Callable[..., Any], **request: Any) -> tuple[str, str]:
    """Code and message of the error that a call must end with."""
    with pytest.raises(ClientError) as raised:
        call(**request)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def refused_with(code: str, call: Callable[..., Any], **request: Any) -> str:
    """The message of the refusal, once its code is what it must be."""
    found, message = refusal(call, **request)
    assert found == code, message
    return message
