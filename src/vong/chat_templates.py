"""Chat templates: messages rendered by a model's own template and encoded, with control tokens in messages as text.

Training, the parity reference and the engines share this module, so that a conversation has the same tokens everywhere.
The tokenizer is one of transformers; this module does not import the library.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import product
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from vong.errors import InvalidInput

PROBE_NAME = "zq_function"
PROBE_KEY = "zq_argument"
"""Name and argument of the tool call that shows how a template renders calls."""
MAX_ERROR_CHARACTERS = 400
PYTHON_ERRORS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""Errors that a template raises beside those of Jinja, for example if it reads an object that a message lacks."""
FIRST_MARKER = 0xF0000
"""First character that can mark a control token in a message: the start of a private-use area of Unicode."""


class TokenSpan(NamedTuple):
    """Token and the range of characters that it was encoded from."""

    id: int
    start: int
    end: int


class CallForm(NamedTuple):
    """Form in which a template expects tool calls.

    `objects`: arguments are objects, not JSON text. `has_content`: a message with calls has an empty content, not none.
    `short_ids`: ids are 9 letters and digits, as Mistral's templates require.
    """

    objects: bool = True
    has_content: bool = True
    short_ids: bool = False


class ControlTokens(NamedTuple):
    """Patterns of a tokenizer's control tokens.

    `special` matches special tokens, `written` these and all tokens that the chat template writes.
    """

    special: re.Pattern[str]
    written: re.Pattern[str]


class Markers(NamedTuple):
    """Characters around a control token in the text of a message, which occur nowhere else in the conversation."""

    opening: str
    closing: str

    @classmethod
    def choose(cls, *values: Any) -> "Markers":
        """Return markers that occur in none of the texts of these values."""
        everything = "".join(iter_texts(values))
        free = (character for character in map(chr, range(FIRST_MARKER, 0x10FFFF)) if character not in everything)
        return cls(next(free), next(free))

    def mark(self, value: Any, pattern: re.Pattern[str]) -> Any:
        """Return a value with all matches of the pattern in its texts marked."""
        return _map_texts(value, lambda text: pattern.sub(rf"{self.opening}\g<0>{self.closing}", text))

    def restore(self, text: str) -> str:
        """Return a text in which escaped markers, as in JSON, are markers again."""
        for marker in self:
            text = text.replace(json.dumps(marker)[1:-1], marker)
        return text

    def split(self, text: str) -> Iterator[tuple[int, str, bool]]:
        """Yield the parts of a text: position, text, and True if the part must not become a control token.

        A template may separate the markers of a token. A single marker still separates the texts beside it.
        """
        end = 0
        either = f"[{self.opening}{self.closing}]"
        for match in re.finditer(f"{self.opening}([^{self.opening}{self.closing}]*){self.closing}|{either}", text):
            if match.start() > end:
                yield end, text[end : match.start()], False
            if match[1]:
                yield match.start(1), match[1], True
            end = match.end()
        if end < len(text):
            yield end, text[end:], False


