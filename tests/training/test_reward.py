"""Recipe reward: learning, resume, the saved head, and scoring with the trained model."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.training.factories import Recorder
from tests.training.preference_rows import TINY, create_context, pair, pairs
from vong.errors import InvalidInput, JobCancelled
from vong.records import Example, Message
from vong.training import TrainingResult
from vong.training.device import select_device
from vong.training.models.model_loading import load_tokenizer
from vong.training.models.reward_model import load_reward_scorer
from vong.training.recipes.reward import RewardModelSettings, RewardRecipe
from vong.training.scoring.rewards import RewardModelFiles


def polite(count: int, start: int = 0) -> list[Example]:
    """Return pairs whose better completion says ok."""
    words = {"completion": Message(role="assistant", content="ok"), "rejected": Message(role="assistant", content="no")}
    return [pair(number, **words) for number in range(start, start + count)]


def train(base: Path, folder: Path, recorder: Recorder, **settings: Any) -> TrainingResult:
    parsed = RewardModelSettings(**{**TINY, **settings})
    return RewardRecipe().train(create_context(base, folder, parsed, polite(24), polite(8, 100)), recorder)


@pytest.fixture(scope="module")
def trained(base: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainingResult, Recorder]:
    recorder = Recorder()
    return train(base, tmp_path_factory.mktemp("reward") / "run", recorder, epochs=3), recorder


def test_the_head_learns_to_score_the_better_completion_higher(trained: tuple[TrainingResult, Recorder]) -> None:
    outcome, recorder = trained
    assert recorder.series("eval_reward_accuracy")[-1] >= 0.75
    assert recorder.series("reward_margin")[-1] > recorder.series("reward_margin")[0]
    assert recorder.series("eval_loss")[-1] < recorder.series("eval_loss")[0]
    assert outcome.metadata == {"task": "reward"}


# https://github.com/huggingface/trl/issues/1379: the saved adapter lacks the head, and scores are random after loading
def test_a_loaded_reward_model_scores_as_in_training(base: Path, trained: tuple[TrainingResult, Recorder]) -> None:
    outcome, _ = trained
    score = load_reward_scorer(RewardModelFiles("rm", base, outcome.folder), select_device("auto", 1))
    rows = polite(8, 100)
    assert all(score(row, "ok") > score(row, "no") for row in rows)
    again = load_reward_scorer(RewardModelFiles("rm", base, outcome.folder), select_device("auto", 1))
    assert [again(row, "aaa") for row in rows] == [score(row, "aaa") for row in rows]


def test_a_full_reward_model_is_complete(base: Path, tmp_path: Path, recorder: Recorder) -> None:
    outcome = train(base, tmp_path / "run", recorder, method="full", epochs=2, learning_rate=2e-3)
    assert outcome.kind == "merged"
    score = load_reward_scorer(RewardModelFiles("rm", outcome.folder, None), select_device("auto", 1))
    assert score(pair(100), "ok") > score(pair(100), "no")
    tokenizer = load_tokenizer(outcome.folder)
    assert tokenizer.chat_template
    # The score is read at the end-of-turn token, which therefore must not be padding.
    padding = json.loads((outcome.folder / "config.json").read_text())["pad_token_id"]
    assert padding == tokenizer.pad_token_id != tokenizer.eos_token_id == load_tokenizer(base).pad_token_id


@pytest.mark.slow
def test_a_resumed_run_equals_an_uninterrupted_one_exactly(base: Path, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"epochs": 2, "lora_dropout": 0.1, "checkpoint_every": 4, "eval_every": 3}
    uninterrupted = train(base, tmp_path / "whole", Recorder(), **settings)
    with pytest.raises(JobCancelled):
        train(base, tmp_path / "broken", Recorder(cancel_at=10), **settings)
    again = Recorder()
    resumed = train(base, tmp_path / "broken", again, **settings)
    assert again.lines[0] == "resuming from checkpoint-8"
    for name in ("adapter_model.safetensors", "adapter_config.json"):
        assert (resumed.folder / name).read_bytes() == (uninterrupted.folder / name).read_bytes()


def test_rows_without_pairs_are_named_before_the_start() -> None:
    rows = [*pairs(2), pair(2, rejected=None)]
    with pytest.raises(InvalidInput, match="row 3 of split 'train' has no rejected completion"):
        RewardRecipe().check("train", rows, RewardModelSettings(), training=True)
    empty = pair(0, completion=Message(role="assistant", content=""))
    RewardRecipe().check("train", [empty], RewardModelSettings(), training=True)
