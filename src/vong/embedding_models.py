"""Configuration of embedding and rerank models: what a folder of sentence-transformers, ONNX or transformers computes.

Requires neither torch nor transformers: the registry reads it to check an import, an engine reads it to load the model.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from vong.errors import InvalidInput

EmbeddingTask = Literal["embedding", "rerank"]
"""What a model without text generation computes: the vector of a text, or the score of a query and a document."""

DEFAULT_MAX_TOKENS = 512
"""Tokens of a text if no file of the model names a maximum."""
UNSET_MAX_TOKENS = 1_000_000
"""Values of `model_max_length` from here on stand for no maximum."""

POOLING_FIELDS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
"""Pooling by the fields of a pooling configuration, in the order in which several are concatenated."""
IGNORED_MODULES = {"Transformer", "Dropout"}
"""Modules without settings of their own: the model itself, and one that does nothing after training."""
ACTIVATIONS = {"Tanh", "Identity", "GELU", "ReLU", "Sigmoid", "SiLU"}
"""Activations of a dense layer."""
ENCODER_TYPES = {
    *("albert", "bert", "camembert", "deberta", "deberta-v2", "distilbert", "electra", "ernie", "mobilebert"),
    *("modernbert", "mpnet", "nomic_bert", "roberta", "roformer", "squeezebert", "xlm-roberta", "xlm-roberta-xl"),
}
"""Architectures that generate no text: without further configuration a folder with one is an embedding model."""
OFFSET_POSITION_TYPES = {"roberta", "camembert", "xlm-roberta", "xlm-roberta-xl", "mpnet"}
"""Architectures whose positions begin after that of the padding token, so that two of them are never used."""
ONNX_FILES = ("onnx/model.onnx", "model.onnx")
"""Paths of exact ONNX weights. Quantized ones are used only if there is no other file."""
MODULES_FILE = "modules.json"
CLASSIFIER_SUFFIX = "ForSequenceClassification"


@dataclass(frozen=True)
class DenseLayer:
    """Linear layer after the pooling: its folder and its activation."""

    folder: str
    activation: str


@dataclass(frozen=True)
class EmbeddingConfig:
    """What a model computes, from the files of its folder.

    `transformer` is the folder of the weights, relative to that of the model. `pooling` lists the modes whose results
    are concatenated. `prompts` are texts before an input by name. `matryoshka` lists the shorter numbers of dimensions
    that the model was trained for; None if any number is allowed. `onnx` is the path of ONNX weights.
    """

    task: EmbeddingTask
    transformer: str = ""
    pooling: tuple[str, ...] = ("mean",)
    include_prompt: bool = True
    dense: tuple[DenseLayer, ...] = ()
    normalize: bool = False
    max_tokens: int = DEFAULT_MAX_TOKENS
    prompts: dict[str, str] = field(default_factory=dict[str, str])
    default_prompt: str | None = None
    matryoshka: tuple[int, ...] | None = ()
    lowercase: bool = False
    onnx: str | None = None


def read_embedding_config(folder: Path) -> EmbeddingConfig | None:
    """Return the configuration of an embedding or rerank model, or None if the folder has another kind of model.

    Raises:
        InvalidInput: The model needs a module that is not supported, or its configuration is damaged.
    """
    if (folder / MODULES_FILE).is_file():
        return _read_sentence_transformer(folder)
    config = _read_object(folder / "config.json")
    architecture = str((config.get("architectures") or [""])[0])
    model_type = str(config.get("model_type"))
    if architecture.endswith(CLASSIFIER_SUFFIX):
        return _read_reranker(folder, config, architecture)
    if model_type in ENCODER_TYPES:
        return EmbeddingConfig("embedding", max_tokens=_find_max_tokens(folder, config), onnx=find_onnx(folder))
    return None


def find_onnx(folder: Path) -> str | None:
    """Return the path of the ONNX weights of a folder: exact ones, else the first quantized file. None without any."""
    for name in ONNX_FILES:
        if (folder / name).is_file():
            return name
    found = sorted([*folder.glob("onnx/*.onnx"), *folder.glob("*.onnx")])
    return found[0].relative_to(folder).as_posix() if found else None


def _read_sentence_transformer(folder: Path) -> EmbeddingConfig:
    modules = _read_json(folder / MODULES_FILE)
    if not isinstance(modules, list) or not all(isinstance(module, dict) for module in modules):
        raise InvalidInput(f"{MODULES_FILE} is not a list of modules", "copy or download the model again")
    transformer, pooling, include_prompt = "", tuple[str, ...](), True
    dense, normalize = list[DenseLayer](), False
    for module in modules:
        kind, path = str(module.get("type", "")).rpartition(".")[2], _check_path(str(module.get("path") or ""))
        if kind == "Transformer":
            transformer = path
        elif kind == "Pooling":
            values = _read_object(folder / path / "config.json")
            pooling, include_prompt = _read_pooling(values), bool(values.get("include_prompt", True))
        elif kind == "Dense":
            dense.append(_read_dense(folder, path))
        elif kind == "Normalize":
            normalize = True
        elif kind not in IGNORED_MODULES:
            raise InvalidInput(
                f"the model has the module {kind!r}, which is not supported",
                "use a model of the modules Transformer, Pooling, Dense and Normalize",
            )
    if not pooling:
        raise InvalidInput(
            f"{MODULES_FILE} has no pooling, so that the model has no vector of a text", "add its module"
        )
    values = _read_optional(folder / "config_sentence_transformers.json")
    prompts = values.get("prompts") if isinstance(values.get("prompts"), dict) else {}
    default = values.get("default_prompt_name")
    config = _read_object(folder / transformer / "config.json")
    settings = _read_optional(folder / transformer / "sentence_bert_config.json")
    return EmbeddingConfig(
        "embedding",
        transformer=transformer,
        pooling=pooling,
        include_prompt=include_prompt,
        dense=tuple(dense),
        normalize=normalize,
        max_tokens=_find_max_tokens(folder / transformer, config, settings),
        prompts={str(name): str(text) for name, text in (prompts or {}).items()},
        default_prompt=str(default) if default else None,
        matryoshka=_read_matryoshka(config),
        lowercase=bool(settings.get("do_lower_case")),
        onnx=find_onnx(folder),
    )


def _read_reranker(folder: Path, config: dict[str, Any], architecture: str) -> EmbeddingConfig:
    labels = config.get("id2label")
    count = len(labels) if isinstance(labels, dict) else int(config.get("num_labels") or 2)
    if count != 1:
        raise InvalidInput(
            f"the model classifies texts ({architecture}, {count} labels), which is not supported",
            "use a model that generates text, an embedding model, or a reranker with one label",
        )
    return EmbeddingConfig("rerank", max_tokens=_find_max_tokens(folder, config), onnx=find_onnx(folder))


def _read_pooling(values: dict[str, Any]) -> tuple[str, ...]:
    named = values.get("pooling_mode")
    modes = [named] if isinstance(named, str) else list(named) if isinstance(named, list | tuple) else []
    modes = modes or [mode for name, mode in POOLING_FIELDS.items() if values.get(name)]
    unknown = [mode for mode in modes if mode not in POOLING_FIELDS.values()]
    if unknown or not modes:
        reason = f"the pooling {unknown[0]!r} is not supported" if unknown else "the pooling has no mode"
        raise InvalidInput(reason, f"use one of: {', '.join(POOLING_FIELDS.values())}")
    return tuple(modes)


def _read_dense(folder: Path, path: str) -> DenseLayer:
    name = str(_read_object(folder / path / "config.json").get("activation_function", "Tanh")).rpartition(".")[2]
    if name not in ACTIVATIONS:
        raise InvalidInput(f"the activation {name!r} is not supported", f"use one of: {', '.join(sorted(ACTIVATIONS))}")
    if not (folder / path / "model.safetensors").is_file():
        raise InvalidInput(f"the dense layer {path!r} has no model.safetensors", "save the model in safetensors")
    return DenseLayer(path, name)


def _read_matryoshka(config: dict[str, Any]) -> tuple[int, ...] | None:
    dimensions = config.get("matryoshka_dimensions")
    if isinstance(dimensions, list):
        return tuple(sorted(int(size) for size in dimensions))
    return None if config.get("is_matryoshka") else ()


def _find_max_tokens(folder: Path, config: dict[str, Any], settings: dict[str, Any] | None = None) -> int:
    chosen = (settings or {}).get("max_seq_length")
    if isinstance(chosen, int) and chosen > 0:
        return chosen
    positions = int(config.get("max_position_embeddings") or 0)
    if positions and config.get("model_type") in OFFSET_POSITION_TYPES:
        positions -= 2
    length = _read_optional(folder / "tokenizer_config.json").get("model_max_length")
    tokens = int(length) if isinstance(length, int | float) and 0 < length < UNSET_MAX_TOKENS else 0
    return min([size for size in (positions, tokens) if size > 0], default=DEFAULT_MAX_TOKENS)


def _check_path(path: str) -> str:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts:
        raise InvalidInput(f"{MODULES_FILE} names the path {path!r} outside of the folder", "remove the module")
    return path


def _read_optional(file: Path) -> dict[str, Any]:
    return _read_object(file) if file.is_file() else {}


def _read_object(file: Path) -> dict[str, Any]:
    value = _read_json(file)
    if not isinstance(value, dict):
        raise InvalidInput(f"{file.name} is not a JSON object", "copy or download it again")
    return value


def _read_json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InvalidInput(f"{file.parent.name}/{file.name} is missing", "copy or download the model again") from error
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidInput(f"{file.name} is not JSON: {str(error)[:200]}", "copy or download it again") from error