class Conversation:
    """Messages of one conversation, rendered and encoded for the chat template of a tokenizer.

    Control tokens that the template writes are encoded as such. Control tokens in the texts of messages and tools are
    encoded as text, so that a text cannot end a turn or start one. In the text of an assistant this concerns special
    tokens only, because a model may write the other ones, for example tags around its reasoning. `renders_calls` is
    False if the template omits tool calls. `options` are variables of the template, for example `enable_thinking`.
    """

    def __init__(
        self,
        tokenizer: Any,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[dict[str, Any]] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self._tokenizer = tokenizer
        self._options = dict(options or {})
        self._markers: Markers | None = None
        self.renders_calls = True
        plain = [dict(message) for message in messages]
        if any(message.get("tool_calls") for message in plain):
            plain = self._choose_call_form(plain, tools)
        self._messages = plain
        self._tools = list(tools) if tools else None
        self._mark_control_tokens()

    def render(self, count: int | None = None, *, generation_prompt: bool = False) -> str:
        """Return the text of the first `count` messages (default: all). Control tokens of messages are marked in it.

        Raises:
            InvalidInput: The template rejects the messages.
        """
        text = self._apply(self._messages[:count], self._tools, generation_prompt)
        return self._markers.restore(text) if self._markers else text

    def encode(self, text: str) -> list[int]:
        """Return the token ids of a rendered text, or of a part of one."""
        if self._markers is None or not any(marker in text for marker in self._markers):
            return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])
        return [span.id for span in self.encode_spans(text)]

    def encode_spans(self, text: str) -> list[TokenSpan]:
        """Return the tokens of a rendered text with their positions in it."""
        spans: list[TokenSpan] = []
        for start, piece, is_text in self._markers.split(text) if self._markers else [(0, text, False)]:
            if is_text:
                spans += [
                    TokenSpan(token, start, start + len(piece)) for token in encode_as_text(self._tokenizer, piece)
                ]
            else:
                spans += _encode_piece(self._tokenizer, piece, start)
        return spans

    def _mark_control_tokens(self) -> None:
        tokens = find_control_tokens(self._tokenizer)
        if not any(tokens.written.search(text) for text in iter_texts([self._messages, self._tools])):
            return
        markers = self._markers = Markers.choose(self._messages, self._tools, str(self._tokenizer.chat_template))
        self._messages = [
            markers.mark(message, tokens.special if message.get("role") == "assistant" else tokens.written)
            | {"role": message.get("role")}
            for message in self._messages
        ]
        self._tools = markers.mark(self._tools, tokens.written)

    def _choose_call_form(
        self, messages: list[dict[str, Any]], tools: Sequence[dict[str, Any]] | None
    ) -> list[dict[str, Any]]:
        """Return the messages in the first form of tool calls that the template renders completely.

        Templates differ: some walk the arguments as an object, some append them as text, some require that a message
        with calls has no content. A call with a known name and argument shows what a template does with each form.
        """
        failure: InvalidInput | None = None
        rendered: CallForm | None = None
        for short_ids, objects, has_content in product((False, True), (True, False), (True, False)):
            form = CallForm(objects, has_content, short_ids)
            try:
                text = self._apply(_convert_calls(messages, form, probe=True), tools, generation_prompt=False)
            except InvalidInput as error:
                failure = failure or error
                continue
            if _renders_probe(text):
                return _convert_calls(messages, form)
            rendered = rendered or form
        if rendered is None and failure is not None:
            raise failure
        self.renders_calls = False
        return _convert_calls(messages, rendered or CallForm())

    def _apply(
        self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]] | None, generation_prompt: bool
    ) -> str:
        from jinja2 import TemplateError

        options = {**self._options, "tools": list(tools)} if tools else self._options
        try:
            return self._tokenizer.apply_chat_template(
                list(messages), add_generation_prompt=generation_prompt, tokenize=False, **options
            )
        except (TemplateError, *PYTHON_ERRORS) as error:
            roles = ", ".join(str(message.get("role")) for message in messages[:12])
            raise InvalidInput(
                f"the chat template of the model rejects these messages: {str(error)[:MAX_ERROR_CHARACTERS]}",
                f"check the roles and their order ({roles}); a model without system messages needs the instruction in "
                "the first user message",
            ) from error


def find_control_tokens(tokenizer: Any) -> ControlTokens:
    """Return the patterns of a tokenizer's control tokens.

    The tokens that the template writes are those in its source and those in a short conversation that it renders, which
    shows tokens that it joins from parts.
    """
    key = (tokenizer.chat_template, len(tokenizer.added_tokens_decoder))
    cached = _control_tokens.get(tokenizer)
    if cached is None or cached[0] != key:
        added = [token for token in tokenizer.added_tokens_decoder.values() if not token.content.isspace()]
        special = {token.content for token in added if token.special}
        written = {*(getattr(tokenizer, "chat_control_tokens", None) or ())}
        text = str(tokenizer.chat_template) + _render_sample(tokenizer)
        written |= {token.content for token in added if token.content in text}
        cached = _control_tokens[tokenizer] = (key, ControlTokens(_pattern(special), _pattern(special | written)))
    return cached[1]


def encode_as_text(tokenizer: Any, text: str) -> list[int]:
    """Return the token ids of a control token's text, encoded as ordinary text.

    Raises:
        InvalidInput: The tokenizer has no other token for this text.
    """
    control = tokenizer.convert_tokens_to_ids(text)
    for parts in ([text], list(text)):
        ids = [token for part in parts for token in _encode_without_added_tokens(tokenizer, part)]
        if control not in ids:
            return ids
    raise InvalidInput(
        f"the tokenizer of the model cannot encode the control token {text!r} as text", "remove it from the message"
    )


def _render_sample(tokenizer: Any) -> str:
    from jinja2 import TemplateError

    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]
    rendered = ""
    for messages in ([{"role": "system", "content": "d"}, *turns], turns, turns[:1]):
        try:
            rendered += tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        except (TemplateError, *PYTHON_ERRORS):
            continue
    return rendered


