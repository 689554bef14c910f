"""The way in and out of the API: bytes to a checked request, and a handler's answer to bytes."""

from functools import cache
from typing import Any

import orjson

from openrekog.api_spec.constraints import Breaches
from openrekog.api_spec.decoding import Decoder, DecoderCompiler
from openrekog.api_spec.encoding import Encoder, EncoderCompiler, EncodingError
from openrekog.api_spec.errors import Serialization
from openrekog.api_spec.overlay import load_overlay
from openrekog.api_spec.service import Operation

__all__ = ["EncodingError", "decode", "encode", "parse"]


def parse(body: bytes) -> object:
    """A request's body as JSON: an object, or SerializationException.

    orjson itself refuses NaN, bad UTF-8, lone surrogates and nesting deeper than 1,024 levels.
    """
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Serialization from error
    if type(payload) is not dict:
        raise Serialization
    return payload


def decode(operation: Operation, payload: object) -> dict[str, Any]:
    """The request with every constraint checked and every documented default filled in.

    Null is the same as absent, and members that the model does not know are ignored, as at AWS.
    """
    breaches = Breaches()
    decoded: dict[str, Any] = _decoder(operation)(payload, None, breaches)
    breaches.raise_if_any()
    return decoded


def encode(operation: Operation, response: Any) -> bytes:
    """The answer as JSON; EncodingError if it is not one that the model allows."""
    return orjson.dumps(_encoder(operation)(response))


_decoders = DecoderCompiler(load_overlay())
_encoders = EncoderCompiler()


@cache
def _decoder(operation: Operation) -> Decoder:
    return _decoders.compile(operation.input)


@cache
def _encoder(operation: Operation) -> Encoder:
    return _encoders.compile(operation.output)
