from pathlib import Path
from typing import Any

import pytest

from tests.training.chat_families import FAMILIES, create_tokenizer, family_tokenizer
from tests.training.factories import rows
from vong.errors import InvalidInput
from vong.records import Example, ExampleOrigin, Message
from vong.training import select_trainable
from vong.training.models.model_loading import load_tokenizer
from vong.training.rows.batching import collate
from vong.training.rows.tokenization import (
    IGNORED_LABEL,
    TokenizedExample,
    find_end_tokens,
    tokenize_answers,
    tokenize_example,
    tokenize_examples,
)


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


def chat(*turns: str, **completion: Any) -> Example:
    """Return a conversation of user and assistant turns in alternation. The last turn is the completion."""
    messages = [
        Message(role="assistant" if number % 2 else "user", content=turn) for number, turn in enumerate(turns[:-1])
    ]
    return Example(messages=tuple(messages), completion=Message(role="assistant", content=turns[-1], **completion))


def learnt(tokenizer: Any, row: TokenizedExample) -> str:
    return tokenizer.decode([label for label in row.labels if label != IGNORED_LABEL])


def test_only_the_last_answer_is_trained_by_default_or_all_of_them(tokenizer: Any) -> None:
    conversation = chat("a", "one", "b", "two\n", "c", "three")
    (last,) = tokenize_answers(tokenizer, conversation)
    (every,) = tokenize_answers(tokenizer, conversation, "all")
    assert learnt(tokenizer, last) == "three<|im_end|>"
    assert learnt(tokenizer, every) == "one<|im_end|>two\n<|im_end|>three<|im_end|>"
    assert every.ids == last.ids


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_all_answers_are_trained_in_every_template(name: str) -> None:
    tokenizer = family_tokenizer(name)
    end = tokenizer.eos_token
    (row,) = tokenize_answers(tokenizer, chat("a", f"one{end}", "b", "two", "c", "three"), "all")
    (last,) = tokenize_answers(tokenizer, chat("a", f"one{end}", "b", "two", "c", "three"))
    texts = [text.strip() for text in learnt(tokenizer, row).replace(f"one{end}", "one~").split(end)]
    # The end-of-turn token of Phi-3 is not the end token, which follows the last answer only.
    phi = ["one~<|end|>\ntwo<|end|>\nthree<|end|>"]
    assert [text for text in texts if text] == (phi if name == "phi-3" else ["one~", "two", "three"])
    assert row.ids == last.ids


def test_answers_with_the_weight_0_are_not_trained(tokenizer: Any) -> None:
    messages = (
        Message(role="user", content="a"),
        Message.model_validate({"role": "assistant", "content": "bad", "weight": 0}),
        Message(role="user", content="b"),
        Message.model_validate({"role": "assistant", "content": "good", "weight": 1}),
        Message(role="user", content="c"),
    )
    conversation = Example(messages=messages, completion=Message(role="assistant", content="last"), weight=2.0)
    (row,) = tokenize_answers(tokenizer, conversation, "all")
    assert learnt(tokenizer, row) == "good<|im_end|>last<|im_end|>"
    assert row.weight == 2.0
    unwanted = conversation.model_copy(
        update={"completion": Message.model_validate({"role": "assistant", "content": "last", "train": False})}
    )
    assert select_trainable([unwanted]).without_weight == 1
    (trained,) = select_trainable([unwanted], "all").examples
    (row,) = tokenize_answers(tokenizer, trained, "all")
    assert learnt(tokenizer, row) == "good<|im_end|>"


def test_answers_with_different_weights_are_rows_of_their_own(tokenizer: Any) -> None:
    conversation = chat("a", "one", "b", "two", loss_weight=0.5)
    rows_of_both = tokenize_answers(tokenizer, conversation, "all")
    assert [(learnt(tokenizer, row), row.weight) for row in rows_of_both] == [
        ("one<|im_end|>", 1.0),
        ("two<|im_end|>", 0.5),
    ]


def test_answers_that_a_template_changes_later_are_trained_in_their_own_context() -> None:
    template = (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.reasoning_content and loop.last %}<think>"
        "{{ m.reasoning_content }}</think>{% endif %}{{ m.content }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    tokenizer = create_tokenizer(template, FAMILIES["chatml"].special)
    conversation = chat("a", "one", "b", "two", reasoning_content="second")
    first = Message.model_validate({"role": "assistant", "content": "one", "reasoning_content": "first"})
    messages = (conversation.messages[0], first, conversation.messages[2])
    trained = tokenize_answers(tokenizer, conversation.model_copy(update={"messages": messages}), "all")
    assert [learnt(tokenizer, row) for row in trained] == [
        "<think>first</think>one<|im_end|>",
        "<think>second</think>two<|im_end|>",
    ]


def test_messages_after_the_last_answer_are_dropped_if_all_answers_are_trained(tokenizer: Any) -> None:
    unanswered = Example(messages=(*chat("a", "one", "b", "two").messages,))
    assert select_trainable([unanswered]).without_answer == 1
    (found,) = select_trainable([unanswered], "all").examples
    assert (len(found.messages), found.completion) == (1, Message(role="assistant", content="one"))


def test_documents_are_trained_as_a_whole(tokenizer: Any) -> None:
    document = Example(text="All of it.")
    assert select_trainable([document]).without_answer == 1
    (found,) = select_trainable([document], documents=True).examples
    (row,) = tokenize_answers(tokenizer, found)
    assert row.labels == row.ids
    assert tokenizer.decode(row.ids) == "All of it.<|im_end|>"


def test_rows_with_images_and_empty_answers_are_counted(tokenizer: Any) -> None:
    picture = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": "data:,"}}]
    seen = Example(messages=(Message(role="user", content=picture),), completion=Message(role="assistant", content="x"))
    found = select_trainable([seen, chat("a", " \n"), chat("a", "b")])
    assert (found.media, found.empty, found.numbers) == (1, (2,), (2, 3))


def test_a_row_that_the_template_rejects_is_named() -> None:
    tokenizer = family_tokenizer("gemma")
    bad = Example(
        messages=(Message(role="system", content="Be brief."), Message(role="user", content="a")),
        completion=Message(role="assistant", content="b"),
        origin=ExampleOrigin(kind="file", id="rows.jsonl#7"),
    )
    with pytest.raises(InvalidInput, match=r"validation row 9 \(rows.jsonl#7\): .*System role not supported"):
        tokenize_examples(tokenizer, [chat("a", "b"), bad], 100, numbers=(4, 9), split="validation")


def test_end_tokens_of_the_generation_settings_end_an_answer(tmp_path: Path) -> None:
    tokenizer = create_tokenizer(FAMILIES["gemma"].template, ("<bos>", "<start_of_turn>", "<end_of_turn>", "<eos>"))
    tokenizer.name_or_path = str(tmp_path)
    end = tokenizer.convert_tokens_to_ids("<end_of_turn>")
    assert learnt(tokenizer, tokenize_answers(tokenizer, chat("a", "b"))[0]) == "b<end_of_turn>\n<eos>"
    (tmp_path / "generation_config.json").write_text(f'{{"eos_token_id": [{end}]}}')
    assert find_end_tokens(tokenizer) == {end, tokenizer.eos_token_id}
    assert learnt(tokenizer, tokenize_answers(tokenizer, chat("a", "b"))[0]) == "b<end_of_turn>"
