from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.factories import rows
from vong.errors import InvalidInput
from vong.records import Example, Message
from vong.training import select_trainable
from vong.training.batching import EpochSampler, collate, padding_share
from vong.training.model_loading import load_tokenizer
from vong.training.tokenization import IGNORED_LABEL, tokenize_example, tokenize_examples


@pytest.fixture(scope="module")
def tokenizer(base: Path) -> Any:
    return load_tokenizer(base)


def example(answer: str = "Chào bạn 😀") -> Example:
    messages = (Message(role="system", content="Be brief."), Message(role="user", content="Hello\n\tthere"))
    return Example(messages=messages, completion=Message(role="assistant", content=answer), weight=2.0)


def test_exactly_the_tokens_of_the_completion_are_trained(tokenizer: Any) -> None:
    tokenized = tokenize_example(tokenizer, example())
    learnt = [label for label in tokenized.labels if label != IGNORED_LABEL]
    read = [id_ for id_, label in zip(tokenized.ids, tokenized.labels, strict=True) if label == IGNORED_LABEL]
    assert tokenizer.decode(learnt) == "Chào bạn 😀<|im_end|>"
    assert tokenizer.decode(read) == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello\n\tthere<|im_end|>\n<|im_start|>assistant\n"
    )
    assert all(label in (IGNORED_LABEL, id_) for id_, label in zip(tokenized.ids, tokenized.labels, strict=True))
    assert tokenized.labels.index(learnt[0]) == len(read)


def test_the_prompt_is_tokenized_exactly_as_by_the_server(tokenizer: Any) -> None:
    tokenized = tokenize_example(tokenizer, example("x"))
    served = tokenizer.apply_chat_template(
        [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello\n\tthere"}],
        add_generation_prompt=True,
    )["input_ids"]
    assert tokenized.ids[: len(served)] == served
    assert tokenized.labels[: len(served)] == [IGNORED_LABEL] * len(served)


def test_a_template_that_rewrites_the_prompt_is_rejected(tokenizer: Any) -> None:
    template = tokenizer.chat_template
    tokenizer.chat_template = "{{ messages | length }}{% for m in messages %}{{ m['content'] }}{% endfor %}"
    try:
        with pytest.raises(InvalidInput, match="renders a prompt differently"):
            tokenize_example(tokenizer, example())
    finally:
        tokenizer.chat_template = template


def test_too_long_rows_are_skipped_and_never_truncated(tokenizer: Any) -> None:
    tokenized = tokenize_examples(tokenizer, [example("short"), example("long" * 200)], 200)
    assert (len(tokenized.rows), tokenized.too_long) == (1, 1)
    assert tokenized.longest > 800


def test_a_final_assistant_message_is_the_completion(tokenizer: Any) -> None:
    whole = Example(messages=(*example().messages, Message(role="assistant", content="yes")))
    found = select_trainable([whole, Example(messages=example().messages), example()])
    assert found.without_answer == 1
    assert found.examples[0].completion == Message(role="assistant", content="yes")
    assert found.examples[0].messages == example().messages


def test_examples_with_a_bad_answer_or_without_weight_are_not_trained(tokenizer: Any) -> None:
    answer = Message(role="assistant", content="bad")
    asked = Example(messages=(*example().messages, Message(role="assistant", content="earlier")), rejected=answer)
    found = select_trainable([asked, Example(messages=example().messages, completion=answer, weight=0), example()])
    assert (found.examples, found.without_answer, found.without_weight) == ([example()], 1, 1)


@given(st.lists(st.integers(1, 400), min_size=1, max_size=300), st.integers(1, 16), st.integers(0, 3), st.booleans())
def test_every_epoch_contains_every_row_once(lengths: list[int], batch: int, epoch: int, grouped: bool) -> None:
    order = EpochSampler(lengths, batch, seed=3, grouped=grouped)
    order.set_epoch(epoch)
    first = list(order)
    assert sorted(first) == list(range(len(lengths)))
    assert list(order) == first


def test_grouping_by_length_avoids_most_padding_and_epochs_differ() -> None:
    lengths = [40 + (number * 7919) % 160 for number in range(400)]
    plain, grouped = EpochSampler(lengths, 8, 0, grouped=False), EpochSampler(lengths, 8, 0)
    assert padding_share(list(grouped), lengths, 8) < 0.3 * padding_share(list(plain), lengths, 8)
    first = list(grouped)
    grouped.set_epoch(1)
    assert list(grouped) != first


def test_a_batch_is_padded_and_the_padding_is_ignored(tokenizer: Any) -> None:
    tokenized = [tokenize_example(tokenizer, one) for one in (example("a"), rows(1)[0])]
    batch = collate([{"input_ids": one.ids, "labels": one.labels, "weight": one.weight} for one in tokenized], pad=2)
    assert batch["input_ids"].shape == batch["labels"].shape == batch["attention_mask"].shape
    for place, one in enumerate(tokenized):
        assert int(batch["attention_mask"][place].sum()) == len(one.ids)
        assert batch["labels"][place, len(one.ids) :].tolist() == [IGNORED_LABEL] * (
            len(tokenized[0].ids) - len(one.ids)
        )
    assert batch["weights"].tolist() == [2.0, 1.0]
