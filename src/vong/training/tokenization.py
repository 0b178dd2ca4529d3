"""From examples to token ids, with the loss on the answer only."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from vong.errors import InvalidInput
from vong.records import Example, Message

IGNORED = -100
"""The label of a token that is read but not learnt."""


class TokenizedExample(NamedTuple):
    """One row: `ids` and `labels` of equal length; a label is its token's id, or IGNORED in the prompt."""

    ids: list[int]
    labels: list[int]
    weight: float

    @property
    def answer_tokens(self) -> int:
        """How many tokens are learnt."""
        return sum(label != IGNORED for label in self.labels)


class TrainableExamples(NamedTuple):
    """What can be trained on, and how many examples had no answer to learn."""

    examples: list[Example]
    without_answer: int


class TokenizedDataset(NamedTuple):
    """Rows that fit, and how many were longer than the limit, with the longest length met."""

    rows: list[TokenizedExample]
    too_long: int
    longest: int


def with_answer(examples: Iterable[Example]) -> TrainableExamples:
    """Each example in the form prompt and completion: a last assistant message is taken as the completion."""
    kept: list[Example] = []
    without = 0
    for example in examples:
        if example.completion is not None:
            kept.append(example)
        elif len(example.messages) > 1 and example.messages[-1].role == "assistant":
            split = {"messages": example.messages[:-1], "completion": example.messages[-1]}
            kept.append(example.model_copy(update=split))
        else:
            without += 1
    return TrainableExamples(kept, without)


def encode(tokenizer: Any, examples: Sequence[Example], max_length: int) -> TokenizedDataset:
    """Every example as a row by the tokenizer's own chat template; rows over `max_length` tokens are left out."""
    rows = [row(tokenizer, example) for example in examples]
    fit = [one for one in rows if len(one.ids) <= max_length]
    return TokenizedDataset(fit, len(rows) - len(fit), max((len(one.ids) for one in rows), default=0))


def row(tokenizer: Any, example: Example) -> TokenizedExample:
    """One row. The prompt is tokenized apart from the answer, exactly as a server sees it before it answers, so no
    token can straddle the two. The answer ends with the end-of-turn token, which is learnt too; what a template
    writes after it is dropped.
    """
    assert example.completion is not None
    prompt, answer = rendered(tokenizer, example.messages, example.completion, example.tools)
    prompt_ids: list[int] = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    answer_ids: list[int] = tokenizer(answer, add_special_tokens=False)["input_ids"]
    end = tokenizer.eos_token_id
    after = answer_ids[::-1].index(end) if end in answer_ids else 0
    answer_ids = answer_ids[: len(answer_ids) - after] if end in answer_ids else [*answer_ids, end]
    labels = [IGNORED] * len(prompt_ids) + answer_ids
    return TokenizedExample(prompt_ids + answer_ids, labels, example.weight)


def rendered(
    tokenizer: Any, messages: Sequence[Message], completion: Message, tools: Sequence[dict[str, Any]] | None = None
) -> tuple[str, str]:
    """The text of the prompt and the text of the answer, as the chat template writes them.

    InvalidInput where the template writes the prompt differently once an answer follows: the model would be taught
    in a context that it never meets.
    """
    before = [plain(message) for message in messages]
    options: dict[str, Any] = {"tokenize": False} | ({"tools": list(tools)} if tools else {})
    prompt: str = tokenizer.apply_chat_template(before, add_generation_prompt=True, **options)
    whole: str = tokenizer.apply_chat_template([*before, plain(completion)], **options)
    if not whole.startswith(prompt):
        raise InvalidInput(
            "the chat template of the base model writes a prompt differently when an answer follows it",
            "give the base model a template that ends its generation prompt where the answer begins",
        )
    return prompt, whole[len(prompt) :]


def plain(message: Message) -> dict[str, Any]:
    """A message as templates expect it: text content, and tool calls where there are some."""
    fields: dict[str, Any] = {"role": message.role, "content": message.text}
    more = {"name": message.name, "tool_calls": message.tool_calls, "tool_call_id": message.tool_call_id}
    return fields | {name: value for name, value in more.items() if value is not None}
