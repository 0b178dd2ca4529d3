"""Recipes dpo, kto and orpo: learning, resume, saved files, and rows that teach nothing."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.training.factories import Recorder
from tests.training.preference_rows import TINY, create_context, judged, pair, pairs
from vong.errors import InvalidInput, JobCancelled
from vong.records import Example, ExampleOrigin, Message
from vong.training import TrainingResult
from vong.training.models.model_loading import load_tokenizer
from vong.training.recipes.dpo import DpoRecipe, DpoSettings
from vong.training.recipes.kto import BlockSampler, KtoRecipe, KtoSettings, balance_weights, judged_table
from vong.training.recipes.orpo import OrpoRecipe, OrpoSettings
from vong.training.rows.tokenization import tokenize_example
from vong.training.trainers.preference import TokenizedCompletion, tokenize_pair

RECIPES: dict[str, tuple[Any, Any]] = {
    "dpo": (DpoRecipe, DpoSettings),
    "kto": (KtoRecipe, KtoSettings),
    "orpo": (OrpoRecipe, OrpoSettings),
}


def train(
    name: str,
    base: Path,
    folder: Path,
    recorder: Recorder,
    rows: Sequence[Example] | None = None,
    validation: Sequence[Example] | None = None,
    **settings: Any,
) -> TrainingResult:
    recipe, settings_type = RECIPES[name]
    create = judged if name == "kto" else pairs
    context = create_context(
        base,
        folder,
        settings_type(**{**TINY, **settings}),
        create(24) if rows is None else rows,
        create(8, 100) if validation is None else validation,
    )
    return recipe().train(context, recorder)


def weights(folder: Path) -> bytes:
    return (folder / "adapter_model.safetensors").read_bytes()


@pytest.mark.parametrize("name", RECIPES)
def test_the_model_learns_the_preference(base: Path, tmp_path: Path, recorder: Recorder, name: str) -> None:
    outcome = train(name, base, tmp_path / "run", recorder, epochs=4)
    margins = recorder.series("reward_margin")
    assert sum(margins[-4:]) / 4 > sum(margins[:4]) / 4 + 0.05
    losses = recorder.series("eval_loss")
    assert losses[-1] < losses[0]
    if name != "kto":
        assert recorder.series("eval_reward_accuracy")[-1] >= 0.75
    else:
        assert len(recorder.series("kl")) == outcome.summary["steps"]
    assert {"loss", "grad_norm", "reward_chosen", "reward_rejected", "tokens_per_second"} <= {
        key for _, values in recorder.metrics for key in values
    }
    assert outcome.summary["best_eval_loss"] == min(losses)
    assert outcome.summary["tokens"] > 0
    assert sorted(file.name for file in outcome.folder.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_a_resumed_run_equals_an_uninterrupted_one_exactly(base: Path, tmp_path: Path, name: str) -> None:
    settings: dict[str, Any] = {"epochs": 2, "lora_dropout": 0.1, "checkpoint_every": 4, "eval_every": 3}
    whole, again = Recorder(), Recorder()
    uninterrupted = train(name, base, tmp_path / "whole", whole, **settings)
    with pytest.raises(JobCancelled):
        train(name, base, tmp_path / "broken", Recorder(cancel_at=10), **settings)
    resumed = train(name, base, tmp_path / "broken", again, **settings)
    assert again.lines[0] == "resuming from checkpoint-8"
    assert weights(resumed.folder) == weights(uninterrupted.folder)
    assert again.series("loss") == whole.series("loss")[8:]


def test_full_fine_tuning_is_compared_with_the_untrained_model(base: Path, tmp_path: Path, recorder: Recorder) -> None:
    outcome = train("dpo", base, tmp_path / "run", recorder, method="full", learning_rate=1e-3, epochs=2)
    assert outcome.kind == "merged"
    assert recorder.series("loss")[0] == pytest.approx(math.log(2), abs=1e-4)
    assert recorder.series("reward_margin")[-1] > 0
    assert (outcome.folder / "model.safetensors").exists()


def test_prompts_and_completions_are_tokenized_as_for_sft(base: Path) -> None:
    tokenizer, row = load_tokenizer(base), pair(3)
    tokenized = tokenize_pair(tokenizer, row)
    chosen = tokenize_example(tokenizer, row)
    rejected = tokenize_example(tokenizer, row.model_copy(update={"completion": row.rejected}))
    assert tokenized.prompt_ids + tokenized.chosen_ids == chosen.ids
    assert tokenized.prompt_ids + tokenized.rejected_ids == rejected.ids
    assert tokenized.chosen_ids[-1] == tokenized.rejected_ids[-1] == tokenizer.eos_token_id


# https://github.com/huggingface/trl/issues/2553, /2435: constant loss and NaN from equal, empty or truncated pairs
@pytest.mark.parametrize("name", ["dpo", "orpo"])
def test_pairs_that_teach_nothing_are_left_out(base: Path, tmp_path: Path, recorder: Recorder, name: str) -> None:
    same = pair(1, rejected=pair(1).completion)
    empty = pair(2, rejected=Message(role="assistant", content=""))
    long = pair(3, messages=(Message(role="user", content="x" * 300),))
    rows = [same, empty, long, *pairs(5)]
    outcome = train(name, base, tmp_path / "run", recorder, rows, [], epochs=1, max_length=200)
    assert outcome.summary["rows"] == 6
    assert any("1 training rows have equal completions" in text for text in recorder.warnings)
    assert any("1 training rows are longer than max_length 200" in text for text in recorder.warnings)
    assert all(map(math.isfinite, recorder.series("loss") + recorder.series("reward_margin")))


# https://github.com/axolotl-ai-cloud/axolotl/pull/3910: the odds of a certain completion are infinite
def test_orpo_stays_finite_for_memorized_completions() -> None:
    import torch

    from vong.training.recipes.orpo import build_trainer_class

    trainer_class: Any = build_trainer_class()
    trainer = trainer_class.__new__(trainer_class)
    trainer.beta, trainer.accelerator = 0.1, type("Accelerator", (), {"device": "cpu"})()
    chosen = torch.tensor([0.0, -1e-9, -0.5], requires_grad=True)
    losses, *_ = trainer.odds_ratio_loss(chosen, torch.tensor([-1.0, 0.0, -1e-8]))
    losses.sum().backward()
    assert torch.isfinite(losses).all()
    assert chosen.grad is not None and torch.isfinite(chosen.grad).all()


# https://github.com/huggingface/trl/issues/2554, /1911: KL from the own completion
def test_kto_estimates_kl_with_the_completion_of_another_row() -> None:
    rows = [TokenizedCompletion([1], [number], label=True) for number in range(9)]
    for batch_size in (1, 2, 4, 9):
        table = judged_table(rows, batch_size)
        own, other = table["completion_ids"], table["KL_completion_ids"]
        assert all(mine != partner for mine, partner in zip(own, other, strict=True)), batch_size
        for start in range(0, 8, max(2, batch_size)):
            block = slice(start, start + max(2, batch_size))
            if len(own[block]) > 1:
                assert sorted(own[block]) == sorted(other[block])


@pytest.mark.slow
def test_kto_trains_with_batches_of_one_row(base: Path, tmp_path: Path, recorder: Recorder) -> None:
    rows = judged(6)
    settings: dict[str, Any] = {"batch_size": 1, "epochs": 1, "early_stopping_patience": None}
    outcome = train("kto", base, tmp_path / "run", recorder, rows, judged(2, 100), **settings)
    assert outcome.summary["steps"] == 6
    assert all(value > 0 for value in recorder.series("grad_norm"))


def test_kto_keeps_batches_together_and_visits_each_row_once() -> None:
    sampler = BlockSampler(range(11), 4, seed=1)
    first = list(sampler)
    assert sorted(first) == list(range(11)) and first[8:] == [8, 9, 10]
    assert first[0] % 4 == 0 and first[:4] == list(range(first[0], first[0] + 4))
    sampler.set_epoch(1)
    assert sorted(sampler) == list(range(11))


def test_kto_balances_rare_labels(base: Path) -> None:
    rows = [TokenizedCompletion([1], [2], label) for label in (True, True, True, False)]
    assert balance_weights(rows, KtoSettings()) == (1.0, 3.0)
    assert balance_weights(rows, KtoSettings(desirable_weight=2.0)) == (2.0, 1.0)


def test_pairs_are_two_rows_of_kto(base: Path, tmp_path: Path, recorder: Recorder) -> None:
    outcome = train("kto", base, tmp_path / "run", recorder, [*pairs(3), *judged(2)], [], epochs=1)
    assert (outcome.summary["desirable_rows"], outcome.summary["undesirable_rows"]) == (4, 4)


@pytest.mark.parametrize(
    ("name", "rows", "words"),
    [
        ("dpo", [*pairs(11), pair(11, rejected=None)], "row 12 of split 'train' has no rejected completion"),
        ("orpo", [*pairs(2), pair(2, completion=None)], "row 3 of split 'train' has no completion"),
        ("dpo", [pair(0, rejected=pair(0).completion)], "all 1 pairs have equal completions"),
        ("dpo", [pair(0, weight=0)], "no rows with a weight above 0"),
        ("dpo", [pair(0, messages=())], "row 1 of split 'train' has no messages"),
        ("kto", [pair(0, completion=None, rejected=None)], "row 1 of split 'train' has neither a completion nor"),
        ("kto", [pair(0, rejected=None)], "has 1 desirable and 0 undesirable completions"),
        ("kto", [pair(0, completion=None)], "has 0 desirable and 1 undesirable completions"),
        (
            "dpo",
            [pair(0, rejected=None, origin=ExampleOrigin(kind="file", id="pairs.jsonl#7"))],
            "row 1 of split 'train' (pairs.jsonl#7) has no rejected completion",
        ),
        (
            "dpo",
            [pair(0, messages=(Message(role="user", content=[{"type": "image_url", "image_url": {"url": "x"}}]),))],
            "row 1 of split 'train' has content of the type 'image_url'",
        ),
    ],
)
def test_unusable_rows_are_named_before_the_start(name: str, rows: list[Example], words: str) -> None:
    recipe, settings = RECIPES[name]
    with pytest.raises(InvalidInput) as caught:
        recipe().check("train", rows, settings(), training=True)
    assert words in caught.value.message


def test_usable_rows_pass_the_check() -> None:
    for name, (recipe, settings) in RECIPES.items():
        rows = judged(4) if name == "kto" else [pair(0, weight=0, rejected=None), *pairs(2)]
        recipe().check("train", rows, settings(), training=True)
        recipe().check("validation", [], settings(), training=False)


def test_nothing_is_written_outside_the_folder_of_the_run(
    base: Path, tmp_path: Path, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    train("dpo", base, tmp_path / "run", recorder, epochs=1)
    assert [file.name for file in tmp_path.iterdir()] == ["run"]
    assert not list((tmp_path / "run").rglob("*.arrow")) and not list((tmp_path / "run").rglob("ref"))


@pytest.mark.slow
def test_a_continued_adapter_is_its_own_reference(base: Path, tmp_path: Path, recorder: Recorder) -> None:
    first = train("dpo", base, tmp_path / "first", Recorder(), epochs=2)
    settings = DpoSettings.model_validate({**TINY, "epochs": 1})
    context = create_context(base, tmp_path / "second", settings, pairs(8), [], adapter=first.folder)
    second = DpoRecipe().train(context, recorder)
    assert recorder.series("loss")[0] == pytest.approx(math.log(2), abs=1e-4)
    assert weights(second.folder) != weights(first.folder)
    assert not (second.folder / "ref").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_a_run_cancelled_at_any_step_continues_exactly(base: Path, tmp_path: Path, name: str) -> None:
    settings: dict[str, Any] = {"epochs": 2, "lora_dropout": 0.1, "checkpoint_every": 3, "eval_every": 4}
    whole = train(name, base, tmp_path / "whole", Recorder(), **settings)
    for step in range(whole.summary["steps"] + 1):
        folder = tmp_path / str(step)
        with pytest.raises(JobCancelled):
            train(name, base, folder, Recorder(cancel_at=step), **settings)
        assert weights(train(name, base, folder, Recorder(), **settings).folder) == weights(whole.folder), step
