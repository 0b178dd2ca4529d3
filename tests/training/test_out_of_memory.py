"""Runs that run out of memory: they continue with a smaller batch and the same steps."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.training.factories import Recorder, create_context
from vong.errors import InvalidInput, JobCancelled
from vong.processes import record_memory_kill
from vong.training.recipes.sft import SftRecipe
from vong.training.recipes.sft_settings import SftSettings
from vong.training.rows.batching import EpochSampler
from vong.training.runs.out_of_memory import (
    equivalent_settings,
    is_out_of_memory,
    keep_row_order,
    load_memory_state,
    reduce_settings,
    train_within_memory,
)

ALLOCATION_FAILURE = """
import json, resource, sys
import torch
from vong.training.runs.out_of_memory import is_out_of_memory
torch.zeros(8)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (256 << 20),) * 2)
try:
    torch.zeros(1 << 30)
except Exception as error:
    print(json.dumps([type(error).__name__, is_out_of_memory(error), str(error)[:80]]))
"""


class LimitedMemory:
    """Patch of the model: it fails like a CUDA allocator for batches over `rows`, after `from_call` forward passes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, rows: int, from_call: int = 0) -> None:
        import torch
        from transformers import LlamaModel

        self.batches: list[int] = []
        forward = LlamaModel.forward

        def limited(model: Any, *arguments: Any, **options: Any) -> Any:
            batch = options["input_ids"].shape[0]
            if model.training:
                self.batches.append(batch)
                if batch > rows and len(self.batches) > from_call:
                    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
            return forward(model, *arguments, **options)

        monkeypatch.setattr(LlamaModel, "forward", limited)


def weights(folder: Path) -> Any:
    from safetensors.torch import load_file

    return load_file(folder / "adapter_model.safetensors")


@pytest.mark.slow
def test_a_run_continues_with_a_smaller_batch_and_the_same_steps(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    settings = {"epochs": 1, "checkpoint_every": 2, "samples": 0, "share_prefix": False}
    whole = SftRecipe().train(create_context(base, tmp_path / "whole", settings), Recorder())
    limited = LimitedMemory(monkeypatch, rows=2, from_call=3)
    recorder = Recorder()
    reduced = train_within_memory(SftRecipe(), create_context(base, tmp_path / "reduced", settings), recorder)

    assert max(limited.batches[4:]) == 2
    assert reduced.summary["steps"] == whole.summary["steps"] == 6
    assert (reduced.summary["batch_size"], reduced.summary["gradient_accumulation"]) == (2, 2)
    assert reduced.summary["memory_reductions"] == ["batch_size 4 -> 2, gradient_accumulation 1 -> 2"]
    (warning,) = [text for text in recorder.warnings if "out of memory" in text]
    assert "continuing from checkpoint-2 with batch_size 4 -> 2" in warning
    for name, tensor in weights(whole.folder).items():
        torch.testing.assert_close(weights(reduced.folder)[name], tensor, rtol=2e-3, atol=2e-4)


@pytest.mark.slow
def test_a_killed_run_keeps_its_smaller_batch(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    LimitedMemory(monkeypatch, rows=2)
    context = create_context(base, tmp_path / "run", {"epochs": 1, "samples": 0, "share_prefix": False})
    with pytest.raises(JobCancelled):
        train_within_memory(SftRecipe(), context, Recorder(cancel_at=2))
    recorder = Recorder()
    result = train_within_memory(SftRecipe(), context, recorder)
    assert result.summary["steps"] == 6
    assert [text for text in recorder.warnings if "out of memory" in text] == []


def test_a_kill_by_the_kernel_halves_the_batch_once(base: Path, tmp_path: Path) -> None:
    context = create_context(base, tmp_path / "run", {"epochs": 1, "samples": 0, "share_prefix": False})
    record_memory_kill(context.folder)
    for _ in range(2):
        recorder = Recorder(cancel_at=1)
        with pytest.raises(JobCancelled):
            train_within_memory(SftRecipe(), context, recorder)
    assert load_memory_state(context.folder).changes == {"batch_size": 2, "gradient_accumulation": 2}


@pytest.mark.slow
def test_a_run_that_never_fits_fails_with_what_to_change(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    LimitedMemory(monkeypatch, rows=0)
    recorder = Recorder()
    with pytest.raises(InvalidInput, match="out of memory with batch_size 1 and gradient checkpointing") as failure:
        train_within_memory(
            SftRecipe(),
            create_context(base, tmp_path / "run", {"epochs": 1, "samples": 0, "share_prefix": False}),
            recorder,
        )
    assert "max_length" in failure.value.hint
    assert [re.sub(".* with ", "", text) for text in recorder.warnings if "out of memory" in text] == [
        "batch_size 4 -> 2, gradient_accumulation 1 -> 2; the effective batch size stays the same",
        "batch_size 2 -> 1, gradient_accumulation 2 -> 4; the effective batch size stays the same",
        "gradient_checkpointing false -> true; the effective batch size stays the same",
    ]


def test_a_failed_allocation_of_torch_counts_as_out_of_memory() -> None:
    done = subprocess.run([sys.executable, "-c", ALLOCATION_FAILURE], capture_output=True, text=True, check=True)
    name, counted, message = json.loads(done.stdout)
    assert counted, (name, message)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried to allocate 1 bytes."), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"), True),
        (RuntimeError("The size of tensor a (2) must match the size of tensor b (3)"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_other_errors_are_not_retried(error: Exception, expected: bool) -> None:
    assert is_out_of_memory(error) is expected


@pytest.mark.parametrize(
    ("batch", "accumulation", "smaller"),
    [(8, 1, (4, 2)), (6, 1, (3, 2)), (5, 1, (1, 5)), (5, 2, (2, 5)), (3, 4, (1, 12))],
)
def test_the_effective_batch_stays_the_same(batch: int, accumulation: int, smaller: tuple[int, int]) -> None:
    settings = SftSettings(batch_size=batch, gradient_accumulation=accumulation)
    changes = reduce_settings(settings)
    assert changes == {"batch_size": smaller[0], "gradient_accumulation": smaller[1]}
    reduced = settings.model_copy(update=changes)
    assert equivalent_settings(reduced.model_dump()) == equivalent_settings(settings.model_dump())
    assert reduce_settings(SftSettings(batch_size=1, gradient_checkpointing=True)) is None


def test_the_order_of_the_rows_is_that_of_the_first_batch_size(tmp_path: Path) -> None:
    lengths = [10 + (number * 37) % 50 for number in range(40)]
    (tmp_path / "memory.json").write_text(
        json.dumps({"changes": {"batch_size": 2}, "first_batch_size": 4, "handled_kills": 0, "reductions": []})
    )
    reduced = EpochSampler(lengths, 2, 0)
    keep_row_order(tmp_path, reduced)
    assert list(reduced) == list(EpochSampler(lengths, 4, 0))
