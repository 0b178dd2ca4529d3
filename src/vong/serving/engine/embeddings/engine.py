"""Engine of embedding and rerank models: prompts, tokens, batches, pooling and normalization.

The weights are computed by an encoder (`encoders`): onnxruntime if the model has ONNX weights, else PyTorch.
A GGUF file is served by llama.cpp (`embedding_llamacpp`).
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from vong.embedding_models import EmbeddingConfig, EmbeddingTask, read_embedding_config
from vong.errors import InvalidInput
from vong.serving.engine import EngineLoad, EngineSettings
from vong.serving.engine.embeddings.encoders import DenseStack, Encoder, load_encoder
from vong.serving.engine.embeddings.generation_refusal import GenerationRefusal
from vong.serving.engine.embeddings.pooling import pool
from vong.serving.engine.embeddings.requests import (
    EmbeddingOptions,
    EmbeddingResult,
    RerankResult,
    check_dimensions,
    find_prompt,
)
from vong.serving.engine.embeddings.tokens import TextTokenizer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vong.serving.engine.embeddings.llamacpp import LlamaCppEmbeddingEngine

DEFAULT_BATCH_TEXTS = 32
"""Texts of one pass through the model if the deployment has the default batch of conversations."""


def load_embedding_engine(folder: Path, settings: EngineSettings) -> "EmbeddingModelEngine | LlamaCppEmbeddingEngine":
    """Load an embedding or rerank model: a folder, or one GGUF file.

    Raises: InvalidInput if it is another kind of model.
    """
    if folder.is_file() or any(folder.glob("*.gguf")):
        from vong.serving.engine.embeddings.llamacpp import LlamaCppEmbeddingEngine

        return LlamaCppEmbeddingEngine(folder, settings)
    return EmbeddingModelEngine(folder, settings)


class TokenizedText(NamedTuple):
    """Token ids of an input, their segments (0, and 1 for a document), and how many of the first are a prompt."""

    ids: list[int]
    segments: list[int]
    prompt_tokens: int = 0


class EmbeddingModelEngine(GenerationRefusal):
    """Engine of a folder with safetensors or ONNX weights."""

    def __init__(self, folder: Path, settings: EngineSettings) -> None:
        config = read_embedding_config(folder)
        if config is None:
            raise InvalidInput("the model is no embedding model and no reranker", "serve it with another engine")
        self.config: EmbeddingConfig = config
        self.task: EmbeddingTask = config.task
        threads = settings.threads or os.cpu_count() or 1
        self.max_tokens = min(settings.context or config.max_tokens, config.max_tokens)
        self._tokenizer = TextTokenizer(folder / config.transformer, lowercase=config.lowercase)
        self._encoder: Encoder = load_encoder(folder, config, threads)
        self._dense = DenseStack(folder, config.dense)
        self.precision = self._encoder.precision
        self._batch = settings.batch if settings.batch != EngineSettings().batch else DEFAULT_BATCH_TEXTS
        self._turn = asyncio.Lock()
        self._load = EngineLoad()

    @property
    def load(self) -> EngineLoad:
        """Return the current load."""
        return self._load

    async def embed(self, inputs: "Sequence[str | list[int]]", options: EmbeddingOptions) -> EmbeddingResult:
        """Return the vectors of texts, in the order of the inputs."""
        prompt = find_prompt(self.config.prompts, self.config.default_prompt, options)
        texts = await asyncio.to_thread(self._tokenize_inputs, inputs, prompt, options.truncate)
        rows = await self._run(texts, self._embed_batch)
        check_dimensions(options.dimensions, len(rows[0]), self.config.matryoshka)
        normalize = self.config.normalize if options.normalize is None else options.normalize
        vectors = [_finish(row, options.dimensions, normalize) for row in rows]
        return EmbeddingResult(vectors, sum(len(text.ids) for text in texts))

    async def rerank(self, query: str, documents: Sequence[str], max_document_tokens: int | None) -> RerankResult:
        """Return the logit of each document."""
        texts = await asyncio.to_thread(self._tokenize_pairs, query, documents, max_document_tokens)
        rows = await self._run(texts, self._score_batch)
        return RerankResult([float(row[0]) for row in rows], sum(len(text.ids) for text in texts))

    async def _run(
        self, texts: list[TokenizedText], compute: "Callable[[list[TokenizedText]], NDArray[np.float32]]"
    ) -> "list[NDArray[np.float32]]":
        """Compute batches of texts of similar length. Requests take turns after each batch."""
        order = sorted(range(len(texts)), key=lambda index: len(texts[index].ids))
        rows: list[Any] = [None] * len(texts)
        for start in range(0, len(order), self._batch):
            chosen = order[start : start + self._batch]
            batch = [texts[index] for index in chosen]
            async with self._take_turn():
                computed = await asyncio.to_thread(compute, batch)
            for index, row in zip(chosen, computed, strict=True):
                rows[index] = row
            self._load.tokens += sum(len(text.ids) for text in batch)
        return rows

    @asynccontextmanager
    async def _take_turn(self) -> AsyncGenerator[None]:
        """Wait until no other request computes a batch."""
        self._load.waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._load.waiting -= 1
        self._load.active += 1
        try:
            yield
        finally:
            self._load.active -= 1
            self._turn.release()

    def _embed_batch(self, texts: list[TokenizedText]) -> "NDArray[np.float32]":
        ids, mask, segments = _pad(texts, self._tokenizer.padding_id)
        pooled = self._encoder.encode(ids, mask, segments)
        if pooled.ndim == 3:
            pooled_mask = mask.copy()
            if not self.config.include_prompt:
                for row, text in enumerate(texts):
                    pooled_mask[row, : text.prompt_tokens] = 0
            pooled = pool(pooled, pooled_mask, self.config.pooling)
        return self._dense(pooled)

    def _score_batch(self, texts: list[TokenizedText]) -> "NDArray[np.float32]":
        return self._encoder.encode(*_pad(texts, self._tokenizer.padding_id))

    def _tokenize_inputs(self, inputs: "Sequence[str | list[int]]", prompt: str, truncate: bool) -> list[TokenizedText]:
        texts = self._tokenizer.encode([prompt + item for item in inputs if isinstance(item, str)])
        encoded, result = iter(texts), list[TokenizedText]()
        prompt_tokens = self._tokenizer.count_prompt_tokens(prompt) if prompt and not self.config.include_prompt else 0
        for number, item in enumerate(inputs):
            ids = next(encoded) if isinstance(item, str) else self._tokenizer.add_special_tokens(item)
            if len(ids) > self.max_tokens:
                if not truncate:
                    raise InvalidInput(
                        f"input {number} has {len(ids)} tokens, but the model reads at most {self.max_tokens}",
                        "send shorter texts, or set truncate to true",
                    )
                ids = self._tokenizer.truncate(item, prompt, self.max_tokens)
            result.append(TokenizedText(ids, [0] * len(ids), prompt_tokens if isinstance(item, str) else 0))
        return result

    def _tokenize_pairs(self, query: str, documents: Sequence[str], maximum: int | None) -> list[TokenizedText]:
        pairs = self._tokenizer.encode_pairs(query, documents, self.max_tokens, maximum)
        return [TokenizedText(ids, segments) for ids, segments in pairs]


def _pad(texts: list[TokenizedText], padding_id: int) -> "tuple[NDArray[Any], NDArray[Any], NDArray[Any]]":
    """Return ids, mask and segments of a batch, padded at the end."""
    import numpy as np

    length = max(len(text.ids) for text in texts)
    ids = np.full((len(texts), length), padding_id, dtype=np.int64)
    segments, mask = np.zeros_like(ids), np.zeros_like(ids)
    for row, text in enumerate(texts):
        ids[row, : len(text.ids)] = text.ids
        segments[row, : len(text.ids)] = text.segments
        mask[row, : len(text.ids)] = 1
    return ids, mask, segments


def _finish(row: "NDArray[np.float32]", dimensions: int | None, normalize: bool) -> list[float]:
    """Return a vector with its first dimensions, of length 1 if the model normalizes."""
    import numpy as np

    vector = row[:dimensions] if dimensions else row
    if normalize:
        vector = vector / max(float(np.linalg.norm(vector)), 1e-12)
    return vector.tolist()
