"""Chat behaviour of a GGUF file: prompts with tools, grammars of outputs, and their parsers."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

from vong.errors import InvalidInput, Unsupported
from vong.serving.engine import GenerationRequest
from vong.serving.engine.llamacpp.prompts import PromptEncoder
from vong.serving.engine.protocol.call_formats import END_TOKENS, GENERIC_FORMAT, CallFormat, derive_format
from vong.serving.engine.protocol.grammars import LarkWriter, write_output
from vong.serving.engine.protocol.output_parser import CallParser
from vong.serving.engine.protocol.reasoning import ReasoningTags, find_reasoning_tags
from vong.serving.engine.protocol.tool_prompts import describe_tools, merge_system_message

GRAMMAR_HEADER = "%llguidance"
TOKEN_ID_PATTERN = re.compile(r"<\[\d+\]>")


@dataclass(frozen=True)
class EncodedChat:
    """Prompt of a conversation, and how its completion is constrained and parsed.

    `preserved_tokens` are the control tokens that the parser needs in the text.
    """

    ids: list[int]
    tags: ReasoningTags | None
    is_reasoning: bool
    call_format: CallFormat | None
    grammar: str | None
    preserved_tokens: tuple[str, ...] = ()

    def parser(self, request: GenerationRequest) -> CallParser | None:
        """Return a parser of the calls in the completion."""
        return CallParser(self.call_format, request.tools) if self.call_format else None

    def fields(self) -> dict[str, Any]:
        """Return the fields of the request to llama.cpp."""
        fields: dict[str, Any] = {"preserved_tokens": list(self.preserved_tokens)}
        return fields | {"grammar": self.grammar} if self.grammar else fields


class ChatEncoder:
    """Encoder of conversations for the chat template of a GGUF file.

    `post(path, body)` sends a request to llama.cpp's server and returns its answer.
    """

    def __init__(self, post: Callable[[str, dict[str, Any]], Any], prompts: PromptEncoder, template: str) -> None:
        self._post = post
        self._prompts = prompts
        self._tags = find_reasoning_tags(template)
        self._token_ids: dict[str, int | None] = {}

    def needs_encoding(self, request: GenerationRequest) -> bool:
        """Return True if llama.cpp's own chat route cannot answer a request as it should."""
        if request.tools or (request.response_format or {}).get("type", "text") != "text":
            return True
        return bool(self._prompts.find_control_tokens(request.messages))

    def encode(self, request: GenerationRequest) -> EncodedChat:
        """Return the prompt of a request.

        Raises: InvalidInput if the template rejects the messages or the output cannot be constrained.
        """
        text, ids = self._render(request)
        call_format = (self._native_format or GENERIC_FORMAT) if request.tools else None
        tags, is_reasoning = self._tags, self._tags is not None and self._tags.is_open_in(text)
        texts = (call_format.control_texts if call_format else set()) | (
            {tags.opening, tags.closing} if tags else set()
        )
        special = {one: number for one in sorted(texts) if (number := self._control_token(one)) is not None}
        writer = LarkWriter(special, is_certain=False, end_tokens=self._end_tokens)
        grammar = request.grammar or write_output(writer, request, call_format, tags, is_reasoning=is_reasoning)
        if grammar is not None and request.grammar is None:
            check_grammar(grammar)
        return EncodedChat(ids, tags, is_reasoning, call_format, grammar, tuple(special))

    def _render(self, request: GenerationRequest) -> tuple[str, list[int]]:
        messages, tools, options = request.messages, list(request.tools), request.template_options
        if not tools or self._native_format is not None:
            return self._prompts.render(messages, tools, options)
        described = describe_tools(messages, tools)
        try:
            return self._prompts.render(described, None, options)
        except InvalidInput:
            return self._prompts.render(merge_system_message(described), None, options)

    @cached_property
    def _end_tokens(self) -> list[int]:
        """Ids of the tokens that end an answer. The grammars of llama.cpp know only one of them."""
        found = (self._control_token(text) for text in END_TOKENS)
        return sorted({number for number in found if number is not None})

    @cached_property
    def _native_format(self) -> CallFormat | None:
        """Format of the template's calls, or None if it has no tools."""

        def render(messages: list[dict[str, Any]], tools: list[dict[str, Any]], prompt: bool) -> str:
            return self._post(
                "/apply-template", {"messages": messages, "tools": tools, "add_generation_prompt": prompt}
            )["prompt"]

        return derive_format(render)

    def _control_token(self, text: str) -> int | None:
        """Return the id of a control token, or None if the text is an ordinary one."""
        if text not in self._token_ids:
            self._token_ids[text] = self._prompts.find_token(text)
        return self._token_ids[text]


def check_grammar(grammar: str) -> None:
    """Check a grammar of llguidance, because llama.cpp does not report an invalid one.

    Raises:
        InvalidInput: if the grammar is invalid, for example because of its JSON schema.
        Unsupported: if this build of xllamacpp has no llguidance.
    """
    llamacpp: Any = import_module("xllamacpp")
    if not str(llamacpp.json_schema_to_grammar({"type": "object"})).startswith(GRAMMAR_HEADER):
        hint = "install a wheel of xllamacpp from PyPI"
        raise Unsupported("this build of xllamacpp does not constrain the output of a chat", hint)
    matcher: Any = import_module("llguidance").LLMatcher
    if error := matcher.validate_grammar(matcher.grammar_from_lark(TOKEN_ID_PATTERN.sub('"x"', grammar))):
        raise InvalidInput(f"the output cannot be constrained: {error[:400]}", "change the schema")
