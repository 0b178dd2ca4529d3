"""Memory plan of a replica: weights, cache of keys and values, and runtime, compared with the free memory of machines.

The cache of `transformers` grows with the conversations up to context × batch. It is required in full if the context is
set; otherwise the longest conversation that the model allows must fit. llama.cpp allocates its whole context at start.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping

from vong.errors import PreconditionFailed
from vong.records.deployment import MemoryPlan
from vong.serving import replica_tables, tables
from vong.serving.settings import DeploymentSettings, read_settings

RUNTIME_BYTES = {"transformers": 600_000_000, "xllamacpp": 150_000_000}
"""Memory of an engine without a model. Measured with PyTorch 2.9 and llama.cpp on Linux."""
DEFAULT_RUNTIME_BYTES = 1_000_000_000
LLAMACPP_CONTEXT_TOKENS = 8192
"""Context of llama.cpp if the deployment sets none."""
CPU_ENGINES = {"xllamacpp"}
"""Engines that do not use a GPU."""
PRECISION_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2, "float8_e4m3fn": 1, "float8_e5m2": 1}


class ModelDimensions(NamedTuple):
    """Sizes of a model: bytes of its weights and of one value in them, layers, and key and value widths in values."""

    weight_bytes: int
    value_bytes: int
    layers: int
    cache_width: int
    """Keys and values of one token in one layer, in values."""
    max_context: int
    is_quantized: bool = False


class MemoryNeed(NamedTuple):
    """Memory of one replica in bytes, without a GPU and with one. `cache` is None if the dimensions are unknown."""

    weights: int
    weights_gpu: int
    runtime: int
    cache: int | None
    cache_gpu: int | None
    minimum_share: float
    """Part of the cache that must fit."""
    context: int
    batch: int

    def required(self, *, on_gpu: bool) -> int:
        """Return the bytes that a machine must have free."""
        weights, cache = (self.weights_gpu, self.cache_gpu) if on_gpu else (self.weights, self.cache)
        return weights + self.runtime + int((cache or 0) * self.minimum_share)

    def to_json(self) -> dict[str, int]:
        """Return the required bytes without and with a GPU, and the weights, as stored for placement and speed."""
        return {"cpu": self.required(on_gpu=False), "gpu": self.required(on_gpu=True), "weights": self.weights}


def compute_need(
    engine: str, settings: DeploymentSettings, shape: ModelDimensions | None, base_bytes: int, adapter_bytes: int = 0
) -> MemoryNeed:
    """Return the memory of a replica. Without a shape, the cache is unknown and not planned."""
    runtime = RUNTIME_BYTES.get(engine, DEFAULT_RUNTIME_BYTES) + adapter_bytes
    if shape is None:
        return MemoryNeed(base_bytes, base_bytes, runtime, None, None, 1.0, settings.context, settings.batch)
    values = shape.layers * shape.cache_width
    if engine == "xllamacpp":
        context = settings.context or LLAMACPP_CONTEXT_TOKENS
        # One cache in fp16 that all conversations share, or one each.
        cache = 2 * values * context * (settings.batch if settings.reproducible else 1)
        return MemoryNeed(base_bytes, base_bytes, runtime, cache, cache, 1.0, context, settings.batch)
    context = min(settings.context or shape.max_context, shape.max_context)
    weights, weights_gpu = shape.weight_bytes, shape.weight_bytes
    if not shape.is_quantized:  # computes in fp32 without a GPU, in bf16 with one
        weights = shape.weight_bytes * 4 // shape.value_bytes
        weights_gpu = shape.weight_bytes * 2 // shape.value_bytes
    cache = values * context * settings.batch
    share = 1.0 if settings.context else 1 / settings.batch
    return MemoryNeed(weights, weights_gpu, runtime, 4 * cache, 2 * cache, share, context, settings.batch)


def dimensions_from_config(config: dict[str, Any], weight_bytes: int) -> ModelDimensions | None:
    """Return the dimensions of a model from its `config.json`. Returns None if the sizes are not in it."""
    text = config.get("text_config") if isinstance(config.get("text_config"), dict) else config
    assert isinstance(text, dict)
    try:
        heads = int(text["num_attention_heads"])
        head_size = int(text.get("head_dim") or int(text["hidden_size"]) // heads)
        key_value_heads = int(text.get("num_key_value_heads") or heads)
        layers = int(text["num_hidden_layers"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    precision = str(text.get("dtype") or text.get("torch_dtype") or config.get("torch_dtype") or "float32")
    return ModelDimensions(
        weight_bytes,
        PRECISION_BYTES.get(precision, 4),
        layers,
        2 * key_value_heads * head_size,
        int(text.get("max_position_embeddings") or 4096),
        is_quantized="quantization_config" in config,
    )


def dimensions_from_gguf(metadata: dict[str, Any], weight_bytes: int) -> ModelDimensions | None:
    """Return the dimensions of a model from the metadata of its GGUF file. Returns None if the sizes are not in it."""
    prefix = metadata.get("general.architecture")
    try:
        heads = int(metadata[f"{prefix}.attention.head_count"])
        size = int(metadata[f"{prefix}.embedding_length"]) // heads
        key = int(metadata.get(f"{prefix}.attention.key_length", size))
        value = int(metadata.get(f"{prefix}.attention.value_length", size))
        key_value_heads = int(metadata.get(f"{prefix}.attention.head_count_kv", heads))
        layers = int(metadata[f"{prefix}.block_count"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    context = int(metadata.get(f"{prefix}.context_length", LLAMACPP_CONTEXT_TOKENS))
    return ModelDimensions(weight_bytes, 2, layers, key_value_heads * (key + value), context, is_quantized=True)


def uses_gpu(machine: RowMapping, engine: str) -> bool:
    """Return True if an engine computes on a GPU of the machine."""
    return bool(machine["gpus"]) and engine not in CPU_ENGINES


def free_bytes(machine: RowMapping, engine: str) -> int:
    """Return the memory for a new replica: free now, and not needed by replicas that are starting."""
    if uses_gpu(machine, engine):
        return int(machine["gpus"][0].get("available", 0))
    return max(0, int(machine["available"]) - int(machine["reserved"]))


def check_memory(
    connection: Connection, engine_key: str, engine: str, need: MemoryNeed, *, is_on_ray: bool = False
) -> MemoryPlan:
    """Return the memory plan of a replica, as `plan_memory` does.

    Raises: PreconditionFailed with all figures if no machine has the memory, even after idle engines are put to sleep.
    """
    plan, lack = plan_memory(connection, engine_key, engine, need, is_on_ray=is_on_ray)
    if lack:
        raise PreconditionFailed(lack, _lack_hint(need))
    return plan


def plan_memory(
    connection: Connection, engine_key: str, engine: str, need: MemoryNeed, *, is_on_ray: bool = False
) -> tuple[MemoryPlan, str | None]:
    """Return the memory plan of a replica, on the machine with the most room for it, and what it lacks.

    Without a running machine nothing is compared. An engine that runs already needs no additional memory. On Ray, the
    memory is requested of the cluster.
    """
    if is_on_ray:
        return _to_plan(need, None, None, "Ray places each replica on a node with this memory"), None
    machines = [
        row
        for row in replica_tables.list_machines(connection)
        if replica_tables.is_alive(row) and row["application"] is None
    ]
    if not machines:
        return _to_plan(need, None, None, "no machine runs engines; the replica starts when one does"), None
    best = max(machines, key=lambda row: free_bytes(row, engine) + int(row["evictable"]) - _required(need, row, engine))
    free, evictable = free_bytes(best, engine), int(best["evictable"])
    required = _required(need, best, engine)
    if any(row["pid"] for row in replica_tables.list_replicas(connection, engine_key=engine_key)):
        return _to_plan(need, best, free, "an engine with this base and these settings runs already", engine), None
    if required > free + evictable:
        return _to_plan(need, best, free, None, engine), _describe_lack(need, best, engine, machines)
    evicts = _idle_deployments(connection) if required > free else ()
    note = None
    if need.cache is None:
        note = "the size of the cache of this model is unknown and not planned"
    elif need.minimum_share < 1:
        note = f"all {need.batch} conversations at full length would need {_gb(_maximum(need, best, engine))}"
    return _to_plan(need, best, free, note, engine, evicts), None


def _required(need: MemoryNeed, machine: RowMapping, engine: str) -> int:
    return need.required(on_gpu=uses_gpu(machine, engine))


def _maximum(need: MemoryNeed, machine: RowMapping, engine: str) -> int:
    return need._replace(minimum_share=1.0).required(on_gpu=uses_gpu(machine, engine))


def _idle_deployments(connection: Connection) -> tuple[str, ...]:
    """Return the deployments of the project that may be put to sleep, least recently used first."""
    used = {row["engine_key"]: row["used_at"] for row in tables.list_engines(connection) if not row["sleeping"]}
    rows = [
        row
        for row in tables.list_desired(connection)
        if row["engine_key"] in used and read_settings(row["settings"]).idle_seconds > 0
    ]
    return tuple(row["name"] for row in sorted(rows, key=lambda row: used[row["engine_key"]]))


def _to_plan(
    need: MemoryNeed,
    machine: RowMapping | None,
    free: int | None,
    note: str | None,
    engine: str = "",
    evicts: Sequence[str] = (),
) -> MemoryPlan:
    on_gpu = machine is not None and uses_gpu(machine, engine)
    return MemoryPlan(
        weights=need.weights_gpu if on_gpu else need.weights,
        runtime=need.runtime,
        cache=need.cache_gpu if on_gpu else need.cache,
        required=need.required(on_gpu=on_gpu),
        context=need.context,
        batch=need.batch,
        machine=machine["name"] if machine is not None else None,
        available=free,
        evicts=tuple(evicts),
        note=note,
    )


def _describe_lack(need: MemoryNeed, machine: RowMapping, engine: str, machines: Sequence[RowMapping]) -> str:
    on_gpu = uses_gpu(machine, engine)
    weights, cache = (need.weights_gpu, need.cache_gpu) if on_gpu else (need.weights, need.cache)
    share = int((cache or 0) * need.minimum_share)
    conversations = 1 if need.minimum_share < 1 or engine == "xllamacpp" else need.batch
    kind = "GPU memory" if on_gpu else "memory"
    where = "no machine has this" if len(machines) > 1 else f"machine {machine['name']!r} has not this"
    return (
        f"a replica needs {_gb(need.required(on_gpu=on_gpu))} of {kind} (weights {_gb(weights)}, cache {_gb(share)} "
        f"for {conversations} × {need.context} tokens, runtime {_gb(need.runtime)}), but {where}: "
        f"{machine['name']!r} has {_gb(free_bytes(machine, engine))} free and {_gb(int(machine['evictable']))} in "
        "engines that may sleep"
    )


def _lack_hint(need: MemoryNeed) -> str:
    lower = f"set a context below {need.context}" if need.context else "set a smaller context"
    return (
        f"{lower} or a smaller batch, stop a deployment (vong serving stop NAME), or add a machine: "
        "vong worker --engines"
    )


def _gb(count: int) -> str:
    return f"{count / 1e9:.2f} GB"
