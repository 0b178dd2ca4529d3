"""Memory model: peak memory of a run from the shape of its model, its rows and its settings.

The constants of the CPU were measured with SmolLM2-135M and a random model of 6 layers in fp32 (peak resident memory of
the process, torch 2.13, 91 to 1,856 tokens per batch): `python -m benchmarks training_plan` repeats the comparison.
Those of GPUs follow from the sizes of the stored tensors.
"""

from collections.abc import Sequence

from vong.records import Record
from vong.training.planning.machine import Machine
from vong.training.planning.model_structure import ModelStructure
from vong.training.planning.needs import Needs
from vong.training.planning.traits import RecipeTraits

LIBRARIES_BYTES = 780_000_000
"""Resident memory of Python with torch, transformers, TRL, PEFT and oneDNN after the first steps, without the model."""

ACCELERATOR_CONTEXT_BYTES = 600_000_000
"""Memory of a GPU that its driver and its matrix libraries take before the model is loaded."""

ADAPTER_SAVED_PER_OUTPUT = 1.95
FULL_SAVED_PER_OUTPUT = 2.16
"""Values stored for the backward pass per output of a linear layer and token (measured by hooks on saved tensors)."""

CPU_HEAP_PER_OUTPUT = 2.1
CPU_HEAP_BLOCK_BYTES = 3_000_000
"""Memory that the C library's heap keeps between blocks in use, per output of a linear layer and token.

It grows with the size of the blocks: half of it applies at blocks of 3 MB.
"""
CHECKPOINTED_HEAP_SHARE = 0.55
"""Share of it with gradient checkpointing. Measured with 888 and 1,856 tokens per batch: 0.53 and 0.84, less what
`LIBRARIES_BYTES` counts since then."""
ACCELERATOR_ALLOCATOR_FACTOR = 1.1

OPTIMIZER_BYTES = {"adamw": 8.0, "adam": 8.0, "sgd": 0.0, "adafactor": 0.1, "lion": 4.0, "rmsprop": 4.0, "muon": 4.0}
"""Bytes of optimiser state per trained parameter, by the start of the optimiser's name."""
EIGHT_BIT_OPTIMIZER_BYTES = 2.1


class MemoryEstimate(Record):
    """Peak memory in bytes and its parts.

    `training_state` is the trained weights of an adapter and the optimiser. `other_models` is the weights of a teacher
    or a reward model. Gradients and activations reach their peaks at different times unless gradients are accumulated:
    `peak_bytes` counts the larger of them then.
    """

    libraries: int
    weights: int
    training_state: int
    gradients: int
    activations: int
    logits: int
    peak_bytes: int
    other_models: int = 0


class FrozenModel(Record):
    """Model that a run loads beside the trained one: its role (teacher or reward model), its ref and parameters.

    `half` if its weights are half precision when the run computes so on an accelerator.
    """

    role: str
    ref: str
    parameters: int
    half: bool = False


class LargestBatch(Record):
    """Batch that reaches the peak: tokens with padding, and positions at which logits are computed.

    `parts` is the number of such batches per optimiser step, apart from those that `gradient_accumulation` adds.
    """

    tokens: int
    logit_positions: int
    parts: int = 1


