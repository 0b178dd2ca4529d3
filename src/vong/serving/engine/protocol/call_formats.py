"""Formats in which models write tool calls, derived from what a chat template renders for a known call.

A template renders each call of the history as the model is expected to write it. So the text around the name and the
arguments of two known calls is the format: `<tool_call>` tags, JSON after `[TOOL_CALLS]`, arguments in tags or others.
"""

import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from vong.errors import InvalidInput

Render = Callable[[list[dict[str, Any]], list[dict[str, Any]], bool], str]
"""Function that renders messages and tools, with or without the prompt for the next answer."""

NAME = "zq_lookup"
KEYS = ("zq_city", "zq_count")
VALUES = ("zq value", 7)
IDS = ("zqcallid1", "zqcallid2")
ID_PLACEHOLDER = "\0"
"""Character in the texts of a format that stands for the id of a call."""
TAG_PATTERN = re.compile(r"<[^<>\s]+>|\[[A-Z_]+\]")
END_TOKENS = (
    *("<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|call|>", "<|end|>", "<end_of_turn>", "</s>", "<|endoftext|>"),
    *("<|observation|>", "<|user|>", "<|return|>", "<｜end▁of▁sentence｜>", "<|END_OF_TURN_TOKEN|>", "<|end_of_text|>"),
)
"""Tokens that end a turn in common templates."""


@dataclass(frozen=True)
class ArgumentTags:
    """Texts around arguments that are not JSON: `key_opening` KEY `key_closing` VALUE `value_closing`."""

    key_opening: str
    key_closing: str
    value_closing: str


@dataclass(frozen=True)
class CallFormat:
    """Texts around the names and arguments of calls: `head` NAME `after_name` ARGUMENTS `between` NAME … `tail`.

    `between` is None if the template accepts one call only. The arguments are a JSON object unless `tags` is set.
    """

    head: str
    after_name: str
    between: str | None
    tail: str
    tags: ArgumentTags | None = None

    @property
    def marker(self) -> str:
        """Return the text that starts the calls within an answer, or an empty text if calls start an answer as JSON."""
        if tag := TAG_PATTERN.match(self.head):
            return tag[0]
        return self.head if self.head.startswith("<") else re.split(r"[{\[]", self.head)[0].strip()

    @property
    def control_texts(self) -> set[str]:
        """Return the tags in the texts of the format, which may be control tokens."""
        tags = (self.tags.key_opening, self.tags.key_closing, self.tags.value_closing) if self.tags else ()
        texts = (self.head, self.after_name, self.between or "", self.tail, *tags)
        return {tag for text in texts for tag in TAG_PATTERN.findall(text)}


GENERIC_FORMAT = CallFormat(
    head='<tool_call>\n{"name": "',
    after_name='", "arguments": ',
    between='}\n</tool_call>\n<tool_call>\n{"name": "',
    tail="}\n</tool_call>",
)
"""Format for templates without tools. The system message describes it."""


def derive_format(render: Render, end_tokens: Collection[str] = ()) -> CallFormat | None:
    """Return the format of the calls that a template renders, or None if it renders no tools or no complete calls."""
    tools = [_probe_tool()]
    user = {"role": "user", "content": "zq question"}
    try:
        prompt = render([user], tools, True)
        if NAME not in prompt or KEYS[0] not in prompt:
            return None
        prompt = re.sub(r"<think>\s*(</think>\s*)?$", "", prompt)
        single = _Rendered.read(render([user, *_calls(1)], tools, False), prompt, end_tokens)
    except InvalidInput:
        return None
    if single is None:
        return None
    try:
        double = _Rendered.read(render([user, *_calls(2)], tools, False), prompt, end_tokens)
    except InvalidInput:
        double = None
    return single.to_format(double)


def loose_pattern(text: str) -> str:
    """Return a regular expression that matches a text with any white space between its words and punctuation marks."""
    parts = re.findall(rf"{ID_PLACEHOLDER}|\w+|[^\w\s]", text)
    return r"\s*" + r"\s*".join(r"[\w.:-]*" if part == ID_PLACEHOLDER else re.escape(part) for part in parts) + r"\s*"


