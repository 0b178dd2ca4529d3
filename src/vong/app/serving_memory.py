"""Memory of a deployment before its start, from the files of its model in the blob store."""

import json
from typing import Any

from vong.app.platform import Platform
from vong.errors import VongError
from vong.records import ModelVersion
from vong.serving.engine_choice import LLAMACPP, choose_engine
from vong.serving.gguf_metadata import read_gguf_metadata
from vong.serving.memory_plan import (
    MemoryNeed,
    ModelDimensions,
    compute_need,
    dimensions_from_config,
    dimensions_from_gguf,
)
from vong.serving.settings import DeploymentSettings
from vong.training.export.gguf_export.quantization import BITS_PER_WEIGHT

GGUF_START_BYTES = 1 << 20
"""Bytes at the beginning of a GGUF file that contain the sizes of its model."""


def memory_need(
    platform: Platform, model: ModelVersion, base: ModelVersion, engine: str | None, settings: DeploymentSettings
) -> MemoryNeed:
    """Return the memory that a replica of a model needs. Its cache is unknown if the sizes of the model are."""
    engine = engine or choose_engine(base)
    adapter_bytes = model.bytes if model.ref != base.ref else 0
    shape = None if base.embedding_task else _read_dimensions(platform, base, engine)
    weights = base.bytes
    if engine == LLAMACPP and settings.quantization and shape:
        weights = int(base.bytes / shape.value_bytes * BITS_PER_WEIGHT[settings.quantization] / 8)
    return compute_need(engine, settings, shape, weights, adapter_bytes)


def _read_dimensions(platform: Platform, base: ModelVersion, engine: str) -> ModelDimensions | None:
    """Return the dimensions of a model. Returns None if no file has them, or if the store is unreadable."""
    try:
        if engine == LLAMACPP and base.format == "gguf":
            name = next((name for name in sorted(base.files) if name.endswith(".gguf")), None)
            if name is None:  # safetensors that a job converts
                return _read_config_dimensions(platform, base)
            start = platform.blobs.read_start(base.files[name], GGUF_START_BYTES)
            return dimensions_from_gguf(read_gguf_metadata(start), base.bytes)
        return _read_config_dimensions(platform, base)
    except (VongError, OSError):
        return None


def _read_config_dimensions(platform: Platform, base: ModelVersion) -> ModelDimensions | None:
    config = base.files.get("config.json")
    return dimensions_from_config(_read_object(platform.blobs.get(config)), base.bytes) if config else None


def _read_object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
