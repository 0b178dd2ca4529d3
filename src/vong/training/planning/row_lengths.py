"""Lengths of dataset rows in tokens, counted with the tokenizer and the chat template of a base model."""

import contextlib
import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from vong.records import Example, Message

MAX_TOKENIZED_ROWS = 2000
"""Rows that are tokenized for a plan, evenly spaced, beside the longest ones. More would delay the plan."""

LONGEST_ROWS = 64
"""Rows with the most characters that are always tokenized, because they determine the peak of memory."""

PREFIX_ROWS = 32
"""Rows whose prompts are compared to find their common beginning."""

TEMPLATE_TOKENS_PER_MESSAGE = 5
"""Tokens that a chat template adds per message, if it cannot be rendered here."""

SPECIAL_TOKENS = ("bos_token", "eos_token", "pad_token", "unk_token")


class RowLength(NamedTuple):
    """Tokens of a row: its prompt, its completion (or document), and its rejected completion."""

    prompt: int
    completion: int
    rejected: int = 0

    def total(self, sequences: int = 1) -> int:
        """Return the tokens that are computed: of a pair, the prompt counts twice."""
        return self.prompt * sequences + self.completion + (self.rejected if sequences > 1 else 0)

    @property
    def longest(self) -> int:
        """Return the tokens of the longest sequence."""
        return self.prompt + max(self.completion, self.rejected)


class RowLengths(NamedTuple):
    """Lengths of evenly spaced rows, the number of all rows, and the lengths of the longest rows.

    `shared_prefix` is the number of tokens with which all prompts begin, such as those of a system prompt.
    """

    rows: tuple[RowLength, ...]
    total: int
    longest: tuple[RowLength, ...] = ()
    shared_prefix: int = 0


def measure_rows(examples: Sequence[Example], tokenizer: Any, template: "ChatTemplate | None") -> RowLengths:
    """Return the lengths of the rows: of all up to 2,000, else of a sample and of the longest rows.

    `tokenizer` is one of the library `tokenizers`.
    """

    def count(text: str) -> int:
        return len(tokenizer.encode(text, add_special_tokens=False).ids)

    def measure(chosen: Sequence[Example]) -> tuple[RowLength, ...]:
        return tuple(_measure_row(example, count, template) for example in chosen)

    prefix = _measure_prefix(examples, count, template)
    if len(examples) <= MAX_TOKENIZED_ROWS:
        return RowLengths(measure(examples), len(examples), shared_prefix=prefix)
    step = len(examples) / MAX_TOKENIZED_ROWS
    even = [examples[int(number * step)] for number in range(MAX_TOKENIZED_ROWS)]
    longest = sorted(examples, key=_characters, reverse=True)[:LONGEST_ROWS]
    return RowLengths(measure(even), len(examples), measure(longest), prefix)


def _measure_prefix(examples: Sequence[Example], count: Callable[[str], int], template: "ChatTemplate | None") -> int:
    """Return the tokens with which the prompts of some evenly spaced rows begin alike. Returns 0 if it is unknown."""
    if template is None or len(examples) < 2:
        return 0
    step = max(1, len(examples) // PREFIX_ROWS)
    texts: list[str] = []
    with contextlib.suppress(Exception):  # a template may reject a row; its training then reports that row
        texts = [template.render(one.messages, one.tools, generation_prompt=True) for one in examples[::step]]
    if not texts:
        return 0
    first, last = min(texts), max(texts)  # the texts between these two begin as both do
    length = next(
        (place for place, pair in enumerate(zip(first, last, strict=False)) if len(set(pair)) > 1), len(first)
    )
    return max(0, count(first[:length]) - 1)


def _characters(example: Example) -> int:
    completion = max(len(part.text) if part else 0 for part in (example.completion, example.rejected))
    return sum(len(message.text) for message in example.messages) + completion + len(example.text or "")


def _measure_row(example: Example, count: Callable[[str], int], template: "ChatTemplate | None") -> RowLength:
    if example.text is not None:
        return RowLength(0, count(example.text))
    answers = [part for part in (example.completion, example.rejected) if part is not None]
    prompt, rest = _measure_parts(example, answers, count, template)
    if example.completion is None:
        return RowLength(prompt, 0, rest[0] if rest else 0)
    return RowLength(prompt, rest[0], rest[1] if len(rest) > 1 else 0)


def _measure_parts(
    example: Example, answers: Sequence[Message], count: Callable[[str], int], template: "ChatTemplate | None"
) -> tuple[int, list[int]]:
    """Return the tokens of the prompt and of each answer."""
    if template is not None:
        with contextlib.suppress(Exception):  # a template may reject a row; its training then reports that row
            prompt = count(template.render(example.messages, example.tools, generation_prompt=True))
            whole = [count(template.render((*example.messages, part), example.tools)) for part in answers]
            return prompt, [max(1, tokens - prompt) for tokens in whole]
    lengths = [count(message.text) + TEMPLATE_TOKENS_PER_MESSAGE for message in (*example.messages, *answers)]
    return sum(lengths[: len(example.messages)]), lengths[len(example.messages) :]


class ChatTemplate:
    """Chat template that renders messages as transformers does, without importing it."""

    def __init__(self, source: str, special_tokens: dict[str, str]) -> None:
        self._template = _compile(source)
        self._special_tokens = special_tokens

    def render(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]] | None, *, generation_prompt: bool = False
    ) -> str:
        """Return the text of messages."""
        fields = [
            message.model_dump(mode="json", exclude_none=True) | {"content": message.text} for message in messages
        ]
        return self._template.render(
            messages=fields,
            tools=list(tools) if tools else None,
            add_generation_prompt=generation_prompt,
            **self._special_tokens,
        )


def load_template(source: str | None, tokenizer_config: bytes | None) -> ChatTemplate | None:
    """Return the chat template of a base model. Returns None if there is none, or it cannot be rendered here."""
    values: dict[str, Any] = json.loads(tokenizer_config) if tokenizer_config else {}
    source = source or values.get("chat_template")
    if not isinstance(source, str):
        return None
    tokens = {name: values.get(name) for name in SPECIAL_TOKENS}
    special = {
        name: str(token.get("content", "") if isinstance(token, dict) else token)
        for name, token in tokens.items()
        if token
    }
    try:
        template = ChatTemplate(source, special)
        template.render((Message(role="user", content="a"),), None, generation_prompt=True)
    except Exception:  # noqa: BLE001 — a template may use what only transformers provides: the plan estimates then
        return None
    return template


@lru_cache(maxsize=16)
def _compile(source: str) -> Any:
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def raise_exception(message: str) -> None:
        raise TemplateError(message)

    def to_json(value: Any, indent: int | None = None) -> str:
        return json.dumps(value, ensure_ascii=False, indent=indent)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = to_json
    return environment.from_string(source, globals={"raise_exception": raise_exception, "strftime_now": str})
