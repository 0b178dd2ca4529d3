"""OpenAI chat completions of an engine: parsing of requests and formatting of responses."""

import re
import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from pydantic import Field

from vong.errors import InvalidInput, Unsupported
from vong.serving.engine import Engine, GenerationChunk, GenerationRequest, TokenLogprob, ToolCallDelta, ToolEngine
from vong.serving.engine.protocol.request_fields import SamplingRequest, check_unknown_fields, parse_request
from vong.serving.engine.protocol.tool_requests import ToolChoice, parse_functions, parse_tools
from vong.serving.engine.served_names import public_name

RESERVED_TEMPLATE_OPTIONS = frozenset({"messages", "tools", "add_generation_prompt", "tokenize", "chat_template"})
"""Variables of a template that other fields of a request set."""
ROLE_PATTERN = re.compile(r"[A-Za-z0-9_.-]{1,64}")
TEXT_PART_TYPES = frozenset({"text", "input_text", "output_text", "refusal"})


class ChatRequest(SamplingRequest):
    """Supported fields of a chat completion request."""

    messages: list[dict[str, Any]] = Field(min_length=1)
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    logprobs: bool = False
    top_logprobs: int = Field(default=0, ge=0, le=20)
    tools: list[Any] = Field(default_factory=list[Any])
    tool_choice: Any = None
    functions: list[Any] = Field(default_factory=list[Any])
    function_call: Any = None
    parallel_tool_calls: bool = True
    reasoning_effort: str | None = None
    enable_thinking: bool | None = None
    chat_template_kwargs: dict[str, Any] = Field(default_factory=dict[str, Any])

    @property
    def uses_functions(self) -> bool:
        """Return True if the request has the older fields of calls, so that its response has them too."""
        return bool(self.functions) and not self.tools

    def tool_selection(self) -> ToolChoice:
        """Return the tools that the model may call.

        Raises: InvalidInput if a tool or the choice is invalid.
        """
        if self.uses_functions:
            return parse_functions(self.functions, self.function_call)
        return parse_tools(self.tools, self.tool_choice)

    def template_options(self) -> dict[str, Any]:
        """Return the variables of the chat template. A template ignores those that it does not know."""
        options: dict[str, Any] = {}
        if self.reasoning_effort is not None:
            options |= {"reasoning_effort": self.reasoning_effort, "enable_thinking": self.reasoning_effort != "none"}
        if self.enable_thinking is not None:
            options["enable_thinking"] = self.enable_thinking
        return options | self.chat_template_kwargs

    def to_generation_request(self, adapter: str | None) -> GenerationRequest:
        """Return the request to the engine."""
        selection = self.tool_selection()
        return GenerationRequest(
            messages=self.messages,
            adapter=adapter,
            max_tokens=self.max_completion_tokens or self.max_tokens,
            top_logprobs=self.top_logprobs if self.logprobs else None,
            tools=selection.tools,
            callable_tools=selection.callable_tools,
            requires_call=selection.is_required,
            parallel_calls=self.parallel_tool_calls and not self.uses_functions,
            template_options=self.template_options(),
            **self.sampling_fields(),
        )


def parse_chat(body: bytes) -> ChatRequest:
    """Parse a request body.

    Raises:
        InvalidInput: if a field has an invalid value.
        Unsupported: if a field changes the completion in a way that no engine supports.
    """
    request = parse_request(ChatRequest, body)
    check_unknown_fields(request)
    selection = request.tool_selection()
    if selection.is_required and request.is_constrained:
        message = "the request requires a tool call and constrains the completion"
        raise InvalidInput(message, "remove tool_choice, or response_format and the grammar")
    if reserved := RESERVED_TEMPLATE_OPTIONS & request.chat_template_kwargs.keys():
        raise InvalidInput(f"chat_template_kwargs sets {min(reserved)!r}", "use the field of the request instead")
    if request.top_logprobs and not request.logprobs:
        raise InvalidInput(f"top_logprobs is {request.top_logprobs} without logprobs", "set logprobs to true")
    request.messages = [_check_message(message) for message in request.messages]
    return request


