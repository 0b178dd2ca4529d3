"""Embedding requests and answers in OpenAI's shape, for providers that make or take them in another."""

import base64
import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from vong.errors import InvalidInput

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

READ = frozenset({"model", "input", "encoding_format", "dimensions", "user"})


class EmbeddingRequest(msgspec.Struct):
    """What an embedding request asks for. `more` are fields that OpenAI does not have."""

    input: str | list[str]
    encoding_format: str = "float"
    dimensions: int | None = None
    more: Mapping[str, Any] = {}

    @property
    def texts(self) -> list[str]:
        """The texts to embed, in order."""
        return [self.input] if isinstance(self.input, str) else self.input


def wanted(body: bytes) -> EmbeddingRequest:
    """The request. InvalidInput where it is of another form (token ids, for one)."""
    try:
        asked = msgspec.json.decode(body, type=EmbeddingRequest)
        asked.more = {name: value for name, value in msgspec.json.decode(body).items() if name not in READ}
    except msgspec.DecodeError as error:
        raise InvalidInput(f"this request cannot be used: {error}", "input is a text or a list of texts") from error
    if not asked.texts or not all(asked.texts):
        raise InvalidInput("input holds an empty text or none", "send at least one text, none of them empty")
    if asked.encoding_format not in ("float", "base64"):
        raise InvalidInput(f"no encoding_format {asked.encoding_format!r}", "use float or base64")
    return asked


def answer(
    model: str, vectors: "Sequence[Sequence[float]] | npt.NDArray[np.float32]", encoding: str, tokens: int | None
) -> dict[str, Any]:
    """The answer for `vectors` of shape (texts, dimensions); `base64` holds little-endian float32, and floats are those
    too. `tokens` None: nobody counted them.
    """
    data = [
        {"object": "embedding", "index": index, "embedding": _encoded(row, encoding)}
        for index, row in enumerate(vectors)
    ]
    usage = {} if tokens is None else {"usage": {"prompt_tokens": tokens, "total_tokens": tokens}}
    return {"object": "list", "data": data, "model": model, **usage}


def words(texts: Sequence[str]) -> int:
    """How many words the texts have."""
    return sum(len(text.split()) for text in texts)


def _encoded(row: Iterable[float], encoding: str) -> str | list[float]:
    values = array("f", row)
    if encoding != "base64":
        return values.tolist()
    if sys.byteorder == "big":
        values.byteswap()
    return base64.b64encode(values).decode()
