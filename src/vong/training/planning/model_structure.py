"""Shape of a model: its parameters and linear layers, from the configuration alone.

Llama-like models have an exact formula. All others are built without memory (on torch's meta device) in a child
process, so that the server imports no torch. Results are cached on disk.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from vong.errors import InvalidInput, MissingExtra, Unsupported
from vong.records import Record
from vong.records.record import content_hash

FORMULA_TYPES = {"llama", "mistral", "qwen2", "qwen3", "smollm3"}
"""Model types with an exact formula: decoders with rotary positions, RMS norms and a gated MLP."""

QWEN3_HEAD_SIZE = 128
"""Default of `head_dim` of Qwen3, independent of its hidden size."""

INSPECTION_TIMEOUT_SECONDS = 120
"""Time for a child process that builds a model without weights. It mostly imports libraries."""


class LinearLayer(Record):
    """Linear layer: its name in the model, and its numbers of inputs and outputs."""

    name: str
    inputs: int
    outputs: int


class ModelStructure(Record):
    """Shape of a model. `linear_layers` excludes the output head, as PEFT's `all-linear` does.

    `embeddings` are the names of the input embedding and of the output head.
    """

    parameters: int
    embedding_parameters: int
    layers: int
    hidden_size: int
    vocabulary: int
    heads: int
    linear_layers: tuple[LinearLayer, ...]
    embeddings: tuple[str, ...] = ()

    @property
    def output_head(self) -> str | None:
        """Return the name of the output head, or None if the model has none."""
        return self.embeddings[-1] if len(self.embeddings) > 1 else None

    @property
    def linear_parameters(self) -> int:
        """Return the number of weights of the linear layers."""
        return sum(layer.inputs * layer.outputs for layer in self.linear_layers)


def read_model_structure(config: dict[str, Any], cache: Path | None = None) -> ModelStructure:
    """Return the shape of the model with this `config.json`, by a formula if there is one, else by building it.

    Raises:
        MissingExtra: The model has no formula, and the extra `training` is not installed.
        InvalidInput: transformers cannot build the model.
    """
    if has_formula(config):
        return structure_by_formula(config)
    return _inspect_cached(json.dumps(config, sort_keys=True), cache)


def has_formula(config: dict[str, Any]) -> bool:
    """Check if the shape of a model can be computed without building it."""
    names = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "vocab_size")
    return config.get("model_type") in FORMULA_TYPES and all(isinstance(config.get(name), int) for name in names)


def structure_by_formula(config: dict[str, Any]) -> ModelStructure:
    """Return the shape of a Llama-like model."""
    hidden, intermediate, layers = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    heads = config["num_attention_heads"]
    width = config.get("head_dim") or (QWEN3_HEAD_SIZE if config["model_type"] == "qwen3" else hidden // heads)
    kv_width = width * (config.get("num_key_value_heads") or heads)
    attention = {"q_proj": (hidden, heads * width), "k_proj": (hidden, kv_width), "v_proj": (hidden, kv_width)}
    attention |= {"o_proj": (heads * width, hidden)}
    feed_forward = {"gate_proj": (hidden, intermediate), "up_proj": (hidden, intermediate)}
    feed_forward |= {"down_proj": (intermediate, hidden)}
    linear = [
        LinearLayer(name=f"model.layers.{number}.{part}.{name}", inputs=inputs, outputs=outputs)
        for number in range(layers)
        for part, shapes in (("self_attn", attention), ("mlp", feed_forward))
        for name, (inputs, outputs) in shapes.items()
    ]
    embeddings = config["vocab_size"] * hidden
    total = embeddings * (1 if _ties_embeddings(config) else 2) + hidden
    total += sum(layer.inputs * layer.outputs for layer in linear)
    total += layers * (2 * hidden + _bias_parameters(config, attention, feed_forward))
    total += layers * 2 * width if config["model_type"] == "qwen3" else 0  # norms of queries and keys
    return ModelStructure(
        parameters=total,
        embedding_parameters=embeddings * (1 if _ties_embeddings(config) else 2),
        layers=layers,
        hidden_size=hidden,
        vocabulary=config["vocab_size"],
        heads=heads,
        linear_layers=tuple(linear),
        embeddings=("model.embed_tokens", "lm_head"),
    )


def count_adapter_parameters(shape: ModelStructure, rank: int, target_modules: str | Iterable[str]) -> int:
    """Return the parameters of a LoRA adapter on these modules: `all-linear`, a regular expression, or name endings.

    Raises:
        InvalidInput: No layer of the model has such a name.
    """
    chosen = select_layers(shape, target_modules)
    if not chosen:
        endings = sorted({layer.name.rpartition(".")[2] for layer in shape.linear_layers})
        raise InvalidInput(
            f"target_modules {target_modules!r} matches no linear layer of the base model",
            f"use all-linear, or some of: {', '.join(endings)}",
        )
    return sum(rank * (layer.inputs + layer.outputs) for layer in chosen)


def select_layers(shape: ModelStructure, target_modules: str | Iterable[str]) -> list[LinearLayer]:
    """Return the layers that PEFT adapts for a value of `target_modules`: embeddings only if they are named."""
    if target_modules == "all-linear":
        return list(shape.linear_layers)
    named = [LinearLayer(name=name, inputs=shape.hidden_size, outputs=shape.vocabulary) for name in shape.embeddings]
    layers = [*shape.linear_layers, *named]
    if isinstance(target_modules, str):
        return [layer for layer in layers if re.fullmatch(target_modules, layer.name)]
    endings = tuple(target_modules)
    return [
        layer
        for layer in layers
        if any(layer.name == ending or layer.name.endswith(f".{ending}") for ending in endings)
    ]


@lru_cache(maxsize=32)
def _inspect_cached(config: str, cache: Path | None) -> ModelStructure:
    file = cache / f"{content_hash(json.loads(config))}.json" if cache else None
    if file and file.is_file():
        return ModelStructure.model_validate_json(file.read_bytes())
    shape = ModelStructure.model_validate(run_inspection("model", config))
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(".partial")
        partial.write_text(shape.model_dump_json(), encoding="utf-8")
        partial.replace(file)
    return shape


def run_inspection(what: str, text: str = "") -> dict[str, Any]:
    """Run a part of `vong.training.planning.inspection` in a child process and return its result.

    Raises:
        MissingExtra: The extra `training` is not installed.
        InvalidInput: The inspection failed.
    """
    command = [sys.executable, "-m", "vong.training.planning.inspection", what]
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, timeout=INSPECTION_TIMEOUT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise Unsupported(
            f"the {what} could not be inspected within {INSPECTION_TIMEOUT_SECONDS} s", "try again later"
        ) from error
    lines = done.stdout.strip().splitlines()
    result: dict[str, Any] = json.loads(lines[-1]) if lines else {"error": done.stderr.strip()[-300:]}
    if result.get("missing"):
        raise MissingExtra(result["missing"], "training")
    if "error" in result:
        raise InvalidInput(f"the {what} cannot be inspected: {result['error']}", "check config.json of the base model")
    return result


def _ties_embeddings(config: dict[str, Any]) -> bool:
    """Return whether the output head shares the weights of the embeddings; transformers' default is by type."""
    return bool(config.get("tie_word_embeddings", config["model_type"] == "smollm3"))


def _bias_parameters(config: dict[str, Any], attention: dict[str, Any], feed_forward: dict[str, Any]) -> int:
    """Return the biases of one layer."""
    outputs = {name: shape[1] for name, shape in {**attention, **feed_forward}.items()}
    has_bias = bool(config.get("attention_bias"))
    biased = [name for name in attention if has_bias]
    if config["model_type"] == "qwen2":
        biased = ["q_proj", "k_proj", "v_proj"]
    if config.get("mlp_bias"):
        biased += list(feed_forward)
    return sum(outputs[name] for name in biased)