def check_engine(engine: Engine, request: GenerationRequest) -> None:
    """Check that an engine obeys the tools of a request.

    Raises: Unsupported if it does not.
    """
    if isinstance(engine, ToolEngine) and engine.supports_tools:
        return
    if request.tools:
        raise Unsupported("the engine of this deployment does not support tools", "serve the model with another engine")
    if request.template_options:
        raise Unsupported(
            f"the engine of this deployment does not support {', '.join(request.template_options)}", "omit it"
        )


def _check_message(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message without empty fields, with calls in the form of `tool_calls`.

    Raises: InvalidInput if it is invalid.
    """
    role = message.get("role")
    if not isinstance(role, str):
        raise InvalidInput("messages: every message needs a role", "set system, user, assistant or tool")
    if not ROLE_PATTERN.fullmatch(role):  # chat templates insert roles as they are, so they may not have control tokens
        raise InvalidInput(f"messages: the role {role[:64]!r} is no name", "set system, user, assistant or tool")
    check_content(message.get("content"))
    message = {name: value for name, value in message.items() if value is not None or name == "content"}
    if message.get("role") == "function":
        message = {**message, "role": "tool"}
    if function := message.pop("function_call", None):
        message["tool_calls"] = [{"type": "function", "function": function}]
    calls = message.get("tool_calls")
    if calls is None:
        return message
    if not isinstance(calls, list) or not all(_is_call(call) for call in calls):
        raise InvalidInput("messages: tool_calls is invalid", "send objects with id, type, and function.name")
    if not calls:
        del message["tool_calls"]
    return message


def _is_call(call: Any) -> bool:
    function = call.get("function") if isinstance(call, dict) else None
    return isinstance(function, dict) and isinstance(function.get("name"), str)


def flatten_content(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return messages with their text parts joined to one string.

    Raises: InvalidInput if a message contains anything but text.
    """
    result: list[dict[str, Any]] = []
    for message in messages:
        check_content(content := message.get("content"))
        if isinstance(content, list):
            content = "".join(map(part_text, content))
        result.append({**message, "content": "" if content is None else content})
    return result


def part_text(part: dict[str, Any]) -> str:
    """Return the text of a part."""
    return str(part.get("text") or part.get("refusal") or "")


def check_content(content: Any) -> None:
    """Check the content of a message.

    Raises: InvalidInput if it is anything but text, or parts of text.
    """
    if content is None or isinstance(content, str):
        return
    if not isinstance(content, list):
        raise InvalidInput(f"messages: content is {type(content).__name__}", "send a text or a list of parts")
    for part in content:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in TEXT_PART_TYPES:
            raise InvalidInput(f"this model supports text only, not a part of type {kind!r}", "send text parts only")
        if not isinstance(part.get("text", ""), str):
            raise InvalidInput("messages: the text of a part is not a string", "send a string")


class ChatCompletion:
    """Response to one request, as one object or as the chunks of a stream."""

    def __init__(self, model: str, *, uses_functions: bool = False) -> None:
        self._uses_functions = uses_functions
        self._call_ids: dict[tuple[int, int], str] = {}
        self._id = f"chatcmpl-{uuid4().hex}"
        self._created = int(time.time())
        self._model = public_name(model)

    def to_completion(self, choices: Sequence[Sequence[GenerationChunk]]) -> dict[str, Any]:
        """Return the `chat.completion` object of the chunks of all choices."""
        built = [self._build_choice(index, chunks) for index, chunks in enumerate(choices)]
        usage = usage_object([chunks[-1] for chunks in choices])
        return {**self._envelope("chat.completion"), "choices": built, "usage": usage}

    def first_chunks(self, count: int) -> list[dict[str, Any]]:
        """Return the first chunk of each choice, which contains the role."""
        return [self._build_chunk(index, {"role": "assistant", "content": ""}) for index in range(count)]

    def text_chunk(self, index: int, part: GenerationChunk) -> dict[str, Any]:
        """Return the chunk with one part of a choice."""
        entries = [_logprob_entry(entry) for entry in part.logprobs]
        logprobs = {"content": entries, "refusal": None} if entries else None
        delta: dict[str, Any] = {"content": part.text} if part.text else {}
        if part.reasoning:
            delta["reasoning_content"] = part.reasoning
        if part.tool_calls and self._uses_functions:
            delta["function_call"] = _function_delta(part.tool_calls)
        elif part.tool_calls:
            delta["tool_calls"] = [self._call_delta(index, call) for call in part.tool_calls]
        return self._build_chunk(index, delta, self._finish(part), logprobs)

    def usage_chunk(self, last: Sequence[GenerationChunk]) -> dict[str, Any]:
        """Return the last chunk, which contains the usage, from the last part of each choice."""
        return {**self._envelope("chat.completion.chunk"), "choices": [], "usage": usage_object(last)}

    def _build_choice(self, index: int, chunks: Sequence[GenerationChunk]) -> dict[str, Any]:
        entries = [entry for chunk in chunks for entry in chunk.logprobs]
        text, calls = "".join(chunk.text for chunk in chunks), collect_calls(chunks)
        message: dict[str, Any] = {"role": "assistant", "content": text or (None if calls else ""), "refusal": None}
        if reasoning := "".join(chunk.reasoning for chunk in chunks):
            message["reasoning_content"] = reasoning
        if calls and self._uses_functions:
            message["function_call"] = calls[0]
        elif calls:
            message["tool_calls"] = [
                {"id": self._call_id(index, number), "type": "function", "function": call}
                for number, call in enumerate(calls)
            ]
        return {
            "index": index,
            "message": message,
            "logprobs": {"content": [_logprob_entry(entry) for entry in entries], "refusal": None} if entries else None,
            "finish_reason": self._finish(chunks[-1]),
        }

    def _finish(self, part: GenerationChunk) -> str | None:
        return "function_call" if part.finish == "tool_calls" and self._uses_functions else part.finish

    def _call_id(self, index: int, number: int) -> str:
        return self._call_ids.setdefault((index, number), f"call_{uuid4().hex[:24]}")

    def _call_delta(self, index: int, call: ToolCallDelta) -> dict[str, Any]:
        if call.name is None:
            return {"index": call.index, "function": {"arguments": call.arguments}}
        function = {"name": call.name, "arguments": call.arguments}
        return {"index": call.index, "id": self._call_id(index, call.index), "type": "function", "function": function}

    def _build_chunk(
        self, index: int, delta: dict[str, Any], finish: str | None = None, logprobs: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        choice = {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
        return {**self._envelope("chat.completion.chunk"), "choices": [choice]}

    def _envelope(self, kind: str) -> dict[str, Any]:
        return {"id": self._id, "object": kind, "created": self._created, "model": self._model}


def usage_object(last: Sequence[GenerationChunk], prompts: Sequence[GenerationChunk] | None = None) -> dict[str, Any]:
    """Return OpenAI's usage object from the last chunk of each choice. A prompt counts once for all of its choices.

    `prompts` has one chunk of each prompt if the choices complete several.
    """
    counted = last[:1] if prompts is None else prompts
    prompt_tokens = sum(chunk.prompt_tokens for chunk in counted)
    completion_tokens = sum(chunk.completion_tokens for chunk in last)
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "prompt_tokens_details": {"cached_tokens": sum(chunk.cached_tokens for chunk in counted)},
    }


def collect_calls(chunks: Sequence[GenerationChunk]) -> list[dict[str, str]]:
    """Return the names and arguments of the calls in a completion."""
    calls: list[dict[str, str]] = []
    for delta in [delta for chunk in chunks for delta in chunk.tool_calls]:
        if delta.index == len(calls):
            calls.append({"name": delta.name or "", "arguments": ""})
        calls[delta.index]["arguments"] += delta.arguments
    return calls


def _function_delta(deltas: Sequence[ToolCallDelta]) -> dict[str, str]:
    name = next((delta.name for delta in deltas if delta.name), None)
    arguments = "".join(delta.arguments for delta in deltas)
    return {"name": name, "arguments": arguments} if name else {"arguments": arguments}


def _logprob_entry(entry: TokenLogprob) -> dict[str, Any]:
    def to_dict(token: str, logprob: float | None) -> dict[str, Any]:
        return {"token": token, "logprob": logprob, "bytes": list(token.encode())}

    return {
        **to_dict(entry.token, entry.logprob),
        "top_logprobs": [to_dict(*alternative) for alternative in entry.alternatives],
    }
