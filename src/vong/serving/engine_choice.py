"""Choice of the engine of a model, and the check that an engine can serve it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vong import plugins
from vong.errors import InvalidInput, MissingExtra, NotFound, did_you_mean
from vong.records import ModelVersion
from vong.serving.engine.vllm.options import check_options, is_installed

EMBEDDING, LLAMACPP, TRANSFORMERS, VLLM = "embedding", "xllamacpp", "transformers", "vllm"
NVIDIA_DEVICES = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg")
"""Device files of a usable NVIDIA GPU, the last in the Windows Subsystem for Linux."""
AMD_DEVICE = "/dev/kfd"


def choose_engine(base: ModelVersion) -> str:
    """Return the default engine of a base model: by what it computes, by its format, and by the machine's GPU."""
    if base.embedding_task:
        return EMBEDDING
    if base.format == "gguf":
        return LLAMACPP
    return VLLM if has_gpu() and is_installed() else TRANSFORMERS


def check_engine(
    engine: str, model: ModelVersion, base: ModelVersion, options: Mapping[str, Any], *, is_remote: bool = False
) -> None:
    """Check that an engine is installed, serves a model and has these options.

    An engine that runs on a Ray cluster (`is_remote`) need not be installed here.

    Raises:
        NotFound: There is no such engine.
        MissingExtra: The package of the engine is not installed.
        InvalidInput: The engine serves models of another kind or format, or has no such option.
    """
    engines = plugins.list_extensions("engine")
    if engine not in engines:
        raise NotFound(f"no engine named {engine!r}", did_you_mean(engine, engines, "vong doctor"))
    if engine == VLLM and not is_remote and not is_installed():
        raise MissingExtra("vllm", "vllm")
    if engine == VLLM:
        check_options(options)
    elif options:
        raise InvalidInput(f"engine_options do not apply to the engine {engine}", "omit them")
    _check_task(engine, base)
    _check_format(engine, model, base)


def has_gpu() -> bool:
    """Return True if this machine has a GPU that vLLM can use."""
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        return False
    return any(Path(device).exists() for device in (*NVIDIA_DEVICES, AMD_DEVICE))


def _check_task(engine: str, base: ModelVersion) -> None:
    names = {"embedding": "an embedding model", "rerank": "a reranker"}
    task = base.embedding_task
    if task and engine in (LLAMACPP, TRANSFORMERS):
        raise InvalidInput(f"{base.ref} is {names[task]}: the engine {engine} generates text", "omit --engine")
    if engine == EMBEDDING and not task:
        raise InvalidInput(
            f"{base.ref} generates text: the engine {EMBEDDING} serves embedding models and rerankers", "omit --engine"
        )


def _check_format(engine: str, model: ModelVersion, base: ModelVersion) -> None:
    if engine in (TRANSFORMERS, VLLM) and base.format == "gguf":
        raise InvalidInput(f"engine {engine} serves safetensors, but {base.ref} is GGUF", "omit --engine")
    if model.kind == "adapter" and base.format == "gguf":
        raise InvalidInput(
            f"{model.ref} is an adapter of a GGUF base", "train and serve the safetensors version of the base"
        )
    if model.kind == "adapter" and base.embedding_task:
        raise InvalidInput(f"{model.ref} is an adapter of an embedding model", "merge it and import the result")