def estimate_memory(
    shape: ModelStructure,
    trained: int,
    batch: LargestBatch,
    needs: Needs,
    traits: RecipeTraits,
    machine: Machine,
    frozen: Sequence[FrozenModel] = (),
) -> MemoryEstimate:
    """Return the estimated peak memory of a run: of the process on a CPU, of the device on a GPU."""
    on_cpu = machine.device == "cpu"
    half = needs.compute_dtype(machine) == "bf16"
    weights = estimate_weights(shape, needs, machine) * (2 if needs_second_copy(needs, traits) else 1)
    state = trained * (optimizer_bytes(needs) + (4 if needs.trains_adapter else 0))
    gradients = trained * 4.0
    activations = estimate_activations(shape, batch.tokens, needs) * (0.5 if half else 1.0)
    logits = 4.0 * batch.logit_positions * shape.vocabulary * (traits.logit_copies + (1 if half else 0))
    if on_cpu:
        activations += estimate_heap(shape, batch.tokens) * (CHECKPOINTED_HEAP_SHARE if needs.checkpointing else 1.0)
    else:
        activations *= ACCELERATOR_ALLOCATOR_FACTOR
    forward = activations + logits
    peak = max(forward, gradients) if needs.accumulation * batch.parts == 1 else forward + gradients
    libraries = LIBRARIES_BYTES if on_cpu else ACCELERATOR_CONTEXT_BYTES
    others = sum(one.parameters * (2 if one.half and half and not on_cpu else 4) for one in frozen)
    return MemoryEstimate(
        libraries=libraries,
        weights=int(weights),
        training_state=int(state),
        gradients=int(gradients),
        activations=int(activations),
        logits=int(logits),
        peak_bytes=int(libraries + weights + state + others + peak),
        other_models=others,
    )


def estimate_weights(shape: ModelStructure, needs: Needs, machine: Machine) -> float:
    """Return the bytes of the base weights: quantized, half precision if they are frozen on a GPU, else fp32."""
    half = needs.compute_dtype(machine) == "bf16" and machine.device != "cpu"
    if needs.trains_adapter and needs.quantized_bytes is not None:
        rest = shape.parameters - shape.linear_parameters
        return shape.linear_parameters * needs.quantized_bytes + rest * (2.0 if half else 4.0)
    if needs.trains_adapter:
        return shape.parameters * (2.0 if half else 4.0)
    # Mixed precision keeps a bf16 copy of trained fp32 weights during a step.
    return shape.parameters * (6.0 if half else 4.0)


def estimate_activations(shape: ModelStructure, tokens: int, needs: Needs) -> float:
    """Return the bytes that the layers store for the backward pass, in fp32."""
    outputs = sum(layer.outputs for layer in shape.linear_layers)
    factor = ADAPTER_SAVED_PER_OUTPUT if needs.trains_adapter else FULL_SAVED_PER_OUTPUT
    stored = factor * outputs
    if needs.checkpointing:
        # One input per layer is stored, and one layer at a time is computed again.
        stored = shape.layers * shape.hidden_size + stored / max(1, shape.layers)
    else:
        # Gated MLPs compute two of their results, each as wide as the gate, again in the backward pass.
        stored -= 2 * sum(layer.outputs for layer in shape.linear_layers if layer.name.endswith(".gate_proj"))
    return 4.0 * tokens * stored


def estimate_heap(shape: ModelStructure, tokens: int) -> float:
    """Return the bytes that the heap of a process on a CPU keeps between the blocks in use."""
    largest = 4.0 * tokens * max((layer.outputs for layer in shape.linear_layers), default=0)
    share = largest / (largest + CPU_HEAP_BLOCK_BYTES)
    return 4.0 * tokens * sum(layer.outputs for layer in shape.linear_layers) * CPU_HEAP_PER_OUTPUT * share


def optimizer_bytes(needs: Needs) -> float:
    """Return the bytes of optimiser state per trained parameter."""
    name = str(needs.get("optimizer", needs.get("optim", "adamw"))).lower()
    if "8bit" in name:
        return EIGHT_BIT_OPTIMIZER_BYTES
    return next((size for start, size in OPTIMIZER_BYTES.items() if name.startswith(start)), OPTIMIZER_BYTES["adamw"])


def needs_second_copy(needs: Needs, traits: RecipeTraits) -> bool:
    """Return whether a frozen reference or teacher model is held beside the trained one.

    With an adapter, the base without it is the reference.
    """
    return traits.reference_copy or (traits.reference and traits.generated_tokens and not needs.trains_adapter)
