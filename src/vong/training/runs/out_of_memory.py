"""Recovery of a run that ran out of memory: retry from its last checkpoint with settings that need less.

A smaller batch with more accumulation keeps the effective batch and the rows of each optimiser step, so that the run
continues with the same steps. The reduced settings are stored in the folder of the run, so that later attempts use
them.
"""

import contextlib
import gc
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel

from vong.errors import InvalidInput
from vong.processes import count_memory_kills
from vong.training.progress import TrainingReporter
from vong.training.recipe_interface import Recipe, TrainingContext, TrainingResult
from vong.training.runs import checkpoints

STATE_FILE = "memory.json"
"""File in the folder of a run with its reduced settings."""

OUT_OF_MEMORY_MESSAGES = (
    "out of memory",
    "not enough memory",
    "can't allocate memory",
    "cannot allocate memory",
    "std::bad_alloc",
    "cublas_status_alloc_failed",
    "devmem allocation failed",
)
"""Parts of the messages with which torch's allocators report that memory ran out, in lower case."""


class MemoryState(NamedTuple):
    """Reduced settings of a run: changes to its settings, its first batch size, and the handled kills by the kernel."""

    changes: dict[str, Any]
    first_batch_size: int | None = None
    handled_kills: int = 0
    reductions: tuple[str, ...] = ()


def train_within_memory(recipe: Recipe, context: TrainingContext, reporter: TrainingReporter) -> TrainingResult:
    """Train with a recipe, and retry with a smaller batch or gradient checkpointing if memory runs out.

    Raises:
        InvalidInput: Memory ran out with the smallest batch and gradient checkpointing.
    """
    state = load_memory_state(context.folder)
    kills = count_memory_kills(context.folder)
    if kills > state.handled_kills:
        reason = "the process was killed because the machine ran out of memory"
        state = _reduce(context, state._replace(handled_kills=kills), reason, reporter)
    while True:
        settings = _apply_changes(context.settings, state.changes)
        try:
            result = recipe.train(replace(context, settings=settings), reporter)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        else:
            if not state.reductions:
                return result
            used = {name: getattr(settings, name) for name in state.changes}
            return replace(result, summary={**result.summary, **used, "memory_reductions": list(state.reductions)})
        # Outside the handler, because the traceback of the error refers to the model.
        free_memory()
        state = _reduce(context, state, reason, reporter)


def is_out_of_memory(error: BaseException) -> bool:
    """Check if an error reports that memory ran out, on a CPU or on an accelerator."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(part in text for part in OUT_OF_MEMORY_MESSAGES)


def reduce_settings(settings: BaseModel) -> dict[str, Any] | None:
    """Return changes that need less memory: about half the batch, or gradient checkpointing for a batch of one row.

    The effective batch (batch size times accumulation) stays the same. Returns None if nothing can be reduced.
    """
    batch = getattr(settings, "batch_size", None)
    accumulation = getattr(settings, "gradient_accumulation", None)
    if isinstance(batch, int) and isinstance(accumulation, int) and batch > 1:
        smaller = largest_divisor(batch * accumulation, batch // 2)
        return {"batch_size": smaller, "gradient_accumulation": batch * accumulation // smaller}
    if getattr(settings, "gradient_checkpointing", None) is False:
        return {"gradient_checkpointing": True}
    return None


def largest_divisor(number: int, limit: int) -> int:
    """Return the largest divisor of a number that is at most `limit`."""
    return next(divisor for divisor in range(min(limit, number), 0, -1) if number % divisor == 0)


def equivalent_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings without what a reduction changes: the effective batch instead of its parts, no checkpointing."""
    rest = dict(settings)
    effective = (rest.pop("batch_size", None) or 1) * (rest.pop("gradient_accumulation", None) or 1)
    rest.pop("gradient_checkpointing", None)
    return {**rest, "effective_batch_size": effective}


def keep_row_order(folder: Path, sampler: Any) -> None:
    """Restore the row order of the first attempt in a sampler after its batch size was reduced."""
    first = load_memory_state(folder).first_batch_size
    if first is not None and hasattr(sampler, "batch_size"):
        sampler.batch_size = first


def load_memory_state(folder: Path) -> MemoryState:
    """Return the stored reductions of a run. Without any, the state is empty."""
    try:
        values = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return MemoryState({})
    return MemoryState(
        values["changes"], values["first_batch_size"], values["handled_kills"], tuple(values["reductions"])
    )


def free_memory() -> None:
    """Free what a failed attempt has left behind, in this process and on the accelerator."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.accelerator.is_available():
        with contextlib.suppress(RuntimeError):
            torch.accelerator.memory.empty_cache()


def _reduce(context: TrainingContext, state: MemoryState, reason: str, reporter: TrainingReporter) -> MemoryState:
    settings = _apply_changes(context.settings, state.changes)
    changes = reduce_settings(settings)
    if changes is None:
        raise InvalidInput(
            f"out of memory with batch_size {getattr(settings, 'batch_size', 1)} and gradient checkpointing: {reason}",
            "use a smaller base model, method lora, quantization or a smaller max_length",
        )
    before = {name: getattr(settings, name) for name in changes}
    newest = checkpoints.latest_checkpoint(context.folder)
    start = f"continuing from {newest[0].name}" if newest else "starting again"
    text = ", ".join(f"{name} {before[name]} -> {value}" for name, value in changes.items()).lower()
    reduced = MemoryState(
        {**state.changes, **changes},
        state.first_batch_size or getattr(settings, "batch_size", None),
        state.handled_kills,
        (*state.reductions, text),
    )
    partial = context.folder / f".{STATE_FILE}"
    partial.write_text(json.dumps(reduced._asdict()), encoding="utf-8")
    partial.replace(context.folder / STATE_FILE)
    reporter.warn(f"out of memory ({reason}): {start} with {text}; the effective batch size stays the same")
    return reduced


def _apply_changes(settings: BaseModel, changes: dict[str, Any]) -> BaseModel:
    return settings.model_copy(update=changes) if changes else settings
