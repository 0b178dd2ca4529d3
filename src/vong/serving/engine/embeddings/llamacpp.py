"""Engine of embedding and rerank models in GGUF with llama.cpp, whose file names the pooling of the model."""

import asyncio
import os
import secrets
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from vong.embedding_models import EmbeddingTask
from vong.errors import InvalidInput, MissingExtra, UpstreamFailed, error_message, parse_error
from vong.serving.engine import EngineLoad, EngineSettings
from vong.serving.engine.embeddings.generation_refusal import GenerationRefusal
from vong.serving.engine.embeddings.requests import EmbeddingOptions, EmbeddingResult, RerankResult, check_dimensions
from vong.serving.engine.llamacpp.server import find_gguf_file

MAX_CONTEXT_TOKENS = 8192
"""Longest text by default, if the model reads longer ones: llama.cpp reserves memory for it."""
NO_NORMALIZATION = -1
"""llama.cpp's value of `embd_normalize` for vectors as the model returns them. 2 is the length of 1."""


class LlamaCppEmbeddingEngine(GenerationRefusal):
    """Engine of one GGUF file. llama.cpp computes the texts of a request together."""

    def __init__(self, folder: Path, settings: EngineSettings) -> None:
        try:
            library: Any = import_module("xllamacpp")
        except ImportError as error:
            raise MissingExtra("xllamacpp", "serving") from error
        import httpx

        self.precision = "quantised"
        self._load = EngineLoad()
        key = secrets.token_urlsafe(24)
        parameters: Any = library.CommonParams()
        file = find_gguf_file(folder)
        fields = _read_fields(file)
        architecture = str(fields.get("general.architecture"))
        pooling = int(fields.get(f"{architecture}.pooling_type") or 0)
        self.task: EmbeddingTask = "rerank" if pooling == int(_pooling(library, "RANK")) else "embedding"
        trained = int(fields.get(f"{architecture}.context_length") or MAX_CONTEXT_TOKENS)
        self.max_tokens = min(settings.context or MAX_CONTEXT_TOKENS, trained)
        parameters.model.path = str(file)
        threads = settings.threads or max(1, (os.cpu_count() or 2) - 1)
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
        parameters.embedding = True
        parameters.n_parallel = settings.batch
        # A text must fit in one pass, because every token of it looks at all others.
        parameters.n_ctx = self.max_tokens * settings.batch
        parameters.n_batch = parameters.n_ubatch = self.max_tokens
        parameters.pooling_type = _pooling(library, "MEAN")
        if pooling:  # llama.cpp reranks only if the pooling is named here too
            parameters.pooling_type = _pooling(library, "RANK" if self.task == "rerank" else "UNSPECIFIED")
        parameters.hostnames, parameters.port, parameters.api_keys = ["127.0.0.1"], 0, [key]
        parameters.ui, parameters.warmup, parameters.verbosity = False, False, 1
        try:
            self._server: Any = library.Server(parameters)
        except RuntimeError as error:
            raise InvalidInput(f"llama.cpp cannot load the model: {error}", "check the file") from error
        url, headers = str(self._server.listening_address), {"Authorization": f"Bearer {key}"}
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        self._http = httpx.AsyncClient(base_url=url, headers=headers, timeout=600, trust_env=False, limits=limits)

    @property
    def load(self) -> EngineLoad:
        """Return the current load."""
        return self._load

    async def embed(self, inputs: "Sequence[str | list[int]]", options: EmbeddingOptions) -> EmbeddingResult:
        """Return the vectors of texts. A GGUF file names no prompts, so that callers write them before their texts."""
        if options.prompt_name is not None:
            raise InvalidInput("the model has no prompts", "write the prompt before the text")
        texts = await asyncio.gather(*(self._tokenize(item) for item in inputs))
        ids = [self._fit(number, text, options.truncate) for number, text in enumerate(texts)]
        normalization = NO_NORMALIZATION if options.normalize is False else 2
        found = await self._post("/v1/embeddings", {"input": ids, "embd_normalize": normalization})
        vectors = [item["embedding"] for item in sorted(found["data"], key=lambda item: item["index"])]
        check_dimensions(options.dimensions, len(vectors[0]), ())
        return EmbeddingResult(vectors, self._count(ids))

    async def rerank(self, query: str, documents: Sequence[str], max_document_tokens: int | None) -> RerankResult:
        """Return the logit of each document."""
        texts = list(documents)
        tokens = [len(ids) for ids in await asyncio.gather(*(self._tokenize(text) for text in (query, *texts)))]
        room = self.max_tokens - tokens[0]
        if room <= 0:
            raise InvalidInput(
                f"the query has {tokens[0]} tokens, but the model reads {self.max_tokens} with the document",
                "send a shorter query",
            )
        room = min(room, max_document_tokens or room)
        texts = await asyncio.gather(*(self._shorten(text, room) for text in texts))
        found = await self._post("/v1/rerank", {"query": query, "documents": list(texts)})
        scores = [0.0] * len(texts)
        for item in found["results"]:
            scores[item["index"]] = float(item["relevance_score"])
        usage = int((found.get("usage") or {}).get("total_tokens") or sum(tokens))
        self._load.tokens += usage
        return RerankResult(scores, usage)

    async def _tokenize(self, item: str | list[int]) -> list[int]:
        if not isinstance(item, str):
            return list(item)
        body = {"content": item, "add_special": True, "parse_special": False}
        return (await self._post("/tokenize", body))["tokens"]

    async def _shorten(self, text: str, room: int) -> str:
        ids = (await self._post("/tokenize", {"content": text, "add_special": False}))["tokens"]
        if len(ids) < room:
            return text
        return (await self._post("/detokenize", {"tokens": ids[: room - 1]}))["content"]

    def _fit(self, number: int, ids: list[int], truncate: bool) -> list[int]:
        if len(ids) <= self.max_tokens:
            return ids
        if not truncate:
            raise InvalidInput(
                f"input {number} has {len(ids)} tokens, but the model reads at most {self.max_tokens}",
                "send shorter texts, or set truncate to true",
            )
        return [*ids[: self.max_tokens - 1], ids[-1]]

    def _count(self, texts: Sequence[Sequence[int]]) -> int:
        tokens = sum(map(len, texts))
        self._load.tokens += tokens
        return tokens

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        self._load.active += 1
        try:
            response = await self._http.post(path, json=body)
        finally:
            self._load.active -= 1
        if response.status_code < 400:
            return response.json()
        message = error_message(parse_error(response.content)) or response.text[:400]
        if response.status_code < 500:
            raise InvalidInput(message, "change the request")
        raise UpstreamFailed(
            f"llama.cpp returned status {response.status_code}: {message}", "see: vong serving logs NAME"
        )


def _pooling(library: Any, name: str) -> Any:
    return getattr(library.llama_pooling_type, f"LLAMA_POOLING_TYPE_{name}")


def _read_fields(file: Path) -> dict[str, Any]:
    """Return the fields of a GGUF file that are numbers or texts."""
    from gguf import GGUFReader

    fields: dict[str, Any] = {}
    for name, field in GGUFReader(str(file)).fields.items():
        if len(field.types) == 1:
            fields[name] = field.contents()
    return fields
