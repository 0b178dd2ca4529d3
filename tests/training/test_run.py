"""Runs that diverge, are killed or cannot write: the same result as that of an undisturbed run, or a clear error."""

import dataclasses
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.training.factories import Recorder, create_context, rows
from tests.training.preference_rows import judged, pairs
from tests.training.test_distil import FakeTeachers
from tests.training.test_grpo import reward
from tests.training.test_pretrain import documents
from vong import plugins
from vong.errors import JobCancelled, Misconfigured, TrainingDiverged
from vong.records import Example
from vong.training import TrainingContext, TrainingResult
from vong.training.recipes.sft import SftRecipe
from vong.training.runs import checkpoints
from vong.training.runs.divergence import load_rewinds, loss_bound

CHAIN = {"epochs": 3, "lora_dropout": 0.1, "checkpoint_every": 4, "eval_every": 6}
ROWS: dict[str, Callable[[int, int], list[Example]]] = {
    "sft": rows,
    "dpo": pairs,
    "orpo": pairs,
    "reward": pairs,
    "kto": judged,
    "continue": lambda count, start: documents(count, start),
    "pretrain": lambda count, start: documents(count, start),
    "grpo": lambda count, start: pairs(max(2, count // 3), start),
    "distil": rows,
}
"""Rows per recipe."""

MORE_SETTINGS: dict[str, dict[str, Any]] = {
    "pretrain": {"block_size": 32, "parameters": 45_000, "vocab_size": 300, "samples": 0},
    "grpo": {"num_generations": 4, "max_completion_tokens": 6, "rewards": {"letters": 1.0}, "samples": 0},
    "distil": {"teacher": "large", "report_rows": 2, "samples": 0},
}
"""Settings that a recipe needs beside those of all."""

MORE_INPUT: dict[str, Callable[[], dict[str, Any]]] = {
    "grpo": lambda: {"rewards": [reward()]},
    "distil": lambda: {"teachers": FakeTeachers()},
}
"""Input that a recipe needs beside its rows."""

NOT_TRAINED_HERE = {"provider"}


def weights(result: TrainingResult) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(result.folder.glob("*.safetensors"))}


def create_recipe_context(name: str, base: Path, folder: Path, settings: dict[str, Any]) -> TrainingContext:
    create_rows = ROWS[name]
    shared = create_context(base, folder, {})
    chosen = {"batch_size": 4, "learning_rate": 1e-2, "lora_rank": 4, **MORE_SETTINGS.get(name, {}), **settings}
    settings_type = plugins.load_extension("recipe", name).Settings
    known = {key: value for key, value in chosen.items() if key in settings_type.model_fields}
    return dataclasses.replace(
        shared,
        train=create_rows(24, 0),
        validation=create_rows(8, 100),
        settings=settings_type.model_validate(known),
        **MORE_INPUT.get(name, dict)(),
    )


def train(name: str, base: Path, folder: Path, settings: dict[str, Any], reporter: Recorder) -> TrainingResult:
    return plugins.load_extension("recipe", name)().train(create_recipe_context(name, base, folder, settings), reporter)


# Divergence


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[int]]:
    """Make the loss of training batches NaN that contain one of these numbers of tokens."""
    sft = import_module("vong.training.recipes.sft")
    lengths: set[int] = set()
    collate = sft.collate

    def poisoned(batch: Any, pad: int) -> Any:
        result = collate(batch, pad)
        for index, row in enumerate(batch):
            if len(row["input_ids"]) in lengths:
                result["weights"][index] = float("nan")
        return result

    monkeypatch.setattr(sft, "collate", poisoned)
    yield lengths


def poisoned_context(base: Path, folder: Path, settings: dict[str, Any]) -> TrainingContext:
    """Return a context whose 6th training row is longer than all others."""
    context = create_context(base, folder, settings)
    train_rows = list(context.train)
    message = train_rows[5].messages[0].model_copy(update={"content": "say f" + "!" * 20})
    train_rows[5] = train_rows[5].model_copy(update={"messages": (message,)})
    return dataclasses.replace(context, train=train_rows)


