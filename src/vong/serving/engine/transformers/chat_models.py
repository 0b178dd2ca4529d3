"""Chat behaviour of one tokenizer of transformers: prompts with tools, grammars of outputs, and their parsers."""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from vong.chat_templates import Conversation
from vong.errors import InvalidInput
from vong.serving.engine import GenerationRequest
from vong.serving.engine.protocol.call_formats import GENERIC_FORMAT, CallFormat, derive_format
from vong.serving.engine.protocol.chat import flatten_content
from vong.serving.engine.protocol.grammars import LarkWriter, write_output
from vong.serving.engine.protocol.output_parser import CallParser
from vong.serving.engine.protocol.reasoning import ReasoningTags, find_reasoning_tags
from vong.serving.engine.protocol.tool_prompts import describe_tools, merge_system_message


@dataclass(frozen=True)
class ChatPrompt:
    """Prompt of a conversation, and how its completion is decoded and parsed.

    `kept_tokens` are the special tokens that the parser needs in the text.
    """

    ids: list[int]
    tags: ReasoningTags | None
    is_reasoning: bool
    call_format: CallFormat | None
    kept_tokens: frozenset[int] = frozenset()

    def parser(self, request: GenerationRequest) -> CallParser | None:
        """Return a parser of the calls in the completion."""
        return CallParser(self.call_format, request.tools) if self.call_format else None


class ChatModel:
    """Chat template and tokenizer of a base model or an adapter."""

    def __init__(self, tokenizer: Any, vocabulary_size: int, end_token_ids: set[int]) -> None:
        self.tokenizer = tokenizer
        self._vocabulary_size = vocabulary_size
        self._end_token_ids = end_token_ids
        self._lock = threading.Lock()
        self._compiler: Any = None
        added = tokenizer.added_tokens_decoder.items()
        self._special = {token.content: number for number, token in added if token.special}
        self._special_ids = frozenset(self._special.values())

    @cached_property
    def _native_format(self) -> CallFormat | None:
        """Format of the template's calls, or None if it has no tools."""

        def render(messages: list[dict[str, Any]], tools: list[dict[str, Any]], prompt: bool) -> str:
            return Conversation(self.tokenizer, messages, tools).render(generation_prompt=prompt)

        ends = {text for text, number in self._special.items() if number in self._end_token_ids}
        return derive_format(render, ends) if self.tokenizer.chat_template else None

    @cached_property
    def _tags(self) -> ReasoningTags | None:
        return find_reasoning_tags(str(self.tokenizer.chat_template))

    def prompt(self, request: GenerationRequest) -> ChatPrompt:
        """Return the prompt of a request with messages.

        Raises: InvalidInput if the template rejects the messages.
        """
        chat = self._conversation(flatten_content(request.messages), request.tools, request.template_options)
        text = chat.render(generation_prompt=True)
        call_format = (self._native_format or GENERIC_FORMAT) if request.tools else None
        tags = self._tags
        texts = (call_format.control_texts if call_format else set()) | (
            {tags.opening, tags.closing} if tags else set()
        )
        kept = frozenset(self._special[one] for one in texts if one in self._special)
        return ChatPrompt(chat.encode(text), tags, tags is not None and tags.is_open_in(text), call_format, kept)

    def _conversation(
        self, messages: list[dict[str, Any]], tools: Sequence[dict[str, Any]], options: dict[str, Any]
    ) -> Conversation:
        if not tools or self._native_format is not None:
            return Conversation(self.tokenizer, messages, list(tools), options)
        described = describe_tools(messages, tools)
        try:
            chat = Conversation(self.tokenizer, described, None, options)
            chat.render(generation_prompt=True)
        except InvalidInput:
            return Conversation(self.tokenizer, merge_system_message(described), None, options)
        return chat

    def compile_grammar(self, request: GenerationRequest, prompt: ChatPrompt | None) -> Any:
        """Return the matcher of the output that a request allows, or None if it allows any.

        Raises: InvalidInput if the output cannot be constrained.
        """
        if request.grammar is not None:
            return self._load_compiler().compile_gbnf(request.grammar)
        writer = LarkWriter(self._special)
        if prompt is None:
            grammar = write_output(writer, request)
        else:
            grammar = write_output(writer, request, prompt.call_format, prompt.tags, is_reasoning=prompt.is_reasoning)
        return self._load_compiler().compile_lark(grammar) if grammar else None

    def _load_compiler(self) -> Any:
        from vong.serving.engine.transformers.constraints import GrammarCompiler

        with self._lock:
            if self._compiler is None:
                self._compiler = GrammarCompiler(self.tokenizer, self._vocabulary_size, self._end_token_ids)
        return self._compiler

    def decode(self, ids: Iterable[int], kept: frozenset[int] = frozenset()) -> str:
        """Return the text of token ids without special tokens, except those in `kept`."""
        visible = [number for number in ids if number in kept or number not in self._special_ids]
        return str(self.tokenizer.decode(visible, clean_up_tokenization_spaces=False))
