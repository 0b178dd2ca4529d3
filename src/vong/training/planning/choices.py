"""Automatic settings for a machine, and alternatives if a run does not fit."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError

from vong.errors import InvalidInput
from vong.training.planning.needs import Needs
from vong.training.planning.plan import PlanAlternative, PlanInputs, SettingChoice, TrainingPlan, estimate
from vong.training.runs.out_of_memory import largest_divisor

AUTOMATIC_SETTINGS = (
    "batch_size",
    "gradient_accumulation",
    "gradient_checkpointing",
    "dtype",
    "packing",
    "quantization",
)
"""Settings that the planner may choose. All others change the result and keep their defaults."""

QUANTIZATIONS = ("nf4", "4bit", "int4", "int8", "8bit")
"""Values of the setting quantization, from the smallest weights to the largest; the recipe has some of them."""

MEMORY_MARGIN = 0.9
"""Share of the memory limit that automatic settings may use, because the estimate can be too low."""

MAX_ALTERNATIVES = 4
ADAPTER_LEARNING_RATE = 1e-3
MAX_FULL_LEARNING_RATE = 2e-4
SHORTER_LENGTHS = (2048, 1024, 512, 256, 128)
SMALLER_SHARES = (0.8, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.02)
"""Shares of the parameters of a model from scratch that alternatives have."""
PACKING_SHARE = 0.5
"""Packing pays off if the mean row is shorter than this share of max_length and rows differ in length."""


def plan_run(inputs: PlanInputs, settings: BaseModel, automatic: frozenset[str] | None = None) -> TrainingPlan:
    """Return the plan of a run. `automatic` names the settings to choose; None leaves all settings as they are.

    If the run does not fit, the plan has alternatives that fit.
    """
    chosen: tuple[SettingChoice, ...] = ()
    if automatic is not None:
        settings, chosen = choose_settings(inputs, settings, automatic)
    plan = estimate(inputs, settings).model_copy(update={"choices": chosen})
    if plan.fits:
        return plan
    return plan.model_copy(update={"alternatives": tuple(find_alternatives(inputs, settings))})


def choose_settings(
    inputs: PlanInputs, settings: BaseModel, automatic: frozenset[str]
) -> tuple[BaseModel, tuple[SettingChoice, ...]]:
    """Return settings that fit this machine, and the reason for each choice. Only `automatic` settings are changed.

    The effective batch size stays the same, so that the result depends on the machine as little as possible. If nothing
    fits, the settings with the least memory are returned.
    """
    names = automatic & set(type(settings).model_fields)
    needs = Needs.of(settings)
    settings, fixed = _choose_precision(inputs, settings, needs, names)
    settings, packed = _choose_packing(inputs, settings, needs, names)
    budget = int(inputs.machine.memory_limit_bytes * MEMORY_MARGIN)
    smallest, smallest_bytes = settings, None
    for candidate in _smaller_settings(settings, names):
        plan = estimate(inputs, candidate)
        if smallest_bytes is None or plan.memory_bytes < smallest_bytes:
            smallest, smallest_bytes = candidate, plan.memory_bytes
        if plan.memory_bytes <= budget:
            break
    return smallest, (*fixed, *packed, *_explain(inputs, settings, smallest, names))


def find_alternatives(inputs: PlanInputs, settings: BaseModel) -> list[PlanAlternative]:
    """Return up to four different changes with which the run fits, each with its memory and time."""
    found: list[PlanAlternative] = []
    for changes, description in _candidate_changes(inputs, settings):
        try:
            changed = type(settings).model_validate({**settings.model_dump(), **changes})
            plan = estimate(_resize(inputs, changed), changed)
        except (InvalidInput, ValidationError):  # no rows within a smaller max_length, or refused by the recipe
            continue
        if plan.fits and not any(one.description == description for one in found):
            values = Needs.of(settings.model_copy(update=changes)).values
            found.append(
                PlanAlternative(
                    changes={name: values[name] for name in changes},
                    description=description,
                    memory_bytes=plan.memory_bytes,
                    seconds=plan.seconds,
                    cost=plan.cost,
                )
            )
        if len(found) == MAX_ALTERNATIVES:
            break
    return found


def _candidate_changes(inputs: PlanInputs, settings: BaseModel) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield changes that save memory: first those that keep the result, then those that change it."""
    smaller = next((one for one in _batch_changes(settings) if _fits(inputs, settings, one)), None)
    checkpointing = {"gradient_checkpointing": True} if _can_checkpoint(settings) else {}
    if smaller:
        yield smaller, _describe_batch(smaller)
    if checkpointing:
        yield checkpointing, "gradient checkpointing: slower, same result"
        batches = [one | checkpointing for one in _batch_changes(settings)]
        both = next((one for one in batches if _fits(inputs, settings, one)), None)
        if both:
            yield both, f"{_describe_batch(both)}, and gradient checkpointing"
    smallest = (list(_batch_changes(settings)) or [{}])[-1] | checkpointing
    if Needs.of(settings).trains_from_scratch:
        yield from _smaller_models(inputs, settings, smallest)
        return
    yield from _smaller_weights(settings, smallest)
    for length in SHORTER_LENGTHS:
        if length < Needs.of(settings).max_length:
            yield smallest | {"max_length": length}, f"rows of at most {length} tokens, smallest batch"