POISONED_LENGTH = 67


@pytest.mark.slow
def test_a_batch_with_a_loss_that_is_not_finite_is_skipped_and_named(
    base: Path, tmp_path: Path, poison: set[int]
) -> None:
    settings = {**CHAIN, "group_by_length": False}
    lengths = {len(row.input_ids) for row in tokenized(base, poisoned_context(base, tmp_path / "x", settings))}
    poison.add(max(lengths))
    whole, broken, again = Recorder(), Recorder(cancel_at=11), Recorder()
    uninterrupted = SftRecipe().train(poisoned_context(base, tmp_path / "whole", settings), whole)
    assert uninterrupted.summary["skipped_batches"] == 3
    assert uninterrupted.summary["rewinds"] == 0
    assert len(whole.series("loss")) == 18 - 3
    skips = [warning for warning in whole.warnings if "the loss is not finite" in warning]
    assert len(skips) == 3
    for warning in skips:
        numbers = warning.partition("training rows ")[2].rstrip(")").split(", ")
        assert "6" in numbers and len(numbers) == 4
    with pytest.raises(JobCancelled):
        SftRecipe().train(poisoned_context(base, tmp_path / "broken", settings), broken)
    resumed = SftRecipe().train(poisoned_context(base, tmp_path / "broken", settings), again)
    assert weights(resumed) == weights(uninterrupted)
    assert resumed.summary["skipped_batches"] == 3


def tokenized(base: Path, context: TrainingContext) -> list[Any]:
    from transformers import AutoTokenizer

    from vong.training.recipes.sft import prepare_datasets

    datasets = prepare_datasets(AutoTokenizer.from_pretrained(base), context, context.settings, Recorder())  # type: ignore[arg-type]
    return [type("Row", (), {"input_ids": row.ids}) for row in datasets.train]


