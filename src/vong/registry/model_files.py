"""Checks of the files of a model before they are registered. Requires neither torch nor transformers.

Each check raises InvalidInput with the reason and the next step, so that a folder that is no model is refused when it
is imported, and not when it is trained or served.
"""

import json
import struct
from pathlib import Path
from typing import Any

from vong.embedding_models import MODULES_FILE, EmbeddingTask, find_onnx, read_embedding_config
from vong.errors import InvalidInput
from vong.registry.gguf_files import check_gguf, is_gguf

TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model")
"""Files of which a tokenizer has at least one."""

PICKLED_WEIGHTS = (".bin", ".pt", ".pth", ".ckpt")
"""Endings of weights that are Python pickles, which may run code when they are loaded."""

PICKLE_HINT = "convert it to safetensors: load it by transformers and call save_pretrained"

MAX_HEADER_BYTES = 100_000_000
"""Largest header of a safetensors file, as in its reference implementation."""

DTYPE_BITS = {
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    "F4": 4,
}
"""Bits of a value by the names of types in safetensors files."""

CONFIG_DTYPES = {"float64", "float32", "float16", "bfloat16", "auto"}
"""Types that `config.json` may name for weights that are not quantized."""


def check_model_source(path: Path) -> EmbeddingTask | None:
    """Check that a path is a model: a GGUF file, or a folder with configuration, tokenizer and weights.

    Returns what the model computes if it generates no text.

    Raises:
        InvalidInput: The path is no complete model.
    """
    if path.is_dir():
        return check_model_folder(path)
    if path.suffix == ".gguf" or is_gguf(path):
        return check_gguf(path)
    if path.suffix in PICKLED_WEIGHTS:
        raise InvalidInput(f"{path.name!r} is a Python pickle, which may run code when it is loaded", PICKLE_HINT)
    raise InvalidInput(
        f"{path.name!r} is not a model: it is a file, but not a .gguf file",
        "choose a .gguf file, or a folder with config.json, a tokenizer and safetensors",
    )


def check_model_folder(folder: Path) -> EmbeddingTask | None:
    """Check the files of a folder with a model in safetensors, or an embedding model in ONNX.

    Returns what the model computes if it generates no text.

    Raises:
        InvalidInput: A file is missing or damaged.
    """
    names = sorted(file.name for file in folder.iterdir() if file.is_file() and not file.name.startswith("."))
    weights = [name for name in names if name.endswith(".safetensors")]
    is_embedding = (folder / MODULES_FILE).is_file()
    if not is_embedding and "config.json" not in names:
        raise InvalidInput(f"the folder {folder.name!r} has no config.json: {_describe(names)}", _folder_hint(names))
    check_links(folder)
    if is_embedding:
        return check_embedding_folder(folder)
    config = read_json_object(folder / "config.json")
    check_config(config)
    if not weights and find_onnx(folder):
        return check_embedding_folder(folder)
    if not weights:
        pickled = [name for name in names if name.endswith(PICKLED_WEIGHTS)]
        if pickled:
            raise InvalidInput(
                f"the folder {folder.name!r} has its weights in {pickled[0]}, a Python pickle, which may run code",
                PICKLE_HINT,
            )
        raise InvalidInput(
            f"the folder {folder.name!r} has no weights: {_describe(names)}", "add the *.safetensors files of the model"
        )
    check_weights(folder, weights)
    check_tokenizer(folder, names)
    embedding = read_embedding_config(folder)
    return embedding.task if embedding else None


def check_embedding_folder(folder: Path) -> EmbeddingTask:
    """Check the files of an embedding model or a reranker: configuration, modules, weights and tokenizer.

    Raises:
        InvalidInput: A file is missing or damaged, or a module is not supported.
    """
    config = read_embedding_config(folder)
    if config is None:
        raise InvalidInput(
            f"the folder {folder.name!r} has ONNX weights of a model that generates text",
            "import the model in safetensors or GGUF",
        )
    inner = folder / config.transformer
    weights = sorted(path.name for path in inner.glob("*.safetensors"))
    check_weights(inner, weights)
    if config.onnx:
        check_onnx(folder / config.onnx)
    elif not weights:
        pickled = next((path.name for path in sorted(inner.iterdir()) if path.suffix in PICKLED_WEIGHTS), None)
        reason = f"its weights in {pickled}, a Python pickle, which may run code" if pickled else "no weights"
        hint = PICKLE_HINT if pickled else "add model.safetensors or onnx/model.onnx"
        raise InvalidInput(f"the folder {folder.name!r} has {reason}", hint)
    for layer in config.dense:
        check_safetensors(folder / layer.folder / "model.safetensors")
    check_tokenizer(inner, [path.name for path in inner.iterdir()])
    return config.task


