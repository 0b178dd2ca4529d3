"""Embedding requests and responses in OpenAI's format, for providers that convert them."""

import base64
import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import msgspec

from vong.errors import InvalidInput
from vong.gateway.providers.token_ids import decode_token_ids

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

KNOWN_FIELDS = frozenset({"model", "input", "encoding_format", "dimensions", "user"})
"""Request fields of OpenAI. All others are passed on to the provider."""


class _EmbeddingFields(msgspec.Struct):
    """Fields of the body of an embedding request that Vong reads."""

    input: str | list[str | int | list[int]]
    encoding_format: str | None = None
    dimensions: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingRequest:
    """Embedding request. `unknown_fields` are the fields of the body that OpenAI does not have."""

    texts: list[str]
    """Texts to embed, in order."""
    encoding_format: str
    dimensions: int | None
    unknown_fields: Mapping[str, Any]


def parse_embedding_request(body: bytes) -> EmbeddingRequest:
    """Parse an embedding request. Token ids of OpenAI's embedding models become the texts that they stand for.

    Raises: InvalidInput if the request has another format.
    """
    try:
        fields = msgspec.json.decode(body, type=_EmbeddingFields)
        unknown_fields = {name: value for name, value in msgspec.json.decode(body).items() if name not in KNOWN_FIELDS}
    except msgspec.DecodeError as error:
        raise InvalidInput(f"invalid request: {error}", "send input as a text or a list of texts") from error
    texts, encoding_format = read_texts(fields.input), fields.encoding_format or "float"
    if not texts or not all(texts):
        raise InvalidInput("input is empty or contains an empty text", "send at least one text, and no empty ones")
    if encoding_format not in ("float", "base64"):
        raise InvalidInput(f"unknown encoding_format {encoding_format!r}", "use float or base64")
    return EmbeddingRequest(
        texts=texts, encoding_format=encoding_format, dimensions=fields.dimensions, unknown_fields=unknown_fields
    )


def read_texts(value: str | Sequence[str | int | list[int]]) -> list[str]:
    """Return the texts of `input`: a text, texts, the token ids of a text, or those of several texts.

    Raises: InvalidInput if token ids and texts are mixed, or if a token id does not exist.
    """
    if isinstance(value, str):
        return [value]
    ids = [item for item in value if isinstance(item, int)]
    if ids and len(ids) == len(value):
        return [decode_token_ids(ids)]
    if ids:
        raise InvalidInput("input mixes token ids with texts", "send input as a text or a list of texts")
    return [decode_token_ids(item) if isinstance(item, list) else str(item) for item in value]


def count_inputs(value: Any) -> int | None:
    """Return the number of vectors that an `input` has, None for an input of another API."""
    if isinstance(value, str):
        return 1
    items = cast(list[Any], value) if isinstance(value, list) else []
    if items and all(isinstance(item, int) for item in items):
        return 1
    return len(items) if items and all(isinstance(item, str | list) for item in items) else None


def with_texts(body: bytes) -> bytes:
    """Return an embedding request with texts instead of token ids, for an API that embeds texts only.

    Raises: InvalidInput if the request is malformed.
    """
    try:
        value = msgspec.json.decode(body, type=_EmbeddingFields).input
    except msgspec.DecodeError as error:
        raise InvalidInput(f"invalid request: {error}", "send input as a text or a list of texts") from error
    if isinstance(value, str) or all(isinstance(item, str) for item in value):
        return body
    return msgspec.json.encode({**msgspec.json.decode(body), "input": read_texts(value)})


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