@pytest.mark.slow
def test_a_run_whose_batches_are_all_broken_stops_and_keeps_the_best_weights(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sft = import_module("vong.training.recipes.sft")
    collate, calls = sft.collate, [0]

    def breaking(batch: Any, pad: int) -> Any:
        result = collate(batch, pad)
        calls[0] += 1
        if calls[0] > 12:
            result["weights"][:] = float("nan")
        return result

    monkeypatch.setattr(sft, "collate", breaking)
    report = Recorder()
    settings = {**CHAIN, "eval_every": 4, "max_rewinds": 1}
    with pytest.raises(
        TrainingDiverged, match="after 1 rewinds: the loss was not finite for 3 steps in a row"
    ) as raised:
        SftRecipe().train(create_context(base, tmp_path / "run", settings), report)
    assert "the best weights are those of step 8" in raised.value.message
    assert raised.value.result.folder.name == "best-8"
    assert (raised.value.result.folder / "adapter_model.safetensors").exists()
    assert [one.checkpoint_step for one in load_rewinds(tmp_path / "run")] == [8]
    (warning,) = [one for one in report.warnings if one.startswith("diverged")]
    assert "the run returns to step 8 and continues with learning rate 0.0025 instead of 0.01" in warning


ABSURD = {"epochs": 6, "learning_rate": 1.0, "method": "full", "checkpoint_every": 5, "early_stopping_patience": None}


@pytest.mark.slow
def test_an_absurd_learning_rate_is_lowered_and_the_rewind_survives_a_kill(base: Path, tmp_path: Path) -> None:
    whole, broken, again = Recorder(), Recorder(), Recorder()
    uninterrupted = SftRecipe().train(create_context(base, tmp_path / "whole", ABSURD), whole)
    count = uninterrupted.summary["rewinds"]
    assert 1 <= count <= 3
    assert uninterrupted.summary["best_eval_loss"] < whole.series("loss")[0]
    assert sum(warning.startswith("diverged") for warning in whole.warnings) == count
    assert min(whole.series("learning_rate")[-3:]) < 0.25**count
    assert whole.series("learning_rate")[-5] < 1.0

    class StopAfterRewind(Recorder):
        """Cancels the run two steps after its last rewind."""

        def progress(self, done: float, total: float, message: str) -> None:
            if sum(one.startswith("diverged") for one in self.warnings) == count and len(self.metrics) > self.limit:
                raise JobCancelled("asked to stop")
            super().progress(done, total, message)

        def warn(self, text: str) -> None:
            super().warn(text)
            self.limit = len(self.metrics) + 3

    broken = StopAfterRewind()
    with pytest.raises(JobCancelled):
        SftRecipe().train(create_context(base, tmp_path / "broken", ABSURD), broken)
    resumed = SftRecipe().train(create_context(base, tmp_path / "broken", ABSURD), again)
    assert weights(resumed) == weights(uninterrupted)
    assert resumed.summary["rewinds"] == count


def test_the_bound_of_the_loss_ignores_outliers_and_follows_the_start() -> None:
    calm = [2.0 + 0.01 * (step % 5) for step in range(32)]
    assert loss_bound(calm, [2.0], 10.0) == pytest.approx(4.04)
    assert loss_bound([*calm[:-1], 100.0], [2.0], 10.0) == pytest.approx(4.04)
    assert loss_bound([0.01] * 32, [2.0], 10.0) == pytest.approx(1.01)
    assert loss_bound([3.0] * 3, [3.0, 4.0], 10.0) == 9.0
    assert loss_bound([], [], 10.0) == float("inf")
    assert loss_bound([-0.5] * 32, [-0.4], 10.0) == pytest.approx(0.5)


# Kills

KILLS = {
    "while the weights of a checkpoint are written": ("peft.peft_model:safe_save_file", 2, "after"),
    "while the optimizer of a checkpoint is written": ("torch:save", 2, "before"),
    "before a checkpoint is complete": ("vong.training.runs.callback:commit_checkpoint", 1, "before"),
    "after a checkpoint is complete": ("vong.training.runs.callback:commit_checkpoint", 2, "after"),
    "while old checkpoints are removed": ("shutil:rmtree", 3, "after"),
    "while the best weights are saved": ("vong.training.runs.run:save_weights", 1, "after"),
}


def train_and_die(name: str, base: Path, folder: Path, settings: dict[str, Any], target: str, calls: int) -> None:
    """Train in this process and kill it at the given call of a function."""
    path, count = target.rsplit("#", 1)
    module_name, _, attribute = path.partition(":")
    module = import_module(module_name)
    original, left = getattr(module, attribute), [calls]

    def dying(*arguments: Any, **options: Any) -> Any:
        left[0] -= 1
        if left[0] == 0 and count == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*arguments, **options)
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(module, attribute, dying)
    train(name, base, folder, settings, Recorder())


def run_process(target: Callable[..., Any], *arguments: Any, kill_after: float | None = None) -> int:
    """Run a function in a forked process, kill it after some seconds, and return its exit code."""
    process = multiprocessing.get_context("fork").Process(target=target, args=arguments)
    process.start()
    process.join(kill_after if kill_after is not None else 120)
    if process.is_alive():
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join(10)
    assert process.exitcode is not None
    return process.exitcode