def check_onnx(file: Path) -> None:
    """Check that a file is a complete ONNX model, with its external weights, by loading it.

    Raises:
        InvalidInput: It is not.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        reason = " ".join(str(error).split())[:300]
        raise InvalidInput(f"{file.name} is no complete ONNX model: {reason}", "copy or download it again") from error


def check_links(folder: Path) -> None:
    """Check that no link leads out of a folder. A snapshot in the cache of a hub may link to the files of its model.

    Raises:
        InvalidInput: A link leads to another file of the machine.
    """
    root = folder.resolve()
    if root.parent.name == "snapshots" and root.parent.parent.name.startswith("models--"):
        root = root.parent.parent
    for path in folder.rglob("*"):
        if path.is_symlink() and not path.resolve().is_relative_to(root):
            raise InvalidInput(
                f"{path.relative_to(folder)} is a link out of the folder {folder.name!r}",
                "copy the file itself into the folder",
            )


def check_weights(folder: Path, weights: list[str]) -> None:
    """Check that the safetensors files are complete, and that none is missing."""
    check_shards(folder, weights)
    for name in weights:
        check_safetensors(folder / name)


def check_tokenizer(folder: Path, names: list[str]) -> None:
    """Check that a folder has a tokenizer.

    Raises:
        InvalidInput: It has none, or tokenizer.json is damaged.
    """
    if not any(name in TOKENIZER_FILES or name.endswith(".tiktoken") for name in names):
        raise InvalidInput(
            f"the folder {folder.name!r} has no tokenizer: {_describe(names)}", "add tokenizer.json of the model"
        )
    if "tokenizer.json" in names:
        read_json_object(folder / "tokenizer.json")


def check_config(config: dict[str, Any]) -> None:
    """Check the fields of `config.json` that every model has.

    Raises:
        InvalidInput: The architecture is missing, or the type of the weights is not one of numbers.
    """
    if not isinstance(config.get("model_type"), str):
        raise InvalidInput(
            "config.json has no model_type, the name of an architecture", "use the model's own config.json"
        )
    dtype = config.get("dtype", config.get("torch_dtype"))
    if dtype is None or config.get("quantization_config"):
        return
    if str(dtype).removeprefix("torch.") not in CONFIG_DTYPES:
        raise InvalidInput(
            f"config.json has the dtype {dtype!r}, which is none of {', '.join(sorted(CONFIG_DTYPES))}",
            "set dtype in config.json to the type of the weights",
        )


def check_shards(folder: Path, weights: list[str]) -> None:
    """Check that all files that the index of the weights names are there."""
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return
    named = read_json_object(index).get("weight_map")
    missing = sorted({str(name) for name in named.values()} - set(weights)) if isinstance(named, dict) else []
    if missing:
        raise InvalidInput(
            f"the folder {folder.name!r} lacks {len(missing)} files of the weights (first: {missing[0]})",
            "copy or download the whole model again",
        )


def check_safetensors(file: Path) -> None:
    """Check that a file is complete: its header, and that the tensors in it fill the file exactly.

    Raises:
        InvalidInput: The file is no safetensors file, or it is cut off.
    """
    size = file.stat().st_size
    with file.open("rb") as stream:
        start = stream.read(8)
        if start.startswith(b"version "):
            raise InvalidInput(
                f"{file.name} is a pointer of Git LFS, not the weights", "download them with: git lfs pull"
            )
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 2 <= length <= MAX_HEADER_BYTES or length > size - 8:
            raise InvalidInput(
                f"{file.name} ({size} bytes) is not a safetensors file, or it is cut off", "copy or download it again"
            )
        text = stream.read(length)
    try:
        header = json.loads(text)
        tensors = {name: value for name, value in header.items() if name != "__metadata__"}
        end = max((int(tensor["data_offsets"][1]) for tensor in tensors.values()), default=0)
        unknown = sorted({str(tensor["dtype"]) for tensor in tensors.values()} - set(DTYPE_BITS))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise InvalidInput(f"the header of {file.name} is damaged: {error}", "copy or download it again") from error
    if not tensors:
        raise InvalidInput(f"{file.name} has no tensors", "copy or download it again")
    if unknown:
        raise InvalidInput(f"{file.name} has tensors of the unknown type {unknown[0]}", "convert them to F32 or BF16")
    expected = 8 + length + end
    if size != expected:
        raise InvalidInput(
            f"{file.name} has {size} bytes, but its header describes {expected}: it is cut off or damaged",
            "copy or download it again",
        )


def read_json_object(file: Path) -> dict[str, Any]:
    """Return the object in a JSON file.

    Raises:
        InvalidInput: The file has no JSON object.
    """
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidInput(f"{file.name} is not JSON: {str(error)[:200]}", "copy or download it again") from error
    if not isinstance(values, dict):
        raise InvalidInput(f"{file.name} is not a JSON object", "copy or download it again")
    return values


def read_template(value: Any) -> str | None:
    """Return the default template of the field `chat_template` in a tokenizer_config.json: text, or named templates."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        value = {one.get("name"): one.get("template") for one in value if isinstance(one, dict)}
    found = value.get("default") if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def find_template(folder: Path) -> str | None:
    """Return the chat template of a folder: its file, or the field of its tokenizer's configuration."""
    file, config = folder / "chat_template.jinja", folder / "tokenizer_config.json"
    if file.is_file():
        return file.read_text(encoding="utf-8")
    return read_template(read_json_object(config).get("chat_template")) if config.is_file() else None


def _describe(names: list[str]) -> str:
    return f"it has {len(names)} other files" if names else "it is empty"


def _folder_hint(names: list[str]) -> str:
    if "adapter_config.json" in names:
        return "this is an adapter: merge it into its base first, and import the result"
    gguf = [name for name in names if name.endswith(".gguf")]
    if gguf:
        return f"import the file: vong registry import {gguf[0]} --name NAME"
    return "choose a folder with config.json, a tokenizer and safetensors, or a .gguf file"