def _smaller_models(
    inputs: PlanInputs, settings: BaseModel, smallest: dict[str, Any]
) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the largest model from scratch that fits, with this batch and with the smallest one."""
    for batch in ({}, smallest):
        sizes = [{"parameters": _round(inputs.shape.parameters * share)} | batch for share in SMALLER_SHARES]
        fitting = next((one for one in sizes if _fits(inputs, settings, one)), None)
        if fitting:
            suffix = ", smallest batch" if batch else ""
            yield fitting, f"a model of {fitting['parameters']:,} parameters{suffix}"


def _smaller_weights(settings: BaseModel, smallest: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield a quantized base, or LoRA instead of full fine-tuning."""
    quantization = _smallest_quantization(settings)
    if Needs.of(settings).trains_adapter:
        if quantization:
            yield {"quantization": quantization}, f"base weights quantized to {quantization}"
            yield smallest | {"quantization": quantization}, f"base weights quantized to {quantization}, smallest batch"
        return
    lora = _lora_changes(settings)
    yield lora, "LoRA instead of full fine-tuning"
    yield smallest | lora, "LoRA instead of full fine-tuning, smallest batch"
    if quantization:
        yield smallest | lora | {"quantization": quantization}, f"LoRA on a base quantized to {quantization}"


def _smaller_settings(settings: BaseModel, names: frozenset[str]) -> Iterator[BaseModel]:
    """Yield settings in the order in which automatic choice tries them: from fast to small."""
    batches = [{}, *(_batch_changes(settings) if {"batch_size", "gradient_accumulation"} <= names else ())]
    checkpointing = [{}]
    if "gradient_checkpointing" in names and _can_checkpoint(settings):
        checkpointing.append({"gradient_checkpointing": True})
    quantized = [{}]
    smallest = _smallest_quantization(settings)
    if "quantization" in names and smallest and Needs.of(settings).trains_adapter:
        quantized.append({"quantization": smallest})
    for quantization in quantized:
        for checkpoint in checkpointing:
            for batch in batches:
                yield settings.model_copy(update={**batch, **checkpoint, **quantization})