@pytest.fixture(scope="module")
def uninterrupted(base: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return weights(train("sft", base, tmp_path_factory.mktemp("whole"), CHAIN, Recorder()))


@pytest.mark.slow
@pytest.mark.parametrize("moment", KILLS)
def test_a_run_killed_at_a_critical_moment_continues_exactly(
    base: Path, tmp_path: Path, uninterrupted: dict[str, bytes], moment: str
) -> None:
    function, call, when = KILLS[moment]
    code = run_process(train_and_die, "sft", base, tmp_path / "run", CHAIN, f"{function}#{when}", call)
    assert code == -signal.SIGKILL
    assert weights(train("sft", base, tmp_path / "run", CHAIN, Recorder())) == uninterrupted


def test_every_recipe_is_tested_after_kills() -> None:
    assert set(ROWS) | NOT_TRAINED_HERE == set(plugins.list_extensions("recipe"))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("name", "method"),
    [(name, method) for name in sorted(ROWS) for method in ("lora", "full") if (name, method) != ("pretrain", "lora")],
)
def test_recipes_continue_exactly_after_kills_at_random_moments(
    base: Path, tmp_path: Path, name: str, method: str
) -> None:
    settings = {**CHAIN, "epochs": 2, "checkpoint_every": 3, "method": method}
    settings |= {"learning_rate": 1e-3} if method == "full" else {}
    train(name, base, tmp_path / "first", settings, Recorder())  # the first run imports and compiles
    started = time.monotonic()
    whole = Recorder()
    expected = weights(train(name, base, tmp_path / "whole", settings, whole))
    duration = time.monotonic() - started
    moments = random.Random(f"{name}/{method}")
    folder = tmp_path / "run"
    folder.mkdir()
    kills = 0
    for _ in range(4):
        code = run_process(
            train, name, base, folder, settings, Recorder(), kill_after=moments.uniform(0.2, 1.0) * duration
        )
        assert code in {0, -signal.SIGKILL}
        kills += code != 0
    assert kills
    again = Recorder()
    assert weights(train(name, base, folder, settings, again)) == expected
    for step, values in again.metrics:
        stored = [one for at, one in whole.metrics if at == step]
        for metric in {"loss", "eval_loss"} & set(values):
            assert values[metric] in [one[metric] for one in stored if metric in one], (step, metric)


def test_only_the_newest_checkpoints_are_kept_if_the_clock_is_set_back(base: Path, tmp_path: Path) -> None:
    train("sft", base, tmp_path / "run", {**CHAIN, "checkpoint_every": 2}, Recorder())
    folder = tmp_path / "run"
    assert sorted(path.name for path in folder.glob("checkpoint-*")) == ["checkpoint-16", "checkpoint-18"]
    assert len(list(folder.glob("best-*"))) == 1
    future = time.time() + 1e6
    for path in folder.glob("checkpoint-*"):
        os.utime(path, (future, future))
    newer = folder / "checkpoint-20"
    newer.mkdir()
    checkpoints.commit_checkpoint(newer, {})
    checkpoints.prune_checkpoints(folder, "best-18")
    assert sorted(path.name for path in folder.glob("checkpoint-*")) == ["checkpoint-18", "checkpoint-20"]


# Failures


def train_with_file_limit(base: Path, folder: Path, limit: int, results: Any) -> None:
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        train(
            "sft", base, folder, {**CHAIN, "method": "full", "learning_rate": 1e-3, "checkpoint_every": 12}, Recorder()
        )
    except Exception as error:  # noqa: BLE001 - the test looks at the type
        results.put((type(error).__name__, str(error)))


@pytest.mark.slow
def test_a_full_disk_is_one_clear_error_and_loses_nothing(base: Path, tmp_path: Path) -> None:
    settings = {**CHAIN, "method": "full", "learning_rate": 1e-3, "checkpoint_every": 12}
    folder = tmp_path / "run"
    expected = weights(train("sft", base, tmp_path / "whole", settings, Recorder()))
    with pytest.raises(JobCancelled):
        train("sft", base, folder, settings, Recorder(cancel_at=13))
    largest = max(file.stat().st_size for file in (folder / "checkpoint-12").iterdir())
    results = multiprocessing.get_context("fork").Queue()
    assert run_process(train_with_file_limit, base, folder, largest // 2, results) == 0
    kind, message = results.get(timeout=10)
    assert kind == Misconfigured.__name__
    assert "a checkpoint could not be written" in message and "checkpoint-12 is complete" in message
    assert "vong training resume" in message
    assert [path.name for path in folder.glob("checkpoint-*")] == ["checkpoint-12"]
    assert list(folder.glob(".best-*")) == []
    assert weights(train("sft", base, folder, settings, Recorder())) == expected
