"""Vectors of texts, computed once: a text tower is large and slow, and the words that a server
looks for do not change."""

import hashlib
import logging
import os
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from openrekog.models.results import Vectors

log = logging.getLogger(__name__)


class TextEncoder(Protocol):
    def vectors(self, texts: Sequence[str]) -> Vectors:
        """A unit vector for each text, shape (len(texts), dimension)."""


class TextVectors:
    """Keeps the vectors of each list of texts in memory and in a file of `folder`.

    `model` names the encoder, weights and tokenizer together: it goes into the file's name with the
    texts, so that another encoder's vectors are never read. The encoder is opened at the first
    list that has no file. Safe to call from any thread.
    """

    def __init__(self, open_encoder: Callable[[], TextEncoder], folder: Path, model: str) -> None:
        self._open_encoder = open_encoder
        self._folder = folder
        self._model = model
        self._encoder: TextEncoder | None = None
        self._known: dict[tuple[str, ...], Vectors] = {}
        self._lock = threading.Lock()

    def of(self, texts: Sequence[str]) -> Vectors:
        """A unit vector for each text, shape (len(texts), dimension)."""
        key = tuple(texts)
        with self._lock:
            if key not in self._known:
                self._known[key] = self._read(key)
            return self._known[key]

    def _read(self, texts: tuple[str, ...]) -> Vectors:
        path = self._folder / f"{_digest([self._model, *texts])}.npy"
        try:
            vectors = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            # Not there, not readable or damaged: made anew.
            vectors = self._compute(texts)
            _save(path, vectors)
        return np.asarray(vectors, np.float32)

    def _compute(self, texts: tuple[str, ...]) -> Vectors:
        log.info("Computing the vectors of %d texts, once", len(texts))
        if self._encoder is None:
            self._encoder = self._open_encoder()
        return self._encoder.vectors(texts)


def _digest(parts: Sequence[str]) -> str:
    """Each part with its length, so that no two lists run together."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode()
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()


def _save(path: Path, vectors: Vectors) -> None:
    """Whole or not at all; where the folder cannot be written, they are computed at each start."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number, half = tempfile.mkstemp(suffix=".half", dir=path.parent)
    except OSError as error:
        log.warning("%s cannot be kept: %s", path, error)
        return
    with os.fdopen(number, "wb") as file:
        np.save(file, vectors)
        file.flush()
        os.fsync(file.fileno())
    Path(half).replace(path)
