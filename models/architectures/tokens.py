"""Texts as token numbers, by a `tokenizer.json` and the package `tokenizers`, which is an extra."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openrekog.models.architectures.signatures import MissingPackageError, UnknownGraphError


class JsonTokenizer:
    """Every text in the same number of tokens: cut, or filled up with `<pad>`."""

    def __init__(self, path: Path, length: int) -> None:
        """Raises MissingPackageError, or UnknownGraphError where the file is no tokenizer."""
        try:
            from tokenizers import Tokenizer
        except ModuleNotFoundError as error:
            raise MissingPackageError(
                "SigLIP 2 needs the package tokenizers: pip install 'openrekog[siglip2]'"
            ) from error
        try:
            self._tokenizer = Tokenizer.from_str(path.read_text("utf-8"))
        except Exception as error:  # of no narrower class
            raise UnknownGraphError(f"{path} is not a tokenizer.json: {error}") from error
        pad = self._tokenizer.token_to_id("<pad>")
        self._tokenizer.enable_truncation(length)
        self._tokenizer.enable_padding(pad_id=pad or 0, pad_token="<pad>", length=length)  # noqa: S106

    def tokens(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Shape (len(texts), length)."""
        encoded = self._tokenizer.encode_batch(list(texts))
        return np.array([one.ids for one in encoded], np.int64).reshape(len(texts), -1)
