import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.training.factories import Recorder, create_context
from vong.errors import InvalidInput, JobCancelled
from vong.records import Message
from vong.training.recipe_interface import TrainingContext, TrainingResult
from vong.training.recipes.sft import SftRecipe
from vong.training.rows.batch_parts import count_parts


def weights(folder: Path) -> bytes:
    return (folder / "adapter_model.safetensors").read_bytes()


def test_the_loss_falls_and_metrics_are_reported_during_training(
    base: Path, tmp_path: Path, recorder: Recorder
) -> None:
    outcome = SftRecipe().train(create_context(base, tmp_path / "run", {"epochs": 5}), recorder)
    losses = recorder.series("loss")
    assert len(losses) == 30
    assert sum(losses[-5:]) / 5 < 0.6 * losses[0]
    assert len(recorder.series("eval_loss")) == 8
    for name in ("learning_rate", "grad_norm", "tokens_per_second", "memory_bytes", "seconds_left"):
        assert len(recorder.series(name)) == 30, name
    assert recorder.progress_values[-1] == 30
    assert outcome.kind == "adapter"
    assert outcome.summary["best_eval_loss"] == min(recorder.series("eval_loss"))
    assert outcome.folder.name == f"best-{outcome.summary['best_step']}"
    assert sorted(file.name for file in outcome.folder.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    assert json.loads((outcome.folder / "adapter_config.json").read_text())["base_model_name_or_path"] == (
        "tiny@0123456789ab"
    )


@pytest.mark.slow
def test_equal_seeds_give_equal_weights_and_another_seed_gives_different_ones(base: Path, tmp_path: Path) -> None:
    settings = {"epochs": 1, "lora_dropout": 0.1}
    first = SftRecipe().train(create_context(base, tmp_path / "a", settings), Recorder())
    second = SftRecipe().train(create_context(base, tmp_path / "b", settings), Recorder())
    third = SftRecipe().train(create_context(base, tmp_path / "c", {**settings, "seed": 1}), Recorder())
    assert weights(first.folder) == weights(second.folder)
    assert weights(first.folder) != weights(third.folder)


def test_a_resumed_run_equals_an_uninterrupted_one_exactly(base: Path, tmp_path: Path) -> None:
    settings = {"epochs": 3, "lora_dropout": 0.1, "checkpoint_every": 4, "eval_every": 6}
    whole, broken, again = Recorder(), Recorder(cancel_at=11), Recorder()
    uninterrupted = SftRecipe().train(create_context(base, tmp_path / "whole", settings), whole)
    with pytest.raises(JobCancelled):
        SftRecipe().train(create_context(base, tmp_path / "broken", settings), broken)
    # A kill during a save leaves the newest checkpoint without its marker.
    torn = tmp_path / "broken" / "checkpoint-10"
    torn.mkdir()
    (torn / "trainer_state.json").write_text("{")
    resumed = SftRecipe().train(create_context(base, tmp_path / "broken", settings), again)
    assert again.metrics[0][0] == 9
    assert again.lines[0] == "resuming from checkpoint-8"
    assert weights(resumed.folder) == weights(uninterrupted.folder)
    assert broken.series("loss")[:8] + again.series("loss") == whole.series("loss")
    assert resumed.summary["best_eval_loss"] == uninterrupted.summary["best_eval_loss"]
    assert resumed.summary["tokens"] == uninterrupted.summary["tokens"]


def test_a_finished_run_is_not_trained_again(base: Path, tmp_path: Path) -> None:
    settings = {"epochs": 1}
    first = SftRecipe().train(create_context(base, tmp_path / "run", settings), Recorder())
    again = Recorder()
    second = SftRecipe().train(create_context(base, tmp_path / "run", settings), again)
    assert again.series("loss") == []
    assert weights(first.folder) == weights(second.folder)
    assert second.summary["steps"] == first.summary["steps"]


def test_training_stops_early_and_returns_the_best_weights(base: Path, tmp_path: Path, recorder: Recorder) -> None:
    settings = {
        "epochs": 20,
        "learning_rate": 0.4,
        "eval_every": 2,
        "early_stopping_patience": 2,
        "scheduler": "constant",
    }
    outcome = SftRecipe().train(create_context(base, tmp_path / "run", settings), recorder)
    evaluations = recorder.series("eval_loss")
    assert outcome.summary["stopped_early"]
    assert outcome.summary["steps"] < 120
    assert outcome.summary["best_eval_loss"] == min(evaluations)
    assert outcome.summary["best_step"] == 2 * (1 + evaluations.index(min(evaluations)))
    assert any("stopped early" in line for line in recorder.lines)


# https://github.com/verl-project/verl/issues/7401: a resume at the end of an epoch skips the next epoch
@pytest.mark.slow
def test_a_resume_at_the_end_of_an_epoch_trains_the_next_one(base: Path, tmp_path: Path, recorder: Recorder) -> None:
    settings = {"epochs": 2, "checkpoint_every": 6, "eval_every": 6, "lora_dropout": 0.1}
    whole = SftRecipe().train(create_context(base, tmp_path / "whole", settings), Recorder())
    with pytest.raises(JobCancelled):
        SftRecipe().train(create_context(base, tmp_path / "broken", settings), Recorder(cancel_at=7))
    resumed = SftRecipe().train(create_context(base, tmp_path / "broken", settings), recorder)
    assert recorder.lines[0] == "resuming from checkpoint-6"
    assert len(recorder.series("loss")) == 6
    assert weights(resumed.folder) == weights(whole.folder)


def test_too_long_rows_are_skipped_with_a_warning(base: Path, tmp_path: Path, recorder: Recorder) -> None:
    outcome = SftRecipe().train(create_context(base, tmp_path / "run", {"epochs": 1, "max_length": 30}), recorder)
    assert outcome.summary["rows"] < 24
    assert any("longer than max_length 30" in warning for warning in recorder.warnings)


# https://github.com/unslothai/unsloth/pull/9331: targets that cannot be trained are dropped without a message
def test_an_adapter_of_the_output_head_is_one_clear_error(base: Path, tmp_path: Path, recorder: Recorder) -> None:
    settings = {"target_modules": ["embed_tokens", "lm_head"]}
    with pytest.raises(InvalidInput, match="includes the output head"):
        SftRecipe().train(create_context(base, tmp_path / "run", settings), recorder)


def test_full_fine_tuning_creates_a_standalone_model(base: Path, tmp_path: Path, recorder: Recorder) -> None:
    outcome = SftRecipe().train(create_context(base, tmp_path / "run", {"method": "full", "epochs": 1}), recorder)
    assert outcome.kind == "merged"
    names = {file.name for file in outcome.folder.iterdir()}
    assert {"model.safetensors", "config.json", "tokenizer.json", "chat_template.jinja"} <= names


def test_without_validation_rows_the_last_weights_are_returned(base: Path, tmp_path: Path, recorder: Recorder) -> None:
    outcome = SftRecipe().train(create_context(base, tmp_path / "run", {"epochs": 1}, validation=0), recorder)
    assert outcome.folder.name == "best-6"
    assert any("no validation rows" in warning for warning in recorder.warnings)


@pytest.fixture
def parts_context(base: Path, tmp_path: Path) -> Callable[[str, dict[str, Any]], TrainingContext]:
    """Return a function that builds a context with answers of 1 to 9 characters, weights, and a last batch of 5."""

    def build(name: str, settings: dict[str, Any]) -> TrainingContext:
        context = create_context(base, tmp_path / name, {"epochs": 2, "batch_size": 8, **settings}, train=21)
        train = [
            row.model_copy(
                update={
                    "completion": Message(role="assistant", content="abcdefghi"[: 1 + 5 * number % 9]),
                    "weight": 0.5 + number % 3,
                }
            )
            for number, row in enumerate(context.train)
        ]
        return replace(context, train=train)

    return build


@pytest.mark.parametrize("share_prefix", [True, False])
def test_a_batch_in_two_parts_gives_the_same_steps(
    parts_context: Callable[[str, dict[str, Any]], TrainingContext],
    monkeypatch: pytest.MonkeyPatch,
    share_prefix: bool,
) -> None:
    from safetensors.torch import load_file

    monkeypatch.setattr("vong.training.rows.batch_parts.MAX_REPEATED_SHARE", 1.0)
    runs: list[tuple[Recorder, TrainingResult]] = []
    for name, tokens in (("whole", 10**9), ("parts", 1)):
        monkeypatch.setattr("vong.training.rows.batch_parts.MIN_PART_TOKENS", tokens)
        recorder = Recorder()
        context = parts_context(name, {"share_prefix": share_prefix, "keep_best": False})
        runs.append((recorder, SftRecipe().train(context, recorder)))
    (whole, first), (parts, second) = runs
    assert len(whole.progress_values) < len(parts.progress_values)
    # A mean of the parts' means would differ: a batch has answers of all lengths, and the last parts have 4 and 1 rows.
    assert len(whole.series("loss")) == len(parts.series("loss")) == 6
    assert parts.series("loss") == pytest.approx(whole.series("loss"), rel=1e-4)
    assert parts.series("grad_norm") == pytest.approx(whole.series("grad_norm"), rel=1e-3)
    assert first.summary["tokens"] == second.summary["tokens"]
    assert first.summary["best_eval_loss"] == pytest.approx(second.summary["best_eval_loss"], rel=1e-4)
    one, other = (load_file(result.folder / "adapter_model.safetensors") for result in (first, second))
    for name, weight in one.items():
        assert float((weight - other[name]).norm() / weight.norm()) < 1e-3, name


def test_a_resumed_run_with_batches_in_parts_equals_an_uninterrupted_one(
    parts_context: Callable[[str, dict[str, Any]], TrainingContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vong.training.rows.batch_parts.MIN_PART_TOKENS", 1)
    settings = {"lora_dropout": 0.1, "checkpoint_every": 2, "eval_every": 3}
    whole, again = Recorder(), Recorder()
    uninterrupted = SftRecipe().train(parts_context("whole", settings), whole)
    with pytest.raises(JobCancelled):
        SftRecipe().train(parts_context("broken", settings), Recorder(cancel_at=3))
    resumed = SftRecipe().train(parts_context("broken", settings), again)
    assert again.lines[0] == "resuming from checkpoint-2"
    assert again.series("loss") == whole.series("loss")[2:]
    assert weights(resumed.folder) == weights(uninterrupted.folder)


def test_only_long_batches_are_computed_in_parts() -> None:
    assert count_parts(8, 97) == 2
    assert count_parts(8, 97, shared_prefix=24) == 2
    assert count_parts(8, 200, shared_prefix=150) == 1
    assert count_parts(8, 20) == 1
    assert count_parts(1, 4000) == count_parts(7, 4000) == 1
