"""Tokenization of examples, with the loss on the completion only."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from vong.errors import InvalidInput
from vong.records import Example, Message

IGNORED_LABEL = -100
"""Label of a token that is excluded from the loss."""


class TokenizedExample(NamedTuple):
    """One row: `ids` and `labels` of equal length. A label is its token's id, or IGNORED_LABEL in the prompt."""

    ids: list[int]
    labels: list[int]
    weight: float

    @property
    def answer_tokens(self) -> int:
        """Return the number of tokens in the loss."""
        return sum(label != IGNORED_LABEL for label in self.labels)


class TrainableExamples(NamedTuple):
    """Examples with a completion and a weight above 0, and the numbers of the others."""

    examples: list[Example]
    without_answer: int
    without_weight: int = 0


class TokenizedDataset(NamedTuple):
    """Rows within the length limit, the number of longer rows, and the length of the longest row."""

    rows: list[TokenizedExample]
    too_long: int
    longest: int


def select_trainable(examples: Iterable[Example]) -> TrainableExamples:
    """Return the examples with a completion; a final assistant message is converted to the completion.

    An example with only a rejected completion, or with the weight 0, is left out.
    """
    trainable: list[Example] = []
    without = without_weight = 0
    for example in examples:
        if not example.weight > 0:
            without_weight += 1
        elif example.completion is not None:
            trainable.append(example)
        elif example.rejected is None and len(example.messages) > 1 and example.messages[-1].role == "assistant":
            split = {"messages": example.messages[:-1], "completion": example.messages[-1]}
            trainable.append(example.model_copy(update=split))
        else:
            without += 1
    return TrainableExamples(trainable, without, without_weight)


def tokenize_examples(tokenizer: Any, examples: Sequence[Example], max_length: int) -> TokenizedDataset:
    """Tokenize examples with the tokenizer's own chat template. Rows over `max_length` tokens are left out."""
    rows = [tokenize_example(tokenizer, example) for example in examples]
    fitting = [one for one in rows if len(one.ids) <= max_length]
    return TokenizedDataset(fitting, len(rows) - len(fitting), max((len(one.ids) for one in rows), default=0))


def tokenize_example(tokenizer: Any, example: Example) -> TokenizedExample:
    """Tokenize one example.

    The prompt is tokenized separately from the completion, exactly as a server sees it before it generates, so that no
    token spans both. The completion ends with the end-of-turn token, which is part of the loss; text that a template
    writes after it is dropped.
    """
    assert example.completion is not None
    prompt, answer = render_example(tokenizer, example.messages, example.completion, example.tools)
    prompt_ids: list[int] = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    answer_ids: list[int] = tokenizer(answer, add_special_tokens=False)["input_ids"]
    end = tokenizer.eos_token_id
    after = answer_ids[::-1].index(end) if end in answer_ids else 0
    answer_ids = answer_ids[: len(answer_ids) - after] if end in answer_ids else [*answer_ids, end]
    labels = [IGNORED_LABEL] * len(prompt_ids) + answer_ids
    return TokenizedExample(prompt_ids + answer_ids, labels, example.weight)


def render_example(
    tokenizer: Any, messages: Sequence[Message], completion: Message, tools: Sequence[dict[str, Any]] | None = None
) -> tuple[str, str]:
    """Return the text of the prompt and the text of the completion, as rendered by the chat template.

    Raises:
        InvalidInput: The template renders the prompt differently if a completion follows. The model would be trained in
            a context that never occurs in use.
    """
    before = [to_template_message(message) for message in messages]
    options: dict[str, Any] = {"tokenize": False} | ({"tools": list(tools)} if tools else {})
    prompt: str = tokenizer.apply_chat_template(before, add_generation_prompt=True, **options)
    full: str = tokenizer.apply_chat_template([*before, to_template_message(completion)], **options)
    if not full.startswith(prompt):
        raise InvalidInput(
            "the chat template of the base model renders a prompt differently if a completion follows it",
            "use a base model whose template ends its generation prompt where the completion starts",
        )
    return prompt, full[len(prompt) :]


def to_template_message(message: Message) -> dict[str, Any]:
    """Convert a message to the form that chat templates expect: text content, and tool calls if there are any."""
    fields: dict[str, Any] = {"role": message.role, "content": message.text}
    optional = {"name": message.name, "tool_calls": message.tool_calls, "tool_call_id": message.tool_call_id}
    return fields | {name: value for name, value in optional.items() if value is not None}
