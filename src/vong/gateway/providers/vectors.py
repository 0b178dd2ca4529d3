"""Embedding requests and answers in OpenAI's shape, for providers that compute the vectors here."""

import base64
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from vong.errors import InvalidInput


class Wanted(msgspec.Struct):
    """What an embedding request asks for."""

    input: str | list[str]
    encoding_format: str = "float"
    dimensions: int | None = None

    @property
    def texts(self) -> list[str]:
        """The texts to embed, in order."""
        return [self.input] if isinstance(self.input, str) else self.input


def wanted(body: bytes) -> Wanted:
    """The request. InvalidInput where it is of another form (token ids, for one)."""
    try:
        asked = msgspec.json.decode(body, type=Wanted)
    except msgspec.DecodeError as error:
        raise InvalidInput(f"this request cannot be used: {error}", "input is a text or a list of texts") from error
    if not asked.texts or not all(asked.texts):
        raise InvalidInput("input holds an empty text or none", "send at least one text, none of them empty")
    if asked.encoding_format not in ("float", "base64"):
        raise InvalidInput(f"no encoding_format {asked.encoding_format!r}", "use float or base64")
    return asked


def answer(model: str, vectors: npt.NDArray[np.float32], encoding: str, tokens: int) -> bytes:
    """The JSON answer for `vectors` of shape (texts, dimensions); `base64` holds little-endian float32."""
    rows = np.ascontiguousarray(vectors, dtype="<f4")
    data = [
        {"object": "embedding", "index": index, "embedding": _encoded(row, encoding)} for index, row in enumerate(rows)
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return msgspec.json.encode({"object": "list", "data": data, "model": model, "usage": usage})


def words(texts: Sequence[str]) -> int:
    """How many words the texts have."""
    return sum(len(text.split()) for text in texts)


def _encoded(row: npt.NDArray[np.float32], encoding: str) -> str | list[float]:
    return base64.b64encode(row.tobytes()).decode() if encoding == "base64" else row.tolist()
