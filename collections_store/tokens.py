"""Pagination tokens: a signed position that only the listing that made it takes back."""

import base64
import binascii
import hmac
import json
import time
from dataclasses import dataclass
from hashlib import sha256

from openrekog.collections_store.errors import InvalidToken
from openrekog.collections_store.records import Position

GOOD_FOR = 24 * 3600

# Half of SHA-256 is far more than can be guessed, and NextToken may have only 255 characters.
SIGNATURE_BYTES = 16


@dataclass(frozen=True, slots=True)
class TokenSealer:
    secret: bytes

    def seal(self, kind: str, position: Position) -> str:
        body = json.dumps([position, int(time.time())]).encode()
        return base64.urlsafe_b64encode(self._signature(kind, body) + body).decode()

    def unseal(self, kind: str, token: str) -> Position:
        try:
            data = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
        except (binascii.Error, UnicodeEncodeError) as error:
            raise InvalidToken("the token is not of our making") from error
        signature, body = data[:SIGNATURE_BYTES], data[SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._signature(kind, body)):
            raise InvalidToken("the token is not of this listing")
        position, sealed_at = json.loads(body)
        if time.time() - sealed_at > GOOD_FOR:
            raise InvalidToken("the token is too old")
        return int(position)

    def _signature(self, kind: str, body: bytes) -> bytes:
        message = kind.encode() + b"\0" + body
        return hmac.digest(self.secret, message, sha256)[:SIGNATURE_BYTES]
