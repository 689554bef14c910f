"""The file of access keys: who may call, for which account, under which policy."""

import fcntl
import os
import secrets
import string
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import orjson
import structlog
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from openrekog.server.access.policies import Policy

log = structlog.get_logger(__name__)

OWNER_ONLY = 0o700  # a new data folder: keys and the vectors of faces lie in it
KEY_ID_LETTERS = string.ascii_uppercase + "234567"
LONG_LIVED, TEMPORARY = "AKIA", "ASIA"  # AWS's prefixes of key ids


class KeysFileError(Exception):
    """The keys file cannot be used; the message names the file and the place in it."""


class AccessKey(BaseModel):
    """One key. A key with a session token is temporary: it wants the token, until it expires."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    access_key_id: Annotated[str, Field(pattern=r"^\w{16,128}$")]
    secret_access_key: Annotated[SecretStr, Field(min_length=16)]
    account_id: Annotated[str, Field(pattern=r"^\d{12}$")]
    created: AwareDatetime
    policy: Policy | None = None
    session_token: SecretStr | None = None
    expires: AwareDatetime | None = None

    @property
    def user_arn(self) -> str:
        return f"arn:aws:iam::{self.account_id}:user/{self.access_key_id}"


class KeysDocument(BaseModel):
    model_config = ConfigDict(extra="forbid")

    keys: tuple[AccessKey, ...] = ()


def generate_key(
    account_id: str, policy: Policy | None = None, lifetime: timedelta | None = None
) -> AccessKey:
    """A new key; with a lifetime it is a temporary one with a session token."""
    now = datetime.now(UTC).replace(microsecond=0)
    prefix = LONG_LIVED if lifetime is None else TEMPORARY
    return AccessKey(
        access_key_id=prefix + "".join(secrets.choice(KEY_ID_LETTERS) for _ in range(16)),
        secret_access_key=SecretStr(secrets.token_urlsafe(30)),
        account_id=account_id,
        created=now,
        policy=policy,
        session_token=None if lifetime is None else SecretStr(secrets.token_urlsafe(96)),
        expires=None if lifetime is None else now + lifetime,
    )


class KeysFile:
    """Reads and changes the file; every change is atomic and leaves it readable by its owner."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> tuple[AccessKey, ...]:
        """The keys; none when there is no file."""
        try:
            with told(self.path):
                text = self.path.read_bytes()
        except FileNotFoundError:
            return ()
        try:
            return KeysDocument.model_validate_json(text).keys
        except ValidationError as error:
            # Pydantic's own text would print the values, secrets among them.
            rows = error.errors(include_input=False, include_url=False, include_context=False)
            places = "; ".join(f"{'.'.join(map(str, row['loc']))} {row['msg']}" for row in rows)
            raise KeysFileError(f"{self.path} is not a keys file: {places}") from None

    def add(self, key: AccessKey) -> None:
        with told(self.path), self._locked():
            self._write((*self.read(), key))

    def delete(self, access_key_id: str) -> bool:
        """Whether there was such a key."""
        with told(self.path), self._locked():
            keys = self.read()
            kept = tuple(key for key in keys if key.access_key_id != access_key_id)
            if len(kept) == len(keys):
                return False
            self._write(kept)
            return True

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.path.parent.mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, keys: tuple[AccessKey, ...]) -> None:
        # mkstemp makes the file with mode 0600.
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(document(keys))
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        directory = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """A folder that cannot be read or written is a fault of the set-up, not of the program."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise KeysFileError(f"{path} cannot be used: {error.strerror}") from error


def document(keys: tuple[AccessKey, ...]) -> bytes:
    return orjson.dumps({"keys": [revealed(key) for key in keys]}, option=orjson.OPT_INDENT_2)


def revealed(key: AccessKey) -> dict[str, Any]:
    """The key with its secrets in clear, as the file and `keys create` show it."""
    plain = key.model_dump(mode="json", by_alias=True, exclude_none=True)
    plain["secret_access_key"] = key.secret_access_key.get_secret_value()
    if key.session_token is not None:
        plain["session_token"] = key.session_token.get_secret_value()
    return plain


class KeyRing:
    """The keys of a running server: follows the file, and keeps the last good keys if it breaks."""

    def __init__(self, file: KeysFile, *, required: bool = False) -> None:
        self._file = file
        self._version = self._stat()
        self._keys = by_id(file.read())
        self.required = required or bool(self._keys)
        """Whether signatures are verified. Once there were keys it stays so: an emptied file
        must not open a running server."""

    def get(self, access_key_id: str) -> AccessKey | None:
        return self._keys.get(access_key_id)

    def follow(self) -> None:
        """Reads the file again if it has changed; one `stat` otherwise."""
        version = self._stat()
        if version == self._version:
            return
        self._version = version
        try:
            self._keys = by_id(self._file.read())
        except (KeysFileError, OSError) as error:
            log.error("keys file not usable, the last good keys stay", error=str(error))
            return
        self.required = self.required or bool(self._keys)
        log.info("keys file read", keys=len(self._keys))

    def _stat(self) -> tuple[int, int, int] | str | None:
        """What changes with the file; the fault, where it cannot be seen."""
        try:
            found = self._file.path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            return str(error)
        return found.st_mtime_ns, found.st_size, found.st_ino


def by_id(keys: tuple[AccessKey, ...]) -> Mapping[str, AccessKey]:
    return {key.access_key_id: key for key in keys}
