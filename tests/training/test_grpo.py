"""Recipe grpo: learning from rewards, resume, rewards that do not differ, and checks before the start."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.training.factories import Recorder
from tests.training.preference_rows import create_context, pair, pairs
from vong.errors import InvalidInput, JobCancelled
from vong.records import Example, Message
from vong.training import TrainingResult
from vong.training.models.model_loading import load_tokenizer
from vong.training.recipes.grpo import GroupSampler, GrpoRecipe, GrpoSettings, prepare_prompts
from vong.training.rows.tokenization import tokenize_example
from vong.training.scoring.rewards import RewardFunction

TINY: dict[str, Any] = {
    "rewards": {"letters": 1.0},
    "batch_size": 2,
    "num_generations": 4,
    "max_completion_tokens": 6,
    "learning_rate": 2e-2,
    "lora_rank": 4,
    "samples": 0,
    "early_stopping_patience": None,
}


def share_of_even(_: Example, completion: str) -> float:
    """Return the share of characters with an even code: a reward that each sampled character changes."""
    return sum(ord(character) % 2 == 0 for character in completion) / 6


def reward(compute: Callable[[Example, str], float | None] = share_of_even, **fields: Any) -> RewardFunction:
    options: dict[str, Any] = {"needs_reference": False, **fields}
    return RewardFunction("letters", 1.0, compute, **options)


def train(
    base: Path,
    folder: Path,
    recorder: Recorder,
    rewards: Sequence[RewardFunction] = (reward(),),
    rows: Sequence[Example] | None = None,
    validation: Sequence[Example] | None = None,
    **settings: Any,
) -> TrainingResult:
    context = create_context(
        base,
        folder,
        GrpoSettings.model_validate({**TINY, **settings}),
        pairs(8) if rows is None else rows,
        pairs(2, 100) if validation is None else validation,
        rewards=rewards,
    )
    return GrpoRecipe().train(context, recorder)


def weights(folder: Path) -> bytes:
    return (folder / "adapter_model.safetensors").read_bytes()


def test_the_reward_rises_and_the_best_weights_are_kept(base: Path, tmp_path: Path, recorder: Recorder) -> None:
    outcome = train(base, tmp_path / "run", recorder, epochs=5)
    rewards = recorder.series("reward")
    assert sum(rewards[-5:]) / 5 > sum(rewards[:5]) / 5 + 0.2
    evaluated = recorder.series("eval_reward")
    assert outcome.summary["best_value"] == max(evaluated) > evaluated[0]
    assert recorder.series("reward.letters") == rewards
    names = {name for _, values in recorder.metrics for name in values}
    assert {"reward_std", "completion_length", "clipped_share", "equal_reward_share", "entropy"} <= names
    assert outcome.summary["tokens"] > 0
    assert outcome.kind == "adapter"
    assert not any("overfitting" in text for text in recorder.warnings)


@pytest.mark.slow
def test_a_resumed_run_equals_an_uninterrupted_one_exactly(base: Path, tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        "epochs": 3, "gradient_accumulation": 2, "checkpoint_every": 2, "eval_every": 2, "beta": 0.05,
        "lora_dropout": 0.1,
    }  # fmt: skip
    whole, again = Recorder(), Recorder()
    uninterrupted = train(base, tmp_path / "whole", whole, **settings)
    with pytest.raises(JobCancelled):
        train(base, tmp_path / "broken", Recorder(cancel_at=5), **settings)
    resumed = train(base, tmp_path / "broken", again, **settings)
    assert again.lines[0] == "resuming from checkpoint-4"
    assert weights(resumed.folder) == weights(uninterrupted.folder)
    assert again.series("reward") == whole.series("reward")[4:]
    assert not list((tmp_path / "whole").rglob("ref"))
    assert len(whole.series("kl")) == 6


# https://github.com/huggingface/trl/issues/3452: reward 0 and loss 0 without a hint
def test_equal_rewards_leave_the_weights_unchanged_and_are_reported(
    base: Path, tmp_path: Path, recorder: Recorder
) -> None:
    train(base, tmp_path / "run", recorder, [reward(lambda *_: 0.35)], epochs=5)
    assert all(map(math.isfinite, recorder.series("loss") + recorder.series("grad_norm")))
    assert max(recorder.series("grad_norm")) < 0.05
    assert recorder.series("equal_reward_share") == [1.0] * 20
    assert any("no learning signal in 20 steps" in text for text in recorder.warnings)


def test_completions_without_a_reward_are_ignored(base: Path, tmp_path: Path, recorder: Recorder) -> None:
    train(base, tmp_path / "run", recorder, [reward(lambda *_: None)], epochs=1)
    assert all(map(math.isfinite, recorder.series("loss")))
    assert recorder.series("reward") == []


def test_completions_may_be_empty(base: Path, tmp_path: Path, recorder: Recorder) -> None:
    rewards = [reward(lambda _, completion: float(not completion))]
    train(base, tmp_path / "run", recorder, rewards, max_completion_tokens=1, epochs=2)
    assert all(map(math.isfinite, recorder.series("loss")))
    assert set(recorder.series("completion_length")) == {1.0}


def test_full_fine_tuning_with_a_penalty(base: Path, tmp_path: Path, recorder: Recorder) -> None:
    settings: dict[str, Any] = {"method": "full", "learning_rate": 1e-3, "beta": 0.1, "epochs": 1}
    outcome = train(base, tmp_path / "run", recorder, validation=[], **settings)
    assert outcome.kind == "merged"
    assert recorder.series("kl")[0] == pytest.approx(0, abs=1e-5)


def test_prompts_have_the_tokens_of_serving(base: Path, recorder: Recorder) -> None:
    tokenizer, row = load_tokenizer(base), pair(3)
    (prompt,) = prepare_prompts(tokenizer, [row], "training", GrpoSettings.model_validate(TINY), recorder)
    whole = tokenize_example(tokenizer, row)
    assert whole.ids[: len(prompt.ids)] == prompt.ids
    assert whole.labels[len(prompt.ids)] != -100 == whole.labels[len(prompt.ids) - 1]
    long = pair(0, messages=(Message(role="user", content="x" * 300),))
    limited = GrpoSettings.model_validate({**TINY, "max_length": 200})
    assert prepare_prompts(tokenizer, [long], "training", limited, recorder) == []
    assert any("longer than max_length 200" in text for text in recorder.warnings)


def test_every_prompt_is_generated_once_per_epoch() -> None:
    sampler = GroupSampler(5, 2, 2, group=3, seed=1)
    first = list(sampler)
    assert len(first) == len(sampler) == 2 * 4 * 2 * 3
    assert first[:3] == [first[0]] * 3
    assert first[:12] == first[12:24]
    assert set(first) == set(range(5))
    sampler.set_epoch(1)
    assert list(sampler) != first


@pytest.mark.parametrize(
    ("rows", "settings", "rewards", "words"),
    [
        (pairs(1), {"rewards": {}}, [], "has no reward"),
        (
            [pair(0), pair(1, completion=None)],
            {},
            [reward(needs_reference=True)],
            "row 2 of split 'train' has no compl",
        ),
        ([pair(0, messages=())], {}, [reward()], "row 1 of split 'train' has no messages"),
        ([pair(0, weight=0)], {}, [reward()], "no rows with a weight above 0"),
        (
            [pair(0, messages=(Message(role="assistant", content="x"),), completion=None, rejected=None)],
            {},
            [reward()],
            "row 1 of split 'train' has no messages",
        ),
    ],
)
def test_unusable_requests_are_rejected_before_the_start(
    rows: list[Example], settings: dict[str, Any], rewards: list[RewardFunction], words: str
) -> None:
    parsed = GrpoSettings.model_validate({**TINY, **settings})
    with pytest.raises(InvalidInput) as caught:
        GrpoRecipe().check("train", rows, parsed, training=True, rewards=rewards)
    assert words in caught.value.message


def test_a_final_answer_is_the_reference() -> None:
    turns = (*pair(0).messages, Message(role="assistant", content="aaa"))
    rows = [pair(0, messages=turns, completion=None, rejected=None)]
    checked = [reward(needs_reference=True)]
    GrpoRecipe().check("train", rows, GrpoSettings.model_validate(TINY), training=True, rewards=checked)


def test_rewards_may_be_the_text_of_a_form() -> None:
    assert GrpoSettings.model_validate({"rewards": '{"exact_match": 2}'}).rewards == {"exact_match": 2.0}
    assert GrpoSettings.model_validate({"rewards": None}).rewards == {}
    with pytest.raises(ValidationError, match="write a JSON object"):
        GrpoSettings.model_validate({"rewards": "exact_match"})


@pytest.mark.slow
def test_a_run_cancelled_at_any_step_continues_exactly(base: Path, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"epochs": 2, "checkpoint_every": 2, "eval_every": 3, "gradient_accumulation": 2}
    whole = train(base, tmp_path / "whole", Recorder(), **settings)
    for step in range(whole.summary["steps"] + 1):
        folder = tmp_path / str(step)
        with pytest.raises(JobCancelled):
            train(base, folder, Recorder(cancel_at=step), **settings)
        assert weights(train(base, folder, Recorder(), **settings).folder) == weights(whole.folder), step


@pytest.mark.slow
def test_a_continued_adapter_is_the_reference_of_the_penalty(base: Path, tmp_path: Path, recorder: Recorder) -> None:
    first = train(base, tmp_path / "first", Recorder(), epochs=1)
    settings = GrpoSettings.model_validate({**TINY, "epochs": 1, "beta": 0.1})
    context = create_context(
        base, tmp_path / "second", settings, pairs(4), pairs(2, 100), rewards=[reward()], adapter=first.folder
    )
    second = GrpoRecipe().train(context, recorder)
    assert recorder.series("kl")[0] == pytest.approx(0, abs=1e-5)
    assert not (second.folder / "ref").exists()
