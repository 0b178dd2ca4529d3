"""Engine for GPUs with vLLM: its OpenAI server runs as a child process, and requests are forwarded unchanged.

A deployment therefore supports what vLLM supports: tools, images, reasoning, constrained output and speculative
decoding. Adapters are loaded and unloaded while the server runs.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

from vong.errors import InvalidInput
from vong.serving.engine import EngineLoad, EngineSettings, GenerationChunk, GenerationRequest
from vong.serving.engine.vllm.options import BASE_NAME, check_options, precision_of
from vong.serving.engine.vllm.server import START_SECONDS, VllmServer, end_engine

FORWARDED_PATHS = frozenset({"/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/rerank", "/v1/score"})


class VllmEngine:
    """Engine of one base model in safetensors and of any number of LoRA adapters."""

    forwarded_paths = FORWARDED_PATHS
    base_name = BASE_NAME

    def __init__(
        self,
        folder: Path,
        settings: EngineSettings,
        *,
        on_exit: Callable[[int], None] = end_engine,
        start_seconds: float = START_SECONDS,
    ) -> None:
        check_options(settings.engine_options)
        self.precision = precision_of(settings.engine_options)
        self._server = VllmServer(folder, settings, on_exit, start_seconds=start_seconds)
        self._adapters: set[str] = set()

    @property
    def load(self) -> EngineLoad:
        """Return the load, which is read from vLLM's metrics every two seconds."""
        return self._server.load

    @property
    def address(self) -> tuple[str, dict[str, str]]:
        """Return the URL of vLLM's server and the headers of requests to it."""
        return self._server.url, self._server.headers

    def metrics(self) -> str:
        """Return vLLM's own metrics in Prometheus' format."""
        return self._server.metrics()

    def close(self) -> None:
        """End vLLM."""
        self._server.stop()

    def set_adapter(self, name: str, folder: Path | None) -> None:
        """Load or unload a LoRA adapter.

        Raises: InvalidInput if vLLM cannot load it.
        """
        if name in self._adapters:
            self._server.post("/v1/unload_lora_adapter", {"lora_name": name})
            self._adapters.discard(name)
        if folder is not None:
            self._server.post("/v1/load_lora_adapter", {"lora_name": name, "lora_path": str(folder)})
            self._adapters.add(name)

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[GenerationChunk]:
        """Generate a completion for the checks of the engine process. Requests of callers are forwarded."""
        path, body = _build_body(request)
        answer = await asyncio.to_thread(self._server.post, path, body)
        choice, usage = answer["choices"][0], answer.get("usage") or {}
        text = choice.get("text") if "text" in choice else (choice.get("message") or {}).get("content")
        yield GenerationChunk(
            text=text or "",
            finish=choice.get("finish_reason") or "stop",
            prompt_tokens=int(usage.get("prompt_tokens") or 0),
            completion_tokens=int(usage.get("completion_tokens") or 0),
        )

    def tokenize(
        self, adapter: str | None, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None = None
    ) -> list[int]:
        """Return the token ids of a conversation by the chat template of vLLM."""
        body: dict[str, Any] = {"model": adapter or BASE_NAME, "messages": messages, "add_generation_prompt": True}
        if tools:
            body["tools"] = tools
        return [int(token) for token in self._server.post("/tokenize", body)["tokens"]]

    def logprobs(self, adapter: str | None, ids: list[int], positions: int, top: int) -> list[dict[int, float]]:
        """Return next-token log-probabilities after each of the last prefixes of `ids`, from one request."""
        body = {
            "model": adapter or BASE_NAME,
            "prompt": ids,
            "max_tokens": 1,
            "temperature": 0.0,
            "logprobs": top,
            "prompt_logprobs": top,
            "return_tokens_as_token_ids": True,
        }
        choice = self._server.post("/v1/completions", body)["choices"][0]
        prompt = choice.get("prompt_logprobs")
        if not isinstance(prompt, list) or len(prompt) != len(ids):
            raise InvalidInput("vLLM returned no log-probabilities of the prompt", "see: vong serving logs NAME")
        results = [_read_position(entry) for entry in prompt[len(ids) - positions + 1 :]]
        last = choice["logprobs"]["top_logprobs"][0]
        return [*results, {int(token.rpartition(":")[2]): float(value) for token, value in last.items()}]


def _read_position(entry: dict[str, Any] | None) -> dict[int, float]:
    return {int(token): float(value["logprob"]) for token, value in (entry or {}).items()}


def _build_body(request: GenerationRequest) -> tuple[str, dict[str, Any]]:
    """Return path and body of a request."""
    body: dict[str, Any] = {
        "model": request.adapter or BASE_NAME,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "seed": request.seed,
        "max_tokens": request.max_tokens,
        "stop": list(request.stop) or None,
    }
    body = {name: value for name, value in body.items() if value is not None}
    if request.prompt is not None:
        return "/v1/completions", body | {"prompt": list(request.prompt)}
    return "/v1/chat/completions", body | {"messages": request.messages}
