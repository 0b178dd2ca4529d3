"""Rows whose images or tool calls the model cannot see are left out by every recipe, with a warning."""

from pathlib import Path
from typing import Any

import pytest

from tests.training.factories import Recorder
from tests.training.preference_rows import pair
from vong.records import Example, Message
from vong.training.models.model_loading import load_tokenizer
from vong.training.recipes.grpo import GrpoSettings, prepare_prompts
from vong.training.rows.tokenization import tokenize_text
from vong.training.trainers.preference import prepare_completions, prepare_pairs

CALL = {"id": "c", "type": "function", "function": {"name": "find", "arguments": '{"x": 1}'}}
TOOLS = ({"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}},)
CALLING = Message(role="assistant", tool_calls=[CALL])
IMAGE = Message(role="user", content=[{"type": "image", "image": "a.png"}, {"type": "text", "text": "what?"}])
WRITES_CALLS = (
    "{{ tools or '' }}{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content or '' }}"
    "{% for c in m.tool_calls or [] %}{{ c.function | tojson }}{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.fixture
def tokenizer(base: Path) -> Any:
    return load_tokenizer(base)


def row(*context: Message, **fields: Any) -> Example:
    return pair(1, messages=context or (Message(role="user", content="q"),), **fields)


CASES: dict[str, tuple[Example, int, str]] = {
    "image": (row(IMAGE), 0, "have images"),
    "chosen call": (row(completion=CALLING), 0, "answer with tool calls"),
    "rejected call": (row(rejected=CALLING), 0, "answer with tool calls"),
    "earlier call": (
        row(Message(role="user", content="q"), CALLING, Message(role="tool", content="1", tool_call_id="c")),
        1,
        "earlier tool calls",
    ),
    "tools": (row(tools=TOOLS), 1, "have tools"),
}


@pytest.mark.parametrize("name", CASES)
def test_unreadable_rows_are_reported_by_recipes_of_preferences(tokenizer: Any, recorder: Recorder, name: str) -> None:
    example, kept, words = CASES[name]
    assert len(prepare_pairs(tokenizer, [example, pair(2)], "training", 1000, recorder)) == kept + 1
    assert [words in warning for warning in recorder.warnings] == [True]
    recorder.warnings.clear()
    assert len(prepare_completions(tokenizer, [example, pair(2)], "training", 1000, recorder)) == 2 * (kept + 1)
    assert [words in warning for warning in recorder.warnings] == [True]


def test_a_template_that_writes_calls_keeps_the_rows(tokenizer: Any, recorder: Recorder) -> None:
    tokenizer.chat_template = WRITES_CALLS
    rows = [example for name, (example, _, _) in CASES.items() if name != "image"]
    assert len(prepare_pairs(tokenizer, rows, "training", 1000, recorder)) == len(rows)
    assert not recorder.warnings


def test_prompts_with_images_are_left_out_of_reinforcement(tokenizer: Any, recorder: Recorder) -> None:
    settings = GrpoSettings(rewards={"exact_match": 1.0}, max_length=1000)
    rows = [row(IMAGE, rejected=None), row(completion=CALLING, rejected=None)]
    assert len(prepare_prompts(tokenizer, rows, "training", settings, recorder)) == 1
    assert ["have images" in warning for warning in recorder.warnings] == [True]


def test_a_document_that_begins_with_the_start_token_has_it_once(tokenizer: Any) -> None:
    plain = tokenize_text(tokenizer, "a").ids

    class AddsStart:
        bos_token_id, eos_token_id = tokenizer.bos_token_id, tokenizer.eos_token_id

        def __call__(self, text: str) -> dict[str, list[int]]:
            return {"input_ids": [tokenizer.bos_token_id, *tokenizer(text)["input_ids"]]}

    start = tokenizer.bos_token
    assert tokenize_text(AddsStart(), "a").ids == [tokenizer.bos_token_id, *plain]
    assert tokenize_text(AddsStart(), f"{start}a").ids == [tokenizer.bos_token_id, *plain]