def _batch_changes(settings: BaseModel) -> Iterator[dict[str, Any]]:
    """Yield smaller batches with the same effective batch size."""
    needs = Needs.of(settings)
    if not {"batch_size", "gradient_accumulation"} <= set(type(settings).model_fields):
        return
    batch, effective = needs.batch_size, needs.effective_batch()
    while batch > 1:
        batch = largest_divisor(effective, batch // 2)
        yield {"batch_size": batch, "gradient_accumulation": effective // batch}


def _fits(inputs: PlanInputs, settings: BaseModel, changes: dict[str, Any]) -> bool:
    changed = settings.model_copy(update=changes)
    return estimate(_resize(inputs, changed), changed).fits


def _resize(inputs: PlanInputs, settings: BaseModel) -> PlanInputs:
    """Return the inputs with the model that settings choose, if it is trained from scratch."""
    return replace(inputs, shape=inputs.resize(settings)) if inputs.resize else inputs


def _round(number: float) -> int:
    """Round to two digits."""
    return int(float(f"{number:.1e}"))


def _describe_batch(changes: dict[str, Any]) -> str:
    return f"batch of {changes['batch_size']} with {changes['gradient_accumulation']} accumulated: same result"


def _can_checkpoint(settings: BaseModel) -> bool:
    return getattr(settings, "gradient_checkpointing", None) is False


def _smallest_quantization(settings: BaseModel) -> str | None:
    """Return the value of the setting quantization with the smallest weights, unless it is set already."""
    field = type(settings).model_fields.get("quantization")
    if field is None or Needs.of(settings).quantized_bytes is not None:
        return None
    values = {str(value).lower(): str(value) for value in _literal_values(field.annotation)}
    return next((values[known] for name in QUANTIZATIONS for known in values if name in known), None)


def _literal_values(annotation: Any) -> list[Any]:
    """Return the values of a Literal type, or of the Literal types within a union."""
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    return [value for part in get_args(annotation) for value in _literal_values(part)]


def _lora_changes(settings: BaseModel) -> dict[str, Any]:
    changes: dict[str, Any] = {"method": "lora"}
    rate = getattr(settings, "learning_rate", None)
    default = type(settings).model_fields["learning_rate"].default if rate is not None else None
    if rate is not None and rate <= MAX_FULL_LEARNING_RATE and default is not None and default > rate:
        changes["learning_rate"] = default
    return changes


def _choose_precision(
    inputs: PlanInputs, settings: BaseModel, needs: Needs, names: frozenset[str]
) -> tuple[BaseModel, list[SettingChoice]]:
    if "dtype" not in names:
        return settings, []
    dtype = needs.compute_dtype(inputs.machine)
    reason = "a CPU computes fp32 fastest" if inputs.machine.device == "cpu" else "the accelerator has no bf16"
    reason = "the GPU computes bf16 natively" if dtype == "bf16" else reason
    return settings.model_copy(update={"dtype": dtype}), [SettingChoice(setting="dtype", value=dtype, reason=reason)]


def _choose_packing(
    inputs: PlanInputs, settings: BaseModel, needs: Needs, names: frozenset[str]
) -> tuple[BaseModel, list[SettingChoice]]:
    """Choose packing on a GPU if most rows are short. A CPU gains nothing, because sorting avoids the padding."""
    field = type(settings).model_fields.get("packing")
    if "packing" not in names or field is None or field.annotation is not bool:
        return settings, []
    rows = inputs.train.rows
    mean = sum(row.longest for row in rows) / max(1, len(rows))
    pack = inputs.machine.device == "cuda" and mean < PACKING_SHARE * needs.max_length
    reason = (
        f"rows have {mean:.0f} of {needs.max_length} tokens on average"
        if pack
        else ("rows are sorted by length, so that little padding is computed")
    )
    return settings.model_copy(update={"packing": pack}), [SettingChoice(setting="packing", value=pack, reason=reason)]


def _explain(inputs: PlanInputs, before: BaseModel, after: BaseModel, names: frozenset[str]) -> list[SettingChoice]:
    """Return the reasons for the choice of batch, checkpointing and quantization."""
    limit = inputs.machine.memory_limit_bytes * MEMORY_MARGIN
    full = estimate(inputs, before).memory_bytes
    choices: list[SettingChoice] = []
    for name in ("batch_size", "gradient_accumulation", "gradient_checkpointing", "quantization"):
        if name not in names or not hasattr(after, name):
            continue
        value = Needs.of(after).values[name]
        if getattr(before, name) == getattr(after, name):
            reason = f"the default fits: {_gigabytes(full)} of {_gigabytes(limit)}"
            if full > limit:
                reason = "no change of this setting was needed"
        else:
            reason = f"the default needs {_gigabytes(full)}, and {_gigabytes(limit)} may be used"
        choices.append(SettingChoice(setting=name, value=value, reason=reason))
    return choices


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:.1f} GB"
