"""Reference engine with PyTorch: one base model, and PEFT adapters selected per request.

Requests with different adapters share one batch. The engine computes in fp32 on a CPU and in bf16 on a GPU.
"""

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from pathlib import Path
from typing import Any

from vong.chat_templates import Conversation
from vong.errors import InvalidInput, MissingExtra, VongError
from vong.pretrained_models import load_causal_model
from vong.serving.engine import EngineLoad, EngineSettings, GenerationChunk, GenerationRequest, TokenLogprob
from vong.serving.engine.protocol.chat import flatten_content
from vong.serving.engine.protocol.output_parser import parse_output
from vong.serving.engine.protocol.request_fields import context_exceeded
from vong.serving.engine.transformers.chat_models import ChatModel, ChatPrompt
from vong.serving.engine.transformers.detokenizer import IncrementalDetokenizer


class TransformersEngine:
    """Engine of any decoder that transformers loads from safetensors."""

    supports_tools = True

    def __init__(self, folder: Path, settings: EngineSettings) -> None:
        try:
            import torch
            from transformers import AutoTokenizer
        except ImportError as error:
            raise MissingExtra(error.name or "transformers", "serving") from error
        from vong.serving.engine.transformers.continuous_batching import BatchScheduler

        torch.set_num_threads(settings.threads or os.cpu_count() or 1)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = torch.bfloat16 if device == "cuda" else torch.float32
        model: Any = load_causal_model(folder, dtype=dtype)
        tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        is_quantized = getattr(model.config, "quantization_config", None) is not None
        self._base_model = (model if is_quantized else model.to(device)).eval()
        self._vocabulary_size = int(model.get_input_embeddings().num_embeddings)
        self.precision = "quantised" if is_quantized else "bf16" if dtype == torch.bfloat16 else "fp32"
        max_context = int(getattr(model.config.get_text_config(), "max_position_embeddings", 0)) or 4096
        self.context_tokens = min(settings.context or max_context, max_context)
        self._adapters: set[str] = set()
        self._end_token_ids = collect_end_tokens(
            self._base_model.generation_config.eos_token_id, tokenizer.eos_token_id
        )
        self._chat_models: dict[str | None, ChatModel] = {None: self._create_chat_model(tokenizer)}
        self._scheduler = BatchScheduler(
            self._base_model,
            self._decode,
            self._end_token_ids,
            max_rows=settings.batch,
            prefix_bytes=settings.prefix_bytes,
        )
        self._adapter_lock = threading.Lock()

    @property
    def load(self) -> EngineLoad:
        """Return the current load."""
        return self._scheduler.load

    def set_adapter(self, name: str, folder: Path | None) -> None:
        """Load or unload a PEFT adapter without changing the base model.

        Raises: InvalidInput if the folder is no PEFT adapter or the adapter does not fit the base.
        """
        with self._adapter_lock:
            if name in self._adapters:
                self._unload_adapter(name)
            if folder is not None:
                self._load_adapter(name, folder)

    def _load_adapter(self, name: str, folder: Path) -> None:
        from peft import PeftConfig, PeftModel
        from transformers import AutoTokenizer

        from vong.serving.engine.transformers.dora import fix_magnitudes

        try:
            config: Any = PeftConfig.from_pretrained(str(folder))
        except (OSError, ValueError) as error:
            raise InvalidInput(
                f"{str(folder)!r} is not a PEFT adapter: {error}", "set the folder of a trained adapter"
            ) from error
        if config.is_prompt_learning:
            raise InvalidInput(
                "an adapter of trained prompts cannot share a batch", "serve an adapter of the types LoRA or DoRA"
            )
        if (folder / "tokenizer_config.json").is_file():
            self._chat_models[name] = self._create_chat_model(AutoTokenizer.from_pretrained(folder))
        with self._scheduler.paused():
            try:
                if self._adapters:
                    self._scheduler.model.load_adapter(str(folder), adapter_name=name, is_trainable=False)
                else:
                    self._scheduler.model = PeftModel.from_pretrained(self._base_model, str(folder), adapter_name=name)
                fix_magnitudes(self._scheduler.model, name)
            except (RuntimeError, ValueError) as error:
                message = f"the adapter does not fit this base: {str(error)[:400]}"
                raise InvalidInput(message, "serve it on the base it was trained on") from error
            self._scheduler.model.eval()
            self._adapters.add(name)
            self._scheduler.has_adapters = True

    def _unload_adapter(self, name: str) -> None:
        with self._scheduler.paused():
            self._scheduler.end_adapter_rows(name)
            self._scheduler.prefixes.drop_adapter(name)
            self._adapters.discard(name)
            self._chat_models.pop(name, None)
            if self._adapters:
                self._scheduler.model.delete_adapter(name)
            else:
                self._base_model = self._scheduler.model.unload()
                self._scheduler.model, self._scheduler.has_adapters = self._base_model, False

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[GenerationChunk]:
        """Generate a completion in chunks."""
        self._check_tokens(token for token, _ in request.logit_bias)
        if request.prompt is not None:
            self._check_tokens(request.prompt)
            chunks = self._generate(request, list(request.prompt), None)
        else:
            prompt = await asyncio.to_thread(self._chat_model(request.adapter).prompt, request)
            raw = self._generate(request, prompt.ids, prompt)
            chunks = parse_output(raw, prompt.tags, prompt.parser(request), is_reasoning=prompt.is_reasoning)
        async with aclosing(chunks):
            async for chunk in chunks:
                yield chunk

    async def _generate(
        self, request: GenerationRequest, ids: list[int], prompt: ChatPrompt | None
    ) -> AsyncGenerator[GenerationChunk]:
        """Generate the output of the model without parsing it."""
        chat_model = self._chat_model(request.adapter)
        matcher = None
        if request.tools or request.response_format or request.grammar:
            matcher = await asyncio.to_thread(chat_model.compile_grammar, request, prompt)
        loop = asyncio.get_running_loop()
        chunks: asyncio.Queue[GenerationChunk | VongError] = asyncio.Queue()

        def emit(chunk: GenerationChunk | VongError) -> None:
            loop.call_soon_threadsafe(chunks.put_nowait, chunk)

        kept = prompt.kept_tokens if prompt else frozenset[int]()
        row = self._build_sequence(request, ids, emit)
        row.matcher = matcher
        row.detokenizer = IncrementalDetokenizer(lambda part: chat_model.decode(part, kept), request.stop)
        self._scheduler.submit(row)
        try:
            while True:
                chunk = await chunks.get()
                if isinstance(chunk, VongError):
                    raise chunk
                yield chunk
                if chunk.finish:
                    return
        finally:
            row.cancelled = True

    def tokenize(
        self, adapter: str | None, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None = None
    ) -> list[int]:
        """Return the token ids of a conversation by the chat template of the adapter, or that of the base.

        Control tokens in the texts of messages and tools are encoded as text.

        Raises: InvalidInput if the template rejects the messages.
        """
        tokenizer = self._chat_model(adapter).tokenizer
        chat = Conversation(tokenizer, flatten_content(messages), tools)
        return chat.encode(chat.render(generation_prompt=True))

    def logprobs(self, adapter: str | None, ids: list[int], positions: int, top: int) -> list[dict[int, float]]:
        """Return next-token log-probabilities after each of the last prefixes of `ids`."""
        self._remaining_context(len(ids))
        with self._scheduler.paused():
            logits = self._scheduler.last_logits(ids, adapter, positions)
            best = logits.log_softmax(-1).topk(min(top, logits.shape[-1]))
            indices, values = best.indices.tolist(), best.values.tolist()
        return [dict(zip(tokens, scores, strict=True)) for tokens, scores in zip(indices, values, strict=True)]

    def encode(self, adapter: str | None, text: str) -> list[int]:
        """Return the token ids of a text by the tokenizer of the adapter, or that of the base."""
        tokenizer = self._chat_model(adapter).tokenizer
        return [int(token) for token in tokenizer.encode(text)]

    def decode(self, ids: list[int]) -> str:
        """Return the text of token ids, including special tokens."""
        self._check_tokens(ids)
        return str(self._chat_models[None].tokenizer.decode(ids, clean_up_tokenization_spaces=False))

    async def score(self, adapter: str | None, ids: list[int], top: int) -> list[TokenLogprob]:
        """Return the log-probability of each token of a prompt, from one pass through the model."""
        self._check_tokens(ids)
        self._remaining_context(len(ids) - 1)  # the prompt may fill the context
        return await asyncio.to_thread(self._score, adapter, ids, top)

    def _score(self, adapter: str | None, ids: list[int], top: int) -> list[TokenLogprob]:
        from vong.serving.engine.transformers.continuous_batching import token_logprob

        entries = [TokenLogprob(self.decode(ids[:1]), None)]
        with self._scheduler.paused():
            for start, logits in self._scheduler.prompt_logits(ids[:-1], adapter):
                for position, scores in enumerate(logits.log_softmax(-1), start + 1):
                    entries.append(token_logprob(scores, ids[position], top, self.decode))
        return entries

    def _check_tokens(self, ids: Iterable[int]) -> None:
        size = self._vocabulary_size
        if (invalid := next((token for token in ids if not 0 <= token < size), None)) is not None:
            message = f"token id {invalid} does not exist in this model, which has ids up to {size - 1}"
            raise InvalidInput(message, "use the tokenizer of this model, or send text")

    def _build_sequence(self, request: GenerationRequest, ids: list[int], emit: Any) -> Any:
        import torch

        from vong.serving.engine.transformers.continuous_batching import Sequence

        remaining = self._remaining_context(len(ids))
        random = None
        if request.seed is not None:
            random = torch.Generator(self._base_model.device).manual_seed(request.seed & 0xFFFFFFFFFFFFFFFF)
        return Sequence(
            ids=ids,
            request=request,
            max_tokens=min(request.max_tokens or remaining, remaining),
            detokenizer=IncrementalDetokenizer(self._decode, request.stop),
            emit=emit,
            generator=random,
        )

    def _remaining_context(self, tokens: int) -> int:
        if tokens >= self.context_tokens:
            raise context_exceeded(tokens, self.context_tokens)
        return self.context_tokens - tokens

    def _decode(self, ids: list[int]) -> str:
        return self._chat_models[None].decode(ids)

    def _create_chat_model(self, tokenizer: Any) -> ChatModel:
        return ChatModel(tokenizer, self._vocabulary_size, self._end_token_ids)

    def _chat_model(self, adapter: str | None) -> ChatModel:
        return self._chat_models.get(adapter) or self._chat_models[None]


def collect_end_tokens(*sources: int | list[int] | None) -> set[int]:
    """Return the tokens that end a completion, from a model's generation settings and its tokenizer."""
    token_ids: set[int] = set()
    for tokens in sources:
        token_ids.update(tokens if isinstance(tokens, list) else [] if tokens is None else [tokens])
    return token_ids