def _pattern(tokens: set[str]) -> re.Pattern[str]:
    """Return a pattern of any of the tokens, the longest first, or one that never matches."""
    return re.compile("|".join(map(re.escape, sorted(tokens, key=len, reverse=True))) or "(?!)")


def _encode_without_added_tokens(tokenizer: Any, text: str) -> list[int]:
    def encode(text: str) -> list[int]:
        backend = getattr(tokenizer, "backend_tokenizer", None)
        if backend is None:
            return list(tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True))
        normalized = backend.normalizer.normalize_str(text) if backend.normalizer is not None else text
        splitter = backend.pre_tokenizer
        words = [word for word, _ in splitter.pre_tokenize_str(normalized)] if splitter is not None else [normalized]
        return [token.id for word in words for token in backend.model.tokenize(word)]

    # A tokenizer may add a space at the start of a text. After a line break it does not.
    line_break, ids = encode("\n"), encode("\n" + text)
    return ids[len(line_break) :] if ids[: len(line_break)] == line_break else encode(text)


def _encode_piece(tokenizer: Any, piece: str, start: int) -> list[TokenSpan]:
    """Encode a part of a rendered text that begins at position `start`."""
    prefix = "\n" if start else ""
    encoded = tokenizer(prefix + piece, add_special_tokens=False, return_offsets_mapping=True)
    spans = [
        TokenSpan(token, start + first - len(prefix), start + last - len(prefix))
        for token, (first, last) in zip(encoded["input_ids"], encoded["offset_mapping"], strict=True)
    ]
    if not prefix:
        return spans
    line_break = tokenizer(prefix, add_special_tokens=False)["input_ids"]
    if encoded["input_ids"][: len(line_break)] == line_break:
        return spans[len(line_break) :]
    encoded = tokenizer(piece, add_special_tokens=False, return_offsets_mapping=True)
    return [
        TokenSpan(token, start + first, start + last)
        for token, (first, last) in zip(encoded["input_ids"], encoded["offset_mapping"], strict=True)
    ]


def _convert_calls(messages: list[dict[str, Any]], form: CallForm, *, probe: bool = False) -> list[dict[str, Any]]:
    """Return messages with their tool calls in a form, or with the call that probes a template instead."""
    converted: list[dict[str, Any]] = []
    for message in messages:
        calls = message.get("tool_calls")
        changed = dict(message)
        if calls:
            changed["tool_calls"] = [_convert_call(call, form, probe=probe) for call in calls]
            if not message.get("content"):
                changed["content"] = "" if form.has_content else None
        if form.short_ids and message.get("tool_call_id"):
            changed["tool_call_id"] = _short_id(message["tool_call_id"])
        converted.append(changed)
    return converted


def _convert_call(call: dict[str, Any], form: CallForm, *, probe: bool) -> dict[str, Any]:
    function = call["function"] if isinstance(call.get("function"), dict) else call
    arguments: Any = {PROBE_KEY: "value"} if probe else _parse_arguments(function.get("arguments"))
    if not form.objects and not isinstance(arguments, str):
        arguments = json.dumps(arguments, ensure_ascii=False)
    changed = {**function, "arguments": arguments} | ({"name": PROBE_NAME} if probe else {})
    result: dict[str, Any] = changed if function is call else {**call, "function": changed}
    return result | {"id": _short_id(call["id"])} if form.short_ids and call.get("id") else result


def _parse_arguments(arguments: Any) -> Any:
    """Return the arguments of a call as an object. Text that is not a JSON object stays text."""
    if arguments is None or arguments == "":
        return {}
    if not isinstance(arguments, str):
        return arguments
    try:
        parsed = json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments
    return parsed if isinstance(parsed, dict) else arguments


def _renders_probe(text: str) -> bool:
    """Check that a rendered call has its name and its argument, neither as Python's notation nor as JSON twice."""
    wrong = (f"'{PROBE_KEY}'", f'\\"{PROBE_KEY}')
    return PROBE_NAME in text and PROBE_KEY in text and not any(form in text for form in wrong)


def _short_id(value: Any) -> str:
    return value if re.fullmatch("[a-zA-Z0-9]{9}", str(value)) else sha256(str(value).encode()).hexdigest()[:9]


def iter_texts(value: Any) -> Iterator[str]:
    """Yield all texts in a value of objects and lists, without the names of fields."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from iter_texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from iter_texts(item)


def _map_texts(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {name: _map_texts(item, change) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_map_texts(item, change) for item in value]
    return value


_control_tokens: WeakKeyDictionary[Any, tuple[tuple[Any, int], ControlTokens]] = WeakKeyDictionary()
