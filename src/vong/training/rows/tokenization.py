"""Tokenization of examples, with the loss on the completion, on every answer of a conversation, or on a document."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from vong.chat_templates import Conversation
from vong.errors import InvalidInput
from vong.records import Example, Message
from vong.records.message import LOSS_WEIGHT_FIELDS

IGNORED_LABEL = -100
"""Label of a token that is excluded from the loss."""

TEXT_PARTS = {"text", "input_text", "output_text", "refusal"}

LossTarget = Literal["last", "all"]
"""Answers of a conversation that are in the loss: the completion only, or every assistant message."""


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
    """Examples that can be trained, and the numbers of the others.

    `numbers` has the number of each example in its split, from 1. `media` counts the examples left out because of
    images, audio or files. `empty` are the numbers of the examples with an empty completion, which are not left out.
    """

    examples: list[Example]
    without_answer: int
    without_weight: int = 0
    media: int = 0
    numbers: tuple[int, ...] = ()
    empty: tuple[int, ...] = ()


class TokenizedDataset(NamedTuple):
    """Rows within the length limit, the number of longer rows, and the length of the longest row.

    `numbers` has the number of each row's example in its split. `without_calls` counts the examples left out because
    the chat template omits their tool calls, `without_tools` those whose tools it omits.
    """

    rows: list[TokenizedExample]
    too_long: int
    longest: int
    numbers: tuple[int, ...] = ()
    without_calls: int = 0
    without_tools: int = 0


def select_trainable(
    examples: Iterable[Example], loss_on: LossTarget = "last", *, documents: bool = False
) -> TrainableExamples:
    """Return the examples with a completion; a final assistant message is converted to the completion.

    An example with only a rejected completion, with the weight 0, or with images is left out. If `loss_on` is "all",
    messages after the last answer are dropped. If `documents` is set, plain text is trained too.
    """
    trainable: list[Example] = []
    numbers: list[int] = []
    empty: list[int] = []
    without = without_weight = media = 0
    for number, original in enumerate(examples, 1):
        example = _with_completion(original, loss_on, documents)
        if not original.weight > 0 or (example is not None and not _has_weight(example, loss_on)):
            without_weight += 1
        elif example is None:
            without += 1
        elif any(has_media(message) for message in (*example.messages, example.completion) if message):
            media += 1
        else:
            trainable.append(example)
            numbers.append(number)
            if example.completion is not None and _is_empty(example.completion):
                empty.append(number)
    return TrainableExamples(trainable, without, without_weight, media, tuple(numbers), tuple(empty))


def tokenize_examples(
    tokenizer: Any,
    examples: Sequence[Example],
    max_length: int,
    loss_on: LossTarget = "last",
    *,
    numbers: Sequence[int] = (),
    split: str = "training",
) -> TokenizedDataset:
    """Tokenize examples with the tokenizer's own chat template. Rows over `max_length` tokens are left out.

    Raises:
        InvalidInput: The template rejects an example. The message names its number (of `numbers`) and its origin.
    """
    rows: list[tuple[int, TokenizedExample]] = []
    without_calls = without_tools = 0
    for position, example in enumerate(examples):
        number = numbers[position] if numbers else position + 1
        try:
            tokenized = tokenize_answers(tokenizer, example, loss_on)
            without_tools += omits_tools(tokenizer, example)
        except InvalidInput as error:
            origin = f" ({example.origin.id})" if example.origin else ""
            raise InvalidInput(f"{split} row {number}{origin}: {error.message}", error.hint) from error
        rows += [(number, row) for row in tokenized]
        without_calls += not tokenized
    fitting = [(number, row) for number, row in rows if len(row.ids) <= max_length]
    return TokenizedDataset(
        [row for _, row in fitting],
        len(rows) - len(fitting),
        max((len(row.ids) for _, row in rows), default=0),
        tuple(number for number, _ in fitting),
        without_calls,
        without_tools,
    )


def tokenize_example(tokenizer: Any, example: Example) -> TokenizedExample:
    """Tokenize one example, with the loss on its completion.

    The prompt is tokenized separately from the completion, exactly as a server sees it before it generates, so that no
    token spans both. The completion ends with the end-of-turn token, which is part of the loss; text that a template
    writes after it is dropped.
    """
    assert example.completion is not None
    messages = (*example.messages, example.completion)
    weight = example.weight * message_weight(example.completion)
    return _tokenize_answers(tokenizer, _start(tokenizer, messages, example.tools), [len(messages) - 1], weight)


def tokenize_answers(tokenizer: Any, example: Example, loss_on: LossTarget = "last") -> list[TokenizedExample]:
    """Tokenize one example as one row, or as several rows if one row cannot represent its answers.

    With `loss_on` "all", a conversation becomes several rows if its answers have different weights, or if the template
    renders an answer in the middle of a conversation differently (for example without its reasoning): each answer is
    trained in the context in which the model will write it. Returns no row if the template omits the tool calls of an
    answer.
    """
    if example.text is not None:
        return [tokenize_text(tokenizer, example.text, example.weight)]
    assert example.completion is not None
    messages = (*example.messages, example.completion)
    chat = _start(tokenizer, messages, example.tools)
    weights = _turn_weights(example, loss_on)
    if not chat.renders_calls and any(messages[turn].tool_calls for turn in weights):
        return []
    rows: list[TokenizedExample] = []
    for weight in dict.fromkeys(weights.values()):
        turns = [turn for turn, value in weights.items() if value == weight]
        groups = [turns] if len(turns) == 1 or _is_stable(tokenizer, chat, turns) else [[turn] for turn in turns]
        rows += [_tokenize_answers(tokenizer, chat, group, weight) for group in groups]
    return rows


def tokenize_text(tokenizer: Any, text: str, weight: float = 1.0) -> TokenizedExample:
    """Tokenize a document. All of its tokens are in the loss, and the end token follows it."""
    ids = [*tokenizer(text)["input_ids"]]
    if len(ids) > 1 and ids[0] == ids[1] == tokenizer.bos_token_id:
        del ids[0]  # the text begins with the token that the tokenizer adds
    if not ids or ids[-1] != tokenizer.eos_token_id:
        ids.append(tokenizer.eos_token_id)
    return TokenizedExample(ids, list(ids), weight)


def render_prompt(
    tokenizer: Any, messages: Sequence[Message], tools: Sequence[dict[str, Any]] | None = None
) -> tuple[str, list[int]]:
    """Return the text and the tokens of a prompt, exactly as a server sees it before it generates."""
    chat = _start(tokenizer, messages, tools)
    prompt = chat.render(len(messages), generation_prompt=True)
    return prompt, chat.encode(prompt)


def omits_calls(
    tokenizer: Any, messages: Sequence[Message], tools: Sequence[dict[str, Any]] | None, *, last_only: bool = True
) -> bool:
    """Check if the last message, or any of them, has tool calls that the chat template does not write."""
    if not any(message.tool_calls for message in (messages[-1:] if last_only else messages)):
        return False
    return not _start(tokenizer, messages, tools).renders_calls


def omits_tools(tokenizer: Any, example: Example) -> bool:
    """Check if an example has tools, or tool calls before its completion, that the chat template does not write."""
    if omits_calls(tokenizer, example.messages, example.tools, last_only=False):
        return True
    if not example.tools or not example.messages:
        return False
    messages = example.messages
    return _start(tokenizer, messages, example.tools).render() == _start(tokenizer, messages, None).render()


def to_template_message(message: Message) -> dict[str, Any]:
    """Convert a message to the form that chat templates expect: text content, and its other fields without weights."""
    fields = message.model_dump(mode="json", exclude_none=True, exclude=set(LOSS_WEIGHT_FIELDS))
    return fields | {"content": message.text}


def message_weight(message: Message) -> float:
    """Return the weight in training that a message itself has, by default 1."""
    for name in LOSS_WEIGHT_FIELDS:
        value = (message.model_extra or {}).get(name)
        if isinstance(value, bool | int | float):
            return float(value)
    return 1.0


def _start(tokenizer: Any, messages: Sequence[Message], tools: Sequence[dict[str, Any]] | None) -> Conversation:
    return Conversation(tokenizer, [to_template_message(message) for message in messages], tools)


def _split_answer(chat: Conversation, turn: int) -> tuple[str, str]:
    """Return the prompt of an answer and the answer, both as rendered text."""
    prompt = chat.render(turn, generation_prompt=True)
    full = chat.render(turn + 1)
    if not full.startswith(prompt):
        raise InvalidInput(
            "the chat template of the base model renders a prompt differently if a completion follows it",
            "use a base model whose template ends its generation prompt where the completion starts",
        )
    return prompt, full[len(prompt) :]


def _tokenize_answers(tokenizer: Any, chat: Conversation, turns: Sequence[int], weight: float) -> TokenizedExample:
    """Tokenize a conversation up to the last of these answers, with the loss on all of them."""
    end_tokens = find_end_tokens(tokenizer)
    *earlier, last = turns
    prompt, answer = _split_answer(chat, last)
    if earlier:
        tokens = chat.encode_spans(prompt)
        prompt_ids = [token.id for token in tokens]
        labels = [IGNORED_LABEL] * len(prompt_ids)
        for turn in earlier:
            start, end = (
                len(chat.render(turn, generation_prompt=True)),
                len(_render_turn(tokenizer, chat, turn, prompt)),
            )
            inside = [at for at, token in enumerate(tokens) if start <= token.start < token.end <= end]
            ends = [place for place, at in enumerate(inside, 1) if prompt_ids[at] in end_tokens]
            for at in inside[: ends[0]] if ends else inside:
                labels[at] = prompt_ids[at]
    else:
        prompt_ids = chat.encode(prompt)
        labels = [IGNORED_LABEL] * len(prompt_ids)
    answer_ids = chat.encode(answer)
    place = next((place for place, token in enumerate(answer_ids, 1) if token in end_tokens), None)
    answer_ids = [*answer_ids, tokenizer.eos_token_id] if place is None else answer_ids[:place]
    return TokenizedExample(prompt_ids + answer_ids, labels + answer_ids, weight)


def _is_stable(tokenizer: Any, chat: Conversation, turns: Sequence[int]) -> bool:
    """Check that each answer is rendered in a longer conversation exactly as when it was the last message."""
    *earlier, last = turns
    prompt = chat.render(last, generation_prompt=True)
    for turn in earlier:
        full = _render_turn(tokenizer, chat, turn, prompt)
        if not prompt.startswith(full) or not full.startswith(chat.render(turn, generation_prompt=True)):
            return False
    return True


def _render_turn(tokenizer: Any, chat: Conversation, turn: int, prompt: str) -> str:
    """Return the text up to an answer in the middle of a conversation.

    Some templates write the end token after the last message only; it is removed if the prompt does not have it.
    """
    full = chat.render(turn + 1)
    return full if prompt.startswith(full) else full.removesuffix(tokenizer.eos_token)


def find_end_tokens(tokenizer: Any) -> frozenset[int]:
    """Return the tokens that end an answer: the tokenizer's end token and those of the model's generation settings."""
    ends: set[int] = {tokenizer.eos_token_id}
    try:
        settings = json.loads((Path(str(tokenizer.name_or_path)) / "generation_config.json").read_text())
    except (OSError, ValueError):
        settings = {}
    found = settings.get("eos_token_id") if isinstance(settings, dict) else None
    return frozenset(ends | {one for one in (found if isinstance(found, list) else [found]) if isinstance(one, int)})


def _turn_weights(example: Example, loss_on: LossTarget) -> dict[int, float]:
    """Return the positions of the answers in the loss with their weights. The completion follows the messages."""
    messages = (*example.messages, example.completion)
    last = len(messages) - 1
    weights = {
        position: example.weight * message_weight(message)
        for position, message in enumerate(messages)
        if message is not None and message.role == "assistant" and (loss_on == "all" or position == last)
    }
    return {position: weight for position, weight in weights.items() if weight > 0}


def _with_completion(example: Example, loss_on: LossTarget, documents: bool) -> Example | None:
    """Return the example with a completion, or None if it has no answer to train."""
    if example.text is not None:
        return example if documents else None
    if example.completion is not None:
        return example
    end = len(example.messages)
    while loss_on == "all" and end and example.messages[end - 1].role != "assistant":
        end -= 1
    if example.rejected is not None or end < 2 or example.messages[end - 1].role != "assistant":
        return None
    return example.model_copy(update={"messages": example.messages[: end - 1], "completion": example.messages[end - 1]})


def _has_weight(example: Example, loss_on: LossTarget) -> bool:
    return example.text is not None or bool(_turn_weights(example, loss_on))


def has_media(message: Message) -> bool:
    """Check if a message has parts that are no text."""
    return isinstance(message.content, list) and any(part.get("type") not in TEXT_PARTS for part in message.content)


def _is_empty(message: Message) -> bool:
    return not message.text.strip() and not message.tool_calls and not (message.model_extra or {}).get("function_call")