@dataclass(frozen=True)
class _Rendered:
    """Rendered calls: the text before the first name, and the text after each name."""

    head: str
    parts: tuple[str, ...]

    @classmethod
    def read(cls, text: str, prompt: str, end_tokens: Collection[str]) -> "_Rendered | None":
        answer = text[len(_shared_beginning(text, prompt)) :]
        for number in IDS:
            answer = answer.replace(number, ID_PLACEHOLDER)
        head, *parts = answer.split(NAME)
        if not parts:
            return None
        ends = {*end_tokens, *END_TOKENS}
        last = parts[-1]
        positions = [position for token in ends if token and (position := last.find(token)) >= 0]
        if not positions:
            return None
        parts[-1] = last[: min(positions)].rstrip()
        head = re.sub(r"^\s*(<think>\s*</think>|</think>)", "", head).lstrip()
        return cls(head, tuple(parts))

    def to_format(self, double: "_Rendered | None") -> CallFormat | None:
        """Return the format of one call and, if the template renders two, of several."""
        if len(self.parts) != 1:
            return None
        both = None if double is None or len(double.parts) != 2 or double.head != self.head else double.parts[0]
        return _json_format(self.head, self.parts[0], both) or _tagged_format(self.head, self.parts[0], both)


def _json_format(head: str, text: str, first: str | None) -> CallFormat | None:
    single, between = _split_json(text), _split_json(first) if first is not None else None
    if single is None:
        return None
    return CallFormat(head, single[0], between[1] if between else None, single[1])


def _split_json(text: str) -> tuple[str, str] | None:
    """Return the texts before and after the arguments."""
    for match in re.finditer(r"\{", text):
        try:
            value, end = json.JSONDecoder().raw_decode(text, match.start())
        except ValueError:
            continue
        if value == dict(zip(KEYS, VALUES, strict=True)):
            return text[: match.start()], text[end:]
    return None


def _tagged_format(head: str, text: str, first: str | None) -> CallFormat | None:
    pattern = rf"(.*?){KEYS[0]}(.*?){VALUES[0]}(.*?){KEYS[1]}(.*?){VALUES[1]}(.*)"
    match = re.fullmatch(pattern, text, re.DOTALL)
    if match is None or match[2] != match[4] or not match[2]:
        return None
    after_name, key_closing, separator, _, tail = match.groups()
    shared = _shared_beginning(separator, tail)
    value_closing = shared[: shared.rfind(">") + 1]
    key_opening = separator[len(value_closing) :]
    if not value_closing or not key_opening.strip() or not after_name.endswith(key_opening.strip()):
        return None
    after_name = after_name.removesuffix(key_opening.strip()).removesuffix(key_opening.rstrip(key_opening.strip()))
    second = re.fullmatch(pattern, first, re.DOTALL) if first is not None else None
    between = second[5].removeprefix(value_closing) if second else None
    tags = ArgumentTags(key_opening, key_closing, value_closing)
    return CallFormat(head, after_name, between, tail.removeprefix(value_closing), tags)


def _shared_beginning(one: str, other: str) -> str:
    length = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        length += 1
    return one[:length]


def _probe_tool() -> dict[str, Any]:
    properties = {KEYS[0]: {"type": "string", "description": "zq"}, KEYS[1]: {"type": "integer", "description": "zq"}}
    parameters = {"type": "object", "properties": properties, "required": list(KEYS)}
    return {"type": "function", "function": {"name": NAME, "description": "zq", "parameters": parameters}}


def _calls(count: int) -> list[dict[str, Any]]:
    """Return an assistant's message with calls, and their results."""
    arguments = json.dumps(dict(zip(KEYS, VALUES, strict=True)))
    calls = [
        {"id": number, "type": "function", "function": {"name": NAME, "arguments": arguments}} for number in IDS[:count]
    ]
    results = [{"role": "tool", "tool_call_id": number, "name": "zq_result", "content": "zq"} for number in IDS[:count]]
    return [{"role": "assistant", "content": "", "tool_calls": calls}, *results]
