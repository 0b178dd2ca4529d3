"""Embedding requests and responses in OpenAI's format, for providers that convert them."""

import base64
import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from vong.errors import InvalidInput

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

KNOWN_FIELDS = frozenset({"model", "input", "encoding_format", "dimensions", "user"})
"""Request fields of OpenAI. All others are passed on to the provider."""


class _EmbeddingFields(msgspec.Struct):
    """Fields of the body of an embedding request that Vong reads."""

    input: str | list[str]
    encoding_format: str = "float"
    dimensions: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingRequest:
    """Embedding request. `unknown_fields` are the fields of the body that OpenAI does not have."""

    input: str | list[str]
    encoding_format: str
    dimensions: int | None
    unknown_fields: Mapping[str, Any]

    @property
    def texts(self) -> list[str]:
        """Return the texts to embed, in order."""
        return [self.input] if isinstance(self.input, str) else self.input


def parse_embedding_request(body: bytes) -> EmbeddingRequest:
    """Parse an embedding request.

    Raises: InvalidInput if the request has another format (token ids, for example).
    """
    try:
        fields = msgspec.json.decode(body, type=_EmbeddingFields)
        unknown_fields = {name: value for name, value in msgspec.json.decode(body).items() if name not in KNOWN_FIELDS}
    except msgspec.DecodeError as error:
        raise InvalidInput(f"invalid request: {error}", "send input as a text or a list of texts") from error
    request = EmbeddingRequest(**msgspec.structs.asdict(fields), unknown_fields=unknown_fields)
    if not request.texts or not all(request.texts):
        raise InvalidInput("input is empty or contains an empty text", "send at least one text, and no empty ones")
    if request.encoding_format not in ("float", "base64"):
        raise InvalidInput(f"unknown encoding_format {request.encoding_format!r}", "use float or base64")
    return request


def build_embedding_response(
    model: str, vectors: "Sequence[Sequence[float]] | npt.NDArray[np.float32]", encoding: str, tokens: int | None
) -> dict[str, Any]:
    """Build the response for vectors of shape (texts, dimensions).

    `base64` contains little-endian float32 values; floats have the same precision. `tokens` is None if the tokens were
    not counted.
    """
    data = [
        {"object": "embedding", "index": index, "embedding": _encode_vector(row, encoding)}
        for index, row in enumerate(vectors)
    ]
    usage = {} if tokens is None else {"usage": {"prompt_tokens": tokens, "total_tokens": tokens}}
    return {"object": "list", "data": data, "model": model, **usage}


def count_words(texts: Sequence[str]) -> int:
    """Return the number of words in all texts."""
    return sum(len(text.split()) for text in texts)


def _encode_vector(row: Iterable[float], encoding: str) -> str | list[float]:
    values = array("f", row)
    if encoding != "base64":
        return values.tolist()
    if sys.byteorder == "big":
        values.byteswap()
    return base64.b64encode(values).decode()
